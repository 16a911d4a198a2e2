//! One repository's part of a round: settle what earlier pushes left, build the batch, have it pushed or end it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use domain::{GitopsRepository, Request};
use gitwire::{CommitId, Objects, TreeId};

use super::batch::{Added, Batch, BrokenRepository};
use super::facts::{Facts, holds_for};
use super::git_host::{Cause, Fetch, GitHost, GitSession, HostError};
use super::intent::{IntendedOutcome, Intent, Landing};
use super::memory::{Memory, Target};
use super::push::Pushed;
use super::round::{Record, Work};
use super::{Flush, FlushError, RepositoryReport};
use crate::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError};
use crate::render::Renderer;
use crate::store::attempts::Attempt;
use crate::store::{intents, requests};
use crate::suspects::{self, DEATHS, Plan, Suspect};

/// A request that failed so often for passing causes ends as an error.
const ATTEMPTS: i64 = 3;
/// Requests whose artifacts are in memory at once: an artifact may have 1 MB.
const CHUNK: usize = 32;
/// Bytes of files in one push; the rest goes with the next.
const BATCH_BYTES: usize = 32 << 20;

/// One repository's part of a round.
pub(super) struct Part<'r, 'f, K, D, G: GitHost, C, R> {
    pub flush: &'r Flush<'f, K, D, G, C, R>,
    pub memory: &'r mut Memory,
    /// The repository's place in the settings.
    pub index: usize,
    pub repository: &'r GitopsRepository,
    pub session: &'r G::Session,
    pub deadline_ms: u64,
}

/// Why a part could not go on.
pub(super) enum Trouble {
    Flush(FlushError),
    /// The host is to be left alone for a while.
    Host(HostError),
    /// The trees cannot be worked with.
    Broken(BrokenRepository),
}

impl From<FlushError> for Trouble {
    fn from(error: FlushError) -> Self {
        Self::Flush(error)
    }
}
impl From<DatabaseError> for Trouble {
    fn from(error: DatabaseError) -> Self {
        Self::Flush(error.into())
    }
}
impl From<KeyValueError> for Trouble {
    fn from(error: KeyValueError) -> Self {
        Self::Flush(error.into())
    }
}
impl From<HostError> for Trouble {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}
impl From<BrokenRepository> for Trouble {
    fn from(error: BrokenRepository) -> Self {
        Self::Broken(error)
    }
}

