//! Strategic merge and JSON 6902 patches on Kubernetes resources, as `kubectl kustomize` applies and prints them. Never reads files.
//!
//! ```
//! use kustomize::{Json6902Patch, Limits, Target};
//!
//! let resources = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: app, image: a}]}}}\n";
//! let strategic = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: app, args: [x]}]}}}\n";
//! let target = Target { kind: "Deployment".to_owned(), name: "web".to_owned(), ..Target::default() };
//! let replicas = Json6902Patch { target, patch: "- {op: add, path: /spec/replicas, value: 2}".to_owned() };
//! let patched = kustomize::apply(resources, strategic, &[replicas], &Limits::default())?;
//! assert_eq!(
//!     patched,
//!     "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n      \
//!      - args:\n        - x\n        image: a\n        name: app\n"
//! );
//! # Ok::<(), kustomize::PatchError>(())
//! ```

mod associative;
mod directive;
mod error;
mod json6902;
mod merge;
mod order;
mod pointer;
mod resource;
mod schema;
mod target;

pub use error::PatchError;
pub use goyaml::Limits;
pub use resource::{Resource, ResourceId};
pub use target::{Json6902Patch, Target};

use resource::Source;

/// Patches the resources (a stream of YAML documents) and prints them as `kubectl kustomize` does: sorted, with `---` lines between.
/// Strategic merge patches (a stream too, or nothing) come first, then the JSON 6902 patches, each in their order.
///
/// # Errors
/// The first text that cannot be read, patch that has no resource, or operation that does not apply.
pub fn apply(
    resources: &str,
    strategic: &str,
    json6902: &[Json6902Patch],
    limits: &Limits,
) -> Result<String, PatchError> {
    let mut printed = String::new();
    for (n, resource) in patch(resources, strategic, json6902, limits)?
        .iter()
        .enumerate()
    {
        if n > 0 {
            printed.push_str("---\n");
        }
        let text = resource.to_yaml().map_err(|source| PatchError::Print {
            id: resource.id().to_string(),
            source,
        })?;
        printed.push_str(&text);
    }
    Ok(printed)
}

/// As [`apply`], for callers that print the resources their own way.
///
/// # Errors
/// As [`apply`], but for printing.
pub fn patch(
    resources: &str,
    strategic: &str,
    json6902: &[Json6902Patch],
    limits: &Limits,
) -> Result<Vec<Resource>, PatchError> {
    let mut resources = resource::load(resources, Source::Resources, limits)?;
    refuse_duplicates(&resources)?;
    if !strategic.is_empty() {
        let patches = resource::load(strategic, Source::Strategic, limits)?;
        if patches.is_empty() {
            return Err(PatchError::EmptyStrategic);
        }
        for mut patch in patches {
            merge::apply(&mut resources, &mut patch)?;
        }
    }
    let mut budget = json6902::Budget::new(limits);
    for (n, patch) in json6902.iter().enumerate() {
        json6902::apply(&mut resources, patch, n + 1, &mut budget, limits)?;
    }
    order::sort(&mut resources);
    Ok(resources)
}

fn refuse_duplicates(resources: &[Resource]) -> Result<(), PatchError> {
    let mut seen = std::collections::HashSet::new();
    for resource in resources {
        let id = resource.id();
        if !seen.insert((
            &id.group,
            &id.version,
            &id.kind,
            &id.name,
            id.effective_namespace(),
        )) {
            return Err(PatchError::Duplicate(id.to_string()));
        }
    }
    Ok(())
}
