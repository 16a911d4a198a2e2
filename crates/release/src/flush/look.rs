//! The look at what waits: the keys, then the intents, then the rows, in that order and after the tip was read (see the
//! head of [`crate::flush`]). It must never be put together in another order.

use domain::Request;

use super::git_host::GitHost;
use super::intent::Intent;
use super::memory::Memory;
use super::{Flush, FlushError};
use crate::ports::{Clock, Database, KeyValue};
use crate::queue::{Listing, request_id_of, write_key};
use crate::render::Renderer;
use crate::store::{intents, requests};

/// What waits.
pub(super) struct Look {
    /// Keys of requests that have not ended, in order of arrival.
    pub write: Vec<String>,
    /// Pushes whose outcome is not recorded, in the order in which they were begun.
    pub intents: Vec<Intent>,
}

impl<K: KeyValue, D: Database, G: GitHost, C: Clock, R: Renderer> Flush<'_, K, D, G, C, R> {
    /// Looks at what waits. Removes keys of requests that have ended, and sets keys again that the store lost: a request
    /// that waits in the database without a key is as good as listed, or later ones would overtake it.
    pub(super) async fn look(&self, memory: &mut Memory) -> Result<Look, FlushError> {
        let listing = Listing::of(self.kv.keys().await?);
        for key in &listing.write {
            // One that is gone by now is done.
            if !memory.requests.contains_key(key)
                && let Some(value) = self.kv.get(key).await?
                && let Ok(request) = Request::from_bytes(&value)
            {
                memory.requests.insert(key.clone(), request);
            }
        }
        let intents = intents::all(&self.sql).await?;
        let ids: Vec<&str> = listing.write.iter().map(|key| request_id_of(key)).collect();
        let standing = requests::standing(&self.sql, &ids).await?;
        let mut write = Vec::with_capacity(listing.write.len());
        for key in listing.write {
            if standing.ended.contains(request_id_of(&key)) {
                // Whoever ended it died before deleting its key.
                self.kv.delete(&key).await?;
            } else {
                write.push(key);
            }
        }
        for body in standing.unlisted {
            if let Ok(request) = Request::from_bytes(body.as_bytes()) {
                let key = write_key(&request);
                self.kv.set(&key, body.as_bytes()).await?;
                memory.requests.insert(key.clone(), request);
                write.push(key);
            }
        }
        write.sort_unstable();
        Ok(Look { write, intents })
    }
}
