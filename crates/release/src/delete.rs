//! Deletions that people ask for: queued like releases, so that they can be tracked and never race with them. Whether
//! there is anything to delete is the flush's to say.

use domain::{AppName, DeleteRequest, EnvName, Request, RequestId, RequestKind, TriggeredBy};

use crate::database::Sql;
use crate::enqueue::queue_anew;
use crate::ingest::{RETRY_AFTER_S, random_request_id};
use crate::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError};
use crate::store::requests;

/// Why a deletion was not queued.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// More waits than is allowed.
    #[error(
        "{waiting} or more artifacts and releases wait already; try again in {retry_after_s} s"
    )]
    Full {
        /// The limit that was reached.
        waiting: i64,
        /// Seconds.
        retry_after_s: u32,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The key-value store failed.
    #[error(transparent)]
    KeyValue(#[from] KeyValueError),
}

/// A deletion that somebody asks for.
#[derive(Debug)]
pub struct DeleteWish {
    /// The environment.
    pub env: EnvName,
    /// The app.
    pub app: AppName,
    /// Who asks.
    pub triggered_by: TriggeredBy,
    /// The client's key: the same wish with the same key is queued once.
    pub idempotency_key: Option<String>,
}

/// Queues a deletion and gives the id by which it can be tracked.
///
/// # Errors
///
/// See [`DeleteError`].
pub async fn delete<K: KeyValue, D: Database, C: Clock>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
    wish: &DeleteWish,
    max_waiting: i64,
) -> Result<RequestId, DeleteError> {
    if requests::waiting(sql, max_waiting).await? >= max_waiting {
        return Err(DeleteError::Full {
            waiting: max_waiting,
            retry_after_s: RETRY_AFTER_S,
        });
    }
    let delete = DeleteRequest {
        env: wish.env.clone(),
        app: wish.app.clone(),
        triggered_by: wish.triggered_by.clone(),
    };
    let id = match &wish.idempotency_key {
        Some(key) => RequestId::for_delete(&delete, key),
        None => random_request_id(clock),
    };
    let request = Request {
        id: id.clone(),
        created_ms: clock.now_ms(),
        kind: RequestKind::Delete(delete),
    };
    queue_anew::<_, _, DeleteError>(kv, sql, &[request], None).await?;
    Ok(id)
}
