//! Something that happened and is worth telling: a request that ended, or a commit of which a GitOps controller said how it
//! stands.

use serde::{Deserialize, Serialize};

/// What an event is about.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "NotificationKind")
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// An app was to be released.
    Release,
    /// An app was to be put back.
    Rollback,
    /// An app was to be removed.
    Delete,
    /// A GitOps controller spoke of a commit.
    Sync,
}

/// How it went.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "NotificationOutcome")
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// As it should.
    Succeeded,
    /// As it should, and there was nothing to change.
    Unchanged,
    /// It did not; of a sync: it failed, or what runs is not healthy.
    Failed,
    /// It is under way.
    Progressing,
}

/// Something that happened. Its JSON is the `data` of a generic webhook.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "NotificationEvent")
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The same for every destination, and never given twice.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// How it went.
    pub outcome: Outcome,
    /// The environment.
    pub env: String,
    /// The app; empty of a sync.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub app: String,
    /// `policy`, or who asked for it; empty of a sync.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub triggered_by: String,
    /// The request; none of a sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The source repository, `owner/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The source commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<String>,
    /// Where the shipper says that the version can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_url: Option<String>,
    /// The GitOps repository, `owner/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gitops_repo: Option<String>,
    /// The commit in the GitOps repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gitops_ref: Option<String>,
    /// The commit that a rollback goes back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The controller's word on the commit; only of a sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Why it failed, or the controller's remark.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// When, in milliseconds since the Unix epoch.
    #[serde(rename = "atMs")]
    pub at_ms: i64,
}

impl Event {
    /// How a commit stands in the words of a controller: Flux's, which Argo CD's are translated to.
    pub fn outcome_of_sync(status: &str, detail: &str) -> Outcome {
        match status {
            "ReconciliationSucceeded" => Outcome::Succeeded,
            // A sync that was healthy at last, as older Flux says it.
            _ if says_healthy(status, detail) => Outcome::Succeeded,
            _ if status.contains("Failed") => Outcome::Failed,
            _ => Outcome::Progressing,
        }
    }

    /// The word for the event in a generic webhook, such as `release.succeeded`.
    pub fn type_name(&self) -> &'static str {
        use {Kind::*, Outcome::*};
        match (self.kind, self.outcome) {
            (Release, Succeeded | Progressing) => "release.succeeded",
            (Release, Unchanged) => "release.unchanged",
            (Release, Failed) => "release.failed",
            (Rollback, Succeeded | Progressing) => "rollback.succeeded",
            (Rollback, Unchanged) => "rollback.unchanged",
            (Rollback, Failed) => "rollback.failed",
            (Delete, Succeeded | Progressing) => "delete.succeeded",
            (Delete, Unchanged) => "delete.unchanged",
            (Delete, Failed) => "delete.failed",
            (Sync, Succeeded | Unchanged) => "sync.succeeded",
            (Sync, Failed) => "sync.failed",
            (Sync, Progressing) => "sync.progressing",
        }
    }

    pub(crate) fn is_healthy_sync(&self) -> bool {
        says_healthy(self.status.as_deref().unwrap_or_default(), &self.detail)
    }
}

fn says_healthy(status: &str, detail: &str) -> bool {
    status == "Progressing" && detail.to_ascii_lowercase().contains("health check passed")
}
