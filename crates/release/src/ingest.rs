//! Ingest: an artifact that CI ships is stored, then queued for evaluation. Nothing is answered before both are durable.
//!
//! Two durable writes, in this order: the row, then the key. A process that dies between them has answered nobody; the
//! row stays unevaluated, and the evaluation finds it by that.

use std::collections::BTreeSet;

use domain::{Artifact, ArtifactId, InvalidArtifact};

use crate::ask::{Full, check_room};
use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError, new_uuid};
use crate::queue::evaluate_key;
use crate::store::artifacts::{self, NewArtifact};

/// Why an artifact was not taken. Nothing was stored, unless the platform failed.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The artifact is not one.
    #[error(transparent)]
    Invalid(#[from] InvalidArtifact),
    /// More waits than is allowed.
    #[error(transparent)]
    Full(#[from] Full),
    /// The key was used for another version, or for other apps of it.
    #[error(
        "the Idempotency-Key was used before, for another artifact of {repository} at {sha}: a new artifact needs a new key"
    )]
    KeyReused {
        /// The repository that was shipped with the key.
        repository: String,
        /// Its commit.
        sha: String,
    },
    /// The artifact that was in the way is gone again.
    #[error("the artifact that was shipped before was removed just now; ship it again")]
    Gone,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The key-value store failed.
    #[error(transparent)]
    KeyValue(#[from] KeyValueError),
}

/// What became of a shipped artifact.
#[derive(Debug)]
pub struct Ingested {
    /// Its id.
    pub id: ArtifactId,
    /// The stored JSON.
    pub body: String,
    /// Whether it was new; false for one that was shipped before.
    pub new: bool,
}

/// Stores a shipped artifact and queues it. Shipping it again gives the first one's JSON and queues nothing twice.
///
/// # Errors
///
/// See [`IngestError`].
pub async fn ingest<K: KeyValue, D: Database, C: Clock>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
    shipped: domain::ShippedArtifact,
    idempotency_key: Option<&str>,
    max_waiting: i64,
) -> Result<Ingested, IngestError> {
    check_room::<_, IngestError>(sql, max_waiting).await?;
    let now_ms = clock.now_ms();
    let digest = shipped.fingerprint();
    let uuid = uuid::Builder::from_random_bytes(clock.random()).into_uuid();
    let artifact = shipped.received(uuid, i64::try_from(now_ms / 1000).unwrap_or(i64::MAX));
    let body = artifact.to_json();
    if store(sql, &artifact, &digest, idempotency_key, now_ms, &body).await? {
        queue(kv, now_ms, &artifact.id).await?;
        return Ok(Ingested {
            id: artifact.id,
            body,
            new: true,
        });
    }
    let before = artifacts::shipped_before(sql, &digest, idempotency_key)
        .await?
        .ok_or(IngestError::Gone)?;
    if before.digest != digest && !is_another_try(&before.body, &artifact) {
        return Err(IngestError::KeyReused {
            repository: before.repository,
            sha: before.sha,
        });
    }
    if before.waiting {
        // The first attempt may have died before its key was set.
        queue(kv, before.created_ms, &before.id).await?;
    }
    Ok(Ingested {
        id: before.id,
        body: before.body,
        new: false,
    })
}

/// Pure: whether what was shipped with the same key is the same build tried again, with another build time in it, say: the same
/// version for the same apps. Anything else would be lost if it were taken for that.
fn is_another_try(before: &str, now: &Artifact) -> bool {
    let Ok(before) = Artifact::from_stored(before.as_bytes()) else {
        return false;
    };
    let version = |artifact: &Artifact| {
        let version = artifact.content.version.clone();
        let names = (version.repository_name, version.sha, version.event);
        let branches = (version.branch, version.source_branch, version.target_branch);
        (names, branches, version.tag)
    };
    let places = |artifact: &Artifact| -> BTreeSet<(String, String)> {
        let manifests = artifact.content.environments.iter();
        manifests
            .map(|manifest| (manifest.env.clone(), manifest.app.clone()))
            .collect()
    };
    version(&before) == version(now) && places(&before) == places(now)
}

async fn store<D: Database>(
    sql: &Sql<'_, D>,
    artifact: &Artifact,
    digest: &str,
    idempotency_key: Option<&str>,
    now_ms: u64,
    body: &str,
) -> Result<bool, DatabaseError> {
    let version = &artifact.content.version;
    let filled = |text: &'_ str| -> Option<String> { (!text.is_empty()).then(|| text.to_owned()) };
    let (branch, source, target, tag) = (
        filled(&version.branch),
        filled(&version.source_branch),
        filled(&version.target_branch),
        filled(&version.tag),
    );
    artifacts::insert(
        sql,
        &NewArtifact {
            id: artifact.id.as_str(),
            created_ms: i64::try_from(now_ms).unwrap_or(i64::MAX),
            repository: version.repository_name.as_str(),
            sha: version.sha.as_str(),
            branch: branch.as_deref(),
            source_branch: source.as_deref(),
            target_branch: target.as_deref(),
            tag: tag.as_deref(),
            event: version.event.as_str(),
            digest,
            idempotency_key,
            body,
        },
    )
    .await
}

/// Queues an artifact for evaluation. The key names it, so queueing it twice is queueing it once.
async fn queue<K: KeyValue>(kv: &K, created_ms: u64, id: &ArtifactId) -> Result<(), KeyValueError> {
    kv.set(&evaluate_key(created_ms, id), id.as_str().as_bytes())
        .await
}

/// A random request id, in the order of time.
pub(crate) fn random_request_id(clock: &impl Clock) -> domain::RequestId {
    domain::RequestId::new(new_uuid(clock))
}
