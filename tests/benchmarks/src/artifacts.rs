//! Artifacts as CI ships them, of ordinary size: one manifest with a Deployment and a Service, released by every push to
//! `main` or by nobody.

use serde_json::{Value, json};

/// The source repository of every artifact here.
pub(crate) const REPOSITORY: &str = "acme/shop";

/// The `number`th artifact; no two have the same commit.
pub(crate) fn artifact(number: usize, env: &str, app: &str, released: bool) -> Value {
    let mut manifest = json!({
        "app": app, "env": env, "namespace": "shop", "manifests": manifests(app, number),
    });
    if released && let Some(fields) = manifest.as_object_mut() {
        fields.insert(
            "deploy".to_owned(),
            json!({ "branch": "main", "event": "push" }),
        );
    }
    let sha = sha(number);
    json!({
        "version": {
            "repositoryName": REPOSITORY, "sha": sha, "created": 1_760_000_000 + number,
            "branch": "main", "event": "push",
            "authorName": "Ann Author", "authorEmail": "ann@example.org",
            "committerName": "Cor Committer", "committerEmail": "cor@example.org",
            "message": format!("Change number {number}, for the benchmarks"),
            "url": format!("https://git.example.org/{REPOSITORY}/commit/{sha}"),
        },
        "context": { "CI": "true", "SHA": sha, "BRANCH": "main", "EVENT": "push" },
        "environments": [manifest],
        "items": [{ "name": "image", "url": format!("registry.example.org/acme/{app}:{sha}") }],
    })
}

fn sha(number: usize) -> String {
    format!("{number:040x}")
}

/// The Kubernetes YAML of a release, about 1.2 kB.
pub(crate) fn manifests(app: &str, number: usize) -> String {
    let sha = sha(number);
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {app}\n  namespace: shop\n  labels:\n    app: {app}\nspec:\n  \
         replicas: 2\n  selector:\n    matchLabels:\n      app: {app}\n  template:\n    metadata:\n      labels:\n        \
         app: {app}\n    spec:\n      containers:\n        - name: app\n          image: registry.example.org/acme/{app}:{sha}\n          \
         ports:\n            - containerPort: 8080\n          env:\n            - name: REVISION\n              value: \"{sha}\"\n          \
         readinessProbe:\n            httpGet:\n              path: /healthz\n              port: 8080\n          resources:\n            \
         requests:\n              cpu: 100m\n              memory: 128Mi\n---\napiVersion: v1\nkind: Service\nmetadata:\n  \
         name: {app}\n  namespace: shop\nspec:\n  selector:\n    app: {app}\n  ports:\n    - port: 80\n      targetPort: 8080\n"
    )
}
