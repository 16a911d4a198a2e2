//! Templates resolved text by text, and what an artifact explains about itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
// clippy.toml exempts test functions alone, not what they call.

use domain::{
    Artifact, ArtifactLimits, CleanupPolicy, LiteralText, Manifest, ResolveError, TemplateError,
    TextTemplate, explain, explain_with,
};
use serde_json::json;
use std::collections::BTreeMap;

/// Replaces `{{NAME}}`; enough of an engine to see where it is called.
struct Braces;

impl TextTemplate for Braces {
    fn render(&self, text: &str, vars: &BTreeMap<String, String>) -> Result<String, TemplateError> {
        let mut out = text.to_owned();
        for (name, value) in vars {
            out = out.replace(&format!("{{{{{name}}}}}"), value);
        }
        match out.contains("{{") {
            true => Err(TemplateError(format!("unknown variable in '{text}'"))),
            false => Ok(out),
        }
    }
}

fn artifact(document: &serde_json::Value) -> Artifact {
    let shipped =
        Artifact::parse(document.to_string().as_bytes(), &ArtifactLimits::default()).unwrap();
    shipped.received(uuid::Uuid::nil(), 1)
}

fn manifest(fields: &serde_json::Value) -> Manifest {
    let mut whole = json!({"app": "a", "env": "e"});
    whole
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    let document =
        json!({"version": {"repositoryName": "o/r", "sha": "1"}, "environments": [whole]});
    artifact(&document).content.environments.remove(0)
}

fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn every_text_is_rendered_and_cleanup_is_left_alone() {
    let manifest = manifest(&json!({
        "app": "a-{{X}}", "env": "e-{{X}}", "namespace": "n-{{X}}",
        "deploy": {"branch": "{{X}}", "event": "push", "commitMessagePatterns": ["{{X}}*"]},
        "cleanup": {"app": "{{UNKNOWN}}", "branch": "*"},
        "chart": {"repository": "{{X}}", "name": "{{X}}", "version": "{{X}}"},
        "values": {"t": "{{X}}", "n": 1, "{{X}}k": [{"d": "{{X}}"}, null, true]},
        "strategicMergePatches": "{{X}}", "manifests": "{{X}}",
        "json6902Patches": [{"patch": "{{X}}", "target": {"group": "{{X}}", "version": "{{X}}", "kind": "{{X}}", "name": "{{X}}"}}],
    }));
    let resolved = manifest.resolve(&vars(&[("X", "x")]), &Braces).unwrap();
    assert_eq!(
        (resolved.app.as_str(), resolved.env.as_str()),
        ("a-x", "e-x")
    );
    assert_eq!(resolved.namespace.unwrap().as_str(), "n-x");
    let deploy = resolved.deploy.unwrap();
    assert_eq!(
        (
            deploy.branch.as_str(),
            deploy.commit_message_patterns[0].as_str()
        ),
        ("x", "x*")
    );
    assert_eq!(
        serde_json::Value::from(resolved.values),
        json!({"t": "x", "n": 1, "xk": [{"d": "x"}, null, true]})
    );
    assert_eq!(
        (resolved.chart.name.as_str(), resolved.manifests.as_str()),
        ("x", "x")
    );
    assert_eq!(resolved.json6902_patches[0].target.name, "x");
}

#[test]
fn x3_a_variable_s_content_can_never_add_a_key() {
    let hostile = "x'\"\n  injected: true\nenv: production\n---\n";
    let manifest = manifest(&json!({"values": {"tag": "{{X}}"}}));
    let resolved = manifest.resolve(&vars(&[("X", hostile)]), &Braces).unwrap();
    assert_eq!(
        serde_json::Value::from(resolved.values),
        json!({"tag": hostile})
    );
    assert_eq!(resolved.env.as_str(), "e");
}

