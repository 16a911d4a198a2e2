//! The environment manifest: how one app is released to one environment. Texts may be templates; nothing here resolves
//! them (see `resolve`).

use crate::GitEvent;
use serde::Serialize;
use serde_json::{Map, Value};

/// How one app is released to one environment.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The app, or a template of its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub app: String,
    /// The environment, or a template of its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub env: String,
    /// The Kubernetes namespace, or a template of its name; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// When it is released without being asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy: Option<DeployPolicy>,
    /// When it is deleted without being asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleanup: Option<CleanupPolicy>,
    /// The Helm chart.
    #[serde(skip_serializing_if = "Chart::is_empty")]
    pub chart: Chart,
    /// The chart's values; keys sorted, as Go prints maps.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub values: Map<String, Value>,
    /// Strategic merge patches, multi-document YAML.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub strategic_merge_patches: String,
    /// RFC 6902 patches.
    #[serde(rename = "json6902Patches", skip_serializing_if = "Vec::is_empty")]
    pub json6902_patches: Vec<Json6902Patch>,
    /// Kubernetes objects as multi-document YAML.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub manifests: String,
    /// GimletD's dashboard: a preview environment for each branch. Absent is not `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<bool>,
    /// GimletD's dashboard: Terraform modules. Kept as they came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Value>,
}

/// When a manifest is released without being asked. All that is set must hold.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeployPolicy {
    /// Glob of tags; a leading `!` negates it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// Glob of branches; a leading `!` negates it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// The event. Absent is not push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<GitEvent>,
    /// Globs of commit messages in which square brackets are literal; one must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commit_message_patterns: Vec<String>,
}

/// When a released app is deleted without being asked: its branch was deleted (the only event there is).
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CleanupPolicy {
    /// Template of the app's name; only `BRANCH` is known to it.
    #[serde(rename = "app", skip_serializing_if = "String::is_empty")]
    pub app: String,
    /// `branchDeleted`, or whatever the manifest says: GimletD never looks at it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// Glob of branches; a leading `!` negates it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub branch: String,
}

/// A Helm chart by name and version, or by the URL of a Git repository (in `name`).
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Chart {
    /// URL of the chart repository.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repository: String,
    /// The chart's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The chart's version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
}

impl Chart {
    /// True when nothing is set: the manifest has no chart.
    pub fn is_empty(&self) -> bool {
        self.repository.is_empty() && self.name.is_empty() && self.version.is_empty()
    }
}

/// RFC 6902 operations on one object.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Json6902Patch {
    /// The operations, as YAML or JSON text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub patch: String,
    /// The object.
    pub target: Json6902Target,
}

/// Which object a patch is for.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Json6902Target {
    /// API group; empty for the core group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// API version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Kind.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
}
