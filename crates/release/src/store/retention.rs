//! The statements that remove what is kept no longer. Each looks at a few rows from a position on and removes those of them
//! that nothing needs; doing one twice, or two at once, does no harm.

use crate::database::{Columns, Sql};
use crate::ports::{Database, DatabaseError};

/// A table and how far it was looked through.
#[derive(Debug)]
pub(crate) struct Due {
    pub what: String,
    pub position: i64,
}

/// What is due, longest first; none if nothing is.
pub(crate) async fn due<D: Database>(
    sql: &Sql<'_, D>,
    now_ms: i64,
) -> Result<Option<Due>, DatabaseError> {
    let statement =
        "SELECT what, position FROM retention WHERE due <= ?1 ORDER BY due, what DESC LIMIT 1";
    let rows = sql.run(statement, &[now_ms.into()]).await?;
    Ok(rows.into_iter().next().map(|row| {
        let mut row = Columns::new(row);
        Due {
            what: row.text(),
            position: row.integer().unwrap_or_default(),
        }
    }))
}

/// Notes how far a table was looked through, and when to go on.
pub(crate) async fn note<D: Database>(
    sql: &Sql<'_, D>,
    what: &str,
    position: i64,
    due_ms: i64,
) -> Result<(), DatabaseError> {
    sql.run(
        "UPDATE retention SET position = ?2, due = ?3 WHERE what = ?1",
        &[what.into(), position.into(), due_ms.into()],
    )
    .await
    .map(drop)
}

/// What may go: absent limits do not ask for anything to go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Only what is older, in milliseconds since the Unix epoch.
    pub before_ms: i64,
    /// Only what is not among so many newest ones.
    pub newest: Option<i64>,
    /// Releases of each app and environment that stay whatever their age: rollbacks go back to them.
    pub releases: i64,
}

/// A table that is looked through in the order of one of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    /// In the order of their end.
    Requests,
    /// In the order of their arrival.
    Artifacts,
}

/// Where the next `rows` rows after `position` end; none if there are none.
pub(crate) async fn end<D: Database>(
    sql: &Sql<'_, D>,
    table: Table,
    position: i64,
    rows: i64,
) -> Result<Option<i64>, DatabaseError> {
    let (table, column) = match table {
        Table::Requests => ("requests", "ended"),
        Table::Artifacts => ("artifacts", "seq"),
    };
    let statement = format!(
        "SELECT max({column}) FROM (SELECT {column} FROM {table} WHERE {column} > ?1 ORDER BY {column} LIMIT ?2)"
    );
    let found = sql.run(&statement, &[position.into(), rows.into()]).await?;
    let row = found.into_iter().next();
    Ok(row.and_then(|row| Columns::new(row).integer()))
}

/// Removes requests that ended after `from` and not after `to`. Those that landed stay while they are among the newest of
/// their app and environment, or a rollback goes back to them.
pub(crate) async fn remove_requests<D: Database>(
    sql: &Sql<'_, D>,
    (from, to): (i64, i64),
    limits: Limits,
) -> Result<usize, DatabaseError> {
    let rows = sql
        .run(
            "DELETE FROM requests AS r WHERE r.ended > ?1 AND r.ended <= ?2 AND r.ended < ?3 AND r.status <> 'new'
                AND (?4 IS NULL OR r.landed IS NOT NULL OR r.repository IS NULL OR r.created <
                    (SELECT a.created FROM artifacts AS a WHERE a.repository = r.repository
                     ORDER BY a.created DESC LIMIT 1 OFFSET ?4 - 1))
                AND (r.landed IS NULL OR ?5 <=
                    (SELECT count(*) FROM (SELECT 1 FROM requests AS l
                     WHERE l.landed IS NOT NULL AND l.env = r.env AND l.app = r.app AND l.landed > r.landed LIMIT ?5)))
                AND NOT EXISTS (SELECT 1 FROM requests AS b WHERE b.kind = 'rollback' AND b.landed IS NOT NULL
                    AND b.env = r.env AND b.app = r.app AND b.target_landed = r.landed)
                AND NOT EXISTS (SELECT 1 FROM requests AS w WHERE w.status = 'new' AND w.target = r.gitops_ref)
             RETURNING 1",
            &[
                from.into(),
                to.into(),
                limits.before_ms.into(),
                limits.newest.into(),
                limits.releases.into(),
            ],
        )
        .await?;
    Ok(rows.len())
}

/// Removes artifacts after `from` and not after `to`, with their decisions. One that a request still speaks of stays, and so
/// does one whose cleanup policy waits for the end of its branch.
pub(crate) async fn remove_artifacts<D: Database>(
    sql: &Sql<'_, D>,
    (from, to): (i64, i64),
    limits: Limits,
) -> Result<usize, DatabaseError> {
    let rows = sql
        .run(
            "DELETE FROM artifacts AS a WHERE a.seq > ?1 AND a.seq <= ?2 AND a.created < ?3 AND a.evaluated IS NOT NULL
                AND (?4 IS NULL OR a.created <
                    (SELECT n.created FROM artifacts AS n WHERE n.repository = a.repository
                     ORDER BY n.created DESC LIMIT 1 OFFSET ?4 - 1))
                AND NOT EXISTS (SELECT 1 FROM requests AS r WHERE r.artifact_id = a.id)
                AND NOT EXISTS (SELECT 1 FROM branches AS b WHERE b.repository = a.repository
                    AND b.branch = coalesce(a.branch, a.source_branch) AND b.deleted IS NULL AND b.seen <= a.created)
             RETURNING 1",
            &[
                from.into(),
                to.into(),
                limits.before_ms.into(),
                limits.newest.into(),
            ],
        )
        .await?;
    Ok(rows.len())
}

/// Removes the audit log's oldest rows that are not above `through`; at most `rows` of them.
pub(crate) async fn remove_audit<D: Database>(
    sql: &Sql<'_, D>,
    through: i64,
    rows: i64,
) -> Result<usize, DatabaseError> {
    let removed = sql
        .run(
            "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE seq <= ?1 ORDER BY seq LIMIT ?2) RETURNING 1",
            &[through.into(), rows.into()],
        )
        .await?;
    Ok(removed.len())
}
