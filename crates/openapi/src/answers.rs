//! Answers that the components put together themselves.

#![allow(dead_code, reason = "only their schemas are wanted")]

use access::{Limits, Role};
use domain::{ArtifactId, CommitId, Login, Release, RequestId};
use release::evaluate::EvaluateReport;
use release::flush::FlushReport;
use release::oidc::Refreshed;
use release::sweep::SweepReport;
use schemars::JsonSchema;
use serde::Serialize;

/// A request that waits now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Queued {
    /// To follow it by: `GET /api/event?id=`.
    id: RequestId,
    /// `release`, `rollback` or `delete`.
    #[serde(rename = "type")]
    kind: QueuedKind,
}

/// What waits.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum QueuedKind {
    Release,
    Rollback,
    Delete,
}

/// What stands of an app: the release that is wanted, beside what is known to run.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Standing {
    #[serde(flatten)]
    release: Release,
    /// The last commit of the app that a controller said to be applied; null where none was.
    applied: Option<Applied>,
}

/// What is known to run.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Applied {
    /// The commit.
    gitops_ref: CommitId,
    /// The artifact.
    artifact_id: ArtifactId,
    /// When the controller said so, in seconds since 1970; null where it did not say when.
    at: Option<i64>,
}

/// A GitOps repository.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GitopsRepository {
    /// `owner/name`.
    gitops_repo: String,
}

/// What became of an event.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Noted {
    outcome: NotedOutcome,
}

/// `ignored` for an event that only repeats another.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum NotedOutcome {
    Stored,
    Ignored,
}

/// A user in GimletD's shape, with role and limits beside it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    /// The login.
    login: Login,
    /// The token that was just made, told this once; else empty.
    token: String,
    /// Whether the role is `admin`.
    admin: bool,
    /// The role.
    role: Role,
    #[serde(flatten)]
    limits: Limits,
    /// The id of the token that was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<String>,
}

/// A token, without its secret.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Token {
    /// To revoke or rotate it by.
    id: String,
    /// For people.
    name: String,
    /// The token itself, told this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// What it may at most.
    role: Role,
    #[serde(flatten)]
    limits: Limits,
    /// Seconds since 1970.
    created: u64,
    /// Seconds since 1970; never where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
}

/// What one tick did.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TickReport {
    /// What was decided.
    evaluation: EvaluateReport,
    /// Which branches were found gone.
    sweep: SweepReport,
    /// What was written.
    flush: FlushReport,
    /// Requests to Git hosts.
    git_requests: u64,
    /// The OIDC issuers whose keys were due.
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc: Option<Vec<Refreshed>>,
}

/// What is told to one destination.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Notification {
    /// Its identity.
    id: String,
    /// Whom it tells.
    destination: String,
    /// The channel, where the destination has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// How it stands.
    status: NotificationStatus,
    /// How often it was tried.
    attempts: u64,
    /// RFC 3339.
    created: String,
    /// When it is sent next; RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    /// When it ended; RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Kind and outcome in one word, such as `release.succeeded`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<notify::Event>,
}

/// How a notification stands; `unknown` may have been taken.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NotificationStatus {
    Waiting,
    Sending,
    Sent,
    Failed,
    Unknown,
}

/// A notification that is sent again.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Retried {
    /// Its identity.
    id: String,
    /// `waiting`.
    status: NotificationStatus,
}
