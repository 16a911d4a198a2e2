//! The application is killed between each two of its durable writes, and started again over what it left: what was
//! acknowledged ends exactly once, in order, and nothing stays behind.

use std::collections::BTreeMap;

use end_to_end::artifacts::{artifact, manifest, manual, sha};
use end_to_end::cases;
use end_to_end::history::{Commit, releases};
use end_to_end::world::{Setup, World, is_settled};
use harness::fault_proxy::{Fault, GitRequest};
use harness::skip::not_on_spin;
use serde_json::{Value, json};

fn skipped(test: &str) -> bool {
    not_on_spin(test, "only the local host has kill rules")
}

/// Starts the application anew with this rule, sends the request that it dies of, and starts it without.
fn die(world: &mut World, rule: &str, path: &str, headers: &[(&str, &str)], body: &Value) {
    world.application.restart(&[rule]);
    let answer = world.client().try_post(path, headers, body);
    assert!(
        answer.is_err(),
        "{rule}: an answer: {}",
        answer.unwrap().text()
    );
    world.application.wait_until_killed();
    world.application.restart(&[]);
}

/// The numbers of the artifacts of each app's commits, in the order of the history.
fn order(commits: &[Commit]) -> BTreeMap<String, Vec<usize>> {
    let mut order = BTreeMap::<String, Vec<usize>>::new();
    for commit in commits {
        let number = (1..=9).find(|number| sha(*number) == commit.trailer("Source-Sha"));
        order
            .entry(commit.place().to_owned())
            .or_default()
            .push(number.unwrap());
    }
    order
}

#[test]
fn a_flush_may_die_anywhere() {
    if skipped("a_flush_may_die_anywhere") {
        return;
    }
    let rules = [
        "key-value.set lease.flush after",
        "http.send GET *git-receive-pack after",
        "http.send POST */git-upload-pack#2 after",
        "sqlite.execute INSERT OR REPLACE INTO git_remotes* before",
        "sqlite.execute INSERT OR REPLACE INTO git_remotes* after",
        "sqlite.execute INSERT INTO attempts* before",
        "sqlite.execute INSERT INTO attempts* after",
        "sqlite.execute DELETE FROM attempts* after",
        "sqlite.execute INSERT INTO intents* before",
        "sqlite.execute INSERT INTO intents* after",
        "http.send POST */git-receive-pack before",
        "http.send POST */git-receive-pack after",
        "sqlite.execute INSERT INTO requests* before",
        "sqlite.execute INSERT INTO requests* after",
        "sqlite.execute INSERT OR REPLACE INTO git_trees* before",
        "sqlite.execute INSERT OR REPLACE INTO git_trees* after",
        "key-value.delete write.* after",
        "key-value.delete write.*#2 after",
        "sqlite.execute DELETE FROM intents* before",
        "sqlite.execute DELETE FROM intents* after",
        "key-value.delete lease.flush before",
        "sqlite.execute INSERT INTO metrics* before",
        "sqlite.execute INSERT INTO metrics* after",
    ];
    cases::run(5, &rules.map(|rule| (rule, rule)), |rule| flush_dies(rule));
}

fn flush_dies(rule: &str) {
    let mut world = World::start("a_flush_may_die_anywhere");
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for number in 1..=3 {
        let text = number.to_string();
        let mut manifests = vec![
            manifest("staging", "web", &text),
            manifest("production", "api", &text),
        ];
        if number == 2 {
            let mut broken = manifest("staging", "broken", &text);
            broken["manifests"] = json!("no: kubernetes object");
            manifests.push(broken);
        }
        let id = world.ship(&artifact(number, manifests));
        world.evaluate();
        let mut requests = world.requests_of(&id);
        bad.extend(requests.split_off(2));
        good.extend(requests);
    }
    die(&mut world, rule, "/internal/flush", &[], &json!({}));
    world.settle();

    world.assert_each_once(&good);
    let expected = [
        ("production/api", vec![1, 2, 3]),
        ("staging/web", vec![1, 2, 3]),
    ];
    let expected = expected.map(|(place, numbers)| (place.to_owned(), numbers));
    assert_eq!(order(&releases(&world.gitops)), expected.into(), "{rule}");
    for id in bad {
        let event = world.event(&id);
        assert_eq!(event["status"], "error", "{rule}: {event}");
    }
}

