//! `GET /healthz`: whether the parts that a release passes through answer, and how much waits. It must never say that all
//! is well for want of a look.

use serde::Serialize;

use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError};
use crate::queue::{Backoff, Listing};
use crate::store::intents;
use crate::store::requests::{self, Depth};

/// The state of the application.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `ok`; `misconfigured` if a variable is missing or wrong; `error` if the database or the store does not answer.
    pub status: &'static str,
    /// `ok`, or what is wrong.
    pub database: String,
    /// `ok`, or what is wrong.
    pub key_value: String,
    /// What is missing or wrong in the settings; empty if nothing is.
    pub configuration: Vec<Misconfigured>,
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

/// A variable that keeps the application from its work. Everybody may read this: it must never hold a value.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
pub struct Misconfigured {
    /// Its name.
    pub variable: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Health {
    /// The same, with what is wrong in the settings. That is no `error`: what is shipped is kept, and no restart mends it.
    #[must_use]
    pub fn with_configuration(mut self, problems: Vec<Misconfigured>) -> Self {
        if self.status == "ok" && !problems.is_empty() {
            self.status = "misconfigured";
        }
        self.configuration = problems;
        self
    }
}

/// Looks at the database, the store and the queue. What could not even be opened is told like what does not answer.
pub async fn health<K: KeyValue, D: Database, C: Clock>(
    kv: Result<&K, &KeyValueError>,
    db: Result<&D, &DatabaseError>,
    clock: &C,
) -> Health {
    let mut health = Health {
        status: "ok",
        database: "ok".to_owned(),
        key_value: "ok".to_owned(),
        configuration: Vec::new(),
        waiting_evaluations: 0,
        waiting_writes: 0,
        open_intents: 0,
        oldest_write_age_seconds: None,
        paused: Vec::new(),
    };
    let counted = match db {
        Ok(db) => counts(&Sql::new(db))
            .await
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match counted {
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
            health.database = error;
        }
    }
    let paused = match kv {
        Ok(kv) => paused(kv, clock).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match paused {
        Ok(paused) => health.paused = paused,
        Err(error) => {
            health.status = "error";
            health.key_value = error;
        }
    }
    health
}

async fn paused<K: KeyValue, C: Clock>(kv: &K, clock: &C) -> Result<Vec<Backoff>, KeyValueError> {
    let mut paused = Vec::new();
    for key in &Listing::of(kv.keys().await?).backoff {
        let value = kv.get(key).await.ok().flatten();
        let pause = value.and_then(|value| serde_json::from_slice::<Backoff>(&value).ok());
        paused.extend(pause.filter(|pause| pause.until_ms > clock.now_ms()));
    }
    Ok(paused)
}

async fn counts<D: Database>(sql: &Sql<'_, D>) -> Result<(i64, Depth), DatabaseError> {
    Ok((intents::count(sql).await?, requests::depth(sql).await?))
}
