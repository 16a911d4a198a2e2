//! Webhooks of Git hosts in the shapes that their documentation and `@octokit/openapi-webhooks` give, cut to the fields that
//! matter and some that do not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use domain::HookSource::{self, Gitea, Github, Gitlab};
use domain::{Hook, read_hook};
use serde_json::{Value, json};

const ZEROS: &str = "0000000000000000000000000000000000000000";
const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn read(source: HookSource, event: &str, body: &Value) -> Hook {
    read_hook(source, event, body.to_string().as_bytes()).unwrap()
}

fn deleted(repository: &str, branch: &str) -> Hook {
    Hook::BranchDeleted {
        repository: repository.parse().unwrap(),
        branch: branch.parse().unwrap(),
    }
}

fn github(changes: &Value) -> Value {
    let mut body = json!({
        "ref": "feature/x", "ref_type": "branch", "pusher_type": "user",
        "repository": { "id": 1, "name": "shop", "full_name": "acme/shop", "private": true },
        "sender": { "login": "ann", "id": 2 },
    });
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn push(after: &str) -> Value {
    github(
        &json!({ "ref": "refs/heads/feature/x", "ref_type": null, "before": SHA, "after": after,
        "deleted": after == ZEROS, "created": false, "commits": [], "head_commit": null }),
    )
}

#[test]
fn deletions_of_branches_are_told() {
    let expected = deleted("acme/shop", "feature/x");
    for source in [Github, Gitea] {
        assert_eq!(read(source, "delete", &github(&json!({}))), expected);
        assert_eq!(read(source, "push", &push(ZEROS)), expected);
    }
    let mut gitea = push(ZEROS);
    gitea.as_object_mut().unwrap().remove("deleted");
    assert_eq!(read(Gitea, "push", &gitea), expected);
    let gitlab = json!({ "object_kind": "push", "event_name": "push", "before": SHA, "after": ZEROS,
        "ref": "refs/heads/feature/x", "checkout_sha": null,
        "project": { "id": 1, "path_with_namespace": "acme/group/shop" }, "repository": { "name": "shop" } });
    assert_eq!(
        read(Gitlab, "Push Hook", &gitlab),
        deleted("acme/group/shop", "feature/x")
    );
}

#[test]
fn everything_else_is_passed_over_with_a_reason() {
    let cases = [
        (
            Github,
            "delete",
            github(&json!({ "ref_type": "tag", "ref": "v1" })),
        ),
        (Github, "delete", github(&json!({ "ref_type": null }))),
        (Github, "push", push(SHA)),
        (
            Github,
            "push",
            github(&json!({ "ref": "refs/tags/v1", "deleted": true })),
        ),
        (Github, "ping", json!({ "zen": "x", "hook_id": 1 })),
        (Github, "", github(&json!({}))),
        (
            Github,
            "pull_request",
            github(&json!({ "action": "closed" })),
        ),
        (Github, "delete", github(&json!({ "repository": null }))),
        (Github, "delete", github(&json!({ "ref": null }))),
        (Github, "delete", github(&json!({ "ref": "../../x" }))),
        (Github, "delete", github(&json!({ "ref": "a b" }))),
        (Github, "delete", github(&json!({ "ref": "x".repeat(300) }))),
        (
            Github,
            "delete",
            github(&json!({ "repository": { "full_name": "shop" } })),
        ),
        (
            Gitlab,
            "Tag Push Hook",
            json!({ "object_kind": "tag_push", "ref": "refs/tags/v1", "after": ZEROS }),
        ),
        (
            Gitlab,
            "Push Hook",
            json!({ "object_kind": "push", "ref": "refs/heads/x", "after": SHA }),
        ),
        (Gitlab, "Push Hook", json!({})),
        (Gitea, "create", github(&json!({}))),
    ];
    for (source, event, body) in cases {
        match read(source, event, &body) {
            Hook::Ignored(reason) => assert!(!reason.is_empty()),
            other => panic!("{event} {body}: {other:?}"),
        }
    }
}

#[test]
fn what_is_no_webhook_is_an_error() {
    for body in [
        "",
        "x",
        "7",
        "{\"ref\":7}",
        "{\"ref\":\"a\"",
        &"[".repeat(10_000),
    ] {
        assert!(
            read_hook(Github, "delete", body.as_bytes()).is_err(),
            "{body:.20}"
        );
    }
}
