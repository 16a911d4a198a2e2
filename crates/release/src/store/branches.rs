//! Tables `branches` and `deliveries`: branches whose deletion deletes apps, and the webhooks that told of deletions.

use serde::Serialize;

use crate::database::{Columns, Sql, integer};
use crate::ports::{Database, DatabaseError};

/// A branch whose artifact has a cleanup policy.
#[derive(Debug, Serialize)]
pub(crate) struct Seen<'a> {
    pub repository: &'a str,
    pub branch: &'a str,
    /// When the artifact came, in milliseconds since the Unix epoch.
    pub seen: u64,
}

/// Notes branches, in one statement. A branch that was gone is there again if its artifact is newer. All branches of a
/// repository are asked for together.
pub(crate) async fn seen<D: Database>(
    sql: &Sql<'_, D>,
    branches: &[Seen<'_>],
    due_ms: i64,
) -> Result<(), DatabaseError> {
    if branches.is_empty() {
        return Ok(());
    }
    let list = serde_json::to_string(branches).map_err(|error| DatabaseError(error.into()))?;
    sql.run(
        "INSERT INTO branches (repository, branch, seen, due)
         SELECT j.value ->> '$.repository', j.value ->> '$.branch', j.value ->> '$.seen',
            coalesce((SELECT max(b.due) FROM branches AS b
                WHERE b.repository = j.value ->> '$.repository' AND b.deleted IS NULL), ?2)
         FROM json_each(?1) AS j WHERE true
         ON CONFLICT (repository, branch) DO UPDATE SET seen = excluded.seen, deleted = NULL,
            due = CASE WHEN branches.deleted IS NULL THEN branches.due ELSE excluded.due END
         WHERE branches.seen < excluded.seen",
        &[list.into(), due_ms.into()],
    )
    .await?;
    Ok(())
}

/// One branch as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub repository: String,
    pub branch: String,
    pub seen: i64,
    pub failures: i64,
}

/// Takes the repository that has waited longest, puts it off until `next_ms`, and gives its branches; none if nothing is
/// due. One statement: of replicas that come at once, one gets it.
pub(crate) async fn take_due<D: Database>(
    sql: &Sql<'_, D>,
    now_ms: i64,
    next_ms: i64,
) -> Result<Vec<Known>, DatabaseError> {
    let rows = sql
        .run(
            "UPDATE branches SET due = ?2
             WHERE deleted IS NULL AND repository =
                (SELECT repository FROM branches WHERE deleted IS NULL AND due <= ?1 ORDER BY due LIMIT 1)
             RETURNING repository, branch, seen, failures",
            &[now_ms.into(), next_ms.into()],
        )
        .await?;
    let rows = rows.into_iter().map(|row| {
        let mut row = Columns::new(row);
        Known {
            repository: row.text(),
            branch: row.text(),
            seen: row.integer().unwrap_or_default(),
            failures: row.integer().unwrap_or_default(),
        }
    });
    Ok(rows.collect())
}

/// Notes how asking for a repository's branches went.
pub(crate) async fn asked<D: Database>(
    sql: &Sql<'_, D>,
    repository: &str,
    failures: i64,
    due_ms: i64,
) -> Result<(), DatabaseError> {
    sql.run(
        "UPDATE branches SET failures = ?2, due = ?3 WHERE repository = ?1 AND deleted IS NULL",
        &[repository.into(), failures.into(), due_ms.into()],
    )
    .await?;
    Ok(())
}

/// Whether a branch still stands as it was seen: no newer artifact has come.
pub(crate) async fn is_as_seen<D: Database>(
    sql: &Sql<'_, D>,
    known: &Known,
) -> Result<bool, DatabaseError> {
    let rows = sql
        .run(
            "SELECT count(*) FROM branches WHERE repository = ?1 AND branch = ?2 AND seen = ?3 AND deleted IS NULL",
            &[
                known.repository.as_str().into(),
                known.branch.as_str().into(),
                known.seen.into(),
            ],
        )
        .await?;
    Ok(integer(&rows) > 0)
}

/// Notes that a branch is gone, unless a newer artifact has come than the one that was looked at.
pub(crate) async fn deleted<D: Database>(
    sql: &Sql<'_, D>,
    (repository, branch): (&str, &str),
    seen_ms: i64,
    now_ms: i64,
) -> Result<(), DatabaseError> {
    sql.run(
        "UPDATE branches SET deleted = ?4 WHERE repository = ?1 AND branch = ?2 AND seen <= ?3 AND deleted IS NULL",
        &[repository.into(), branch.into(), seen_ms.into(), now_ms.into()],
    )
    .await?;
    Ok(())
}

/// Whether any of these webhooks was acted on already.
pub(crate) async fn is_delivered<D: Database>(
    sql: &Sql<'_, D>,
    ids: &[&str],
) -> Result<bool, DatabaseError> {
    let list = serde_json::Value::from(ids).to_string();
    let rows = sql
        .run(
            "SELECT count(*) FROM deliveries WHERE id IN (SELECT value FROM json_each(?1))",
            &[list.into()],
        )
        .await?;
    Ok(integer(&rows) > 0)
}

/// Notes webhooks that were acted on.
pub(crate) async fn delivered<D: Database>(
    sql: &Sql<'_, D>,
    ids: &[&str],
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let list = serde_json::Value::from(ids).to_string();
    sql.run(
        "INSERT INTO deliveries (id, received) SELECT value, ?2 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
        &[list.into(), now_ms.into()],
    )
    .await?;
    Ok(())
}

/// Forgets some of the webhooks from before `before_ms`.
pub(crate) async fn forget_deliveries<D: Database>(
    sql: &Sql<'_, D>,
    before_ms: i64,
) -> Result<(), DatabaseError> {
    sql.run(
        "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE received < ?1 LIMIT 500)",
        &[before_ms.into()],
    )
    .await?;
    Ok(())
}
