//! Cleanup: when a branch is gone, the apps that its cleanup policies name are deleted, by requests like any other. It must
//! never take a branch for gone because a host did not answer.
//!
//! Order of the durable writes: the requests' rows, their key, then the mark on the branch. Ids are derived from artifact,
//! environment and app, so that it does not matter how often and by whom a deletion is noticed.

use std::collections::BTreeSet;

use domain::{
    AppName, Artifact, BranchName, DeleteRequest, EnvName, RepositoryName, Request, RequestId,
    RequestKind, TextTemplate, TriggeredBy, cleanup_triggered, variables,
};
use serde::Serialize;

use crate::database::Sql;
use crate::evaluate::{EvaluateError, evaluate};
use crate::flush::parse_artifact;
use crate::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError};
use crate::queue::announce;
use crate::store::artifacts;
use crate::store::branches;
use crate::store::requests::{self, NewRow};

/// What was shipped for the branch and not evaluated yet is evaluated first, for so long.
const EVALUATION_MS: u64 = 5_000;

/// The cleanup could not go on. What was not finished is found again by the sweep.
#[derive(Debug, thiserror::Error)]
pub enum CleanupError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The key-value store failed.
    #[error(transparent)]
    KeyValue(#[from] KeyValueError),
}

impl From<EvaluateError> for CleanupError {
    fn from(error: EvaluateError) -> Self {
        match error {
            EvaluateError::Database(error) => error.into(),
            EvaluateError::KeyValue(error) => error.into(),
        }
    }
}

/// What the deletion of a branch came to.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Default, Serialize)]
pub struct CleanupReport {
    /// The requests that delete apps: those that were queued now, and those that were queued before.
    pub requests: Vec<String>,
    /// Cleanup policies that could not be used, and why.
    pub problems: Vec<String>,
}

/// Deletes what the cleanup policies of a branch name. The branch is known to be gone.
///
/// # Errors
///
/// See [`CleanupError`].
pub async fn branch_deleted<K: KeyValue, D: Database, C: Clock>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
    template: &dyn TextTemplate,
    repository: &RepositoryName,
    branch: &BranchName,
) -> Result<CleanupReport, CleanupError> {
    let now_ms = clock.now_ms();
    let stored = artifacts::latest_of_branch(sql, repository.as_str(), branch.as_str()).await?;
    if stored.iter().any(|stored| !stored.evaluated) {
        // Its releases must be in the queue before their deletion.
        let deadline_ms = now_ms.saturating_add(EVALUATION_MS);
        evaluate(kv, sql, clock, template, deadline_ms).await?;
    }
    let seen_ms = stored.iter().map(|stored| stored.created_ms).max();
    let mut report = CleanupReport::default();
    let mut deletions: Vec<Request> = Vec::new();
    for stored in &stored {
        match parse_artifact(&stored.body) {
            Ok(artifact) => {
                let found = deletions_of(&artifact, branch, template, &mut report.problems);
                deletions.extend(found.into_iter().map(|(id, delete)| Request {
                    id,
                    created_ms: now_ms,
                    kind: RequestKind::Delete(delete),
                }));
            }
            Err(problem) => report.problems.push(format!("{}: {problem}", stored.id)),
        }
    }
    // Several artifacts of one commit may name the same app.
    let mut places = BTreeSet::new();
    deletions.retain(|request| {
        let place = (request.kind.env().clone(), request.kind.app().cloned());
        places.insert(place)
    });
    let rows: Vec<NewRow<'_>> = deletions
        .iter()
        .map(|request| NewRow::waiting(request, None))
        .collect();
    let new: BTreeSet<String> = requests::queue_again(sql, &rows)
        .await?
        .into_iter()
        .collect();
    let new: Vec<&Request> = deletions
        .iter()
        .filter(|request| new.contains(request.id.as_str()))
        .collect();
    announce(kv, &new).await?;
    let ids = deletions.iter().map(|request| request.id.to_string());
    report.requests = ids.collect();
    let (seen_ms, now_ms) = (signed(seen_ms.unwrap_or(now_ms)), signed(now_ms));
    branches::deleted(sql, (repository.as_str(), branch.as_str()), seen_ms, now_ms).await?;
    Ok(report)
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// Pure: what an artifact's cleanup policies delete once this branch is gone. The policy knows the branch alone; the
/// environment is resolved as it was when the app was released.
fn deletions_of(
    artifact: &Artifact,
    branch: &BranchName,
    template: &dyn TextTemplate,
    problems: &mut Vec<String>,
) -> Vec<(RequestId, DeleteRequest)> {
    template.begin();
    let vars = variables(artifact);
    let mut found = Vec::new();
    for manifest in &artifact.content.environments {
        let Some(policy) = &manifest.cleanup else {
            continue;
        };
        let deleted = || -> Result<Option<(EnvName, AppName)>, String> {
            let policy = policy
                .resolve(branch.as_str(), template)
                .map_err(|error| error.to_string())?;
            let triggered = cleanup_triggered(Some(&policy), branch.as_str());
            if !triggered.map_err(|error| format!("cleanup.branch: {error}"))? {
                return Ok(None);
            }
            let env = template.render(&manifest.env, &vars);
            let env = env.map_err(|error| format!("env: {error}"))?;
            let env = env.parse().map_err(|error| format!("{error}"))?;
            let app = policy.app.parse();
            Ok(Some((
                env,
                app.map_err(|error| format!("cleanup.{error}"))?,
            )))
        };
        match deleted() {
            Ok(Some((env, app))) => {
                let id = RequestId::for_cleanup(&artifact.id, &env, &app);
                let triggered_by = TriggeredBy::Policy;
                found.push((
                    id,
                    DeleteRequest {
                        env,
                        app,
                        triggered_by,
                    },
                ));
            }
            Ok(None) => {}
            Err(problem) => problems.push(format!("{}/{}: {problem}", manifest.env, manifest.app)),
        }
    }
    found
}

/// The branch of an artifact with a cleanup policy: it is to be looked after.
pub(crate) fn branch_to_watch(artifact: &Artifact) -> Option<(&str, &str)> {
    let content = &artifact.content;
    let version = &content.version;
    let has_policy = content.environments.iter().any(|one| one.cleanup.is_some());
    // Some CI systems name the branch of a pull request as its source alone.
    let branch = match version.branch.as_str() {
        "" => version.source_branch.as_str(),
        branch => branch,
    };
    (has_policy && branch.parse::<BranchName>().is_ok())
        .then_some((version.repository_name.as_str(), branch))
}