#[test]
fn a_flush_may_die_when_it_leaves_a_host_alone_and_when_it_comes_back() {
    if skipped("a_flush_may_die_when_it_leaves_a_host_alone") {
        return;
    }
    // The first flush notes the pause, the second, a moment later, takes it back.
    let rules = [
        ("key-value.set backoff.* before", 1),
        ("key-value.set backoff.* after", 1),
        ("key-value.delete backoff.* before", 2),
        ("key-value.delete backoff.* after", 2),
    ];
    cases::run(4, &rules.map(|case| (case.0, case)), |(rule, flush)| {
        let mut setup = Setup::new("a_flush_may_die_when_it_leaves_a_host_alone");
        setup.proxy = true;
        let mut world = setup.start();
        let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
        world.evaluate();
        let refused = Fault::Refuse(500, Vec::new());
        world.proxy().inject(GitRequest::Push, &refused, 1);
        if *flush == 2 {
            world.flush();
            world.wait_until("the pause is over", || {
                world.health()["paused"] == json!([])
            });
        }
        die(&mut world, rule, "/internal/flush", &[], &json!({}));
        world.settle();
        world.assert_each_once(&world.requests_of(&id));
    });
}

#[test]
fn a_flush_of_a_release_that_changes_nothing_may_die() {
    if skipped("a_flush_of_a_release_that_changes_nothing_may_die") {
        return;
    }
    let rules = [
        "sqlite.execute INSERT INTO requests* before",
        "key-value.delete write.* before",
    ];
    cases::run(2, &rules.map(|rule| (rule, rule)), |rule| {
        let mut world = World::start("a_flush_of_a_release_that_changes_nothing_may_die");
        let id = world.ship(&artifact(1, vec![manual("staging", "web", "one")]));
        let wish = json!({ "env": "staging", "artifactId": id });
        world.release(&wish);
        world.settle();
        let tip = world.gitops.tip("main");
        let again = world.release(&wish);
        die(&mut world, rule, "/internal/flush", &[], &json!({}));
        world.settle();
        assert_eq!(world.event(&again)["status"], "processed");
        assert_eq!(world.gitops.tip("main"), tip);
    });
}

#[test]
fn ingest_may_die_between_its_writes() {
    if skipped("ingest_may_die_between_its_writes") {
        return;
    }
    let rules = [
        "sqlite.execute INSERT INTO artifacts* before",
        "sqlite.execute INSERT INTO artifacts* after",
        "key-value.set evaluate.* before",
        "key-value.set evaluate.* after",
    ];
    cases::run(4, &rules.map(|rule| (rule, rule)), |rule| {
        let mut world = World::start("ingest_may_die_between_its_writes");
        let shipped = artifact(1, vec![manifest("staging", "web", "one")]);
        die(&mut world, rule, "/api/artifact", &[], &shipped);
        // CI got no answer and ships again.
        let answer = world.client().post("/api/artifact", &shipped);
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
        let stored = answer.json();
        world.settle();
        assert_eq!(
            world.client().get("/api/artifacts").expect(200),
            json!([stored])
        );
        world.assert_each_once(&world.requests_of(stored["id"].as_str().unwrap()));
        assert_eq!(releases(&world.gitops).len(), 1);
    });
}

#[test]
fn an_evaluation_may_die_between_its_writes() {
    if skipped("an_evaluation_may_die_between_its_writes") {
        return;
    }
    let rules = [
        "key-value.set write.* before",
        "key-value.set write.* after",
        "sqlite.execute INSERT INTO requests* before",
        "sqlite.execute INSERT INTO requests* after",
        "sqlite.execute INSERT INTO attempts* after",
        "sqlite.execute DELETE FROM attempts* after",
        "sqlite.execute INSERT INTO decisions* after",
        "sqlite.execute UPDATE artifacts* after",
        "key-value.delete evaluate.* after",
    ];
    cases::run(4, &rules.map(|rule| (rule, rule)), |rule| {
        let mut world = World::start("an_evaluation_may_die_between_its_writes");
        let manifests = vec![
            manifest("staging", "web", "one"),
            manual("staging", "db", "one"),
            manifest("production", "api", "one"),
        ];
        let id = world.ship(&artifact(1, manifests));
        die(&mut world, rule, "/internal/evaluate", &[], &json!({}));
        world.settle();
        let requests = world.requests_of(&id);
        assert_eq!(requests.len(), 2, "{rule}");
        world.assert_each_once(&requests);
        assert_eq!(
            world.explain(&id)["decisions"].as_array().unwrap().len(),
            3,
            "{rule}"
        );
    });
}

#[test]
fn a_release_that_people_ask_for_may_die_between_its_writes() {
    if skipped("a_release_that_people_ask_for_may_die_between_its_writes") {
        return;
    }
    let rules = [
        "sqlite.execute INSERT INTO audit* before",
        "sqlite.execute INSERT INTO audit* after",
        "key-value.set write.* before",
        "key-value.set write.* after",
        "sqlite.execute INSERT INTO requests* before",
        "sqlite.execute INSERT INTO requests* after",
    ];
    let cases: Vec<(&str, (&str, bool))> = rules
        .iter()
        .flat_map(|rule| [(*rule, (*rule, false)), (*rule, (*rule, true))])
        .collect();
    cases::run(4, &cases, |(rule, flushed_before)| {
        enqueue_dies(rule, *flushed_before)
    });
}

