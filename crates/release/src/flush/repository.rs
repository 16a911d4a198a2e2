//! One repository's part of a round: settle what an earlier flush left, build the batch, push it, record it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use domain::{GitopsRepository, Request, RequestKind};

use super::batch::{Added, Batch, BrokenRepository, parse_artifact};
use super::git_host::{Cause, GitHost, GitSession, HostError, PushAnswer};
use super::intent::{Intent, Landing};
use super::round::{Record, Work};
use super::{Flush, FlushError, Memory, RepositoryReport};
use crate::ports::{Clock, Database, KeyValue, KeyValueError, new_uuid};
use crate::queue::{Backoff, Listing, backoff_key, intent_key, write_key};
use crate::render::Renderer;
use crate::store::{artifacts, requests};

/// A request that failed so often for passing causes ends as an error.
const ATTEMPTS: i64 = 3;
/// Requests whose artifacts are in memory at once: an artifact may have 1 MB.
const CHUNK: usize = 32;
/// Bytes of files in one push; the rest goes with the next.
const BATCH_BYTES: usize = 32 << 20;
/// A value of the key-value store may have 1 MB on every platform.
const INTENT_BYTES: usize = 950_000;
/// The longest pause after failures in a row.
const LONGEST_PAUSE_MS: u64 = 300_000;

/// What became of a push.
#[derive(PartialEq, Eq)]
enum Pushed {
    Accepted,
    /// Refused or too large: a new round builds it anew.
    Again,
    /// Nothing more is to be done in this flush.
    Stop,
}

/// The push that the host refused last, in this flush.
pub(super) struct Refused {
    key: String,
    reason: String,
    /// No other push over the same requests could be on its way when this one was made.
    alone: bool,
}

/// The batch as it will be pushed.
struct Built {
    intent: Intent,
    pack: Vec<u8>,
}

