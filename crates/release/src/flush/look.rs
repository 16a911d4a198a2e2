//! The look at what waits: the keys, then the intents, then the rows, in that order and after the tip was read (see the
//! head of [`crate::flush`]). It must never be put together in another order.

use std::collections::{BTreeMap, BTreeSet};

use domain::Request;

use super::git_host::GitHost;
use super::intent::Intent;
use super::memory::Memory;
use super::{Flush, FlushError};
use crate::ports::{Clock, Database, KeyValue, KeyValueError};
use crate::queue::{Listing, announced, arrival_of};
use crate::render::Renderer;
use crate::store::{intents, requests};

/// A key whose requests have no rows says nothing any more. The rows are written first, so that only a database that lags
/// or lost them can be without.
const FORGOTTEN_MS: u64 = 3_600_000;

/// What waits.
pub(super) struct Look {
    /// Requests that have not ended, in order of arrival.
    pub waiting: Vec<Request>,
    /// Pushes whose outcome is not recorded, in the order in which they were begun.
    pub intents: Vec<Intent>,
}

impl<K: KeyValue, D: Database, G: GitHost, C: Clock, R: Renderer> Flush<'_, K, D, G, C, R> {
    /// Looks at what waits. The rows say it; the keys are deleted whose requests have all ended.
    pub(super) async fn look(&self, memory: &mut Memory) -> Result<Look, FlushError> {
        let listed = Listing::of(self.kv.keys().await?).write;
        memory.keys.list(self.kv, listed).await?;
        let intents = intents::all(&self.sql).await?;
        let known: Vec<&str> = memory.requests.keys().map(String::as_str).collect();
        let standing = requests::standing(&self.sql, &memory.keys.ids(), &known).await?;
        let waits: BTreeSet<&str> = standing.waiting.iter().map(|(id, _)| id.as_str()).collect();
        memory
            .keys
            .remove(self.kv, |id| standing.ended.contains(id))
            .await?;
        let forgotten_ms = self.clock.now_ms().saturating_sub(FORGOTTEN_MS);
        memory
            .keys
            .forget(self.kv, forgotten_ms, |id| !waits.contains(id))
            .await?;
        let mut waiting = Vec::with_capacity(standing.waiting.len());
        for (id, body) in &standing.waiting {
            if let Some(request) = memory.requests.get(id) {
                waiting.push(request.clone());
            } else if let Ok(request) = Request::from_bytes(body.as_bytes()) {
                memory.requests.insert(id.clone(), request.clone());
                waiting.push(request);
            }
        }
        waiting.sort_by(|a, b| a.arrival().cmp(&b.arrival()));
        Ok(Look { waiting, intents })
    }
}

/// The `write.` keys that are set, and which of their requests are not known to have ended.
#[derive(Default)]
pub(super) struct Keys(BTreeMap<String, BTreeSet<String>>);

impl Keys {
    /// Takes a new listing; reads the values of keys that it does not know.
    async fn list<K: KeyValue>(
        &mut self,
        kv: &K,
        listed: Vec<String>,
    ) -> Result<(), KeyValueError> {
        let mut keys = BTreeMap::new();
        for key in listed {
            let ids = match self.0.remove(&key) {
                Some(ids) => Some(ids),
                // One that is gone by now is done; one of another version is for the build that knows it.
                None => kv.get(&key).await?.as_deref().and_then(announced),
            };
            if let Some(ids) = ids {
                keys.insert(key, ids);
            }
        }
        self.0 = keys;
        Ok(())
    }

    fn ids(&self) -> Vec<&str> {
        self.0.values().flatten().map(String::as_str).collect()
    }

    /// Deletes the keys whose requests have all ended.
    pub(super) async fn remove<K: KeyValue>(
        &mut self,
        kv: &K,
        ended: impl Fn(&str) -> bool,
    ) -> Result<(), KeyValueError> {
        let mut done = Vec::new();
        for (key, ids) in &mut self.0 {
            ids.retain(|id| !ended(id));
            if ids.is_empty() {
                done.push(key.clone());
            }
        }
        for key in done {
            kv.delete(&key).await?;
            self.0.remove(&key);
        }
        Ok(())
    }

    /// Deletes keys set before `before_ms` none of whose requests has a row.
    async fn forget<K: KeyValue>(
        &mut self,
        kv: &K,
        before_ms: u64,
        unknown: impl Fn(&str) -> bool,
    ) -> Result<(), KeyValueError> {
        let old = |key: &str| arrival_of(key).is_some_and(|ms| ms < before_ms);
        let forgotten = self.0.iter().filter(|(key, _)| old(key));
        let forgotten = forgotten.filter(|(_, ids)| ids.iter().all(|id| unknown(id)));
        let forgotten: Vec<String> = forgotten.map(|(key, _)| key.clone()).collect();
        for key in forgotten {
            kv.delete(&key).await?;
            self.0.remove(&key);
        }
        Ok(())
    }
}
