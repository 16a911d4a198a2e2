//! Table `attempts`: the batches that are being built, and those whose flush died meanwhile.

use crate::database::{Columns, Sql};
use crate::ports::{Database, DatabaseError, SqlValue};

/// A batch that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub id: String,
    /// The requests that it accuses if its flush has died.
    pub ids: Vec<String>,
    /// Whether it was one request from the beginning.
    pub alone: bool,
    pub started_ms: u64,
}

fn list(ids: &[String]) -> SqlValue {
    serde_json::Value::from(ids).to_string().into()
}

/// The batches of a branch that were begun and not forgotten.
pub(crate) async fn of<D: Database>(
    sql: &Sql<'_, D>,
    place: &str,
) -> Result<Vec<Attempt>, DatabaseError> {
    let statement =
        "SELECT id, ids, alone, started FROM attempts WHERE place = ?1 ORDER BY started";
    let rows = sql.run(statement, &[place.into()]).await?;
    let rows = rows.into_iter().map(|row| {
        let mut row = Columns::new(row);
        Attempt {
            id: row.text(),
            ids: serde_json::from_str(&row.text()).unwrap_or_default(),
            alone: row.integer() == Some(1),
            started_ms: row.milliseconds(),
        }
    });
    Ok(rows.collect())
}

/// Notes a batch before it is built.
pub(crate) async fn begin<D: Database>(
    sql: &Sql<'_, D>,
    place: &str,
    attempt: &Attempt,
) -> Result<(), DatabaseError> {
    sql.run(
        "INSERT INTO attempts (id, place, ids, alone, started) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            attempt.id.as_str().into(),
            place.into(),
            list(&attempt.ids),
            i64::from(attempt.alone).into(),
            i64::try_from(attempt.started_ms).unwrap_or(i64::MAX).into(),
        ],
    )
    .await
    .map(drop)
}

/// Forgets batches, in one statement.
pub(crate) async fn forget<D: Database>(
    sql: &Sql<'_, D>,
    attempts: &[&str],
) -> Result<(), DatabaseError> {
    if attempts.is_empty() {
        return Ok(());
    }
    let ids = serde_json::Value::from(attempts).to_string();
    let statement = "DELETE FROM attempts WHERE id IN (SELECT value FROM json_each(?1))";
    sql.run(statement, &[ids.into()]).await.map(drop)
}

/// What is left of a batch accuses these alone.
pub(crate) async fn narrow<D: Database>(
    sql: &Sql<'_, D>,
    attempt: &str,
    ids: &[String],
) -> Result<(), DatabaseError> {
    sql.run(
        "UPDATE attempts SET ids = ?2 WHERE id = ?1",
        &[attempt.into(), list(ids)],
    )
    .await
    .map(drop)
}
