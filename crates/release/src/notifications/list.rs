//! What was told, what waits, and why something was not taken; and another try for the latter.

use domain::EnvName;
use notify::Event;
use serde_json::{Map, Value};

use super::now_ms;
use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError};
use crate::query::{InvalidParameter, Parameters, QueryError, printable};
use crate::store::notifications::{self as store, Filter, Shown};

const STATES: [&str; 5] = ["waiting", "sending", "sent", "failed", "unknown"];

/// `GET /api/notifications`: a page of them, newest first, by `env`, `status` and `destination`.
///
/// # Errors
/// See [`QueryError`].
pub async fn list<D: Database>(
    sql: &Sql<'_, D>,
    parameters: &Parameters,
) -> Result<Vec<Value>, QueryError> {
    let (limit, offset) = parameters.page()?;
    let state = parameters.get("status");
    if state.is_some_and(|state| !STATES.contains(&state)) {
        let problem = "must be waiting, sending, sent, failed or unknown".to_owned();
        return Err(InvalidParameter {
            parameter: "status",
            problem,
        }
        .into());
    }
    let env: Option<EnvName> = parameters.name("env")?;
    let filter = Filter {
        env: env.map(|env| env.as_str().to_owned()),
        state: state.map(str::to_owned),
        destination: parameters.get("destination").map(str::to_owned),
    };
    let rows = store::list(sql, &filter, limit, offset).await?;
    Ok(rows.into_iter().map(to_json).collect())
}

fn to_json(shown: Shown) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    put("id", shown.id.into());
    put("destination", shown.destination.into());
    if !shown.channel.is_empty() {
        put("channel", shown.channel.into());
    }
    put("status", shown.state.into());
    put("attempts", shown.attempts.into());
    put("created", date(shown.created_ms));
    if let Some(due_ms) = shown.due_ms {
        put("due", date(due_ms));
    }
    if let Some(ended_ms) = shown.ended_ms {
        put("ended", date(ended_ms));
    }
    if !shown.reason.is_empty() {
        put("reason", shown.reason.into());
    }
    if let Ok(event) = serde_json::from_str::<Event>(&shown.body) {
        put("type", event.type_name().into());
        put("event", serde_json::to_value(&event).unwrap_or_default());
    }
    Value::Object(fields)
}

/// RFC 3339.
fn date(ms: i64) -> Value {
    let at = jiff::Timestamp::from_millisecond(ms);
    at.map_or(Value::Null, |at| at.to_string().into())
}

/// Why a notification is not sent again.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// There is none of this id.
    #[error("there is no notification {0}")]
    NotFound(String),
    /// Only what failed, or may not have been taken, can be sent again.
    #[error("the notification is {0}: only one that is failed or unknown can be sent again")]
    NotEnded(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Sends a notification that failed, or of which nobody knows whether it was taken, once more: somebody has looked.
///
/// # Errors
/// See [`RetryError`].
pub async fn again<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    id: &str,
) -> Result<(), RetryError> {
    if store::again(sql, id, now_ms(clock)).await? {
        return Ok(());
    }
    Err(match store::state(sql, id).await? {
        Some(state) => RetryError::NotEnded(state),
        None => RetryError::NotFound(printable(id)),
    })
}
