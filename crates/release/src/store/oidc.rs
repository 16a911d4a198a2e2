//! Table `oidc_keys`: the key set of each OIDC issuer as it was last read, and whether somebody asked for a newer one.

use crate::database::{Columns, Sql};
use crate::ports::{Database, DatabaseError, SqlValue};

/// What is known of one issuer.
#[derive(Debug, Clone)]
pub(crate) struct KeysRow {
    pub issuer: String,
    /// The key set's JSON; none until it was read once.
    pub keys: Option<String>,
    /// When it was read.
    pub fetched_ms: u64,
    /// When somebody came with a key that is not in it.
    pub wanted_ms: u64,
    /// When it was last tried.
    pub attempted_ms: u64,
}

fn ms(time: u64) -> SqlValue {
    SqlValue::Integer(i64::try_from(time).unwrap_or(i64::MAX))
}

/// What is known of every issuer that was ever asked or asked for.
pub(crate) async fn all<D: Database>(sql: &Sql<'_, D>) -> Result<Vec<KeysRow>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT issuer, keys, fetched, wanted, attempted FROM oidc_keys",
            &[],
        )
        .await?;
    let rows = rows.into_iter().map(|row| {
        let mut row = Columns::new(row);
        KeysRow {
            issuer: row.text(),
            keys: row.optional_text(),
            fetched_ms: row.milliseconds(),
            wanted_ms: row.milliseconds(),
            attempted_ms: row.milliseconds(),
        }
    });
    Ok(rows.collect())
}

/// Takes it upon this instance to read an issuer's keys; false where another did so since `before_ms`.
pub(crate) async fn claim<D: Database>(
    sql: &Sql<'_, D>,
    issuer: &str,
    now_ms: u64,
    before_ms: u64,
) -> Result<bool, DatabaseError> {
    let rows = sql
        .run(
            "INSERT INTO oidc_keys (issuer, attempted) VALUES (?1, ?2)
             ON CONFLICT (issuer) DO UPDATE SET attempted = ?2 WHERE coalesce(attempted, 0) <= ?3
             RETURNING issuer",
            &[issuer.into(), ms(now_ms), ms(before_ms)],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// Keeps a key set that was read, unless a newer one is there.
pub(crate) async fn keep<D: Database>(
    sql: &Sql<'_, D>,
    issuer: &str,
    keys: &str,
    now_ms: u64,
) -> Result<(), DatabaseError> {
    sql.run(
        "UPDATE oidc_keys SET keys = ?2, fetched = ?3 WHERE issuer = ?1 AND coalesce(fetched, 0) < ?3",
        &[issuer.into(), keys.into(), ms(now_ms)],
    )
    .await
    .map(drop)
}

/// Asks for a newer key set. Writes nothing where that was asked since the last was read.
pub(crate) async fn want<D: Database>(
    sql: &Sql<'_, D>,
    issuer: &str,
    now_ms: u64,
) -> Result<(), DatabaseError> {
    sql.run(
        "INSERT INTO oidc_keys (issuer, wanted) VALUES (?1, ?2)
         ON CONFLICT (issuer) DO UPDATE SET wanted = ?2 WHERE coalesce(wanted, 0) <= coalesce(fetched, 0)",
        &[issuer.into(), ms(now_ms)],
    )
    .await
    .map(drop)
}
