//! Rollbacks that people ask for: the target is found among the recorded releases of the app, then the request can be queued.
//! Nothing here writes the repository; the flush checks the target again.
//!
//! One durable write, then the key: the row of a rollback places its hold by a trigger, in the same statement.

use domain::{
    AppName, CommitId, CommitPrefix, EnvName, Request, RequestId, RequestKind, RollbackRequest,
    TriggeredBy,
};
use serde::Serialize;

use crate::database::Sql;
use crate::ingest::random_request_id;
use crate::ports::{Clock, Database, DatabaseError};
use crate::store::history::{self, Candidate};

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
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl RollbackError {
    /// The same, without a word of other places: they are not for somebody who is limited to some.
    #[must_use]
    pub fn without_elsewhere(mut self) -> Self {
        if let Self::UnknownTarget { elsewhere, .. } = &mut self {
            elsewhere.clear();
        }
        self
    }
}

/// Finds what to go back to and gives the request, which [`crate::ask::queue`] queues: its row places the hold.
///
/// # Errors
///
/// See [`RollbackError`].
pub async fn rollback_request<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    wish: &RollbackWish,
) -> Result<Request, RollbackError> {
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
    let rollback = rollback_to(wish, candidate)?;
    let id = match &wish.idempotency_key {
        Some(key) => RequestId::for_rollback(&rollback, key),
        None => random_request_id(clock),
    };
    Ok(Request {
        id,
        created_ms: clock.now_ms(),
        kind: RequestKind::Rollback(rollback),
    })
}

/// Pure: the rollback to a commit that was found, unless that is nothing to go back to.
fn rollback_to(wish: &RollbackWish, found: &Candidate) -> Result<RollbackRequest, RollbackError> {
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
