//! The variables that an artifact offers to templates. No field of `version` is among them: a manifest uses only what CI
//! put there.

use crate::{Artifact, ShippedArtifact};
use serde_json::Value;
use std::collections::BTreeMap;

/// `context`, then the texts of `items` in their order, then `vars`; the later one wins.
pub fn variables(artifact: &Artifact) -> BTreeMap<String, String> {
    shipped_variables(&artifact.content)
}

/// The same before the server has stored the artifact.
pub fn shipped_variables(content: &ShippedArtifact) -> BTreeMap<String, String> {
    let mut all = content.context.clone();
    for (key, value) in content.items.iter().flatten() {
        if let Value::String(text) = value {
            all.insert(key.clone(), text.clone());
        }
    }
    all.extend(content.vars.clone());
    all
}