/// `flushed_before`: what was queued is released before the client comes again.
fn enqueue_dies(rule: &str, flushed_before: bool) {
    let mut world = World::start("a_release_that_people_ask_for_may_die_between_its_writes");
    let manifests = vec![
        manual("staging", "web", "one"),
        manual("staging", "api", "one"),
    ];
    let artifact = world.ship(&artifact(1, manifests));
    world.settle();
    let wish = json!({ "env": "staging", "artifactId": artifact });
    let key = [("Idempotency-Key", "deploy-1")];
    die(&mut world, rule, "/api/releases", &key, &wish);
    if flushed_before {
        world.settle();
    }
    let answer = world
        .client()
        .try_post("/api/releases", &key, &wish)
        .unwrap()
        .expect(201);
    world.settle();
    let event = world.event(answer["id"].as_str().unwrap());
    assert_eq!(event["status"], "processed", "{rule}: {event}");
    assert_eq!(
        event["results"].as_array().unwrap().len(),
        2,
        "{rule}: {event}"
    );
    let results = event["results"].as_array().unwrap().iter();
    let requests: Vec<String> = results
        .map(|result| result["id"].as_str().unwrap().to_owned())
        .collect();
    world.gitops.fsck();
    let commits = releases(&world.gitops);
    assert_eq!(commits.len(), 2, "{rule}");
    for commit in &commits {
        assert!(
            requests.iter().any(|id| id == commit.trailer("Release-Id")),
            "{rule}"
        );
    }
}

#[test]
fn the_application_may_be_killed_while_clients_ship() {
    let mut world = Setup::new("the_application_may_be_killed_while_clients_ship").start();
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let client = world.client();
        let shipping = std::thread::spawn(move || {
            let mut ids = Vec::new();
            for number in 0.. {
                let number = round * 1_000 + number;
                let shipped = artifact(
                    number,
                    vec![manifest("staging", "web", &number.to_string())],
                );
                match client.try_post("/api/artifact", &[], &shipped) {
                    Ok(answer) => ids.push(answer.expect(201)["id"].as_str().unwrap().to_owned()),
                    Err(_) => return ids,
                }
            }
            ids
        });
        // Somewhere in the middle of the work of a flush, too.
        let client = world.client();
        let flushing = std::thread::spawn(move || {
            while client.try_post("/internal/flush", &[], &json!({})).is_ok() {}
        });
        // Its own artifacts only: those of the rounds before are there already.
        let shipped = |world: &World| {
            let list = world.client().get("/api/artifacts?limit=1000").json();
            let shas = list.as_array().unwrap().iter();
            let shas = shas.map(|artifact| artifact["version"]["sha"].as_str().unwrap().to_owned());
            shas.filter(|found| *found >= sha(round * 1_000)).count()
        };
        world.wait_until("five are shipped", || shipped(&world) >= 5);
        std::thread::sleep(std::time::Duration::from_millis(200 * (round as u64 + 1)));
        world.application.kill();
        acknowledged.extend(shipping.join().unwrap());
        flushing.join().unwrap();
        world.application.restart(&[]);
    }
    world.settle();
    assert!(is_settled(&world.health()));
    world.gitops.fsck();
    let commits = releases(&world.gitops);
    for id in &acknowledged {
        let requests = world.requests_of(id);
        let [request] = requests.as_slice() else {
            panic!("{id}: {requests:?}")
        };
        let made = commits
            .iter()
            .filter(|commit| commit.trailer("Release-Id") == request);
        assert_eq!(made.count(), 1, "{id}");
        assert_eq!(world.event(request)["status"], "processed");
    }
    // In the order in which they came.
    let shas: Vec<&str> = commits
        .iter()
        .map(|commit| commit.trailer("Source-Sha"))
        .collect();
    assert!(shas.is_sorted(), "{shas:?}");
}

#[test]
fn a_rollback_and_a_deletion_may_die_anywhere() {
    if skipped("a_rollback_and_a_deletion_may_die_anywhere") {
        return;
    }
    let asking = [
        "sqlite.execute INSERT INTO requests* before",
        "sqlite.execute INSERT INTO requests* after",
        "key-value.set write.* before",
        "key-value.set write.* after",
    ];
    let flushing = [
        "http.send POST */git-upload-pack#2 after",
        "sqlite.execute INSERT INTO intents* after",
        "http.send POST */git-receive-pack before",
        "http.send POST */git-receive-pack after",
        "sqlite.execute INSERT INTO requests* before",
        "sqlite.execute INSERT INTO requests* after",
        "key-value.delete write.* after",
        "sqlite.execute DELETE FROM intents* before",
    ];
    let asking = asking.iter().map(|rule| (*rule, (*rule, true)));
    let flushing = flushing.iter().map(|rule| (*rule, (*rule, false)));
    let cases: Vec<(&str, (&str, bool))> = asking.chain(flushing).collect();
    cases::run(4, &cases, |(rule, asking)| change_dies(rule, *asking));
}

