//! Artifacts as CI ships them.

use serde_json::{Value, json};

/// The source repository of [`artifact`].
pub const REPOSITORY: &str = "acme/shop";

/// The 40 digits of a made-up commit.
pub fn sha(number: usize) -> String {
    format!("{number:040x}")
}

/// A push to `main` of the commit [`sha`]`(number)`, with these manifests.
pub fn artifact(number: usize, environments: Vec<Value>) -> Value {
    json!({
        "version": {
            "repositoryName": REPOSITORY,
            "sha": sha(number),
            "created": 1_760_000_000 + number,
            "branch": "main",
            "event": "push",
            "authorName": "Ann Author",
            "authorEmail": "ann@example.org",
            "committerName": "Cor Committer",
            "committerEmail": "cor@example.org",
            "message": format!("change {number}"),
            "url": format!("https://git.example.org/{REPOSITORY}/commit/{}", sha(number)),
        },
        "context": { "CI": "true", "SHA": sha(number), "BRANCH": "main" },
        "environments": environments,
        "items": [{ "name": "image", "url": format!("registry.example.org/shop:{number}") }],
    })
}

/// A manifest of `app` in `env` with this text in its ConfigMap, released by every push to `main`.
pub fn manifest(env: &str, app: &str, text: &str) -> Value {
    let mut manifest = manual(env, app, text);
    manifest["deploy"] = json!({ "branch": "main", "event": "push" });
    manifest
}

/// The same without a deploy policy: only people release it.
pub fn manual(env: &str, app: &str, text: &str) -> Value {
    json!({ "app": app, "env": env, "namespace": "shop", "manifests": config_map(app, text) })
}

/// The Kubernetes YAML of [`manifest`].
pub fn config_map(app: &str, text: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {app}\ndata:\n  text: \"{text}\"\n"
    )
}

/// The file that [`config_map`] becomes in the GitOps repository.
pub fn released(app: &str, text: &str) -> String {
    format!("---\n{}", config_map(app, text))
}
