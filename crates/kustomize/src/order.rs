//! The order in which kustomize prints resources (its "legacy" sort, kubectl's default). Never looks inside the objects.

use crate::resource::{Resource, ResourceId};

/// What others need comes first.
const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// What may refuse the others comes last.
const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

fn rank(kind: &str) -> usize {
    let first = FIRST.iter().position(|k| *k == kind);
    let last = LAST
        .iter()
        .position(|k| *k == kind)
        .map(|n| FIRST.len() + 1 + n);
    first.or(last).unwrap_or(FIRST.len())
}

/// Rank of the kind, then group, version and kind as one text, then namespace and name as one text; `~` stands for what is empty.
fn key(id: &ResourceId) -> (usize, String, String) {
    let or = |text: &str, empty: &str| {
        if text.is_empty() {
            empty.to_owned()
        } else {
            text.to_owned()
        }
    };
    let gvk = format!(
        "{}_{}_{}",
        or(&id.group, "~G"),
        or(&id.version, "~V"),
        or(&id.kind, "~K")
    );
    (
        rank(&id.kind),
        gvk,
        format!("{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N")),
    )
}

/// Sorts as `kubectl kustomize` prints.
pub(crate) fn sort(resources: &mut [Resource]) {
    resources.sort_by_cached_key(|resource| key(resource.id()));
}
