//! `GET /healthz`: whether the parts that a release passes through answer, and how much waits. It must never say that all
//! is well for want of a look.

use serde::Serialize;

use crate::database::Sql;
use crate::ports::{Clock, Database, KeyValue};
use crate::queue::{Backoff, Listing, arrival_of};
use crate::store::intents;

/// The state of the application.
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
    pub waiting_evaluations: usize,
    /// Releases that wait to be written.
    pub waiting_writes: usize,
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
    match intents::count(sql).await {
        Ok(count) => health.open_intents = count,
        Err(error) => {
            health.status = "error";
            health.database = error.to_string();
        }
    }
    match kv.keys().await {
        Ok(keys) => {
            let listing = Listing::of(keys);
            health.waiting_evaluations = listing.evaluate.len();
            health.waiting_writes = listing.write.len();
            let oldest = listing.write.first().and_then(|key| arrival_of(key));
            health.oldest_write_age_seconds =
                oldest.map(|ms| clock.now_ms().saturating_sub(ms) / 1000);
            for key in &listing.backoff {
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
