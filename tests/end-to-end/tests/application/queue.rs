//! What waits: how much of it is allowed, and that the cron trigger takes care of it.

use end_to_end::artifacts::{artifact, manifest, manual};
use end_to_end::cases;
use end_to_end::history::releases;
use end_to_end::world::{Setup, World, is_settled};
use harness::folder::Folder;
use harness::redis::Redis;
use harness::skip::not_on_spin;
use serde_json::json;

#[test]
fn a_full_queue_turns_clients_away_and_stores_nothing() {
    let world = Setup::new("a_full_queue_turns_clients_away_and_stores_nothing")
        .variable("max_waiting", "3")
        .start();
    let first = world.ship(&artifact(1, vec![manual("staging", "web", "one")]));
    world.settle();
    for number in 2..=4 {
        world.ship(&artifact(
            number,
            vec![manifest("staging", "web", &number.to_string())],
        ));
    }
    let wish = json!({ "env": "staging", "artifactId": first });
    for (path, body) in [
        ("/api/artifact", &artifact(5, Vec::new())),
        ("/api/releases", &wish),
    ] {
        let answer = world.client().post(path, body);
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(answer.json()["type"], "urn:wimble:problem:queue-full");
    }
    let stored = world.client().get("/api/artifacts").expect(200);
    assert_eq!(stored.as_array().unwrap().len(), 4);
    // Queued releases count as well as artifacts.
    world.evaluate();
    assert_eq!(world.client().post("/api/releases", &wish).status, 503);
    world.settle();
    assert_eq!(releases(&world.gitops).len(), 3);
    world.release(&wish);
    world.settle();
    assert_eq!(releases(&world.gitops).len(), 4);
}

#[test]
fn the_health_check_says_how_much_waits() {
    let world = World::start("the_health_check_says_how_much_waits");
    let health = || {
        let answer = world.client().send("GET", "/healthz", &[], b"");
        answer.unwrap().expect(200)
    };
    let idle = json!({
        "status": "ok", "database": "ok", "keyValue": "ok", "configuration": [], "waitingEvaluations": 0, "waitingWrites": 0,
        "openIntents": 0, "paused": [],
    });
    assert_eq!(health(), idle);
    world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    assert_eq!(health()["waitingEvaluations"], 1);
    world.evaluate();
    let waiting = health();
    assert_eq!(
        (&waiting["waitingEvaluations"], &waiting["waitingWrites"]),
        (&json!(0), &json!(1))
    );
    assert!(waiting["oldestWriteAgeSeconds"].is_u64(), "{waiting}");
    world.settle();
    assert_eq!(health(), idle);
}

#[test]
fn the_health_check_says_that_a_store_is_gone() {
    const TEST: &str = "the_health_check_says_that_a_store_is_gone";
    let files = Folder::named("the_health_check_s_redis");
    let Some(redis) = Redis::start(TEST, files.path()) else {
        return;
    };
    let mut setup = Setup::new(TEST);
    setup.options.runtime_config = Some(format!(
        "[key_value_store.default]\ntype = \"redis\"\nurl = \"{}\"\n",
        redis.url()
    ));
    let world = setup.start();
    assert_eq!(world.health()["status"], "ok");
    drop(redis);
    let answer = world.client().send("GET", "/healthz", &[], b"");
    let health = answer.unwrap().expect(503);
    assert_eq!(
        (&health["status"], &health["database"]),
        (&json!("error"), &json!("ok"))
    );
    let told = health["keyValue"].as_str().unwrap();
    assert!(told.starts_with("key-value store: "), "{health}");
}