impl<'r, K: KeyValue, D: Database, G: GitHost, C: Clock, R: Renderer> Part<'r, '_, K, D, G, C, R> {
    /// Says whether the repository needs another round.
    pub(super) async fn run(&mut self, work: Work) -> Result<bool, FlushError> {
        let error = match self.attempt(work).await {
            Ok(again) => return Ok(again),
            Err(Trouble::Flush(error)) => return Err(error),
            Err(Trouble::Host(error)) => error,
            Err(Trouble::Broken(error)) => HostError {
                message: error.to_string(),
                cause: Cause::Operator,
            },
        };
        let Self { flush, memory, .. } = self;
        let paused = flush.pause(memory, self.index, self.repository, &error);
        paused.await.map(|()| false)
    }

    async fn attempt(&mut self, work: Work) -> Result<bool, Trouble> {
        let Work {
            mut pending,
            intents,
        } = work;
        let refused = self.target().refused.take();
        let Some(open) = self.settle(intents, &mut pending).await? else {
            return Ok(true);
        };
        self.report().waiting = pending.len();
        pending.retain(|request| !self.memory.stuck.holds(request));
        if pending.is_empty() {
            // The push that seemed to fail has landed.
            let Self { flush, memory, .. } = self;
            flush.unpause(memory, self.index, self.repository).await?;
            return Ok(false);
        }
        if let Some(refused) = refused.filter(|refused| refused.tip == self.session.tip()) {
            // Asking again at once would only be refused again.
            let (branch, reason) = (self.session.branch(), refused.reason);
            return Err(Trouble::Host(HostError {
                message: format!("the host refuses to move {branch}: {reason}"),
                cause: Cause::Operator,
            }));
        }
        let most = self.flush.settings.max_batch;
        let most = self.target().max_batch.unwrap_or(most).max(1);
        let truncated = pending.len() > most;
        let (plan, attempts) = self.plan(pending, most).await?;
        if plan.batch.is_empty() {
            // What waited behind the dead can go now; what waits for its minute cannot.
            return Ok(!plan.deadly.is_empty());
        }
        let (batch, stopped) = self.build_noted(&open, &plan, attempts).await?;
        let more = truncated || stopped || plan.more;
        if batch.has_commits() {
            return match self.push(batch, &open).await? {
                Pushed::Accepted => Ok(more),
                Pushed::Again => Ok(true),
            };
        }
        self.ended(&batch.outcomes, 0).await?;
        let Self { flush, memory, .. } = self;
        flush.unpause(memory, self.index, self.repository).await?;
        // What is left of this batch waits for a passing cause, and is not tried again in this flush.
        Ok(more)
    }

    /// What the next batch is made of, after what became of those before; ends what is given up.
    async fn plan(
        &mut self,
        mut pending: Vec<Request>,
        most: usize,
    ) -> Result<(Plan<Request>, Vec<Attempt>), Trouble> {
        let (sql, clock, place) = (&self.flush.sql, self.flush.clock, self.place());
        let mut attempts = suspects::known(sql, &place, &pending).await?;
        pending.truncate(most);
        let plan = suspects::plan(pending, &attempts, clock.now_ms());
        let dead = |request| IntendedOutcome::new(request, None, Some(deadly_reason()));
        let deadly: Vec<IntendedOutcome> = plan.deadly.iter().map(dead).collect();
        self.ended(&deadly, 0).await?;
        let given_up = plan.deadly.iter().map(|request| request.id.to_string());
        suspects::clear(sql, &given_up.collect::<Vec<_>>(), &mut attempts).await?;
        Ok((plan, attempts))
    }

    /// Builds the batch, which is noted meanwhile: should this process die of it, the next one knows what to suspect.
    async fn build_noted(
        &mut self,
        open: &[Intent],
        plan: &Plan<Request>,
        attempts: Vec<Attempt>,
    ) -> Result<(Batch<'r, R>, bool), Trouble> {
        // Before the note: a host that gives no trees, or only when the platform has ended the flush, accuses nobody.
        let kept = self.session.trees(Fetch::UnlessKept).await?;
        let (sql, clock, place) = (&self.flush.sql, self.flush.clock, self.place());
        let attempt = suspects::begin(sql, clock, &place, plan).await?;
        let built = self.build(kept, open, &plan.batch).await;
        match built {
            Ok(_) => suspects::done(sql, attempt, attempts).await?,
            Err(_) => suspects::failed(sql, &attempt).await?,
        }
        built
    }

    /// Where batches are noted.
    fn place(&self) -> String {
        format!("{} {}", self.repository.url.as_str(), self.session.branch())
    }

    /// Settles the intents of earlier pushes and gives those that are still open; none where the tip is no longer what it
    /// was when this round began. Takes what landed out of `pending`.
    async fn settle(
        &mut self,
        intents: Vec<Intent>,
        pending: &mut Vec<Request>,
    ) -> Result<Option<Vec<Intent>>, Trouble> {
        let mut open = Vec::new();
        let mut stands = false;
        let mut since: BTreeMap<Option<CommitId>, BTreeSet<CommitId>> = BTreeMap::new();
        let tip = self.session.tip();
        for intent in intents {
            let mut known = BTreeSet::new();
            if tip == Some(intent.new) {
                // No need to ask: the whole chain is there.
                known.extend(intent.outcomes.iter().filter_map(|outcome| outcome.commit));
            } else if tip != intent.old {
                let commits = match since.entry(intent.old) {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => {
                        entry.insert(self.session.commits_since(intent.old).await?)
                    }
                };
                known.clone_from(commits);
            }
            match intent.landing(tip, &known) {
                Landing::Open => open.push(intent),
                Landing::Moved { count } => {
                    // The tip was read first. It may be older than the intent, whose push is then still on its way.
                    if count == 0 && !stands {
                        stands = self.flush.git.open(self.repository).await?.tip() == tip;
                        if !stands {
                            return Ok(None);
                        }
                    }
                    let landed = intent.outcomes.get(..count).unwrap_or_default();
                    self.ended(landed, intent.date_s).await?;
                    intents::delete(&self.flush.sql, &[&intent]).await?;
                    pending.retain(|known| !landed.iter().any(|outcome| outcome.id == known.id));
                }
            }
        }
        Ok(Some(open))
    }

    /// Builds the batch on trees that were kept, or on fetched ones where those do not suffice.
    async fn build(
        &mut self,
        kept: Objects,
        open: &[Intent],
        pending: &[Request],
    ) -> Result<(Batch<'r, R>, bool), Trouble> {
        match self.build_on(kept, open, pending).await {
            Err(Trouble::Broken(_)) => {
                let all = self.session.trees(Fetch::Anew).await?;
                self.build_on(all, open, pending).await
            }
            built => built,
        }
    }

    /// Builds the batch, and says whether it stopped before the end for its size or for want of time. Requests that wait
    /// for a passing cause stay out of it.
    async fn build_on(
        &mut self,
        objects: Objects,
        open: &[Intent],
        pending: &[Request],
    ) -> Result<(Batch<'r, R>, bool), Trouble> {
        let flush = self.flush;
        // The same requests on the same tip with the same date make the same commits: a push that is tried again is known
        // by its first intent too.
        let dates = open.iter().map(|intent| intent.date_s);
        let now_s = i64::try_from(flush.clock.now_ms() / 1000).unwrap_or(i64::MAX);
        let mut batch = Batch::new(
            self.repository,
            flush.renderer,
            flush.template,
            &flush.settings.author,
            dates.min().unwrap_or(now_s),
            objects,
            self.session.tip(),
        )?
        .under(holds_for(&flush.sql, pending).await?);
        for chunk in pending.chunks(CHUNK) {
            let facts = Facts::of(&flush.sql, chunk).await?;
            let known = |tree: &TreeId| batch.objects.contains(tree.object());
            let absent: BTreeSet<TreeId> = facts.trees().filter(|tree| !known(tree)).collect();
            if !absent.is_empty() {
                let absent: Vec<TreeId> = absent.into_iter().collect();
                let add = self.session.add_trees(&mut batch.objects, &absent);
                add.await?;
            }
            for request in chunk {
                if flush.clock.now_ms() >= self.deadline_ms || batch.bytes >= BATCH_BYTES {
                    return Ok((batch, true));
                }
                let added = batch.add(request, &facts, &self.memory.stuck);
                if let Added::Passing(reason) = added.await? {
                    self.failed(request, &reason).await?;
                }
            }
        }
        Ok((batch, false))
    }

    /// A request failed for a passing cause. It is tried again in the next flush, and what came after it waits behind it;
    /// after some attempts it ends as an error.
    pub(super) async fn failed(&mut self, request: &Request, reason: &str) -> Result<(), Trouble> {
        if requests::failed_once_more(&self.flush.sql, request, reason).await? < ATTEMPTS {
            self.memory.stuck.add(request);
            return Ok(());
        }
        let reason = format!("gave up after {ATTEMPTS} attempts: {reason}");
        let outcome = IntendedOutcome::new(request, None, Some(reason));
        self.ended(&[outcome], 0).await
    }

    /// Records outcomes, deletes the requests' keys, and counts them in the report.
    pub(super) async fn ended(
        &mut self,
        outcomes: &[IntendedOutcome],
        date_s: i64,
    ) -> Result<(), Trouble> {
        let record = Record {
            outcomes,
            gitops_repo: self.repository.name(),
            date_s,
        };
        self.flush.end(self.memory, &record).await?;
        let report = self.report();
        for outcome in outcomes {
            match (&outcome.commit, &outcome.error) {
                (Some(_), _) => report.released += 1,
                (None, Some(_)) => report.errors += 1,
                (None, None) => report.unchanged += 1,
            }
        }
        report.waiting = report.waiting.saturating_sub(outcomes.len());
        Ok(())
    }

    pub(super) fn target(&mut self) -> &mut Target {
        self.memory.targets.entry(self.index).or_default()
    }

    pub(super) fn report(&mut self) -> &mut RepositoryReport {
        self.memory.report.of(self.repository.url.as_str())
    }
}

impl Suspect for Request {
    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn line(&self) -> String {
        let app = self.kind.app().map(|app| app.as_str());
        format!("{}/{}", self.kind.env(), app.unwrap_or_default())
    }
}

/// Why a request ends that killed the flush so often.
fn deadly_reason() -> String {
    format!(
        "the flush died {DEATHS} times while it rendered this release: its chart or templates need more memory or time than there is, \
         or hit a fault of the renderer; mend the artifact, or ask for the release again"
    )
}
