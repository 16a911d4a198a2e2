//! What an artifact releases by policy, manifest by manifest, and why or why not. The evaluation and the explain route
//! both ask here, so that they can never disagree.

use crate::{
    AppName, Artifact, Decision, EnvName, LiteralText, Manifest, Reason, ResolveError,
    TextTemplate, Version, decide, variables,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The answer for one manifest.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    let vars = variables(artifact);
    let version = &artifact.content.version;
    let manifests = artifact.content.environments.iter();
    manifests
        .map(|manifest| explain_one(manifest, version, &vars, template))
        .collect()
}

fn explain_one(
    manifest: &Manifest,
    version: &Version,
    vars: &BTreeMap<String, String>,
    template: &dyn TextTemplate,
) -> Explanation {
    let as_written = |reason: Reason| Explanation {
        app: manifest.app.clone(),
        env: manifest.env.clone(),
        message: reason.to_string(),
        decision: Decision {
            released: false,
            reason,
        },
        target: None,
    };
    // Without a policy nothing is resolved: a template that needs other variables is no fault of this version.
    let Some(policy) = &manifest.deploy else {
        return as_written(Reason::NoPolicy);
    };
    match manifest.resolve_policy(policy, vars, template) {
        Err(error) => as_written(unresolved(&error)),
        Ok((env, app, policy)) => {
            let decision = decide(Some(&policy), version);
            Explanation {
                app: app.to_string(),
                env: env.to_string(),
                message: decision.reason.to_string(),
                target: decision.released.then_some(Target { env, app }),
                decision,
            }
        }
    }
}

fn unresolved(error: &ResolveError) -> Reason {
    Reason::Unresolved {
        message: error.to_string(),
    }
}
