//! What one flush knows so far. It dies with the flush: nothing in it may be needed for the truth.

use std::collections::BTreeMap;

use domain::{AppName, EnvName, Request};
use gitwire::CommitId;

use super::FlushReport;
use super::look::Keys;

/// What one flush knows so far.
#[derive(Default)]
pub(super) struct Memory {
    /// Requests that wait or waited, by id: each row is read once.
    pub requests: BTreeMap<String, Request>,
    pub keys: Keys,
    pub stuck: Stuck,
    /// By the index of the repository.
    pub targets: BTreeMap<usize, Target>,
    pub report: FlushReport,
}

/// What one flush knows of one repository.
#[derive(Default)]
pub(super) struct Target {
    /// The most requests to push at once, where the host refused a larger batch.
    pub max_batch: Option<usize>,
    /// The push that was refused in the round before.
    pub refused: Option<Refused>,
    /// Failures in a row.
    pub failures: u32,
}

/// A push that the host refused.
pub(super) struct Refused {
    /// Where the branch should have stood.
    pub tip: Option<CommitId>,
    pub reason: String,
}

/// Requests that wait for a passing cause: each is tried once a flush, and later ones of the same app and environment wait
/// behind it.
#[derive(Default)]
pub(super) struct Stuck {
    /// By environment and app, the arrival of the first one.
    first: BTreeMap<Place, (u64, String)>,
}

type Place = (EnvName, Option<AppName>);

fn place_of(request: &Request) -> Place {
    (request.kind.env().clone(), request.kind.app().cloned())
}

impl Stuck {
    pub(super) fn add(&mut self, request: &Request) {
        if !self.holds(request) {
            let (ms, id) = request.arrival();
            self.first.insert(place_of(request), (ms, id.to_owned()));
        }
    }

    /// Whether the request is stuck itself, or waits behind one that is.
    pub(super) fn holds(&self, request: &Request) -> bool {
        let first = self.first.get(&place_of(request));
        first.is_some_and(|(ms, id)| (*ms, id.as_str()) <= request.arrival())
    }
}
