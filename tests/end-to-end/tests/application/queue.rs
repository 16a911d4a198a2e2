//! What waits: how much of it is allowed, and that the cron trigger takes care of it.

use end_to_end::artifacts::{artifact, manifest, manual};
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
        "status": "ok", "database": "ok", "keyValue": "ok", "waitingEvaluations": 0, "waitingWrites": 0,
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
fn the_cron_trigger_releases_by_itself() {
    const TEST: &str = "the_cron_trigger_releases_by_itself";
    if not_on_spin(TEST, "Spin's cron trigger is a plugin") {
        return;
    }
    let mut setup = Setup::new("the_cron_trigger_releases_by_itself");
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
