//! Rollbacks that people ask for: the target is found among the recorded releases of the app, then the request is queued.
//! Nothing here writes the repository; the flush checks the target again.
//!
//! One durable write, then the key: the row of a rollback places its hold by a trigger, in the same statement.

use domain::{
    AppName, CommitId, CommitPrefix, EnvName, Request, RequestId, RequestKind, RollbackRequest,
    TriggeredBy,
};
use serde::Serialize;

use crate::database::Sql;
use crate::enqueue::queue_anew;
use crate::ingest::{RETRY_AFTER_S, random_request_id};
use crate::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError};
use crate::store::history::{self, Candidate};
use crate::store::requests;

/// Commits that an answer lists at most.
const MOST_LISTED: i64 = 20;

/// A rollback that somebody asks for.
#[derive(Debug)]
pub struct RollbackWish {
    /// The environment.
    pub env: EnvName,
    /// The app.
    pub app: AppName,
    /// The commit to go back to, or the beginning of its id.
    pub target: CommitPrefix,
    /// Who asks.
    pub triggered_by: TriggeredBy,
    /// The client's key: the same wish with the same key is queued once.
    pub idempotency_key: Option<String>,
}

/// A commit that a short id may mean.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PossibleTarget {
    /// The commit.
    pub gitops_ref: String,
    /// When it was committed, in seconds since the Unix epoch.
    pub created: i64,
    /// The artifact that it released.
    pub artifact_id: String,
}

/// Why a rollback was not queued.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// No release has such a commit.
    #[error(
        "no release of {env}/{app} has the commit {target}{elsewhere}; GET /api/releases?env={env}&app={app} lists those that can be gone back to"
    )]
    UnknownTarget {
        /// The environment.
        env: EnvName,
        /// The app.
        app: AppName,
        /// What was asked for.
        target: CommitPrefix,
        /// Where there is such a commit, if anywhere.
        elsewhere: String,
    },
    /// Several commits begin so.
    #[error("{count} commits of {env}/{app} begin with {target}: give more digits")]
    Ambiguous {
        /// The environment.
        env: EnvName,
        /// The app.
        app: AppName,
        /// What was asked for.
        target: CommitPrefix,
        /// How many there are; more than are listed are not counted.
        count: usize,
        /// Those commits, newest first.
        candidates: Vec<PossibleTarget>,
    },
    /// The commit is no release.
    #[error("{commit} of {env}/{app} is {what}")]
    NotARelease {
        /// The environment.
        env: EnvName,
        /// The app.
        app: AppName,
        /// The commit.
        commit: String,
        /// What it is, and what to do.
        what: String,
    },
    /// More waits than is allowed.
    #[error(
        "{waiting} or more artifacts and releases wait already; try again in {retry_after_s} s"
    )]
    Full {
        /// The limit that was reached.
        waiting: i64,
        /// Seconds.
        retry_after_s: u32,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The key-value store failed.
    #[error(transparent)]
    KeyValue(#[from] KeyValueError),
}

/// Queues a rollback, places its hold, and gives the id by which it can be tracked.
///
/// # Errors
///
/// See [`RollbackError`].
pub async fn roll_back<K: KeyValue, D: Database, C: Clock>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
    wish: &RollbackWish,
    max_waiting: i64,
) -> Result<RequestId, RollbackError> {
    if requests::waiting(sql, max_waiting).await? >= max_waiting {
        return Err(RollbackError::Full {
            waiting: max_waiting,
            retry_after_s: RETRY_AFTER_S,
        });
    }
    let place = (wish.env.as_str(), wish.app.as_str());
    let found = history::commits_of_app(sql, place, wish.target.as_str(), MOST_LISTED).await?;
    let candidate = match found.as_slice() {
        [candidate] => candidate,
        [] => {
            let places = history::places_of_commit(sql, wish.target.as_str()).await?;
            return Err(unknown(wish, &places));
        }
        several => return Err(ambiguous(wish, several)),
    };
    let rollback = request_for(wish, candidate)?;
    let id = match &wish.idempotency_key {
        Some(key) => RequestId::for_rollback(&rollback, key),
        None => random_request_id(clock),
    };
    let request = Request {
        id: id.clone(),
        created_ms: clock.now_ms(),
        kind: RequestKind::Rollback(rollback),
    };
    queue_anew::<_, _, RollbackError>(kv, sql, &[request], None).await?;
    Ok(id)
}

/// Pure: the rollback to a commit that was found, unless that is nothing to go back to.
fn request_for(wish: &RollbackWish, found: &Candidate) -> Result<RollbackRequest, RollbackError> {
    let refused = |what: &str| RollbackError::NotARelease {
        env: wish.env.clone(),
        app: wish.app.clone(),
        commit: found.commit.clone(),
        what: what.to_owned(),
    };
    if found.kind == "delete" {
        return Err(refused("a deletion: to delete the app, POST /api/delete"));
    }
    if !found.has_tree {
        return Err(refused(
            "a release of an earlier version of Wimble, which did not note its folder: release its artifact by hand instead",
        ));
    }
    let (target, artifact_id) = (
        found.target.parse::<CommitId>(),
        found.artifact_id.parse::<domain::ArtifactId>(),
    );
    let (Ok(target), Ok(artifact_id)) = (target, artifact_id) else {
        return Err(refused("recorded without its artifact"));
    };
    Ok(RollbackRequest {
        env: wish.env.clone(),
        app: wish.app.clone(),
        target,
        artifact_id,
        triggered_by: wish.triggered_by.clone(),
    })
}

fn unknown(wish: &RollbackWish, places: &[String]) -> RollbackError {
    let elsewhere = match places {
        [] => String::new(),
        places => format!(" (there is one of {})", places.join(", ")),
    };
    RollbackError::UnknownTarget {
        env: wish.env.clone(),
        app: wish.app.clone(),
        target: wish.target.clone(),
        elsewhere,
    }
}

fn ambiguous(wish: &RollbackWish, several: &[Candidate]) -> RollbackError {
    let candidates = several.iter().map(|candidate| PossibleTarget {
        gitops_ref: candidate.commit.clone(),
        created: candidate.committed,
        artifact_id: candidate.artifact_id.clone(),
    });
    RollbackError::Ambiguous {
        env: wish.env.clone(),
        app: wish.app.clone(),
        target: wish.target.clone(),
        count: several.len(),
        candidates: candidates.collect(),
    }
}
