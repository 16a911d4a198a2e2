//! Notifications as they really reach a service over HTTP: what, where, how often, and what a service that stalls, refuses or
//! dies away changes for everybody else.

mod crashes;
mod services;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::services::*;
use end_to_end::artifacts::{REPOSITORY, artifact, manifest, sha};
use end_to_end::world::{Setup, World};
use harness::skip::not_on_spin;
use harness::web_server::{Told, WebServer};
use serde_json::{Value, json};

#[test]
fn every_service_is_told_of_a_release_in_its_own_way() {
    let services = services();
    let host = services.origin();
    let world = world(
        "every_service_is_told_of_a_release_in_its_own_way",
        &services,
        &[
            slack(&host),
            format!("to=discord&api={host}/discord&token={DISCORD_TOKEN}&channel=42"),
            format!("to=teams&url={host}/teams/{PATH_SECRET}"),
            hook(&host),
            github(&host),
            format!("to=gitlab&api={host}/gitlab&token={STATUS_TOKEN}"),
        ],
    );
    release(&world, 1, "staging", "web");
    let report = notify(&world);
    assert_eq!(report["events"], 1, "{report}");
    let one = |prefix: &str| {
        let mut found = told(&services, prefix);
        assert_eq!(found.len(), 1, "{prefix}: {report}");
        found.remove(0)
    };
    let tip = world.gitops.tip("main");
    let commit_url = format!("http://{}/acme/gitops/commit/{tip}", world.git.address());
    let title = format!("Policy based rollout of web on {REPOSITORY}");

    let chat = one("/slack/chat.postMessage");
    assert_eq!(
        chat.header("authorization").unwrap(),
        format!("Bearer {SLACK_TOKEN}")
    );
    let context = &body(&chat)["blocks"][1]["elements"];
    assert_eq!(
        (&body(&chat)["channel"], &body(&chat)["text"]),
        (&json!("general"), &json!(title))
    );
    assert_eq!(context[0]["text"], "*Environment:* Staging");
    assert_eq!(
        context[2]["text"],
        format!("*Gitops commit:* <{commit_url}|{}>", &tip[..7])
    );

    let chat = one("/discord/channels/42/messages");
    assert_eq!(
        chat.header("authorization").unwrap(),
        format!("Bot {DISCORD_TOKEN}")
    );
    assert_eq!(
        (&body(&chat)["content"], &body(&chat)["embeds"][0]["color"]),
        (&json!(title), &json!(3_066_993))
    );

    let card = &body(&one("/teams"))["attachments"][0];
    assert_eq!(
        card["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    assert_eq!(card["content"]["body"][0]["text"], title);

    let asked = one("/hook");
    assert_eq!(
        asked.header("webhook-signature"),
        Some(signature(&asked).as_str())
    );
    let data = &body(&asked)["data"];
    assert_eq!(body(&asked)["type"], "release.succeeded");
    assert_eq!(
        (&data["gitopsRef"], &data["gitopsCommitUrl"]),
        (&json!(tip), &json!(commit_url))
    );

    let status = one(&format!("/github/repos/{REPOSITORY}/statuses/{}", sha(1)));
    assert_eq!(
        status.header("authorization").unwrap(),
        format!("Bearer {STATUS_TOKEN}")
    );
    assert_eq!(
        (&body(&status)["state"], &body(&status)["context"]),
        (&json!("success"), &json!("gitops/staging/web"))
    );
    assert_eq!(body(&status)["target_url"], commit_url);
    let status = one(&format!("/gitlab/projects/acme%2Fshop/statuses/{}", sha(1)));
    assert_eq!(status.header("private-token"), Some(STATUS_TOKEN));
    assert_eq!(
        (&body(&status)["state"], &body(&status)["name"]),
        (&json!("success"), &json!("gitops/staging/web"))
    );

    // Once is enough.
    assert_eq!(
        notify(&world),
        json!({ "events": 0, "tooOld": 0, "destinations": {} })
    );
    assert_eq!(services.log().len(), 6);
    let all = listed(&world, "");
    assert!(
        all.len() == 6 && all.iter().all(|one| one["status"] == "sent"),
        "{all:?}"
    );
}

#[test]
fn w18_every_kind_of_event_is_told_once_and_in_its_environments_channel() {
    let services = services();
    let world = world(
        "w18_every_kind_of_event_is_told_once",
        &services,
        &[slack(&services.origin())],
    );
    let client = world.client();
    let first = release(&world, 1, "staging", "web");
    let commit = world.gitops.tip("main");
    notify(&world);
    // Flux is told of a commit that Wimble knows, which GimletD never was.
    flux(
        &world,
        "staging",
        &commit,
        "ReconciliationSucceeded",
        "applied",
    );
    flux(
        &world,
        "staging",
        &commit,
        "ReconciliationSucceeded",
        "applied once more",
    );
    notify(&world);
    release(&world, 2, "production", "web");
    flux(
        &world,
        "production",
        &world.gitops.tip("main"),
        "ValidationFailed",
        "no such <kind> & more",
    );
    let wish = json!({ "env": "staging", "artifactId": first });
    for _ in 0..2 {
        world.release(&wish);
        world.settle();
    }
    let mut broken = manifest("staging", "broken", "1");
    broken["manifests"] = json!("no: kubernetes object");
    world.ship(&artifact(3, vec![broken]));
    world.settle();
    release(&world, 4, "staging", "web");
    client
        .post(
            &format!("/api/rollback?env=staging&app=web&sha={commit}"),
            &json!({}),
        )
        .expect(201);
    world.settle();
    client
        .post("/api/delete?env=staging&app=web", &json!({}))
        .expect(201);
    world.settle();
    for _ in 0..2 {
        notify(&world);
    }
    let tip = |asked: &str| asked.to_owned();
    let rollout = |who: &str| format!("{who} rollout of web on {REPOSITORY}");
    let expected = [
        rollout("Policy based"),
        format!("ReconciliationSucceeded: {}", &commit[..7]),
        rollout("Policy based"),
        tip("failed to apply"),
        format!("admin is rolling out web on {REPOSITORY}"),
        format!("admin is rolling out web on {REPOSITORY}"),
        format!("Failed to roll out broken of {REPOSITORY}"),
        rollout("Policy based"),
        tip("admin is rolling back web on staging"),
        tip("admin is deleting web on staging"),
    ];
    let titles = titles(&services);
    assert_eq!(titles.len(), expected.len(), "{titles:#?}");
    for (title, words) in titles.iter().zip(&expected) {
        assert!(title.contains(words.as_str()), "{title} is not {words}");
    }
    let channels: Vec<Value> = told(&services, "/slack")
        .iter()
        .map(|asked| body(asked)["channel"].clone())
        .collect();
    // The mapped channel does not stick to what comes after it.
    let expected = [
        "general",
        "general",
        "prod-releases",
        "prod-releases",
        "general",
    ];
    assert_eq!(channels[..5], expected);
    assert!(
        channels[5..].iter().all(|channel| channel == "general"),
        "{channels:?}"
    );
    let failed = &body(&told(&services, "/slack")[3])["blocks"][1]["text"]["text"];
    assert_eq!(failed, "```no such &lt;kind&gt; &amp; more```");
    assert_eq!(listed(&world, "&env=production").len(), 2);
}

#[test]
fn a_service_that_stalls_or_fails_delays_neither_the_flush_nor_the_others() {
    let services = services();
    let released = Arc::new(AtomicBool::new(false));
    let waiting = Arc::clone(&released);
    let stalled = WebServer::start(move |_| {
        while !waiting.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
        Told::new(200, r#"{"ok":true}"#)
    });
    let host = services.origin();
    services.lay(&format!("/teams/{PATH_SECRET}"), Told::new(500, "no"));
    let world = Setup::new("a_service_that_stalls_or_fails_delays_nobody_else")
        .variable(
            "notifications",
            &[
                slack(&stalled.origin()),
                hook(&host),
                format!("to=teams&url={host}/teams/{PATH_SECRET}"),
                github(&host),
            ]
            .join(";"),
        )
        .variable("notifications_host", &host)
        .variable("notifications_host_2", &stalled.origin())
        .start();
    release(&world, 1, "staging", "web");
    std::thread::scope(|scope| {
        let ticking = scope.spawn(|| notify(&world));
        // While the tick still waits for the one that stalls, the others have been told, releases go out, and other ticks
        // tell of those.
        world.wait_until("the others are told", || {
            told(&services, "/hook").len() == 1 && told(&services, "/github").len() == 1
        });
        let request = world
            .requests_of(&release(&world, 2, "staging", "web"))
            .remove(0);
        assert_eq!(world.event(&request)["status"], "processed");
        assert!(
            !ticking.is_finished(),
            "the tick was to wait for the one that stalls"
        );
        notify(&world);
        assert_eq!(
            (
                told(&services, "/hook").len(),
                told(&services, "/github").len()
            ),
            (2, 2)
        );
        let report = ticking.join().unwrap();
        // It may have been taken: nobody tells it again.
        assert_eq!(report["destinations"]["slack"]["unknown"], 1, "{report}");
    });
    released.store(true, Ordering::SeqCst);
    let states: Vec<(String, String)> = listed(&world, "")
        .iter()
        .map(|one| {
            (
                one["destination"].as_str().unwrap().to_owned(),
                one["status"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let count = |wanted: (&str, &str)| {
        states
            .iter()
            .filter(|(to, state)| (to.as_str(), state.as_str()) == wanted)
            .count()
    };
    assert_eq!(count(("slack", "unknown")), 1, "{states:?}");
    assert_eq!(count(("teams", "waiting")), 2, "{states:?}");
}

#[test]
fn a_service_is_left_alone_for_as_long_as_it_asks_and_then_told_everything() {
    if skipped("a_service_is_left_alone_for_as_long_as_it_asks_and_then_told_everything") {
        return;
    }
    let services = services();
    let world = world(
        "a_service_is_left_alone_for_as_long_as_it_asks",
        &services,
        &[slack(&services.origin())],
    );
    let path = "/slack/chat.postMessage";
    services.lay(
        path,
        Told::new(429, r#"{"ok":false,"error":"ratelimited"}"#).with("Retry-After", "1800"),
    );
    for number in 1..=3 {
        release(&world, number, ["staging", "production"][number % 2], "web");
    }
    let report = notify(&world);
    assert_eq!(report["destinations"]["slack"]["postponed"], 1, "{report}");
    assert_eq!(
        report["destinations"]["slack"]["problem"],
        "it answered 429: ratelimited"
    );
    services.lay(path, Told::new(200, r#"{"ok":true}"#));
    pass(&world, 1_700);
    notify(&world);
    assert_eq!(services.log().len(), 1, "it was not left alone");
    let waiting = listed(&world, "&status=waiting");
    assert_eq!(waiting.len(), 3);
    assert_eq!(waiting[2]["reason"], "it answered 429: ratelimited");
    pass(&world, 200);
    notify(&world);
    assert_eq!(
        (services.log().len(), listed(&world, "&status=sent").len()),
        (4, 3)
    );
}

#[test]
fn what_is_refused_for_good_says_why_and_is_sent_again_when_somebody_asks() {
    let services = services();
    let world = world(
        "what_is_refused_for_good_says_why",
        &services,
        &[slack(&services.origin()), hook(&services.origin())],
    );
    let path = "/slack/chat.postMessage";
    let repeated = format!("/hook/{PATH_SECRET}");
    services.lay(
        path,
        Told::new(200, r#"{"ok":false,"error":"channel_not_found"}"#),
    );
    // A service that repeats what it was told does not bring it into a log.
    services.lay(
        &repeated,
        Told::new(
            400,
            json!({ "message": format!("no {PATH_SECRET}, {}", key()) }).to_string(),
        ),
    );
    release(&world, 1, "staging", "web");
    notify(&world);
    let failed = listed(&world, "&status=failed");
    assert_eq!(failed.len(), 2, "{failed:?}");
    let of = |name: &str| {
        failed
            .iter()
            .find(|one| one["destination"] == name)
            .unwrap()
    };
    assert_eq!(of("slack")["reason"], "Slack answered channel_not_found");
    assert_eq!(of("slack")["channel"], "general");
    assert_eq!(notify(&world)["destinations"], json!({}), "it is over");
    let retry = |id: &str| {
        world
            .client()
            .post(&format!("/api/notifications/{id}/retry"), &json!({}))
    };
    let id = of("slack")["id"].as_str().unwrap();
    services.lay(path, Told::new(200, r#"{"ok":true}"#));
    assert_eq!(retry(id).expect(202)["status"], "waiting");
    notify(&world);
    assert_eq!(listed(&world, "&status=sent&destination=slack").len(), 1);
    assert_eq!(retry(id).status, 409);
    assert_eq!(retry("msg_0").status, 404);
    assert_eq!(
        world.client().get("/api/notifications?status=lost").status,
        400
    );
    let audit = world.client().get("/api/audit").expect(200).to_string();
    assert!(
        audit.contains(&format!("send notification {id} again")),
        "{audit}"
    );
    assert_no_secret(&world);
}

/// Neither in the log nor in any answer.
fn assert_no_secret(world: &World) {
    let client = world.client();
    let mut shown = world.application.log();
    for path in [
        "/api/notifications?limit=100",
        "/healthz",
        "/api/audit",
        "/internal/notify",
    ] {
        shown.push_str(&client.get(path).text());
        shown.push_str(&client.post(path, &json!({})).text());
    }
    for secret in [
        SLACK_TOKEN,
        DISCORD_TOKEN,
        PATH_SECRET,
        STATUS_TOKEN,
        &key(),
    ] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
}

#[test]
fn wrong_settings_are_reported_by_name_and_hold_up_no_release() {
    let cases = [
        (
            "notifications",
            format!("to=slack&token={SLACK_TOKEN}"),
            "entry 1: 'channel' is missing",
        ),
        (
            "notifications_channel_mapping",
            "production".to_owned(),
            "'production', which is no pair",
        ),
        (
            "notifications_provider",
            "irc".to_owned(),
            "slack or discord",
        ),
    ];
    for (variable, value, words) in cases {
        let world = Setup::new("wrong_settings_are_reported_by_name")
            .variable("notifications_provider", "slack")
            .variable("notifications_token", SLACK_TOKEN)
            .variable("notifications_default_channel", "general")
            .variable(variable, &value)
            .start();
        let answer = world.client().post("/internal/notify", &json!({}));
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert_eq!(answer.json()["variable"], variable, "{}", answer.text());
        assert!(answer.text().contains(words), "{}", answer.text());
        let id = release(&world, 1, "staging", "web");
        world.assert_each_once(&world.requests_of(&id));
        assert!(
            !world.application.log().contains(SLACK_TOKEN) && !answer.text().contains(SLACK_TOKEN)
        );
    }
}

#[test]
fn a_host_that_may_not_be_reached_names_the_variable_to_set_and_one_that_is_gone_is_waited_for() {
    let services = services();
    let gone = WebServer::start(|_| Told::new(200, "")).origin();
    let world = Setup::new("a_host_that_may_not_be_reached_names_the_variable")
        .variable(
            "notifications",
            &format!("{};{}", hook(&services.origin()), slack(&gone)),
        )
        .variable("notifications_host", &gone)
        .start();
    release(&world, 1, "staging", "web");
    notify(&world);
    let waiting = listed(&world, "&status=waiting");
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    let of = |name: &str| {
        waiting
            .iter()
            .find(|one| one["destination"] == name)
            .unwrap()
    };
    assert_eq!(of("slack")["reason"], "no connection could be made");
    let reason = of("webhook")["reason"].as_str().unwrap();
    assert!(
        reason.contains("notifications_host") && reason.contains(&services.origin()),
        "{reason}"
    );
    assert_eq!(services.log(), []);
    assert_no_secret(&world);
}

#[test]
fn without_destinations_a_tick_does_nothing() {
    let world = World::start("without_destinations_a_tick_does_nothing");
    release(&world, 1, "staging", "web");
    let nothing = json!({ "events": 0, "tooOld": 0, "destinations": {} });
    assert_eq!(notify(&world), nothing);
    assert_eq!(listed(&world, ""), Vec::<Value>::new());
}

#[test]
fn the_cron_trigger_tells_too() {
    if skipped("the_cron_trigger_tells_too") {
        return;
    }
    let services = services();
    let mut setup = Setup::new("the_cron_trigger_tells_too")
        .variable("notifications", &slack(&services.origin()))
        .variable("notifications_host", &services.origin());
    setup.options.cron = true;
    let world = setup.start();
    world.ship(&artifact(1, vec![manifest("staging", "web", "1")]));
    world.wait_until("the chat is told", || titles(&services).len() == 1);
}

/// A libSQL server closes a connection that was silent for 10 s, and a service may take as long to answer. Here it is 6 s and 7 s.
#[test]
fn what_a_slow_service_took_is_recorded_where_silent_database_connections_expire() {
    const TEST: &str = "what_a_slow_service_took_is_recorded";
    if not_on_spin(TEST, "the local host alone lets connections expire") {
        return;
    }
    let services = WebServer::start(|_| {
        std::thread::sleep(Duration::from_secs(7));
        Told::new(200, r#"{"ok":true}"#)
    });
    let mut setup = Setup::new(TEST)
        .variable("notifications", &slack(&services.origin()))
        .variable("notifications_host", &services.origin());
    setup.options.expire_databases = Some(6);
    let world = setup.start();
    release(&world, 1, "staging", "web");
    notify(&world);
    assert_eq!(services.log().len(), 1);
    let all = listed(&world, "");
    assert!(all.len() == 1 && all[0]["status"] == "sent", "{all:?}");
}
