//! Deploy and cleanup policies against their tables, row by row.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
// clippy.toml exempts test functions alone, not what they call.

use domain::{CleanupPolicy, DeployPolicy, GitEvent, Reason, Version, cleanup_triggered, decide};

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
}

fn set(field: &str) -> String {
    if field == "-" {
        String::new()
    } else {
        field.to_owned()
    }
}

fn version(branch: &str, tag: &str, event: &str, message: &str) -> Version {
    let mut version = Version::new("owner/repo".parse().unwrap(), "abc".parse().unwrap());
    version.branch = set(branch);
    version.tag = set(tag);
    version.event = event.parse().unwrap();
    version.message = set(message);
    version
}

#[test]
fn w3_deploy_policies_answer_as_the_table_says() {
    let mut wrong = Vec::new();
    let mut seen = Vec::new();
    for row in rows(include_str!("vectors/deploy-policy.tsv")) {
        let [
            id,
            branch,
            tag,
            event,
            message,
            p_branch,
            p_tag,
            p_event,
            p_message,
            answer,
            code,
            ..,
        ] = row[..]
        else {
            panic!("a row is short: {row:?}");
        };
        let policy = DeployPolicy {
            branch: set(p_branch),
            tag: set(p_tag),
            event: (p_event != "-").then(|| p_event.parse::<GitEvent>().unwrap()),
            commit_message_patterns: if p_message == "-" {
                vec![]
            } else {
                vec![p_message.to_owned()]
            },
        };
        let policy = (p_branch != "NULL").then_some(policy);
        let decision = decide(policy.as_ref(), &version(branch, tag, event, message));
        let got = (
            if decision.released { "yes" } else { "no" },
            decision.reason.code(),
        );
        if got != (answer, code) {
            wrong.push(format!(
                "{id}: wanted {answer} {code}, got {got:?}: {}",
                decision.reason
            ));
        }
        seen.push(id);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for id in (1..=27)
        .map(|n| format!("T{n:02}"))
        .chain((1..=19).map(|n| format!("P{n:02}")))
    {
        assert!(seen.contains(&id.as_str()), "{id} is not in the table");
    }
}

#[test]
fn w16_p20_an_unknown_event_refuses_the_artifact() {
    let text = br#"{"version":{"repositoryName":"o/r","sha":"1","branch":"main","event":"bogus"}}"#;
    let error = domain::Artifact::parse(text, &domain::ArtifactLimits::default()).unwrap_err();
    assert_eq!(error.pointer, "/version/event");
    assert_eq!(error.message, "expected 'push', 'tag' or 'pr'");
}

#[test]
fn cleanup_policies_answer_as_the_table_says() {
    for row in rows(include_str!("vectors/cleanup-policy.tsv")) {
        let [id, deleted, app, branch, event, answer, ..] = row[..] else {
            panic!("a row is short: {row:?}")
        };
        let policy = CleanupPolicy {
            app: set(app),
            branch: set(branch),
            event: set(event),
        };
        let got = cleanup_triggered(Some(&policy), deleted).unwrap();
        assert_eq!(got, answer == "yes", "{id}");
    }
    assert!(!cleanup_triggered(None, "main").unwrap());
}

#[test]
fn a_broken_cleanup_glob_is_an_error() {
    for branch in ["feature/[", "!", "a[]"] {
        let policy = CleanupPolicy {
            app: "x".to_owned(),
            branch: branch.to_owned(),
            event: String::new(),
        };
        assert!(
            cleanup_triggered(Some(&policy), "feature/a").is_err(),
            "{branch}"
        );
    }
}

#[test]
fn a_broken_message_pattern_is_named_by_its_place() {
    let policy = DeployPolicy {
        commit_message_patterns: vec!["fine*".to_owned(), String::new()],
        ..DeployPolicy::default()
    };
    let decision = decide(Some(&policy), &version("main", "-", "push", "fine"));
    let Reason::PolicyInvalid { field, .. } = decision.reason else {
        panic!("{:?}", decision.reason)
    };
    assert_eq!(field, "commitMessagePatterns/1");
}

#[test]
fn a_reason_says_both_values_and_has_the_code_in_its_json() {
    let policy = DeployPolicy {
        branch: "!{main,master}".to_owned(),
        event: Some(GitEvent::Push),
        ..DeployPolicy::default()
    };
    let decision = decide(Some(&policy), &version("main", "-", "push", "-"));
    assert_eq!(
        decision.reason.to_string(),
        "branch 'main' is excluded by '!{main,master}'"
    );
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"released": false,
            "reason": {"code": "excluded", "field": "branch", "pattern": "!{main,master}", "found": "main"}})
    );
    let back: domain::Decision = serde_json::from_value(json).unwrap();
    assert_eq!(back, decision);
}

#[test]
fn only_the_head_of_a_long_message_counts() {
    let policy = DeployPolicy {
        commit_message_patterns: vec!["*deploy*".to_owned()],
        ..DeployPolicy::default()
    };
    let long = "ä".repeat(3_000);
    let near = format!("deploy {long}");
    let far = format!("{long} deploy");
    assert!(decide(Some(&policy), &version("main", "-", "push", &near)).released);
    assert!(!decide(Some(&policy), &version("main", "-", "push", &far)).released);
}
