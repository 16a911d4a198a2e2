//! The flush: everything that waits becomes one push for each repository. Many replicas may flush at once and any may be
//! killed anywhere; a request still makes at most one commit, and none that was acknowledged is lost.
//!
//! # The order, which is the whole point
//!
//! 1. Read the branch's tip. 2. List the keys once. 3. Read the values. 4. Ask the database which requests have ended.
//!
//! A request is pending only if it is listed, has not ended, and is in no intent that landed. Listing before the tip is
//! read, or asking the database before listing, lets a replica see a request that another one has written already.
//!
//! Before a push, its intent is set: old tip, new tip, the outcome of each request. Afterwards: the database, then the
//! `write.` keys, then the intent. An intent that did not land is removed only once the branch has moved past its old
//! tip, because until then the push may still arrive; or when the host itself refused that push and the branch then
//! still stands where it stood.
//!
//! # Who may change what
//!
//! Only this module deletes `write.` keys, and sets or deletes `intent.` and `backoff.` keys.

mod batch;
pub mod git_host;
mod intent;
pub mod remote;
mod repository;
mod round;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use domain::{GitopsRepository, Request, TextTemplate};
use serde::Serialize;
use uuid::Uuid;

use crate::database::Sql;
use crate::flush::git_host::GitHost;
use crate::flush::intent::Intent;
use crate::flush::repository::Refused;
use crate::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError, new_uuid};
use crate::queue::{LEASE, Lease, Listing, write_key};
use crate::render::Renderer;
use crate::settings::FlushSettings;
use crate::store::requests;

/// How often a refused push is built anew on the new tip within one flush.
const ROUNDS: u64 = 5;
/// The lease is short: a flush that was killed must not hold up the next one for long.
const LEASE_MS: u64 = 8_000;
/// A row that waits for so long without a key has lost it.
const LOST_AFTER_MS: u64 = 60_000;

/// The flush could not go on. What was not finished stays in the queue.
#[derive(Debug, thiserror::Error)]
pub enum FlushError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The key-value store failed.
    #[error(transparent)]
    KeyValue(#[from] KeyValueError),
}

/// What one flush did.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlushReport {
    /// Another flush is at work; this one did nothing.
    pub busy: bool,
    /// Each repository that had work.
    pub repositories: BTreeMap<String, RepositoryReport>,
}

/// What one flush did in one repository.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryReport {
    /// Pushes that were accepted.
    pub pushes: usize,
    /// Pushes that were refused, because the branch had moved or for another reason.
    pub refused: usize,
    /// Requests that ended with a commit.
    pub released: usize,
    /// Requests that changed nothing.
    pub unchanged: usize,
    /// Requests that ended as errors.
    pub errors: usize,
    /// Requests that still wait.
    pub waiting: usize,
    /// Why the repository was not, or not wholly, written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// All that a flush works with.
pub struct Flush<'a, K, D, G, C, R> {
    /// The key-value store.
    pub kv: &'a K,
    /// The database.
    pub sql: Sql<'a, D>,
    /// The Git hosts.
    pub git: &'a G,
    /// Time and randomness.
    pub clock: &'a C,
    /// What renders manifests.
    pub renderer: &'a R,
    /// What resolves variables in manifests.
    pub template: &'a dyn TextTemplate,
    /// The operator's settings.
    pub settings: &'a FlushSettings,
}

/// What one flush knows so far. Values of `write.` and `intent.` keys never change, so they are read once.
#[derive(Default)]
struct Memory {
    requests: BTreeMap<String, Request>,
    intents: BTreeMap<String, Intent>,
    /// Repositories by URL: the most requests to push at once, where the host refused a larger batch.
    max_batch: BTreeMap<String, usize>,
    /// The push that was refused in the round before, by URL.
    refused: BTreeMap<String, Refused>,
    /// Failures in a row before this flush, by URL, where there were any.
    failures: BTreeMap<String, u32>,
    /// Environments and apps of which a request waits for a passing cause: it is tried once a flush.
    stuck: BTreeSet<(String, String)>,
    report: FlushReport,
}

