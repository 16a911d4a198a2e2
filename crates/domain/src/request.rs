//! What is queued: one wish to change the GitOps repository. Its id is its identity everywhere; where the same wish may be
//! queued twice, the id is derived from the wish, never drawn anew.

use crate::{AppName, ArtifactId, CommitId, EnvName, RequestId, TriggeredBy};
use serde::{Deserialize, Serialize};

/// One wish to change the GitOps repository, as it waits in the key-value store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its identity, also in the commit's trailers.
    pub id: RequestId,
    /// Its place in the queue, in milliseconds since 1970. For a policy it is derived from the artifact's `created`.
    pub created_ms: u64,
    /// What is wished.
    pub kind: RequestKind,
}

/// What is wished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[non_exhaustive]
pub enum RequestKind {
    /// Write an artifact's manifests to an environment.
    Release(ReleaseRequest),
    /// Put an app's folder back to what an earlier release wrote.
    Rollback(RollbackRequest),
    /// Remove an app's folder.
    Delete(DeleteRequest),
}

/// Write an artifact's manifests to an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseRequest {
    /// The artifact.
    pub artifact_id: ArtifactId,
    /// The environment.
    pub env: EnvName,
    /// The app; absent for all apps that the artifact has in this environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppName>,
    /// Who asked.
    pub triggered_by: TriggeredBy,
}

/// Put an app's folder back to what an earlier release wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollbackRequest {
    /// The environment.
    pub env: EnvName,
    /// The app.
    pub app: AppName,
    /// The commit of the release to go back to.
    pub target: CommitId,
    /// The artifact of that release.
    pub artifact_id: ArtifactId,
    /// Who asked.
    pub triggered_by: TriggeredBy,
}

/// Remove an app's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteRequest {
    /// The environment.
    pub env: EnvName,
    /// The app.
    pub app: AppName,
    /// Who asked; `policy` for a cleanup policy.
    pub triggered_by: TriggeredBy,
}

impl RequestKind {
    /// `release`, `rollback` or `delete`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Release(_) => "release",
            Self::Rollback(_) => "rollback",
            Self::Delete(_) => "delete",
        }
    }

    /// The environment that it changes.
    pub fn env(&self) -> &EnvName {
        match self {
            Self::Release(release) => &release.env,
            Self::Rollback(rollback) => &rollback.env,
            Self::Delete(delete) => &delete.env,
        }
    }

    /// The app that it changes; absent for all apps of an artifact.
    pub fn app(&self) -> Option<&AppName> {
        match self {
            Self::Release(release) => release.app.as_ref(),
            Self::Rollback(rollback) => Some(&rollback.app),
            Self::Delete(delete) => Some(&delete.app),
        }
    }

    /// The artifact that stands there afterwards, if any does.
    pub fn artifact_id(&self) -> Option<&ArtifactId> {
        match self {
            Self::Release(release) => Some(&release.artifact_id),
            Self::Rollback(rollback) => Some(&rollback.artifact_id),
            Self::Delete(_) => None,
        }
    }

    /// Who asked.
    pub fn triggered_by(&self) -> &TriggeredBy {
        match self {
            Self::Release(release) => &release.triggered_by,
            Self::Rollback(rollback) => &rollback.triggered_by,
            Self::Delete(delete) => &delete.triggered_by,
        }
    }
}

/// Why stored bytes are not a request, or a request cannot be stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRequest {
    /// More than a value may hold.
    #[error("a queued request may be at most {limit} bytes, this one is {size}")]
    TooLarge {
        /// Its bytes.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Written by another version of Wimble.
    #[error(
        "queued request of version {0}, which this build does not know: finish the upgrade, or flush with the build that wrote it"
    )]
    UnknownVersion(u64),
    /// Not a request.
    #[error("not a queued request: {0}")]
    Malformed(#[from] serde_json::Error),
}

impl Request {
    /// The request that a deploy policy makes. The same artifact, environment and app give the same request, id and place
    /// in the queue included.
    pub fn for_policy(artifact: &crate::Artifact, env: EnvName, app: AppName) -> Self {
        let created_ms = u64::try_from(artifact.created)
            .unwrap_or(0)
            .saturating_mul(1000);
        let id = RequestId::for_policy(&artifact.id, &env, &app);
        let release = ReleaseRequest {
            artifact_id: artifact.id.clone(),
            env,
            app: Some(app),
            triggered_by: TriggeredBy::Policy,
        };
        Self {
            id,
            created_ms,
            kind: RequestKind::Release(release),
        }
    }

