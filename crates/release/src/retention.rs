//! Retention: what is older, or more, than the operator wants to keep is removed, a few rows a tick. What stands in an
//! environment, what a rollback may go back to and what a cleanup policy waits for is never removed.
//!
//! Requests go first, then the artifacts that no request speaks of any more, with their decisions. The audit log first says
//! up to where it is going to be removed, in a row of its own, so that its verification knows where to begin.

use access::audit::{Entry, Head};
use serde::Serialize;

use crate::audit;
use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError, now_ms};
use crate::store::audit as log;
use crate::store::retention::{self as store, Limits, Table};

/// Releases of each app and environment that stay whatever their age.
const RELEASES: i64 = 20;
/// Rows that one step looks at.
const ROWS: i64 = 100;
/// Rows of the audit log that one step removes.
const AUDIT_ROWS: i64 = 500;
/// What ended less than a day ago may still be asked about.
const DAY_MS: i64 = 86_400_000;
/// From the end of one pass to the beginning of the next.
const PAUSE_MS: i64 = 3_600_000;

/// What the operator wants to keep; absent for everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Artifacts and requests younger than so many days.
    pub days: Option<u32>,
    /// So many newest artifacts of each repository, and releases of each app and environment.
    pub newest: Option<u32>,
    /// Rows of the audit log younger than so many days.
    pub audit_days: Option<u32>,
}

/// What one step removed.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// `requests`, `artifacts` or `audit`.
    pub what: String,
    /// Rows.
    pub rows: usize,
}

/// One step, if one is due.
///
/// # Errors
/// The database failed.
pub async fn step<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    retention: &Retention,
) -> Result<Option<Removed>, DatabaseError> {
    if *retention == Retention::default() {
        return Ok(None);
    }
    let now_ms = now_ms(clock);
    let Some(due) = store::due(sql, now_ms).await? else {
        return Ok(None);
    };
    let (rows, position) = match due.what.as_str() {
        "audit" => audit_step(sql, clock, retention.audit_days).await?,
        what => {
            let table = match what {
                "requests" => Table::Requests,
                _ => Table::Artifacts,
            };
            table_step(sql, table, due.position, limits(retention, now_ms)).await?
        }
    };
    let (position, due_ms) = match position {
        Some(position) => (position, now_ms),
        None => (0, now_ms.saturating_add(PAUSE_MS)),
    };
    store::note(sql, &due.what, position, due_ms).await?;
    let what = due.what;
    Ok((rows > 0).then_some(Removed { what, rows }))
}

/// Absent where neither days nor a number are set.
fn limits(retention: &Retention, now_ms: i64) -> Option<Limits> {
    let days = match (retention.days, retention.newest) {
        (None, None) => return None,
        (days, _) => i64::from(days.unwrap_or(1)).max(1),
    };
    Some(Limits {
        before_ms: now_ms.saturating_sub(days.saturating_mul(DAY_MS)),
        newest: retention.newest.map(i64::from),
        releases: retention.newest.map_or(0, i64::from).max(RELEASES),
    })
}

/// Removes what may go of the next rows. Gives how many went, and where to go on; none at the end.
async fn table_step<D: Database>(
    sql: &Sql<'_, D>,
    table: Table,
    from: i64,
    limits: Option<Limits>,
) -> Result<(usize, Option<i64>), DatabaseError> {
    let Some(limits) = limits else {
        return Ok((0, None));
    };
    let Some(to) = store::end(sql, table, from, ROWS).await? else {
        return Ok((0, None));
    };
    let rows = match table {
        Table::Requests => store::remove_requests(sql, (from, to), limits).await?,
        Table::Artifacts => store::remove_artifacts(sql, (from, to), limits).await?,
    };
    Ok((rows, Some(to)))
}

/// Removes what the log says is to be removed; where all of that is gone, says up to where it may go on.
async fn audit_step<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    days: Option<u32>,
) -> Result<(usize, Option<i64>), DatabaseError> {
    let Some(days) = days else {
        return Ok((0, None));
    };
    let through = audit::removed_through(sql).await?;
    let seq = i64::try_from(through.seq).unwrap_or(i64::MAX);
    let rows = store::remove_audit(sql, seq, AUDIT_ROWS).await?;
    if rows > 0 {
        return Ok((rows, Some(0)));
    }
    let age_ms = i64::from(days.max(1)).saturating_mul(DAY_MS);
    let before_ms = clock.now_ms().saturating_sub(age_ms.unsigned_abs());
    let Some(last) = log::last_before(sql, before_ms).await? else {
        return Ok((0, None));
    };
    audit::append_own(sql, clock, removal(clock, &last)).await?;
    Ok((0, Some(0)))
}

/// The row that says up to where the log is removed.
fn removal(clock: &impl Clock, last: &Head) -> Entry {
    Entry {
        at_ms: clock.now_ms(),
        actor: String::new(),
        via: audit::RETENTION.to_owned(),
        action: audit::RETENTION.to_owned(),
        outcome: "allowed".to_owned(),
        code: String::new(),
        scope: String::new(),
        detail: audit::removal_detail(last),
        request_id: String::new(),
    }
}