impl<K: KeyValue, D: Database, G: GitHost, C: Clock, R: Renderer> Flush<'_, K, D, G, C, R> {
    /// Says whether the repository needs another round.
    pub(super) async fn flush_repository(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
        session: &G::Session,
        work: Work,
        deadline_ms: u64,
    ) -> Result<bool, FlushError> {
        let Work {
            mut pending,
            intents,
        } = work;
        let open = match self
            .settle(memory, repository, session, intents, &mut pending)
            .await?
        {
            Ok(open) => open,
            Err(error) => {
                self.pause(memory, repository, &error).await?;
                return Ok(false);
            }
        };
        self.report(memory, repository, |report| report.waiting = pending.len());
        if pending.is_empty()
            || self
                .was_refused_here(memory, repository, session, &open)
                .await?
        {
            return Ok(false);
        }
        let url = repository.url.as_str();
        let most = memory
            .borrow()
            .max_batch
            .get(url)
            .copied()
            .unwrap_or(self.settings.max_batch)
            .max(1);
        let truncated = pending.len() > most;
        pending.truncate(most);
        let built = match session.trees().await {
            Ok(objects) => {
                self.build(
                    memory,
                    repository,
                    session,
                    objects,
                    &open,
                    &pending,
                    deadline_ms,
                )
                .await?
            }
            Err(error) => {
                self.pause(memory, repository, &error).await?;
                return Ok(false);
            }
        };
        let (batch, stopped) = match built {
            Ok(built) => built,
            Err(error) => {
                self.pause(memory, repository, &broken(&error)).await?;
                return Ok(false);
            }
        };
        if batch.has_commits() {
            let pushed = self
                .push(memory, repository, session, batch, &open, &pending)
                .await?;
            return Ok(
                pushed == Pushed::Again || (pushed == Pushed::Accepted && (truncated || stopped))
            );
        }
        let ended = self
            .end_without_push(memory, repository, batch, &open, &pending)
            .await?;
        Ok(ended > 0 && (truncated || stopped))
    }

    /// Settles the intents of earlier pushes; gives those that are still open. Takes what landed out of `pending`.
    async fn settle(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
        session: &G::Session,
        intents: Vec<(String, Intent)>,
        pending: &mut Vec<Request>,
    ) -> Result<Result<Vec<(String, Intent)>, HostError>, FlushError> {
        let mut open = Vec::new();
        let mut since: BTreeMap<Option<gitwire::CommitId>, BTreeSet<gitwire::CommitId>> =
            BTreeMap::new();
        for (key, intent) in intents {
            let mut known = BTreeSet::new();
            if session.tip() == Some(intent.new) {
                // No need to ask: the whole chain is there.
                known.extend(intent.outcomes.iter().filter_map(|outcome| outcome.commit));
            } else if session.tip() != intent.old {
                if let std::collections::btree_map::Entry::Vacant(entry) = since.entry(intent.old) {
                    match session.commits_since(intent.old).await {
                        Ok(commits) => entry.insert(commits),
                        Err(error) => return Ok(Err(error)),
                    };
                }
                known = since.get(&intent.old).cloned().unwrap_or_default();
            }
            match intent.landing(session.tip(), &known) {
                Landing::Open => open.push((key, intent)),
                Landing::Moved { count } => {
                    let landed = intent.outcomes.get(..count).unwrap_or_default();
                    let record = Record {
                        outcomes: landed,
                        gitops_repo: repository.name(),
                        date_s: intent.date_s,
                    };
                    let keys = keys_of(pending, landed.iter().map(|outcome| &outcome.id).collect());
                    self.end(&record, &keys).await?;
                    self.count(memory, repository, landed);
                    self.drop_intent(memory, &key).await?;
                    pending
                        .retain(|request| !landed.iter().any(|outcome| outcome.id == request.id));
                }
            }
        }
        Ok(Ok(open))
    }

    /// Builds the batch, and says whether it stopped before the end for its size or for want of time. Requests that wait
    /// for a passing cause stay out of it.
    #[allow(clippy::too_many_arguments)]
    async fn build<'b>(
        &'b self,
        memory: &RefCell<Memory>,
        repository: &'b GitopsRepository,
        session: &G::Session,
        objects: gitwire::Objects,
        open: &[(String, Intent)],
        pending: &[Request],
        deadline_ms: u64,
    ) -> Result<Result<(Batch<'b, R>, bool), BrokenRepository>, FlushError> {
        // The same requests on the same tip with the same date make the same commits: a push that is tried again needs
        // no second intent.
        let now_s = i64::try_from(self.clock.now_ms() / 1000).unwrap_or(i64::MAX);
        let date_s = open
            .iter()
            .map(|(_, intent)| intent.date_s)
            .min()
            .unwrap_or(now_s);
        let started = Batch::new(
            repository,
            self.renderer,
            self.template,
            &self.settings.author,
            date_s,
            objects,
            session.tip(),
        );
        let mut batch = match started {
            Ok(batch) => batch,
            Err(error) => return Ok(Err(error)),
        };
        batch.stuck = memory.borrow().stuck.clone();
        for chunk in pending.chunks(CHUNK) {
            let artifacts = self.artifacts_of(chunk).await?;
            for request in chunk {
                if self.clock.now_ms() >= deadline_ms || batch.bytes >= BATCH_BYTES {
                    memory.borrow_mut().stuck.clone_from(&batch.stuck);
                    return Ok(Ok((batch, true)));
                }
                match batch.add(request, &artifacts).await {
                    Ok(Added::Settled | Added::Behind) => {}
                    Ok(Added::Passing(reason)) => {
                        if requests::failed_once_more(&self.sql, request, &reason).await?
                            >= ATTEMPTS
                        {
                            batch.settle(request, None, Some(gave_up(&reason)));
                        }
                    }
                    Err(error) => return Ok(Err(error)),
                }
            }
        }
        memory.borrow_mut().stuck.clone_from(&batch.stuck);
        Ok(Ok((batch, false)))
    }

    async fn artifacts_of(
        &self,
        chunk: &[Request],
    ) -> Result<BTreeMap<String, Result<domain::Artifact, String>>, FlushError> {
        let ids: BTreeSet<&str> = chunk
            .iter()
            .filter_map(|request| match &request.kind {
                RequestKind::Release(release) => Some(release.artifact_id.as_str()),
                _ => None,
            })
            .collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let stored = artifacts::by_ids(&self.sql, &ids).await?;
        Ok(stored
            .into_iter()
            .map(|stored| (stored.id, parse_artifact(&stored.body)))
            .collect())
    }

    /// Ends a batch that changes nothing, and says how many requests ended. A request that an open push has a commit for
    /// is left to that push.
    async fn end_without_push(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
        batch: Batch<'_, R>,
        open: &[(String, Intent)],
        pending: &[Request],
    ) -> Result<usize, FlushError> {
        let mut outcomes = batch.outcomes;
        outcomes.retain(|outcome| !open.iter().any(|(_, intent)| intent.commits(&outcome.id)));
        let record = Record {
            outcomes: &outcomes,
            gitops_repo: repository.name(),
            date_s: 0,
        };
        let keys = keys_of(
            pending,
            outcomes.iter().map(|outcome| &outcome.id).collect(),
        );
        self.end(&record, &keys).await?;
        self.count(memory, repository, &outcomes);
        Ok(outcomes.len())
    }

    /// Writes the intent, pushes, and records what was accepted.
    async fn push(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
        session: &G::Session,
        batch: Batch<'_, R>,
        open: &[(String, Intent)],
        pending: &[Request],
    ) -> Result<Pushed, FlushError> {
        let size = batch.outcomes.len();
        let built = match self.built(repository, session, batch)? {
            Ok(built) => built,
            Err(error) => {
                self.pause(memory, repository, &error).await?;
                return Ok(Pushed::Stop);
            }
        };
        let Some(Built { intent, pack }) = built else {
            self.resize(memory, repository, size / 2);
            return Ok(Pushed::Again);
        };
        let key = self.write_intent(memory, &intent, open).await?;
        match session.push(intent.new, pack).await {
            Ok(PushAnswer::Accepted) => {
                self.accepted(memory, repository, &key, &intent, pending)
                    .await?;
                Ok(Pushed::Accepted)
            }
            Ok(PushAnswer::Refused(reason)) => {
                self.report(memory, repository, |report| report.refused += 1);
                let refused = Refused {
                    key,
                    reason,
                    alone: open.is_empty(),
                };
                memory
                    .borrow_mut()
                    .refused
                    .insert(repository.url.as_str().to_owned(), refused);
                Ok(Pushed::Again)
            }
            Ok(PushAnswer::PackRefused(reason))
            | Err(HostError {
                cause: Cause::TooLarge,
                message: reason,
            }) => {
                self.report(memory, repository, |report| {
                    report.problem = Some(reason.clone())
                });
                if size > 1 {
                    self.resize(memory, repository, size / 2);
                    return Ok(Pushed::Again);
                }
                self.failed_alone(memory, repository, pending, &reason)
                    .await?;
                Ok(Pushed::Stop)
            }
            Err(error) => {
                self.pause(memory, repository, &error).await?;
                Ok(Pushed::Stop)
            }
        }
    }

    async fn accepted(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
        key: &str,
        intent: &Intent,
        pending: &[Request],
    ) -> Result<(), FlushError> {
        let record = Record {
            outcomes: &intent.outcomes,
            gitops_repo: repository.name(),
            date_s: intent.date_s,
        };
        let keys = keys_of(
            pending,
            intent.outcomes.iter().map(|outcome| &outcome.id).collect(),
        );
        self.end(&record, &keys).await?;
        self.drop_intent(memory, key).await?;
        self.count(memory, repository, &intent.outcomes);
        self.report(memory, repository, |report| report.pushes += 1);
        self.resize(memory, repository, intent.outcomes.len().saturating_mul(2));
        self.unpause(memory, repository).await?;
        Ok(())
    }

    /// The intent and the pack; nothing if the intent would be too large for the key-value store.
    fn built(
        &self,
        repository: &GitopsRepository,
        session: &G::Session,
        batch: Batch<'_, R>,
    ) -> Result<Result<Option<Built>, HostError>, FlushError> {
        let Some(new) = batch.tip else {
            return Ok(Ok(None));
        };
        let intent = Intent {
            id: new_uuid(self.clock),
            url: repository.url.as_str().to_owned(),
            branch: session.branch().to_owned(),
            old: session.tip(),
            new,
            date_s: batch.date_s(),
            outcomes: batch.outcomes,
        };
        if intent.outcomes.len() > 1 && value_of(&intent)?.len() > INTENT_BYTES {
            return Ok(Ok(None));
        }
        match batch.objects.new_pack(new, session.pack_options()) {
            Ok(pack) => Ok(Ok(Some(Built { intent, pack }))),
            Err(error) => Ok(Err(broken(&BrokenRepository(gitwire::WriteError::Lookup(
                error,
            ))))),
        }
    }

    /// Sets the intent and gives its key. An open one that says as much serves as well; open ones that say less go.
    async fn write_intent(
        &self,
        memory: &RefCell<Memory>,
        intent: &Intent,
        open: &[(String, Intent)],
    ) -> Result<String, FlushError> {
        if let Some((key, _)) = open.iter().find(|(_, known)| known.covers(intent)) {
            return Ok(key.clone());
        }
        let key = intent_key(&intent.id);
        self.kv.set(&key, &value_of(intent)?).await?;
        memory
            .borrow_mut()
            .intents
            .insert(key.clone(), intent.clone());
        for (less, _) in open.iter().filter(|(_, known)| intent.covers(known)) {
            self.drop_intent(memory, less).await?;
        }
        Ok(key)
    }

    /// After a refused push: if the branch still stands where it stood, the host does not want it moved, and asking again
    /// at once would only be refused again. The push is over, and if no other was on its way, so is its intent.
    async fn was_refused_here(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
        session: &G::Session,
        open: &[(String, Intent)],
    ) -> Result<bool, FlushError> {
        let Some(refused) = memory.borrow_mut().refused.remove(repository.url.as_str()) else {
            return Ok(false);
        };
        if !open
            .iter()
            .any(|(key, intent)| *key == refused.key && intent.old == session.tip())
        {
            return Ok(false);
        }
        if refused.alone && open.len() == 1 {
            self.drop_intent(memory, &refused.key).await?;
        }
        let message = format!(
            "the host refuses to move {}: {}",
            session.branch(),
            refused.reason
        );
        self.pause(
            memory,
            repository,
            &HostError {
                message,
                cause: Cause::Operator,
            },
        )
        .await?;
        Ok(true)
    }

    /// The most requests in the next push of this flush.
    fn resize(&self, memory: &RefCell<Memory>, repository: &GitopsRepository, size: usize) {
        let size = size.clamp(1, self.settings.max_batch.max(1));
        memory
            .borrow_mut()
            .max_batch
            .insert(repository.url.as_str().to_owned(), size);
    }

    /// The host does not take even one request alone.
    async fn failed_alone(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
        pending: &[Request],
        reason: &str,
    ) -> Result<(), FlushError> {
        let Some(request) = pending.first() else {
            return Ok(());
        };
        if requests::failed_once_more(&self.sql, request, reason).await? >= ATTEMPTS {
            let outcome = super::intent::IntendedOutcome::new(request, None, Some(gave_up(reason)));
            let record = Record {
                outcomes: std::slice::from_ref(&outcome),
                gitops_repo: repository.name(),
                date_s: 0,
            };
            self.end(&record, &keys_of(pending, vec![&request.id]))
                .await?;
            self.count(memory, repository, std::slice::from_ref(&outcome));
        }
        Ok(())
    }

    async fn drop_intent(&self, memory: &RefCell<Memory>, key: &str) -> Result<(), KeyValueError> {
        self.kv.delete(key).await?;
        memory.borrow_mut().intents.remove(key);
        Ok(())
    }

    /// Whether the host is to be left alone for now.
    pub(super) async fn paused(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
    ) -> Result<bool, FlushError> {
        let url = repository.url.as_str();
        let value = self.kv.get(&backoff_key(url)).await?;
        let Some(pause) = value.and_then(|value| serde_json::from_slice::<Backoff>(&value).ok())
        else {
            return Ok(false);
        };
        let now = self.clock.now_ms();
        // A pause from the future of a clock that was wrong must not hold for ever.
        let holds = pause.until_ms > now && pause.until_ms <= now.saturating_add(LONGEST_PAUSE_MS);
        if holds {
            self.report(memory, repository, |report| {
                report.problem = Some(pause.reason.clone())
            });
        }
        memory
            .borrow_mut()
            .failures
            .insert(url.to_owned(), pause.failures);
        Ok(holds)
    }

    /// Leaves a host alone after a failure: as long as it asked for, else longer with each failure in a row.
    pub(super) async fn pause(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
        error: &HostError,
    ) -> Result<(), FlushError> {
        let url = repository.url.as_str();
        let failures = memory
            .borrow()
            .failures
            .get(url)
            .copied()
            .unwrap_or_default()
            .saturating_add(1);
        let asked = match error.cause {
            Cause::Passing { retry_after_s } => {
                retry_after_s.map(|seconds| u64::from(seconds) * 1000)
            }
            _ => None,
        };
        let doubled = 500_u64.saturating_mul(1_u64 << failures.min(10));
        let pause = Backoff {
            url: url.to_owned(),
            until_ms: self
                .clock
                .now_ms()
                .saturating_add(asked.unwrap_or(doubled).min(LONGEST_PAUSE_MS)),
            failures,
            reason: error.message.clone(),
        };
        let value = serde_json::to_vec(&pause).unwrap_or_default();
        self.kv.set(&backoff_key(url), &value).await?;
        memory
            .borrow_mut()
            .failures
            .insert(url.to_owned(), failures);
        self.report(memory, repository, |report| {
            report.problem = Some(pause.reason)
        });
        Ok(())
    }

    async fn unpause(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
    ) -> Result<(), FlushError> {
        if memory
            .borrow_mut()
            .failures
            .remove(repository.url.as_str())
            .is_some()
        {
            self.kv
                .delete(&backoff_key(repository.url.as_str()))
                .await?;
        }
        Ok(())
    }

    fn count(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
        outcomes: &[super::intent::IntendedOutcome],
    ) {
        self.report(memory, repository, |report| {
            for outcome in outcomes {
                match (&outcome.commit, &outcome.error) {
                    (Some(_), _) => report.released += 1,
                    (None, Some(_)) => report.errors += 1,
                    (None, None) => report.unchanged += 1,
                }
            }
            report.waiting = report.waiting.saturating_sub(outcomes.len());
        });
    }

    fn report(
        &self,
        memory: &RefCell<Memory>,
        repository: &GitopsRepository,
        change: impl FnOnce(&mut RepositoryReport),
    ) {
        let mut memory = memory.borrow_mut();
        change(
            memory
                .report
                .repositories
                .entry(repository.url.as_str().to_owned())
                .or_default(),
        );
    }
}

/// The keys of some of the pending requests, as a listing.
fn keys_of(pending: &[Request], ids: Vec<&domain::RequestId>) -> Listing {
    let ids: BTreeSet<&domain::RequestId> = ids.into_iter().collect();
    Listing {
        write: pending
            .iter()
            .filter(|request| ids.contains(&request.id))
            .map(write_key)
            .collect(),
        ..Listing::default()
    }
}

fn value_of(intent: &Intent) -> Result<Vec<u8>, FlushError> {
    serde_json::to_vec(intent).map_err(|error| {
        KeyValueError {
            operation: "set",
            source: error.into(),
        }
        .into()
    })
}

fn gave_up(reason: &str) -> String {
    format!("gave up after {ATTEMPTS} attempts: {reason}")
}

fn broken(error: &BrokenRepository) -> HostError {
    HostError {
        message: error.to_string(),
        cause: Cause::Operator,
    }
}