    /// Its place in the order of arrival: requests are written in this order.
    pub fn arrival(&self) -> (u64, &str) {
        (self.created_ms, self.id.as_str())
    }

    /// The value to store.
    ///
    /// # Errors
    /// [`InvalidRequest::TooLarge`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, InvalidRequest> {
        let stored = Stored {
            v: VERSION,
            id: self.id.clone(),
            created_ms: self.created_ms,
            request: self.kind.clone(),
        };
        let bytes = serde_json::to_vec(&stored)?;
        bounded(&bytes)?;
        Ok(bytes)
    }

    /// Reads a stored value.
    ///
    /// # Errors
    /// [`InvalidRequest`] when it is too large, of an unknown version, or not a request.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidRequest> {
        bounded(bytes)?;
        let AnyVersion { v } = serde_json::from_slice(bytes)?;
        if v != VERSION {
            return Err(InvalidRequest::UnknownVersion(v));
        }
        let stored: Stored = serde_json::from_slice(bytes)?;
        Ok(Self {
            id: stored.id,
            created_ms: stored.created_ms,
            kind: stored.request,
        })
    }
}

/// Bytes that a queued value may have; well under what any key-value store takes.
const VALUE_BYTES: usize = 64 << 10;
/// Of the stored form. A change that an older build would misread needs a new number.
const VERSION: u64 = 1;

fn bounded(bytes: &[u8]) -> Result<(), InvalidRequest> {
    let size = bytes.len();
    if size >= VALUE_BYTES {
        return Err(InvalidRequest::TooLarge {
            size,
            limit: VALUE_BYTES,
        });
    }
    Ok(())
}

#[derive(Deserialize)]
struct AnyVersion {
    v: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stored {
    v: u64,
    id: RequestId,
    created_ms: u64,
    request: RequestKind,
}

impl RequestId {
    /// The id of what a policy releases: the same parts give the same id (UUIDv8 of a SHA-256).
    pub fn for_policy(artifact: &ArtifactId, env: &EnvName, app: &AppName) -> Self {
        derived(&["policy", artifact.as_str(), env.as_str(), app.as_str()])
    }

    /// The id of what somebody asked for with an idempotency key: the same parts give the same id.
    pub fn for_manual(
        artifact: &ArtifactId,
        env: &EnvName,
        app: Option<&AppName>,
        triggered_by: &TriggeredBy,
        idempotency_key: &str,
    ) -> Self {
        let app = app.map_or("", AppName::as_str);
        derived(&[
            "manual",
            artifact.as_str(),
            env.as_str(),
            app,
            triggered_by.as_str(),
            idempotency_key,
        ])
    }

    /// The id of a rollback that somebody asked for with an idempotency key.
    pub fn for_rollback(request: &RollbackRequest, idempotency_key: &str) -> Self {
        derived(&[
            "rollback",
            request.env.as_str(),
            request.app.as_str(),
            request.target.as_str(),
            request.triggered_by.as_str(),
            idempotency_key,
        ])
    }

    /// The id of a deletion that somebody asked for with an idempotency key.
    pub fn for_delete(request: &DeleteRequest, idempotency_key: &str) -> Self {
        derived(&[
            "delete",
            request.env.as_str(),
            request.app.as_str(),
            request.triggered_by.as_str(),
            idempotency_key,
        ])
    }

    /// The id of a hold that somebody placed with an idempotency key.
    pub fn for_hold(
        env: &EnvName,
        app: Option<&AppName>,
        owner: &TriggeredBy,
        idempotency_key: &str,
    ) -> Self {
        let app = app.map_or("", AppName::as_str);
        derived(&["hold", env.as_str(), app, owner.as_str(), idempotency_key])
    }

    /// The id of what a cleanup policy deletes once the branch of this artifact is gone: however often and by whomever the
    /// deletion is noticed, it is one request.
    pub fn for_cleanup(artifact: &ArtifactId, env: &EnvName, app: &AppName) -> Self {
        derived(&["cleanup", artifact.as_str(), env.as_str(), app.as_str()])
    }
}

/// Length-prefixed parts, so that no two lists of parts give the same bytes.
fn derived(parts: &[&str]) -> RequestId {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut bytes = [0u8; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    // RFC 9562, section 5.8: version 8 is for ids made in ways of one's own.
    RequestId::new(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}
