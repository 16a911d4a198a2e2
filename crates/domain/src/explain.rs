//! What an artifact releases by policy, manifest by manifest, and why or why not. The evaluation and the explain route
//! both ask here, so that they can never disagree.

use crate::{AppName, Artifact, Decision, EnvName, LiteralText, TextTemplate};
use serde::Serialize;

/// The answer for one manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The app: resolved if it could be, else as written.
    pub app: String,
    /// The environment: resolved if it could be, else as written.
    pub env: String,
    /// Yes or no, and the reason.
    #[serde(flatten)]
    pub decision: Decision,
    /// The reason in words.
    pub message: String,
    /// What to release; there exactly when the decision is yes.
    #[serde(skip)]
    pub target: Option<Target>,
}

/// One app in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The environment.
    pub env: EnvName,
    /// The app.
    pub app: AppName,
}

/// One explanation for each manifest, in order; templates are not resolved.
pub fn explain(artifact: &Artifact) -> Vec<Explanation> {
    explain_with(artifact, &LiteralText)
}

/// One explanation for each manifest, in order, with this template engine.
pub fn explain_with(artifact: &Artifact, template: &dyn TextTemplate) -> Vec<Explanation> {
    let _ = (artifact, template);
    todo!()
}
