//! The release record: `release.json` in the GitOps repository, and the same with its commit in the API. The file must never
//! hold a time or a commit id: the same release written again must be the same bytes.

use crate::{AppName, ArtifactId, CommitId, EnvName, TriggeredBy, Version, to_go_json};
use serde::{Serialize, Serializer};

/// What `release.json` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRecord {
    /// The app.
    pub app: AppName,
    /// The environment.
    pub env: EnvName,
    /// The artifact.
    pub artifact_id: ArtifactId,
    /// Who asked for it.
    pub triggered_by: TriggeredBy,
    /// What the artifact was built from.
    pub version: Option<Version>,
}

impl ReleaseRecord {
    /// The content of `release.json`: one line of Go's JSON, ended by a newline.
    pub fn to_file(&self) -> Vec<u8> {
        let mut text = to_go_json(&Json::of(self));
        text.push('\n');
        text.into_bytes()
    }
}

/// A release as the API answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// What was released.
    pub record: ReleaseRecord,
    /// Its commit in the GitOps repository.
    pub gitops_ref: Option<CommitId>,
    /// The GitOps repository, `owner/name`.
    pub gitops_repo: String,
    /// The commit's date in seconds since 1970; 0 when unknown.
    pub created: i64,
    /// Was it rolled back since?
    pub rolled_back: bool,
    /// How the commit stands in the cluster, where that is asked.
    pub commit_status: Option<CommitStatus>,
}

/// How a commit stands in the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitStatus {
    /// Flux's word, or `NotReconciled`.
    pub status: String,
    /// Flux's remark.
    pub description: String,
    /// When it was said, in seconds since 1970; 0 when unknown.
    pub created: i64,
}

impl Serialize for Release {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let status = self.commit_status.as_ref();
        Json {
            gitops_ref: self.gitops_ref.as_ref().map_or("", CommitId::as_str),
            gitops_repo: &self.gitops_repo,
            created: self.created,
            rolled_back: self.rolled_back,
            gitops_commit_status: status.map(|status| status.status.as_str()),
            gitops_commit_status_desc: status.map(|status| status.description.as_str()),
            gitops_commit_created: status.map_or(0, |status| status.created),
            ..Json::of(&self.record)
        }
        .serialize(serializer)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Release {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Release".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Json<'static> as schemars::JsonSchema>::json_schema(generator)
    }
}

/// A release. Field order of Go's `dx.Release`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Release"))]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    /// The app.
    app: &'a AppName,
    /// The environment.
    env: &'a EnvName,
    /// The artifact.
    artifact_id: &'a ArtifactId,
    /// `policy`, or who asked for it.
    triggered_by: &'a TriggeredBy,
    /// What the artifact was built from; null where the artifact is gone.
    version: Option<&'a Version>,
    /// The commit in the GitOps repository.
    gitops_ref: &'a str,
    /// The GitOps repository, `owner/name`.
    gitops_repo: &'a str,
    /// The commit's date in seconds since 1970.
    #[serde(skip_serializing_if = "crate::artifact::is_zero")]
    created: i64,
    /// Whether it was rolled back since.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    rolled_back: bool,
    /// Flux's word on the commit, or `NotReconciled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    gitops_commit_status: Option<&'a str>,
    /// Flux's remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    gitops_commit_status_desc: Option<&'a str>,
    /// When it was said, in seconds since 1970.
    #[serde(skip_serializing_if = "crate::artifact::is_zero")]
    gitops_commit_created: i64,
}

impl<'a> Json<'a> {
    fn of(record: &'a ReleaseRecord) -> Self {
        Self {
            app: &record.app,
            env: &record.env,
            artifact_id: &record.artifact_id,
            triggered_by: &record.triggered_by,
            version: record.version.as_ref(),
            gitops_ref: "",
            gitops_repo: "",
            created: 0,
            rolled_back: false,
            gitops_commit_status: None,
            gitops_commit_status_desc: None,
            gitops_commit_created: 0,
        }
    }
}
