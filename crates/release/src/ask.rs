//! What people ask for joins the queue: while there is room, rows first, then the key.

use std::collections::BTreeSet;

use domain::Request;

use crate::database::Sql;
use crate::ports::{Database, DatabaseError, KeyValue, KeyValueError};
use crate::queue::announce;
use crate::store::requests::{self, NewRow};

/// Seconds after which a client that found the queue full should come again: the flush runs more often.
const RETRY_AFTER_S: u32 = 10;

/// More waits than is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{waiting} or more artifacts and releases wait already; try again in {retry_after_s} s")]
pub struct Full {
    /// The limit that was reached.
    pub waiting: i64,
    /// Seconds.
    pub retry_after_s: u32,
}

/// Why a request was not queued.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// More waits than is allowed.
    #[error(transparent)]
    Full(#[from] Full),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The key-value store failed.
    #[error(transparent)]
    KeyValue(#[from] KeyValueError),
}

/// Queues a request under its id, by which it can be tracked.
///
/// # Errors
///
/// See [`QueueError`].
pub async fn queue<K: KeyValue, D: Database>(
    kv: &K,
    sql: &Sql<'_, D>,
    request: &Request,
    max_waiting: i64,
) -> Result<(), QueueError> {
    check_room::<_, QueueError>(sql, max_waiting).await?;
    queue_anew(kv, sql, std::slice::from_ref(request), None).await
}

/// Whether anything more may wait.
pub(crate) async fn check_room<D: Database, E>(sql: &Sql<'_, D>, max_waiting: i64) -> Result<(), E>
where
    E: From<Full> + From<DatabaseError>,
{
    if requests::waiting(sql, max_waiting).await? < max_waiting {
        return Ok(());
    }
    let full = Full {
        waiting: max_waiting,
        retry_after_s: RETRY_AFTER_S,
    };
    Err(full.into())
}

/// Writes the rows of requests that people ask for, then announces those that do not wait yet.
pub(crate) async fn queue_anew<K: KeyValue, D: Database, E>(
    kv: &K,
    sql: &Sql<'_, D>,
    queued: &[Request],
    group: Option<&str>,
) -> Result<(), E>
where
    E: From<DatabaseError> + From<KeyValueError>,
{
    let rows: Vec<NewRow<'_>> = queued
        .iter()
        .map(|request| NewRow::waiting(request, group))
        .collect();
    // What waits already, or ended well, is not queued again.
    let new: BTreeSet<String> = requests::queue_again(sql, &rows)
        .await?
        .into_iter()
        .collect();
    let new: Vec<&Request> = queued
        .iter()
        .filter(|request| new.contains(request.id.as_str()))
        .collect();
    Ok(announce(kv, &new).await?)
}
