//! `GET /healthz`: whether the parts that a release passes through answer, and how much waits. It must never say that all
//! is well for want of a look.

use serde::Serialize;

use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError, KeyValue};
use crate::queue::{Backoff, Listing};
use crate::store::intents;
use crate::store::requests::{self, Depth};

/// The state of the application.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `ok`, or `error` if the database or the store does not answer.
    pub status: &'static str,
    /// `ok`, or what is wrong.
    pub database: String,
    /// `ok`, or what is wrong.
    pub key_value: String,
    /// Artifacts that wait for evaluation.
    pub waiting_evaluations: i64,
    /// Releases that wait to be written.
    pub waiting_writes: i64,
    /// Pushes whose outcome is not recorded yet.
    pub open_intents: i64,
    /// Age of the oldest waiting write in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_write_age_seconds: Option<u64>,
    /// GitOps repositories that are left alone for now, and why.
    pub paused: Vec<Backoff>,
}

/// Looks at the database, the store and the queue.
pub async fn health<K: KeyValue, D: Database, C: Clock>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
) -> Health {
    let mut health = Health {
        status: "ok",
        database: "ok".to_owned(),
        key_value: "ok".to_owned(),
        waiting_evaluations: 0,
        waiting_writes: 0,
        open_intents: 0,
        oldest_write_age_seconds: None,
        paused: Vec::new(),
    };
    match counts(sql).await {
        Ok((intents, depth)) => {
            health.open_intents = intents;
            health.waiting_evaluations = depth.evaluations;
            health.waiting_writes = depth.writes;
            let oldest = depth.oldest_write_ms.and_then(|ms| u64::try_from(ms).ok());
            health.oldest_write_age_seconds =
                oldest.map(|ms| clock.now_ms().saturating_sub(ms) / 1000);
        }
        Err(error) => {
            health.status = "error";
            health.database = error.to_string();
        }
    }
    match kv.keys().await {
        Ok(keys) => {
            for key in &Listing::of(keys).backoff {
                let value = kv.get(key).await.ok().flatten();
                let pause = value.and_then(|value| serde_json::from_slice::<Backoff>(&value).ok());
                health
                    .paused
                    .extend(pause.filter(|pause| pause.until_ms > clock.now_ms()));
            }
        }
        Err(error) => {
            health.status = "error";
            health.key_value = error.to_string();
        }
    }
    health
}

async fn counts<D: Database>(sql: &Sql<'_, D>) -> Result<(i64, Depth), DatabaseError> {
    Ok((intents::count(sql).await?, requests::depth(sql).await?))
}
