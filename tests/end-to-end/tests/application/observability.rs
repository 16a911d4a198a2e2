//! What an operator sees: metrics, and a log in which one search finds the way of an artifact into a commit.

use end_to_end::artifacts::{artifact, manifest};
use end_to_end::world::World;
use serde_json::Value;

/// The log's lines with this message.
fn lines(log: &str, message: &str) -> Vec<Value> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == message).collect()
}

#[test]
fn the_log_leads_from_the_request_of_ci_to_the_commit() {
    let world = World::start("the_log_leads_from_the_request_of_ci_to_the_commit");
    let body = artifact(1, vec![manifest("staging", "web", "1")]).to_string();
    let headers = [("x-request-id", "ci-42.a_b")];
    let answer = world
        .client()
        .authorized("POST", "/api/artifact", &headers, body.as_bytes());
    let answer = answer.unwrap();
    assert_eq!(answer.header("x-request-id"), Some("ci-42.a_b"));
    let id = answer.expect(201)["id"].clone();
    world.settle();
    let log = world.application.log();
    let shipped = lines(&log, "shipped");
    assert_eq!(
        (&shipped[0]["requestId"], &shipped[0]["artifactId"]),
        (&"ci-42.a_b".into(), &id)
    );
    let decided = lines(&log, "decided");
    assert_eq!((decided.len(), &decided[0]["artifactId"]), (1, &id));
    let ended = lines(&log, "ended");
    assert_eq!(ended.len(), 1);
    assert_eq!(
        (&ended[0]["artifactId"], &ended[0]["releaseId"]),
        (&id, &decided[0]["releaseId"])
    );
    assert_eq!(ended[0]["commit"], world.gitops.tip("main").as_str());
    let asked = lines(&log, "request");
    assert!(asked.iter().any(|line| line["requestId"] == "ci-42.a_b"));
}

#[test]
fn a_request_id_that_could_forge_a_log_is_replaced() {
    let world = World::start("a_request_id_that_could_forge_a_log_is_replaced");
    for given in ["", "a b", "{\"level\":\"error\"}", &"x".repeat(129)] {
        let answer =
            world
                .client()
                .authorized("GET", "/api/holds", &[("x-request-id", given)], b"");
        let answer = answer.unwrap();
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert_eq!(
            (answer.status, id.len()),
            (200, 36),
            "{given:?} became {id}"
        );
    }
}

#[test]
fn s8_metrics_are_told_to_those_who_may_see_everything() {
    let world = World::start("s8_metrics_are_told_to_those_who_may_see_everything");
    world.ship(&artifact(1, vec![manifest("staging", "web", "1")]));
    world.settle();
    let answer = world
        .client()
        .authorized("GET", "/metrics", &[], b"")
        .unwrap();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/plain; version=0.0.4; charset=utf-8"))
    );
    let text = answer.text();
    for line in [
        "wimble_pushes_total{repository=\"http://127.0.0.1:",
        "wimble_requests_ended_total{kind=\"release\",outcome=\"committed\"} 1",
        "wimble_decisions_total{released=\"true\",reason=\"",
        "wimble_flush_duration_seconds_count 1",
        "wimble_waiting_writes 0",
        "wimble_key_value_up 1",
    ] {
        assert!(
            text.lines().any(|known| known.starts_with(line)),
            "{line}\n{text}"
        );
    }
    assert!(!text.contains("web"), "{text}");
}
