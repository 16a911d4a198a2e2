//! The keys of the shared key-value store, and what is said in their values. Nothing else may name a key.
//!
//! The store is the wiring and stays tiny: what is done is deleted. Keys use `.` as the separator and stay below 255
//! bytes, values below 1 MB: the least that every Spin store takes.

use std::collections::BTreeSet;

use domain::{ArtifactId, Request};
use serde::{Deserialize, Serialize};

use crate::digest;
use crate::ports::{KeyValue, KeyValueError};

/// An artifact waits for its policies to be evaluated; the value is its id.
const EVALUATE: &str = "evaluate.";
/// Requests wait to be written; the value is the list of their ids. The requests themselves are rows.
const WRITE: &str = "write.";
/// The most ids under one key: values stay far below 1 MB.
const IDS: usize = 1_000;
/// A Git host asked to be left alone for a while, or failed.
const BACKOFF: &str = "backoff.";
/// The flush that is at work.
pub(crate) const LEASE: &str = "lease.flush";

/// The key under which an artifact waits. Keys sort by arrival; ids hold `/`, which not every store takes, so the key
/// holds a digest.
pub fn evaluate_key(created_ms: u64, id: &ArtifactId) -> String {
    format!(
        "{EVALUATE}{created_ms:013}.{}",
        digest::short(id.as_str().as_bytes())
    )
}

/// The key under which requests wait that were queued together. Keys sort by arrival; the same requests always have the
/// same key.
pub fn write_key(requests: &[&Request]) -> String {
    let created_ms = requests.first().map_or(0, |request| request.created_ms);
    let ids: Vec<&str> = requests.iter().map(|request| request.id.as_str()).collect();
    format!(
        "{WRITE}{created_ms:013}.{}",
        digest::short(ids.join("\n").as_bytes())
    )
}

/// The key of the pause for one remote repository.
pub(crate) fn backoff_key(url: &str) -> String {
    format!("{BACKOFF}{}", digest::short(url.as_bytes()))
}

/// Announces requests whose rows are written: one durable write for all that were queued together.
pub(crate) async fn announce<K: KeyValue>(
    kv: &K,
    requests: &[&Request],
) -> Result<(), KeyValueError> {
    for together in requests.chunks(IDS) {
        let ids: Vec<&str> = together.iter().map(|request| request.id.as_str()).collect();
        let value = serde_json::to_vec(&ids).map_err(|error| KeyValueError {
            operation: "set",
            source: error.into(),
        })?;
        kv.set(&write_key(together), &value).await?;
    }
    Ok(())
}

/// The ids of the requests that a `write.` key announces; none if the value is of another version.
pub(crate) fn announced(value: &[u8]) -> Option<BTreeSet<String>> {
    serde_json::from_slice(value).ok()
}

/// The keys of one listing, by what they are. Keys of others in the same store are passed over.
#[derive(Debug, Default)]
pub struct Listing {
    /// `evaluate.…`
    pub evaluate: Vec<String>,
    /// `write.…`, in order of arrival
    pub write: Vec<String>,
    /// `backoff.…`
    pub backoff: Vec<String>,
}

impl Listing {
    /// Sorts one listing of the store.
    pub fn of(keys: Vec<String>) -> Self {
        let mut listing = Self::default();
        for key in keys {
            if key.starts_with(WRITE) {
                listing.write.push(key);
            } else if key.starts_with(EVALUATE) {
                listing.evaluate.push(key);
            } else if key.starts_with(BACKOFF) {
                listing.backoff.push(key);
            }
        }
        listing.write.sort_unstable();
        listing.evaluate.sort_unstable();
        listing
    }
}

/// Why a Git host is left alone, and until when.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Backoff {
    /// The remote's URL, without credentials.
    pub url: String,
    /// Milliseconds since the Unix epoch.
    pub until_ms: u64,
    /// Failures in a row.
    pub failures: u32,
    /// The last failure, for people.
    pub reason: String,
}

/// The flush that is at work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Lease {
    /// Milliseconds since the Unix epoch.
    pub until_ms: u64,
}

/// When the requests under a `write.` key were queued, in milliseconds since the Unix epoch.
pub(crate) fn arrival_of(key: &str) -> Option<u64> {
    key.strip_prefix(WRITE)?.split('.').next()?.parse().ok()
}
