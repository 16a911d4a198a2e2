//! Table `audit`: appended to, never changed. Two instances may append at once: a row is inserted only on top of the row that
//! it was computed on, in one statement, and whoever was second computes anew.

use access::audit::{Entry, Head, Row as AuditRow};

use crate::database::{Columns, Sql};
use crate::ports::{Database, DatabaseError, Row, SqlValue};

/// Where the log ends, as the two statements of an append read it.
#[derive(Debug, Clone)]
pub(crate) struct End {
    /// The last row; none for an empty log.
    pub hash: Option<String>,
    /// The number of the last row; 0 for an empty log.
    pub last: u64,
    /// The highest number that was ever given out, even if its row is gone.
    pub highest: u64,
    /// Whether the same refusal was recorded since the time that was asked for.
    pub repeated: bool,
}

const HIGHEST: &str = "max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0),
    coalesce((SELECT max(seq) FROM audit), 0))";

fn number(value: u64) -> SqlValue {
    SqlValue::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

fn unsigned(value: Option<i64>) -> u64 {
    value
        .and_then(|number| u64::try_from(number).ok())
        .unwrap_or_default()
}

/// Reads where the log ends, and whether `like` was refused since `since_ms`.
pub(crate) async fn end<D: Database>(
    sql: &Sql<'_, D>,
    like: &Entry,
    since_ms: u64,
) -> Result<End, DatabaseError> {
    let statement = format!(
        "SELECT (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), (SELECT max(seq) FROM audit), {HIGHEST},
            EXISTS (SELECT 1 FROM audit WHERE outcome = 'refused' AND actor = ?1 AND via = ?2 AND action = ?3
                AND code = ?4 AND at > ?5)"
    );
    let rows = sql
        .run(
            &statement,
            &[
                like.actor.as_str().into(),
                like.via.as_str().into(),
                like.action.as_str().into(),
                like.code.as_str().into(),
                number(since_ms),
            ],
        )
        .await?;
    let mut row = Columns::new(rows.into_iter().next().unwrap_or_default());
    Ok(End {
        hash: row.optional_text(),
        last: unsigned(row.integer()),
        highest: unsigned(row.integer()),
        repeated: row.integer() == Some(1),
    })
}

/// Inserts the row if the log still ends as it did; false where it does not.
pub(crate) async fn insert<D: Database>(
    sql: &Sql<'_, D>,
    row: &AuditRow,
    end: &End,
) -> Result<bool, DatabaseError> {
    let statement = format!(
        "INSERT INTO audit (seq, at, actor, via, action, outcome, code, scope, detail, request_id, previous, hash)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
         WHERE {HIGHEST} = ?13 AND (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1) IS ?14
         RETURNING seq"
    );
    let entry = &row.entry;
    let inserted = sql
        .run(
            &statement,
            &[
                number(row.seq),
                number(entry.at_ms),
                entry.actor.as_str().into(),
                entry.via.as_str().into(),
                entry.action.as_str().into(),
                entry.outcome.as_str().into(),
                entry.code.as_str().into(),
                entry.scope.as_str().into(),
                entry.detail.as_str().into(),
                entry.request_id.as_str().into(),
                row.previous.as_str().into(),
                row.hash.as_str().into(),
                number(end.highest),
                end.hash.as_deref().into(),
            ],
        )
        .await?;
    Ok(!inserted.is_empty())
}

/// Rows after this number, in order.
pub(crate) async fn after<D: Database>(
    sql: &Sql<'_, D>,
    seq: u64,
    limit: i64,
) -> Result<Vec<AuditRow>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT seq, at, actor, via, action, outcome, code, scope, detail, request_id, previous, hash
             FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            &[number(seq), limit.into()],
        )
        .await?;
    Ok(rows.into_iter().map(audit_row).collect())
}

/// The last row, and the highest number that was ever given out.
pub(crate) async fn head<D: Database>(sql: &Sql<'_, D>) -> Result<(Head, u64), DatabaseError> {
    let statement = format!(
        "SELECT (SELECT max(seq) FROM audit), (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), {HIGHEST}"
    );
    let rows = sql.run(&statement, &[]).await?;
    let mut row = Columns::new(rows.into_iter().next().unwrap_or_default());
    let seq = unsigned(row.integer());
    let hash = row.optional_text();
    let highest = unsigned(row.integer());
    let head = hash.map_or_else(Head::beginning, |hash| Head { seq, hash });
    Ok((head, highest))
}

fn audit_row(row: Row) -> AuditRow {
    let mut row = Columns::new(row);
    AuditRow {
        seq: unsigned(row.integer()),
        entry: Entry {
            at_ms: row.milliseconds(),
            actor: row.text(),
            via: row.text(),
            action: row.text(),
            outcome: row.text(),
            code: row.text(),
            scope: row.text(),
            detail: row.text(),
            request_id: row.text(),
        },
        previous: row.text(),
        hash: row.text(),
    }
}

/// What the last allowed row of this action says; none if there is none. Few rows have actions of the application's own: they
/// are found by an index of theirs.
pub(crate) async fn last_detail<D: Database>(
    sql: &Sql<'_, D>,
    action: &str,
) -> Result<Option<String>, DatabaseError> {
    let statement = "SELECT detail FROM audit WHERE action = ?1 AND actor = '' AND outcome = 'allowed' ORDER BY seq DESC LIMIT 1";
    let rows = sql.run(statement, &[action.into()]).await?;
    let row = rows.into_iter().next();
    Ok(row.and_then(|row| Columns::new(row).optional_text()))
}

/// The last of the oldest rows that were written before this time, a thousand of them at most; none if there is none.
pub(crate) async fn last_before<D: Database>(
    sql: &Sql<'_, D>,
    before_ms: u64,
) -> Result<Option<Head>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT seq, hash FROM (SELECT seq, hash, at FROM audit ORDER BY seq LIMIT 1000) WHERE at < ?1
             ORDER BY seq DESC LIMIT 1",
            &[number(before_ms)],
        )
        .await?;
    Ok(rows.into_iter().next().map(|row| {
        let mut row = Columns::new(row);
        Head {
            seq: unsigned(row.integer()),
            hash: row.text(),
        }
    }))
}
