//! The push: the intent first, then the host, then what its answer means. An intent may go before the branch has moved
//! only where its own push is known to be over.

use super::batch::{Batch, BrokenRepository};
use super::git_host::{Cause, GitHost, GitSession, HostError, PushAnswer};
use super::intent::{IntendedOutcome, Intent};
use super::memory::Refused;
use super::repository::{Part, Trouble};
use crate::ports::{Clock, Database, DatabaseError, KeyValue, new_uuid};
use crate::render::Renderer;
use crate::store::intents;

/// The most bytes of an intent: it is one parameter of one statement.
const INTENT_BYTES: usize = 950_000;

/// The most bytes of trees that are kept for the next flush: 30,000 apps or so.
const SNAPSHOT_BYTES: usize = 1 << 20;

/// What became of a push.
pub(super) enum Pushed {
    Accepted,
    /// Refused or too large: a new round builds it anew.
    Again,
}

impl<K: KeyValue, D: Database, G: GitHost, C: Clock, R: Renderer> Part<'_, '_, K, D, G, C, R> {
    /// Writes the intent, pushes, and records what was accepted.
    pub(super) async fn push(
        &mut self,
        mut batch: Batch<'_, R>,
        open: &[Intent],
    ) -> Result<Pushed, Trouble> {
        let Some(intent) = self.intent(&mut batch)? else {
            self.resize(batch.outcomes.len() / 2);
            return Ok(Pushed::Again);
        };
        let pack = batch
            .objects
            .new_pack(intent.new, self.session.pack_options())
            .map_err(|error| BrokenRepository(gitwire::WriteError::Lookup(error)))?;
        let snapshot = batch.objects.snapshot(intent.new, SNAPSHOT_BYTES);
        drop(batch);
        self.write_intent(&intent, open).await?;
        let alone = open.is_empty();
        match self.session.push(intent.new, pack).await {
            Ok(PushAnswer::Accepted) => {
                let pushed = self.accepted(&intent).await?;
                if let Some(snapshot) = snapshot {
                    self.session.keep_trees(intent.new, snapshot).await;
                }
                Ok(pushed)
            }
            Ok(PushAnswer::Refused(reason)) => {
                self.over(&intent, alone).await?;
                self.report().refused += 1;
                // The branch moved while this batch was built and sent; half of it takes half as long, so that somebody
                // who pushes all the time cannot hold it up for ever.
                self.resize(intent.outcomes.len() / 2);
                let tip = self.session.tip();
                self.target().refused = Some(Refused { tip, reason });
                Ok(Pushed::Again)
            }
            Ok(PushAnswer::PackRefused(reason))
            | Err(HostError {
                cause: Cause::TooLarge,
                message: reason,
            }) => {
                self.over(&intent, alone).await?;
                self.too_large(&intent.outcomes, &reason).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The intent of a batch, whose outcomes it takes; none if it would be too large.
    fn intent(&self, batch: &mut Batch<'_, R>) -> Result<Option<Intent>, Trouble> {
        let Some(new) = batch.tip else {
            return Ok(None);
        };
        let intent = Intent {
            id: new_uuid(self.flush.clock),
            url: self.repository.url.as_str().to_owned(),
            branch: self.session.branch().to_owned(),
            old: self.session.tip(),
            new,
            date_s: batch.date_s(),
            outcomes: batch.outcomes.clone(),
        };
        let size = serde_json::to_string(&intent).map(|text| text.len());
        let size = size.map_err(|error| DatabaseError(error.into()))?;
        Ok((intent.outcomes.len() == 1 || size <= INTENT_BYTES).then_some(intent))
    }

    /// Writes the intent, then removes open ones that say no more. Each push has an intent of its own: one that two pushes
    /// shared could not be removed by the one that was refused.
    async fn write_intent(&self, intent: &Intent, open: &[Intent]) -> Result<(), DatabaseError> {
        intents::insert(&self.flush.sql, intent).await?;
        let less: Vec<&Intent> = open.iter().filter(|known| intent.covers(known)).collect();
        intents::delete(&self.flush.sql, &less).await
    }

    /// This push is certainly over. Its intent goes, unless it speaks for others that may still be on their way.
    async fn over(&self, intent: &Intent, alone: bool) -> Result<(), DatabaseError> {
        if alone {
            intents::delete(&self.flush.sql, &[intent]).await?;
        }
        Ok(())
    }

    async fn accepted(&mut self, intent: &Intent) -> Result<Pushed, Trouble> {
        self.ended(&intent.outcomes, intent.date_s).await?;
        intents::delete(&self.flush.sql, &[intent]).await?;
        self.report().pushes += 1;
        self.resize(intent.outcomes.len().saturating_mul(2));
        let Self { flush, memory, .. } = self;
        flush.unpause(memory, self.index, self.repository).await?;
        Ok(Pushed::Accepted)
    }

    /// The host does not take the batch: the next one is half of it. A request that it does not take alone has failed for
    /// now, and the others go on without it.
    async fn too_large(
        &mut self,
        outcomes: &[IntendedOutcome],
        reason: &str,
    ) -> Result<Pushed, Trouble> {
        self.report().problem = Some(reason.to_owned());
        self.resize(outcomes.len() / 2);
        let [outcome] = outcomes else {
            return Ok(Pushed::Again);
        };
        let Ok(request) = domain::Request::from_bytes(outcome.request.as_bytes()) else {
            return Ok(Pushed::Again);
        };
        self.failed(&request, reason).await?;
        Ok(Pushed::Again)
    }

    /// The most requests in the next push of this flush.
    fn resize(&mut self, size: usize) {
        let most = self.flush.settings.max_batch.max(1);
        self.target().max_batch = Some(size.clamp(1, most));
    }
}
