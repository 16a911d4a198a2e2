//! How requests go, up to the cluster, in the words of GimletD's later clients: `eventReleaseTrack`, `eventArtifactTrack`,
//! `gitopsCommits`. Reads only.

use domain::{APPLIED, ArtifactId, EnvName, NOT_RECONCILED, RequestId};
use serde::Serialize;

use crate::database::Sql;
use crate::ports::Database;
use crate::query::{Parameters, QueryError, event_of};
use crate::store::artifacts;
use crate::store::history;
use crate::store::requests::{self, Tracked};

/// Commits of one answer, as in GimletD.
const COMMITS: i64 = 20;

/// A request, or all that an artifact's policies released.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Track {
    /// `new`, `processed` or `error`.
    pub status: String,
    /// Why it ended as an error; empty otherwise.
    pub status_desc: String,
    /// `release`, `rollback`, `delete` or `artifact`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Each app by itself.
    pub results: Vec<TrackResult>,
}

/// One app. What is not known is left out.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrackResult {
    /// The app.
    pub app: String,
    /// The commit: the request's own, or the one that stands there where the request changed nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// `pending`, `success` or `failure`.
    pub status: &'static str,
    /// Flux's word on the commit; `NotReconciled` until it has spoken.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub gitops_commit_status: String,
    /// Flux's remark.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub gitops_commit_status_desc: String,
    /// The environment.
    pub env: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status_desc: String,
    /// The request of this app alone.
    #[serde(rename = "triggeredDeployRequestID")]
    pub request: String,
    /// The repository of what is released, if it is known: who may see this depends on it.
    #[serde(skip)]
    pub repository: Option<String>,
}

/// `GET /api/eventReleaseTrack?id=`: a request, or all of a group.
///
/// # Errors
///
/// See [`QueryError`].
pub async fn release<D: Database>(
    sql: &Sql<'_, D>,
    parameters: &Parameters,
) -> Result<Track, QueryError> {
    let id: RequestId = parameters.mandatory("id")?;
    let tracked = requests::track(sql, id.as_str()).await?;
    let Some(kind) = tracked.first().map(|first| first.kind.clone()) else {
        return Err(QueryError::NotFound(format!(
            "cannot find a release with id {id}"
        )));
    };
    Ok(track_of(&tracked, kind))
}

/// `GET /api/eventArtifactTrack?artifactId=`: what the artifact's policies released. It is new until they were asked.
///
/// # Errors
///
/// See [`QueryError`].
pub async fn artifact<D: Database>(
    sql: &Sql<'_, D>,
    parameters: &Parameters,
) -> Result<Track, QueryError> {
    let id: ArtifactId = parameters.mandatory("artifactId")?;
    let stored = artifacts::by_ids(sql, &[id.as_str()]).await?;
    let evaluated = match stored.first() {
        Some(stored) => stored.evaluated,
        None => {
            return Err(QueryError::NotFound(format!(
                "cannot find artifact with id {id}"
            )));
        }
    };
    let tracked = requests::track_artifact(sql, id.as_str()).await?;
    let mut track = track_of(&tracked, "artifact".to_owned());
    if !evaluated {
        track.status = "new".to_owned();
    }
    Ok(track)
}

/// Pure: several requests as one.
fn track_of(tracked: &[Tracked], kind: String) -> Track {
    let event = event_of(tracked);
    Track {
        status: event.status,
        status_desc: event.status_desc,
        kind,
        results: tracked.iter().map(result_of).collect(),
    }
}

fn result_of(request: &Tracked) -> TrackResult {
    let mut result = TrackResult {
        app: request.app.clone(),
        env: request.env.clone(),
        request: request.id.clone(),
        repository: request.repository.clone(),
        status_desc: request.status_desc.clone(),
        status: match request.status.as_str() {
            "processed" => "success",
            "error" => "failure",
            _ => "pending",
        },
        ..TrackResult::default()
    };
    if result.status != "success" {
        return result;
    }
    let own = request
        .gitops_ref
        .clone()
        .or_else(|| request.stands.clone());
    let said = request.sync.status.clone();
    // Clients wait until every result is applied: where nothing was ever written, there is nothing to wait for.
    let unsaid = if own.is_some() {
        NOT_RECONCILED
    } else {
        APPLIED
    };
    result.gitops_commit_status = said.unwrap_or(unsaid.to_owned());
    result.gitops_commit_status_desc = request.sync.description.clone();
    result.hash = own.unwrap_or_default();
    result
}

/// A commit that was made in a GitOps repository.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GitopsCommit {
    /// The commit.
    pub sha: String,
    /// Flux's word; `NotReconciled` until it has spoken.
    pub status: String,
    /// Flux's remark.
    pub status_desc: String,
    /// When Flux said so, or else when it was committed; seconds since the Unix epoch.
    pub created: i64,
    /// The environment.
    pub env: String,
}

/// `GET /api/gitopsCommits`: the latest commits, newest first; of `env` where it is given.
///
/// # Errors
///
/// See [`QueryError`].
pub async fn gitops_commits<D: Database>(
    sql: &Sql<'_, D>,
    parameters: &Parameters,
) -> Result<Vec<GitopsCommit>, QueryError> {
    let env = parameters.name::<EnvName>("env")?;
    let commits = history::commits(sql, env.as_ref().map(EnvName::as_str), COMMITS).await?;
    let commits = commits.into_iter().map(|commit| GitopsCommit {
        sha: commit.gitops_ref,
        status: commit.sync.status.unwrap_or(NOT_RECONCILED.to_owned()),
        status_desc: commit.sync.description,
        created: commit.sync.at.unwrap_or(commit.committed),
        env: commit.env,
    });
    Ok(commits.collect())
}