/// A restart mends no variable, and what is shipped meanwhile is kept: the status is 200 all the same.
#[test]
fn the_health_check_names_variables_that_are_missing_or_wrong() {
    let cases = [
        ("no admin token", ("admin_token", ""), "is not set"),
        (
            "a short admin token",
            ("admin_token", "hush-hush"),
            "is shorter than 16 characters",
        ),
        ("no repository", ("gitops_repos", ""), "is not set"),
        (
            "a wrong repository",
            ("gitops_repos", "gitopsRepo=hush-hush"),
            "or git_host is not right; POST /internal/flush says why",
        ),
        (
            "a wrong issuer",
            ("oidc_issuers", "issuer=hush-hush"),
            "is not right; a call with a token that is none of Wimble's own is told why",
        ),
        (
            "a host that was emptied",
            ("chart_host_2", ""),
            "must be a scheme and a host, such as https://github.com",
        ),
        (
            "a host with a path",
            ("notifications_host", "https://example.org/hush-hush"),
            "must be a scheme and a host, without a path and without a user name",
        ),
        (
            "a number that is none",
            ("max_batch", "hush"),
            "must be a whole number from 1 to 5000",
        ),
        (
            "a number that is too small",
            ("max_body_bytes", "1"),
            "must be a whole number from 1024 to 16777216",
        ),
        (
            "a retention of nothing",
            ("retention_days", "0"),
            "must be a whole number from 1 to 36500",
        ),
        (
            "an author that no commit can have",
            ("commit_author_name", "Wimble <hush>"),
            "must hold neither < nor > nor control characters",
        ),
        ("no author", ("commit_author_name", ""), "is not set"),
        (
            "a cluster's version that is none",
            ("kubernetes_version", "hush"),
            "must be a version such as v1.31.2",
        ),
    ];
    let cases = cases.map(|(case, variable, problem)| (case, (variable, problem)));
    cases::run(4, &cases, |((name, value), problem)| {
        let test = "the_health_check_names_variables_that_are_missing_or_wrong";
        let world = Setup::new(test).variable(name, value).start();
        let health = world.health();
        assert_eq!(health["status"], "misconfigured", "{health}");
        let expected = json!([{ "variable": name, "problem": problem }]);
        assert_eq!(health["configuration"], expected);
        assert!(!health.to_string().contains("hush"), "{health}");
    });
}

/// Spin then denies the flush its Git host too, and says no more than that: a flush that went on would end the releases as errors.
#[test]
fn while_a_host_cannot_be_read_releases_wait_and_the_flush_says_which() {
    let test = "while_a_host_cannot_be_read_releases_wait_and_the_flush_says_which";
    let world = Setup::new(test).variable("chart_host_3", "").start();
    let artifact = world.ship(&artifact(1, vec![manifest("staging", "web", "1")]));
    for _ in 0..4 {
        let answer = world
            .client()
            .post("/internal/flush", &json!({}))
            .expect(503);
        assert_eq!(answer["variable"], "chart_host_3", "{answer}");
    }
    world.evaluate();
    for request in world.requests_of(&artifact) {
        assert_eq!(world.event(&request)["status"], "new", "{request}");
    }
    assert_eq!(world.requests_of(&artifact).len(), 1);
}

/// What is wrong with a variable is no fault of the releases: they wait.
#[test]
fn releases_wait_while_a_variable_is_wrong() {
    let cases = [
        ("an author", ("commit_author_name", "Wimble <wimble>")),
        ("a cluster's version", ("kubernetes_version", "latest")),
    ];
    cases::run(2, &cases, |(name, value)| {
        let test = "releases_wait_while_a_variable_is_wrong";
        let world = Setup::new(test).variable(name, value).start();
        let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
        world.evaluate();
        let problem = world
            .client()
            .post("/internal/flush", &json!({}))
            .expect(503);
        assert_eq!(problem["variable"], *name, "{problem}");
        let event = world.event(&world.requests_of(&id)[0]);
        assert_eq!(event["status"], "new", "{event}");
    });
}

#[test]
fn the_cron_trigger_releases_by_itself() {
    const TEST: &str = "the_cron_trigger_releases_by_itself";
    if not_on_spin(TEST, "Spin's cron trigger is a plugin") {
        return;
    }
    let mut setup = Setup::new(TEST);
    setup.options.cron = true;
    let world = setup.start();
    for number in 1..=2 {
        let id = world.ship(&artifact(
            number,
            vec![manifest("staging", "web", &number.to_string())],
        ));
        world.wait_until("the cron trigger has released it", || {
            !world.requests_of(&id).is_empty() && is_settled(&world.health())
        });
        assert_eq!(
            world.event(&world.requests_of(&id)[0])["status"],
            "processed"
        );
        assert_eq!(releases(&world.gitops).len(), number);
    }
}
