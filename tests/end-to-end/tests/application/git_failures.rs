//! The Git host, or what is between, fails: nothing is lost, nothing is written twice, and the application says what is
//! wrong.

use end_to_end::artifacts::{artifact, manifest};
use end_to_end::cases;
use end_to_end::history::releases;
use end_to_end::world::{GIT_TOKEN, Setup, World};
use harness::fault_proxy::{Fault, Gate, GitRequest};
use serde_json::{Value, json};

fn world(test: &'static str) -> World {
    let mut setup = Setup::new(test);
    setup.proxy = true;
    setup.start()
}

/// Ships this many artifacts with two apps each, evaluates them, and gives the requests.
fn queue(world: &World, artifacts: usize) -> Vec<String> {
    let mut requests = Vec::new();
    for number in 1..=artifacts {
        let text = number.to_string();
        let manifests = vec![
            manifest("staging", "web", &text),
            manifest("staging", "api", &text),
        ];
        let id = world.ship(&artifact(number, manifests));
        world.evaluate();
        requests.extend(world.requests_of(&id));
    }
    requests
}

/// What one flush says of `acme/gitops.git`.
fn report_of(flush: &Value) -> &Value {
    let repositories = flush["flush"]["repositories"].as_object().unwrap();
    repositories
        .values()
        .next()
        .unwrap_or_else(|| panic!("{flush}"))
}

fn refuse(status: u16) -> Fault {
    Fault::Refuse(status, Vec::new())
}

fn retry_after(seconds: &str) -> Fault {
    Fault::Refuse(429, vec![("Retry-After", seconds.to_owned())])
}

#[test]
fn a_failing_git_host_loses_and_repeats_nothing() {
    use GitRequest::{Capabilities, Fetch, Push, Tip};
    let cases = [
        (
            "capabilities: refused with 500",
            (Capabilities, refuse(500)),
        ),
        ("tip: cut before", (Tip, Fault::CutBefore)),
        ("tip: cut within the answer", (Tip, Fault::CutAnswer)),
        ("tip: refused with 401", (Tip, refuse(401))),
        ("tip: refused with 429", (Tip, retry_after("1"))),
        ("fetch: cut after", (Fetch, Fault::CutAfter)),
        ("fetch: cut within the answer", (Fetch, Fault::CutAnswer)),
        ("fetch: refused with 500", (Fetch, refuse(500))),
        ("push: cut before", (Push, Fault::CutBefore)),
        ("push: cut within", (Push, Fault::CutWithin)),
        ("push: cut after", (Push, Fault::CutAfter)),
        ("push: cut within the answer", (Push, Fault::CutAnswer)),
        ("push: refused with 500", (Push, refuse(500))),
        ("push: refused with 502", (Push, refuse(502))),
        ("push: refused with 401", (Push, refuse(401))),
        ("push: refused with 429", (Push, retry_after("1"))),
    ];
    cases::run(4, &cases, |(request, fault)| {
        let world = world("a_failing_git_host_loses_and_repeats_nothing");
        let requests = queue(&world, 2);
        world.proxy().inject(*request, fault, 1);
        let report = world.flush();
        let problem = report_of(&report)["problem"]
            .as_str()
            .unwrap_or_else(|| panic!("{report}"));
        assert!(!problem.contains(GIT_TOKEN), "{problem}");
        let health = world.health();
        assert_eq!(health["paused"].as_array().unwrap().len(), 1, "{health}");
        assert_eq!(health["waitingWrites"], 4, "{health}");
        assert_eq!(world.proxy().faults_left(), 0);
        world.settle();
        world.assert_each_once(&requests);
        assert!(!world.application.log().contains(GIT_TOKEN));
    });
}

