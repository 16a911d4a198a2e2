//! What Flux and Argo CD send, and what is made of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use domain::{Feedback, InvalidFeedback, is_final, read_argocd_event, read_flux_event};
use serde_json::{Value, json};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn flux(event: &Value) -> Result<Option<Feedback>, InvalidFeedback> {
    read_flux_event(event.to_string().as_bytes())
}

/// An event as Flux 2 sends it to a provider of the kind `generic`.
fn event(revision: &str) -> Value {
    json!({
        "involvedObject": { "kind": "Kustomization", "namespace": "flux-system", "name": "apps", "uid": "7d0b", "apiVersion": "kustomize.toolkit.fluxcd.io/v1" },
        "severity": "info",
        "timestamp": "2026-11-22T10:00:00Z",
        "message": "Reconciliation finished in 1.2s",
        "reason": "ReconciliationSucceeded",
        "metadata": { "revision": revision },
        "reportingController": "kustomize-controller",
        "reportingInstance": "kustomize-controller-7b"
    })
}

#[test]
fn w17_every_form_of_a_revision_names_its_commit() {
    for revision in [
        "main/{}",
        "feature/x/{}",
        "main@sha1:{}",
        "feature/x@sha1:{}",
        "sha1:{}",
        "refs/heads/main@sha1:{}",
        "{}",
    ] {
        let read = flux(&event(&revision.replace("{}", SHA))).unwrap().unwrap();
        assert_eq!(read.commit.as_str(), SHA, "{revision}");
        assert_eq!(
            (read.status.as_str(), read.at.as_str()),
            ("ReconciliationSucceeded", "2026-11-22T10:00:00Z")
        );
        assert_eq!(read.description, "Reconciliation finished in 1.2s");
    }
    let long = "a".repeat(64);
    let read = flux(&event(&format!("main@sha256:{long}")))
        .unwrap()
        .unwrap();
    assert_eq!(read.commit.as_str(), long);
    let mut grouped = event(SHA);
    grouped["metadata"] =
        json!({ "kustomize.toolkit.fluxcd.io/revision": format!("main@sha1:{SHA}") });
    assert_eq!(flux(&grouped).unwrap().unwrap().commit.as_str(), SHA);
    let mut go = event(SHA);
    go["Metadata"] = json!({ "Revision": SHA });
    go.as_object_mut().unwrap().remove("metadata");
    assert!(flux(&go).unwrap().is_some());
}

#[test]
fn w6_an_event_without_a_commit_is_refused_and_names_the_field() {
    let place = |change: &dyn Fn(&mut Value)| {
        let mut event = event(SHA);
        change(&mut event);
        flux(&event).unwrap_err().pointer
    };
    let revision = "/metadata/revision";
    assert_eq!(
        place(&|event| drop(event.as_object_mut().unwrap().remove("metadata"))),
        revision
    );
    assert_eq!(place(&|event| event["metadata"] = Value::Null), revision);
    assert_eq!(place(&|event| event["metadata"] = json!({})), revision);
    assert_eq!(place(&|event| event["metadata"] = json!([])), "/metadata");
    for bad in [
        json!(null),
        json!(7),
        json!(""),
        json!("main"),
        json!("main/"),
        json!("main@sha1:"),
        json!("n/a"),
        json!(format!("{SHA}/x")),
        json!(&SHA[..39]),
        json!(SHA.to_uppercase()),
        json!("x".repeat(9_000)),
    ] {
        assert_eq!(
            place(&|event| event["metadata"]["revision"] = bad.clone()),
            revision,
            "{bad}"
        );
    }
    for bad in [
        json!(null),
        json!(""),
        json!(7),
        json!("a b"),
        json!("\u{202e}x"),
        json!("x".repeat(101)),
    ] {
        assert_eq!(
            place(&|event| event["reason"] = bad.clone()),
            "/reason",
            "{bad}"
        );
    }
    for bad in ["", "7", "null", "[]", "{", "{}{}"] {
        assert!(read_flux_event(bad.as_bytes()).is_err(), "{bad}");
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(50), "]".repeat(50));
    assert!(read_flux_event(deep.as_bytes()).is_err());
}

#[test]
fn a_commit_status_update_only_repeats_another_event() {
    let mut event = event(SHA);
    event["metadata"]["commit_status"] = "update".into();
    assert_eq!(flux(&event).unwrap(), None);
    event["metadata"]["commit_status"] = "other".into();
    assert!(flux(&event).unwrap().is_some());
}

#[test]
fn a_remark_is_kept_short_and_printable() {
    let mut event = event(SHA);
    event["message"] = format!("a\u{1b}[31m\nb{}", "x".repeat(5_000)).into();
    let remark = flux(&event).unwrap().unwrap().description;
    assert!(
        remark.starts_with("a[31m\nb") && remark.chars().count() == 2_000,
        "{remark}"
    );
}

#[test]
fn only_the_last_word_is_final() {
    for word in [
        "ReconciliationSucceeded",
        "ReconciliationFailed",
        "ValidationFailed",
    ] {
        assert!(is_final(word), "{word}");
    }
    for word in [
        "Progressing",
        "HealthCheckFailed",
        "DependencyNotReady",
        "NotReconciled",
        "N/A",
        "",
    ] {
        assert!(!is_final(word), "{word}");
    }
}

#[test]
fn argo_cds_phases_become_fluxs_words() {
    for (phase, health, expected) in [
        ("Succeeded", "Healthy", "ReconciliationSucceeded"),
        ("Succeeded", "", "ReconciliationSucceeded"),
        ("Succeeded", "Suspended", "ReconciliationSucceeded"),
        ("Succeeded", "Progressing", "Progressing"),
        ("Succeeded", "Missing", "Progressing"),
        ("Succeeded", "Degraded", "HealthCheckFailed"),
        ("Running", "Healthy", "Progressing"),
        ("Terminating", "", "Progressing"),
        ("Failed", "Healthy", "ReconciliationFailed"),
        ("Error", "", "ReconciliationFailed"),
    ] {
        let body = json!({ "revision": SHA, "phase": phase, "health": health, "message": "synced", "finishedAt": "2026-11-22T10:00:00Z" });
        let read = read_argocd_event(body.to_string().as_bytes())
            .unwrap()
            .unwrap();
        assert_eq!(
            (read.status.as_str(), read.commit.as_str()),
            (expected, SHA),
            "{phase} {health}"
        );
    }
    for (body, field) in [
        (json!({ "phase": "Succeeded" }), "/revision"),
        (
            json!({ "revision": "HEAD", "phase": "Succeeded" }),
            "/revision",
        ),
        (json!({ "revision": SHA }), "/phase"),
        (json!({ "revision": SHA, "phase": "Done" }), "/phase"),
    ] {
        assert_eq!(
            read_argocd_event(body.to_string().as_bytes())
                .unwrap_err()
                .pointer,
            field,
            "{body}"
        );
    }
}
