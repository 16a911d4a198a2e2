//! The flush: everything that waits becomes one push for each repository. Many replicas may flush at once and any may be
//! killed anywhere; a request still makes at most one commit, and none that was acknowledged is lost.
//!
//! # The order, which is the whole point
//!
//! 1. Read the branch's tip. 2. List the keys once. 3. Read the intents. 4. Ask the database which requests have ended.
//!
//! A request is pending only if its row says that it waits, asked last, and it is in no intent that landed. Reading the
//! tip later, or the intents later than the rows, lets a replica take up a request that another one has written already.
//! The keys say that there is work, and which; the rows are the truth.
//!
//! Before a push, its intent is written: old tip, new tip, the outcome of each request. Afterwards: the requests' rows,
//! then the `write.` keys, then the intent. An intent that did not land is removed only once the branch has moved past its
//! old tip, because until then the push may still arrive; or when the host itself answered that it did not take that
//! push, and the intent speaks for no other.
//!
//! # Who may change what
//!
//! Only this module deletes `write.` keys, and writes intents and `backoff.` keys.

mod batch;
mod facts;
mod folder;
pub mod git_host;
mod intent;
mod look;
mod memory;
mod pause;
mod push;
pub mod remote;
mod repository;
mod round;

use std::collections::{BTreeMap, BTreeSet};

use domain::{GitopsRepository, Request, TextTemplate};
use serde::Serialize;

pub(crate) use self::batch::parse_artifact;
use self::git_host::GitHost;
pub(crate) use self::intent::Intent;
use self::look::Look;
use self::memory::Memory;
use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError};
use crate::queue::{LEASE, Lease};
use crate::render::Renderer;
use crate::settings::FlushSettings;

/// How often a refused push is built anew on the new tip within one flush.
const ROUNDS: u64 = 5;
/// Intents without waiting requests are looked at in each flush for so long.
const HURRY_S: u64 = 60;
/// The lease is short: a flush that was killed must not hold up the next one for long.
const LEASE_MS: u64 = 8_000;

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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlushReport {
    /// Another flush is at work; this one did nothing.
    pub busy: bool,
    /// Each repository that had work.
    pub repositories: BTreeMap<String, RepositoryReport>,
    /// Every request that ended, for logs and metrics. Two replicas may both have ended one.
    #[serde(skip)]
    pub ended: Vec<Ended>,
}

/// A request that ended.
#[derive(Debug)]
pub struct Ended {
    /// The request.
    pub request: Request,
    /// Its commit, if it made one.
    pub commit: Option<String>,
    /// Why it ended as an error.
    pub error: Option<String>,
}

impl Ended {
    /// `committed`, `unchanged` or `error`.
    pub fn outcome(&self) -> &'static str {
        match (&self.error, &self.commit) {
            (Some(_), _) => "error",
            (None, Some(_)) => "committed",
            (None, None) => "unchanged",
        }
    }
}

impl FlushReport {
    fn of(&mut self, url: &str) -> &mut RepositoryReport {
        self.repositories.entry(url.to_owned()).or_default()
    }
}

/// What one flush did in one repository.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

impl<K: KeyValue, D: Database, G: GitHost, C: Clock, R: Renderer> Flush<'_, K, D, G, C, R> {
    /// Flushes all that waits, within the time budget.
    ///
    /// # Errors
    ///
    /// [`FlushError`] when the store or the database fails; a failing Git host is in the report instead.
    pub async fn run(&self) -> Result<FlushReport, FlushError> {
        let deadline_ms = self.clock.now_ms().saturating_add(self.settings.budget_ms);
        let mut memory = Memory::default();
        // This look decides only whom to ask for a tip; what is pending is decided after that, by another.
        let look = self.look(&mut memory).await?;
        let targets = self.with_work(&look);
        if look.waiting.is_empty() && targets.is_empty() {
            return Ok(FlushReport::default());
        }
        if !self.take_lease().await? {
            return Ok(FlushReport {
                busy: true,
                ..FlushReport::default()
            });
        }
        let done = match self.end_homeless(&mut memory, &look).await {
            Ok(()) => self.rounds(&mut memory, targets, deadline_ms).await,
            Err(error) => Err(error),
        };
        self.kv.delete(LEASE).await?;
        done?;
        Ok(memory.report)
    }

    async fn rounds(
        &self,
        memory: &mut Memory,
        mut targets: BTreeSet<usize>,
        deadline_ms: u64,
    ) -> Result<(), FlushError> {
        let mut refusals = 0;
        while !targets.is_empty() && self.clock.now_ms() < deadline_ms && refusals < ROUNDS {
            if refusals > 0 {
                // Jitter, so that replicas that collided do not do so again.
                let jitter = u64::from(self.clock.random().first().copied().unwrap_or_default());
                self.clock.sleep_ms(20 + jitter * refusals).await;
            }
            self.renew_lease().await?;
            targets = self.round(memory, &targets, deadline_ms).await?;
            let refused = memory
                .targets
                .values()
                .any(|target| target.refused.is_some());
            refusals += u64::from(refused);
        }
        Ok(())
    }

    /// The repositories that anything waits for.
    fn with_work(&self, look: &Look) -> BTreeSet<usize> {
        let waiting = look.waiting.iter();
        let mut chosen: BTreeSet<usize> = waiting
            .filter_map(|request| self.target_of(request))
            .collect();
        for intent in look.intents.iter().filter(|intent| self.is_due(intent)) {
            let repositories = self.settings.repositories.all().iter().enumerate();
            let same = |repository: &GitopsRepository| repository.url.as_str() == intent.url;
            chosen.extend(
                repositories
                    .filter(|(_, repository)| same(repository))
                    .filter_map(|(_, repository)| self.first_like(repository)),
            );
        }
        chosen
    }

    /// An intent for which nothing waits any more needs no hurry: it is looked at the more rarely the older it is, lest an
    /// idle application asks the host at each tick.
    fn is_due(&self, intent: &Intent) -> bool {
        let (seconds, _) = intent.id.get_timestamp().map_or((0, 0), |at| at.to_unix());
        let age_s = (self.clock.now_ms() / 1000).saturating_sub(seconds);
        let drawn = u64::from_be_bytes(
            self.clock
                .random()
                .first_chunk()
                .copied()
                .unwrap_or_default(),
        );
        drawn % age_s.max(1) < HURRY_S
    }

    /// Which of the configured repositories a request is for.
    fn target_of(&self, request: &Request) -> Option<usize> {
        let repositories = &self.settings.repositories;
        self.first_like(repositories.repository_for(request.kind.env())?)
    }

    /// Environments may share a repository: it is pushed once for all of them.
    fn first_like(&self, wanted: &GitopsRepository) -> Option<usize> {
        let mut known = self.settings.repositories.all().iter();
        known.position(|known| known.url == wanted.url && known.branch == wanted.branch)
    }

    async fn take_lease(&self) -> Result<bool, FlushError> {
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
        self.renew_lease().await?;
        Ok(true)
    }

    async fn renew_lease(&self) -> Result<(), FlushError> {
        let lease = Lease {
            until_ms: self.clock.now_ms().saturating_add(LEASE_MS),
        };
        let value = serde_json::to_vec(&lease).unwrap_or_default();
        Ok(self.kv.set(LEASE, &value).await?)
    }
}