/// Rolls one app back and deletes another, killed while the rollback is asked for, or while both are written.
fn change_dies(rule: &str, asking: bool) {
    let mut world = World::start("a_rollback_and_a_deletion_may_die_anywhere");
    let mut first = String::new();
    for number in 1..=2 {
        let text = number.to_string();
        let manifests = vec![
            manifest("staging", "web", &text),
            manifest("staging", "api", &text),
        ];
        world.ship(&artifact(number, manifests));
        world.settle();
        if number == 1 {
            let releases = world
                .client()
                .get("/api/releases?env=staging&app=web")
                .expect(200);
            first = releases[0]["gitopsRef"].as_str().unwrap().to_owned();
        }
    }
    let rollback = format!("/api/rollback?env=staging&app=web&sha={first}");
    let key = [("Idempotency-Key", "back")];
    if asking {
        die(&mut world, rule, &rollback, &key, &json!({}));
    }
    let asked = world
        .client()
        .try_post(&rollback, &key, &json!({}))
        .unwrap()
        .expect(201);
    let deletion = world
        .client()
        .post("/api/delete?env=staging&app=api", &json!({}))
        .expect(201);
    if !asking {
        die(&mut world, rule, "/internal/flush", &[], &json!({}));
    }
    // What comes by policy meanwhile is held.
    world.ship(&artifact(3, vec![manifest("staging", "web", "3")]));
    world.settle();
    world.gitops.fsck();
    let commits = releases(&world.gitops);
    let count = |subject: &str| {
        commits
            .iter()
            .filter(|commit| commit.subject.contains(subject))
            .count()
    };
    assert_eq!(
        (count("rolled back"), count("deleted by"), commits.len()),
        (1, 1, 6),
        "{rule}"
    );
    for (answer, subject) in [(asked, "rolled back"), (deletion, "deleted by")] {
        let id = answer["id"].as_str().unwrap();
        let commit = commits
            .iter()
            .find(|commit| commit.trailer("Release-Id") == id)
            .unwrap();
        assert!(
            commit.subject.contains(subject),
            "{rule}: {}",
            commit.subject
        );
        assert_eq!(
            world.event(id)["gitopsHashes"][0]["hash"],
            commit.id.as_str(),
            "{rule}"
        );
    }
    let holds = world.client().get("/api/holds").expect(200);
    assert_eq!(holds.as_array().unwrap().len(), 1, "{rule}: {holds}");
}

#[test]
fn a_webhook_may_die_anywhere_and_is_sent_again() {
    if skipped("a_webhook_may_die_anywhere_and_is_sent_again") {
        return;
    }
    let rules = [
        "sqlite.execute INSERT INTO requests* before",
        "sqlite.execute INSERT INTO requests* after",
        "key-value.set write.* before",
        "key-value.set write.* after",
        "sqlite.execute UPDATE branches* before",
        "sqlite.execute UPDATE branches* after",
        "sqlite.execute INSERT INTO deliveries* before",
        "sqlite.execute INSERT INTO deliveries* after",
    ];
    cases::run(4, &rules.map(|rule| (rule, rule)), |rule| {
        let mut world = Setup::new("a_webhook_may_die_anywhere_and_is_sent_again")
            .variable("gitlab_webhook_token", "token-of-the-webhooks")
            .start();
        let mut shipped = artifact(1, vec![manifest("staging", "web", "one")]);
        shipped["environments"][0]["cleanup"] = json!({ "app": "web", "branch": "main" });
        world.ship(&shipped);
        world.settle();
        let headers = [
            ("X-Gitlab-Token", "token-of-the-webhooks"),
            ("X-Gitlab-Event", "Push Hook"),
        ];
        let body = json!({ "object_kind": "push", "ref": "refs/heads/main", "after": "0".repeat(40),
            "project": { "path_with_namespace": "acme/shop" } });
        die(&mut world, rule, "/api/hooks/gitlab", &headers, &body);
        let again = world
            .client()
            .try_post("/api/hooks/gitlab", &headers, &body)
            .unwrap();
        again.expect(200);
        world.settle();
        let commits = releases(&world.gitops);
        assert_eq!(commits.len(), 2, "{rule}");
        assert_eq!(
            commits[1].subject, "[GimletD delete] staging/web deleted by policy",
            "{rule}"
        );
    });
}
