//! Table `intents`: the flush's write-ahead log. It stands here and not in the key-value store, which may lose everything
//! when it restarts: a push that landed unrecorded would be made again.

use crate::database::{Columns, Sql};
use crate::flush::Intent;
use crate::ports::{Database, DatabaseError};

/// Writes an intent, durably when this returns.
pub(crate) async fn insert<D: Database>(
    sql: &Sql<'_, D>,
    intent: &Intent,
) -> Result<(), DatabaseError> {
    let body = serde_json::to_string(intent).map_err(|error| DatabaseError(error.into()))?;
    sql.run(
        "INSERT INTO intents (id, body) VALUES (?1, ?2)",
        &[intent.id.to_string().into(), body.into()],
    )
    .await?;
    Ok(())
}

/// Every intent, in the order in which they were written.
pub(crate) async fn all<D: Database>(sql: &Sql<'_, D>) -> Result<Vec<Intent>, DatabaseError> {
    let rows = sql
        .run("SELECT body FROM intents ORDER BY seq", &[])
        .await?;
    rows.into_iter()
        .map(|row| {
            let body = Columns::new(row).text();
            // One that is passed over would let its requests be written twice.
            serde_json::from_str(&body).map_err(|error| DatabaseError(error.into()))
        })
        .collect()
}

/// Forgets intents.
pub(crate) async fn delete<D: Database>(
    sql: &Sql<'_, D>,
    intents: &[&Intent],
) -> Result<(), DatabaseError> {
    if intents.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = intents.iter().map(|intent| intent.id.to_string()).collect();
    sql.run(
        "DELETE FROM intents WHERE id IN (SELECT value FROM json_each(?1))",
        &[serde_json::Value::from(ids).to_string().into()],
    )
    .await?;
    Ok(())
}

/// How many there are.
pub(crate) async fn count<D: Database>(sql: &Sql<'_, D>) -> Result<i64, DatabaseError> {
    let rows = sql.run("SELECT count(*) FROM intents", &[]).await?;
    Ok(crate::database::integer(&rows))
}
