//! Deletions that people ask for: requests like releases, so that they can be tracked and never race with them. Whether
//! there is anything to delete is the flush's to say.

use domain::{AppName, DeleteRequest, EnvName, Request, RequestId, RequestKind, TriggeredBy};

use crate::ingest::random_request_id;
use crate::ports::Clock;

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

/// The request, which [`crate::ask::queue`] queues.
pub fn delete_request(clock: &impl Clock, wish: &DeleteWish) -> Request {
    let delete = DeleteRequest {
        env: wish.env.clone(),
        app: wish.app.clone(),
        triggered_by: wish.triggered_by.clone(),
    };
    let id = match &wish.idempotency_key {
        Some(key) => RequestId::for_delete(&delete, key),
        None => random_request_id(clock),
    };
    Request {
        id,
        created_ms: clock.now_ms(),
        kind: RequestKind::Delete(delete),
    }
}