#[test]
fn a_git_host_that_stalls_does_not_hold_up_the_flush_for_ever() {
    let cases = [
        ("tip", GitRequest::Tip),
        ("fetch", GitRequest::Fetch),
        ("push", GitRequest::Push),
    ];
    cases::run(3, &cases, |request| {
        let world = world("a_git_host_that_stalls");
        let requests = queue(&world, 1);
        world.proxy().inject(*request, &Fault::Stall, 1);
        // The platform's own limit is 30 s; the flush must end before it and say why.
        let report = world.flush();
        let problem = report_of(&report)["problem"]
            .as_str()
            .unwrap_or_else(|| panic!("{report}"));
        assert!(problem.contains("no answer"), "{problem}");
        world.settle();
        world.assert_each_once(&requests);
    });
}

#[test]
fn a_git_host_that_drips_does_not_hold_up_the_flush_for_ever() {
    let cases = [
        ("tip", GitRequest::Tip),
        ("fetch", GitRequest::Fetch),
        ("push", GitRequest::Push),
    ];
    cases::run(3, &cases, |request| {
        let world = world("a_git_host_that_drips");
        let requests = queue(&world, 1);
        world.proxy().inject(*request, &Fault::Drip, 1);
        let report = world.flush();
        let problem = report_of(&report)["problem"]
            .as_str()
            .unwrap_or_else(|| panic!("{report}"));
        assert!(problem.contains("too slow"), "{problem}");
        world.settle();
        world.assert_each_once(&requests);
    });
}

#[test]
fn a_git_host_that_asks_for_a_pause_is_left_alone() {
    let world = world("a_git_host_that_asks_for_a_pause_is_left_alone");
    let requests = queue(&world, 1);
    world
        .proxy()
        .inject(GitRequest::Tip, &retry_after("3600"), 1);
    let report = world.flush();
    assert!(
        report_of(&report)["problem"]
            .as_str()
            .unwrap()
            .contains("429"),
        "{report}"
    );
    let asked = world.proxy().seen().len();
    for _ in 0..3 {
        world.flush();
    }
    assert_eq!(world.proxy().seen().len(), asked);
    assert_eq!(world.event(&requests[0])["status"], "new");
    let health = world.health();
    assert!(
        health["paused"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("429"),
        "{health}"
    );
    assert_eq!(health["status"], "ok");
}

#[test]
fn a_push_too_large_for_the_host_is_halved() {
    let world = world("a_push_too_large_for_the_host_is_halved");
    let requests = queue(&world, 4);
    world.proxy().inject(GitRequest::Push, &refuse(413), 2);
    world.settle();
    world.assert_each_once(&requests);
    let pushes = world.proxy().seen();
    let pushes = pushes
        .iter()
        .filter(|request| **request == GitRequest::Push)
        .count();
    // 8 and 4 were refused; 2, then 4, then the last 2.
    assert_eq!(pushes, 5);
}

#[test]
fn a_push_that_arrives_after_its_sender_died_is_harmless() {
    let cases = [
        ("before the next flush", true),
        ("after the next flush", false),
    ];
    cases::run(2, &cases, |before| late_push(*before));
}

/// The application dies while its push is on the way; the push arrives before or after the next flush.
fn late_push(arrives_before: bool) {
    let mut world = world("a_push_that_arrives_after_its_sender_died");
    let requests = queue(&world, 2);
    let gate = Gate::default();
    world
        .proxy()
        .inject(GitRequest::Push, &Fault::Hold(gate.clone()), 1);
    let client = world.client();
    let flushing = std::thread::spawn(move || client.try_post("/internal/flush", &[], &json!({})));
    gate.wait_for_arrivals(1);
    world.application.kill();
    assert!(flushing.join().unwrap().is_err());
    if arrives_before {
        gate.open();
        gate.wait_for_answers(1);
        assert_eq!(releases(&world.gitops).len(), 4, "the push has landed");
    }
    world.application.restart(&[]);
    world.settle();
    gate.open();
    gate.wait_for_answers(1);
    world.settle();
    world.assert_each_once(&requests);
}