impl<K: KeyValue, D: Database, G: GitHost, C: Clock, R: Renderer> Flush<'_, K, D, G, C, R> {
    /// Flushes all that waits, within the time budget.
    ///
    /// # Errors
    ///
    /// [`FlushError`] when the store or the database fails; a failing Git host is in the report instead.
    pub async fn run(&self) -> Result<FlushReport, FlushError> {
        self.sql.migrate().await?;
        let deadline_ms = self.clock.now_ms().saturating_add(self.settings.budget_ms);
        let mut listing = Listing::of(self.kv.keys().await?);
        if self.requeue_lost(&listing).await? {
            listing = Listing::of(self.kv.keys().await?);
        }
        if listing.write.is_empty() && listing.intent.is_empty() {
            return Ok(FlushReport::default());
        }
        let owner = new_uuid(self.clock);
        if !self.take_lease(owner).await? {
            return Ok(FlushReport {
                busy: true,
                ..FlushReport::default()
            });
        }
        let memory = RefCell::new(Memory::default());
        let done = self.rounds(&memory, &listing, deadline_ms, owner).await;
        self.kv.delete(LEASE).await?;
        done?;
        Ok(memory.into_inner().report)
    }

    async fn rounds(
        &self,
        memory: &RefCell<Memory>,
        listing: &Listing,
        deadline_ms: u64,
        owner: Uuid,
    ) -> Result<(), FlushError> {
        let mut targets = self.with_work(memory, listing).await?;
        let mut refusals = 0;
        while !targets.is_empty() && self.clock.now_ms() < deadline_ms && refusals < ROUNDS {
            if refusals > 0 {
                // Jitter, so that replicas that collided do not do so again.
                let jitter = u64::from(self.clock.random().first().copied().unwrap_or_default());
                self.clock.sleep_ms(20 + jitter * refusals).await;
            }
            self.renew_lease(owner).await?;
            targets = self.round(memory, &targets, deadline_ms).await?;
            refusals += u64::from(!memory.borrow().refused.is_empty());
        }
        Ok(())
    }

    /// The repositories that anything waits for. This look decides only whom to ask for a tip; what is pending is
    /// decided after that, by a listing of its own.
    async fn with_work(
        &self,
        memory: &RefCell<Memory>,
        listing: &Listing,
    ) -> Result<BTreeSet<usize>, FlushError> {
        self.read_values(memory, listing).await?;
        let memory = memory.borrow();
        let mut chosen: BTreeSet<usize> = memory
            .requests
            .values()
            .filter_map(|request| self.target_of(request))
            .collect();
        for (index, repository) in self.settings.repositories.all().iter().enumerate() {
            if memory
                .intents
                .values()
                .any(|intent| intent.url == repository.url.as_str())
            {
                chosen.insert(index);
            }
        }
        if chosen.is_empty() {
            // Requests without a repository end in a round, whichever repository that is for.
            chosen.insert(0);
        }
        Ok(chosen)
    }

    /// Which of the configured repositories a request is for.
    fn target_of(&self, request: &Request) -> Option<usize> {
        let domain::RequestKind::Release(release) = &request.kind else {
            return None;
        };
        let wanted = self.settings.repositories.repository_for(&release.env)?;
        self.settings
            .repositories
            .all()
            .iter()
            .position(|known| known == wanted)
    }

    fn repository(&self, index: usize) -> Option<&GitopsRepository> {
        self.settings.repositories.all().get(index)
    }

    /// Sets the keys of requests again that wait in the database and have none: the key-value store lost them.
    async fn requeue_lost(&self, listing: &Listing) -> Result<bool, FlushError> {
        let before = self.clock.now_ms().saturating_sub(LOST_AFTER_MS);
        let waiting =
            requests::waiting_since(&self.sql, i64::try_from(before).unwrap_or(i64::MAX), 500)
                .await?;
        let mut any = false;
        for body in waiting {
            let Ok(request) = Request::from_bytes(body.as_bytes()) else {
                continue;
            };
            let key = write_key(&request);
            if listing.write.binary_search(&key).is_err() {
                self.kv.set(&key, body.as_bytes()).await?;
                any = true;
            }
        }
        Ok(any)
    }

    async fn take_lease(&self, owner: Uuid) -> Result<bool, FlushError> {
        let held = self
            .kv
            .get(LEASE)
            .await?
            .and_then(|value| serde_json::from_slice::<Lease>(&value).ok());
        // A lease from the future of a clock that was wrong must not hold for ever.
        let now = self.clock.now_ms();
        if held.is_some_and(|lease| {
            lease.until_ms > now && lease.until_ms <= now.saturating_add(LEASE_MS)
        }) {
            return Ok(false);
        }
        self.renew_lease(owner).await?;
        Ok(true)
    }

    async fn renew_lease(&self, owner: Uuid) -> Result<(), FlushError> {
        let lease = Lease {
            owner,
            until_ms: self.clock.now_ms().saturating_add(LEASE_MS),
        };
        let value = serde_json::to_vec(&lease).unwrap_or_default();
        Ok(self.kv.set(LEASE, &value).await?)
    }
}