#[test]
fn names_are_checked_once_they_are_resolved() {
    for (field, hostile) in [("app", "../x"), ("env", ""), ("namespace", "a\nb")] {
        let manifest = manifest(&json!({field: "{{X}}"}));
        let answer = manifest.resolve(&vars(&[("X", hostile)]), &Braces);
        assert!(
            matches!(answer, Err(ResolveError::Name(ref error)) if error.field == field),
            "{field}: {answer:?}"
        );
    }
}

#[test]
fn an_error_names_the_field() {
    let manifest = manifest(&json!({"values": {"a/b": [{"c": "{{NO}}"}]}}));
    let error = manifest.resolve(&vars(&[]), &LiteralText).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/values/a~1b/0/c: templates are not supported by this build yet"
    );
}

#[test]
fn a_key_that_becomes_another_is_refused() {
    let manifest = manifest(&json!({"values": {"{{X}}": 1, "k": 2}}));
    let answer = manifest.resolve(&vars(&[("X", "k")]), &Braces);
    assert!(
        matches!(answer, Err(ResolveError::RepeatedKey { .. })),
        "{answer:?}"
    );
}

#[test]
fn variables_used_many_times_cannot_fill_the_memory() {
    let manifest = manifest(&json!({"manifests": "{{X}}".repeat(1_000)}));
    let answer = manifest.resolve(&vars(&[("X", &"x".repeat(60_000))]), &Braces);
    assert!(
        matches!(answer, Err(ResolveError::TooLarge { ref field, .. }) if field == "/manifests"),
        "{:?}",
        answer.is_ok()
    );
}

#[test]
fn a_cleanup_policy_knows_the_branch_alone() {
    let policy = |app: &str| CleanupPolicy {
        app: app.to_owned(),
        event: String::new(),
        branch: "*".to_owned(),
    };
    assert_eq!(
        policy("a-{{BRANCH}}").resolve("b", &Braces).unwrap().app,
        "a-b"
    );
    assert!(policy("a-{{SHA}}").resolve("b", &Braces).is_err());
}

#[test]
fn an_artifact_explains_each_of_its_manifests() {
    let artifact = artifact(&json!({
        "version": {"repositoryName": "o/r", "sha": "1", "branch": "main"},
        "vars": {"X": "x"},
        "environments": [
            {"app": "a-{{X}}", "env": "staging", "deploy": {"branch": "main", "event": "push"}, "values": {"v": "{{NO}}"}},
            {"app": "a", "env": "prod", "deploy": {"tag": "v*", "event": "tag"}},
            {"app": "a-{{NO}}", "env": "other"},
            {"app": "a-{{NO}}", "env": "broken", "deploy": {"event": "push"}},
            {"app": "a", "env": "glob", "deploy": {"branch": "[", "event": "push"}},
        ],
    }));
    let explained = explain_with(&artifact, &Braces);
    let short: Vec<_> = explained
        .iter()
        .map(|e| {
            (
                e.app.as_str(),
                e.env.as_str(),
                e.decision.released,
                e.decision.reason.code(),
            )
        })
        .collect();
    assert_eq!(
        short,
        [
            // A fault in the values is no business of the decision: the release will tell it.
            ("a-x", "staging", true, "matched"),
            ("a", "prod", false, "eventDiffers"),
            // Without a policy a template that cannot be resolved is no fault.
            ("a-{{NO}}", "other", false, "noPolicy"),
            ("a-{{NO}}", "broken", false, "unresolved"),
            ("a", "glob", false, "policyInvalid"),
        ]
    );
    let target = explained[0].target.as_ref().unwrap();
    assert_eq!(
        (target.app.as_str(), target.env.as_str()),
        ("a-x", "staging")
    );
    assert!(explained[1..].iter().all(|e| e.target.is_none()));
    assert_eq!(
        serde_json::to_value(&explained[1]).unwrap(),
        json!({"app": "a", "env": "prod", "released": false,
            "reason": {"code": "eventDiffers", "wanted": "tag", "found": "push"},
            "message": "the policy wants event tag, the artifact has push"})
    );
    assert_eq!(explain(&artifact)[0].decision.reason.code(), "unresolved");
}
