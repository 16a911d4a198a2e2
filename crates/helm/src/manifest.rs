//! From rendered templates to the release's manifest: documents cut apart, hooks taken out, the rest in install order, as Helm's
//! `pkg/release/v1/util`. Never changes a document's text.

use std::collections::BTreeMap;

use goyaml::Map;

use crate::error::RenderError;
use crate::unmarshal::{Field, document, object, string, string_map};
use crate::{Document, Limits, engine};

/// `InstallOrder`: kinds that others need come first; kinds that are not here come last, by name.
const INSTALL_ORDER: [&str; 37] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    // ValidatingWebhookConfiguration follows, see `rank`.
];

/// The annotation that makes a document a hook.
const HOOK: &str = "helm.sh/hook";

/// The documents of all templates but notes, hooks and tests, in install order.
pub(crate) fn sort(
    rendered: BTreeMap<String, Vec<u8>>,
    limits: &Limits,
) -> Result<Vec<Document>, RenderError> {
    let mut documents = Vec::new();
    for (path, text) in rendered {
        if path.ends_with("NOTES.txt") || engine::is_partial(&path) {
            continue;
        }
        let text = std::str::from_utf8(&text).map_err(|error| RenderError::Document {
            path: path.clone(),
            problem: not_utf8(&text, error),
        })?;
        for text in split(text) {
            if documents.len() >= limits.documents {
                return Err(RenderError::Size {
                    limit: limits.documents,
                    unit: "documents",
                });
            }
            let head = Head::read(text).map_err(|problem| RenderError::Document {
                path: path.clone(),
                problem,
            })?;
            if head.hook {
                continue;
            }
            documents.push((
                head.kind,
                Document {
                    source: path.clone(),
                    text: text.to_owned(),
                },
            ));
        }
    }
    documents.sort_by(|a, b| rank(&a.0).cmp(&rank(&b.0)));
    Ok(documents
        .into_iter()
        .map(|(_, document)| document)
        .collect())
}

/// What go-yaml's reader says of bytes that are no text, such as a character that `trunc` cut.
fn not_utf8(text: &[u8], error: std::str::Utf8Error) -> String {
    let problem = match (text.get(error.valid_up_to()), error.error_len()) {
        (Some(0x80..=0xBF | 0xF8..), _) => "invalid leading UTF-8 octet",
        (_, None) => "incomplete UTF-8 octet sequence",
        _ => "invalid trailing UTF-8 octet",
    };
    format!("error converting YAML to JSON: yaml: {problem}")
}

/// Where a kind is in the order: known ones by their place, the others after them by name.
fn rank(kind: &str) -> (usize, &str) {
    let last = INSTALL_ORDER.len();
    match INSTALL_ORDER.iter().position(|known| *known == kind) {
        Some(place) => (place, ""),
        None if kind == "ValidatingWebhookConfiguration" => (last, ""),
        None => (last + 1, kind),
    }
}

/// `SplitManifests`: cuts at `---` at the start of a line, whatever follows it there.
fn split(text: &str) -> Vec<&str> {
    // What `\s` of Go's regular expressions matches.
    const SPACE: [char; 5] = ['\t', '\n', '\u{C}', '\r', ' '];
    let text = text.trim_start();
    let mut documents = Vec::new();
    let mut rest = match text.strip_prefix("---") {
        Some(rest) => rest.trim_start_matches(SPACE),
        None => text,
    };
    loop {
        let (document, after) = match rest.find("\n---") {
            Some(at) => {
                let (document, after) = rest.split_at(at);
                let after = after.strip_prefix("\n---").unwrap_or_default();
                (document.trim_end_matches(SPACE), Some(after))
            }
            None => (rest, None),
        };
        if !document.is_empty() {
            documents.push(document.trim_start());
        }
        match after {
            Some(after) => rest = after.trim_start_matches(SPACE),
            None => return documents,
        }
    }
}

/// What Helm reads of a document (`SimpleHead`).
#[derive(Default)]
struct Head {
    kind: String,
    hook: bool,
}

impl Head {
    fn read(text: &str) -> Result<Head, String> {
        let mut head = Head::default();
        for (key, value) in document(text, &goyaml::Limits::default(), "util.SimpleHead")? {
            let of = "SimpleHead";
            match key.to_lowercase().as_str() {
                "apiversion" => {
                    let path = "apiVersion";
                    string(&value, Field { of, path })?;
                }
                "kind" => {
                    let path = "kind";
                    head.kind = string(&value, Field { of, path })?.unwrap_or_default();
                }
                "metadata" => {
                    let path = "metadata";
                    let go_type = "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }";
                    if let Some(metadata) = object(&value, Field { of, path }, go_type)? {
                        head.hook = is_hook(metadata)?;
                    }
                }
                _ => {}
            }
        }
        Ok(head)
    }
}

fn is_hook(metadata: &Map) -> Result<bool, String> {
    let of = "";
    let mut hook = false;
    for (key, value) in metadata {
        match key.to_lowercase().as_str() {
            "name" => {
                let path = "metadata.name";
                string(value, Field { of, path })?;
            }
            "annotations" => {
                let path = "metadata.annotations";
                let annotations = string_map(value, Field { of, path })?.unwrap_or_default();
                hook = annotations.iter().any(|(name, _)| name == HOOK);
            }
            _ => {}
        }
    }
    Ok(hook)
}
