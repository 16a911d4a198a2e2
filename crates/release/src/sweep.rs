//! The sweep: asks the Git host now and then which branches there are, so that a lost webhook loses nothing. One repository a
//! tick, spaced out in time; a host that fails is asked the more rarely.
//!
//! Only a full answer counts: a host that fails, forbids, or shows no branch at all says nothing of a branch.

use std::collections::BTreeSet;

use domain::{BranchName, RepositoryName, TextTemplate};
use serde::Serialize;

use crate::cleanup::{CleanupError, branch_deleted};
use crate::database::Sql;
use crate::flush::git_host::HostError;
use crate::ports::{Clock, Database, KeyValue, now_ms};
use crate::store::branches::{self, Known};

/// A repository is asked for its branches so often, as GimletD does.
pub const EVERY_MS: i64 = 300_000;
/// A host that fails is asked at least so often.
const RAREST_MS: i64 = 86_400_000;

/// Where the source repositories are.
#[allow(async_fn_in_trait)]
pub trait SourceHost {
    /// The names of all branches, without `refs/heads/`. Of many it may be asked for some alone; whether those are there must
    /// be answered all the same.
    async fn branches(&self, repository: &RepositoryName) -> Result<BTreeSet<String>, HostError>;
}

/// What one sweep did.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SweepReport {
    /// The repository that was asked for its branches, if one was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Branches that were found gone.
    pub deleted: Vec<String>,
    /// Requests that delete apps.
    pub requests: Vec<String>,
    /// What could not be done, and why.
    pub problems: Vec<String>,
}

/// Asks for the branches of the repository that has waited longest, if one is due, and cleans up after those that are gone.
///
/// # Errors
///
/// See [`CleanupError`]; a failing Git host is in the report instead.
pub async fn sweep<K: KeyValue, D: Database, C: Clock, S: SourceHost>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
    template: &dyn TextTemplate,
    host: &S,
) -> Result<SweepReport, CleanupError> {
    let mut report = SweepReport::default();
    let now_ms = now_ms(clock);
    let known = branches::take_due(sql, now_ms, now_ms.saturating_add(EVERY_MS)).await?;
    let Some(name) = known.first().map(|known| known.repository.clone()) else {
        return Ok(report);
    };
    report.repository = Some(name.clone());
    let Ok(repository) = name.parse::<RepositoryName>() else {
        return Ok(report);
    };
    match host.branches(&repository).await {
        Ok(there) if there.is_empty() => {
            let problem = format!("{name} shows no branch at all, which says nothing of any");
            failed(sql, &name, &known, now_ms, problem, &mut report).await?;
        }
        Ok(there) => {
            if known.iter().any(|known| known.failures > 0) {
                branches::asked(sql, &name, 0, now_ms.saturating_add(EVERY_MS)).await?;
            }
            for gone in known.iter().filter(|known| !there.contains(&known.branch)) {
                clean_up(kv, sql, clock, template, (&repository, gone), &mut report).await?;
            }
        }
        Err(error) => failed(sql, &name, &known, now_ms, error.message, &mut report).await?,
    }
    Ok(report)
}

async fn clean_up<K: KeyValue, D: Database, C: Clock>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
    template: &dyn TextTemplate,
    (repository, gone): (&RepositoryName, &Known),
    report: &mut SweepReport,
) -> Result<(), CleanupError> {
    let Ok(branch) = gone.branch.parse::<BranchName>() else {
        return Ok(());
    };
    // A newer artifact may have come since: its branch is there again.
    if !branches::is_as_seen(sql, gone).await? {
        return Ok(());
    }
    let cleaned = branch_deleted(kv, sql, clock, template, repository, &branch).await?;
    report.deleted.push(gone.branch.clone());
    report.requests.extend(cleaned.requests);
    report.problems.extend(cleaned.problems);
    Ok(())
}

async fn failed<D: Database>(
    sql: &Sql<'_, D>,
    repository: &str,
    known: &[Known],
    now_ms: i64,
    problem: String,
    report: &mut SweepReport,
) -> Result<(), CleanupError> {
    let before = known.iter().map(|known| known.failures).max();
    let failures = before.unwrap_or_default().saturating_add(1);
    let wait_ms = EVERY_MS.saturating_mul(1_i64 << failures.clamp(0, 10));
    let due_ms = now_ms.saturating_add(wait_ms.min(RAREST_MS));
    branches::asked(sql, repository, failures, due_ms).await?;
    report.problems.push(problem);
    Ok(())
}
