//! Bodies that the components read field by field. Keys are found in any case, as Go's clients rely on; keys that are not
//! known are ignored.

#![allow(dead_code, reason = "only their schemas are wanted")]

use access::Role;
use domain::{AppName, ArtifactId, EnvName, HoldReason, Login};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// A release that is asked for.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReleaseWish {
    /// The environment.
    env: EnvName,
    /// The artifact.
    artifact_id: ArtifactId,
    /// The app; all apps of the environment where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<AppName>,
}

/// A hold to place.
#[derive(Serialize, JsonSchema)]
pub(crate) struct HoldWish {
    /// The environment.
    env: EnvName,
    /// The app; all apps of the environment where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<AppName>,
    /// Why, for people.
    reason: HoldReason,
}

/// What somebody is limited to, where there is a limit: names, or globs in which `*` crosses `/`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LimitsWish {
    /// Repositories, `owner/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    repositories: Option<Vec<String>>,
    /// Apps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    apps: Option<Vec<String>>,
    /// Environments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    environments: Option<Vec<String>>,
}

/// A user to make.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserWish {
    /// The login.
    login: Login,
    /// GimletD's word for the role `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<bool>,
    /// The role; `releaser` where it is left out, `flux` for the login `flux`.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(flatten)]
    limits: LimitsWish,
    /// Seconds after which the first token opens nothing; never where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 316_224_000))]
    expires_in_seconds: Option<u64>,
}

/// A token to make.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenWish {
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    name: Option<String>,
    /// The role, which never gives more than the user's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(flatten)]
    limits: LimitsWish,
    /// Seconds after which it opens nothing; never where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 316_224_000))]
    expires_in_seconds: Option<u64>,
}

/// How a token is rotated.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rotation {
    /// Seconds for which the old token still opens; 3600 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2_592_000))]
    grace_seconds: Option<u64>,
}

/// A login, as Gimlet's dashboard sends it, or in an object.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum LoginWish {
    /// As a text.
    Text(Login),
    /// In an object.
    Object {
        /// The login.
        login: Login,
    },
}

/// An event of Flux's notification-controller, of its provider `generic`; what else it holds is ignored.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FluxEvent {
    /// Flux's word: `ReconciliationSucceeded`, `HealthCheckFailed`, …
    #[schemars(regex(pattern = "^[A-Za-z0-9_.-]{1,100}$"))]
    reason: String,
    /// Flux's remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    /// What it is about.
    metadata: FluxMetadata,
}

/// The commit; what else it holds is ignored.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FluxMetadata {
    /// Names the commit: `main/<sha>`, `main@sha1:<sha>` or `sha1:<sha>`. Flux may also write it under a key that ends in
    /// `.fluxcd.io/revision`.
    #[schemars(regex(pattern = "(^|[/:])([0-9a-f]{40}|[0-9a-f]{64})$"))]
    revision: String,
    /// `update` where the event only repeats another: then it is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_status: Option<String>,
}

/// A notification of Argo CD, in the form that the README tells to configure.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ArgocdEvent {
    /// The commit.
    #[schemars(regex(pattern = "(^|[/:])([0-9a-f]{40}|[0-9a-f]{64})$"))]
    revision: String,
    /// Argo CD's operation phase.
    phase: Phase,
    /// Argo CD's health: `Healthy`, `Degraded`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<String>,
    /// Argo CD's remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
}

/// Argo CD's operation phases.
#[derive(Serialize, JsonSchema)]
enum Phase {
    Running,
    Terminating,
    Succeeded,
    Failed,
    Error,
}

/// What a Git host sends; see its own documentation.
#[derive(Serialize, JsonSchema)]
pub(crate) struct HostPayload {
    #[serde(flatten)]
    all: Map<String, Value>,
}
