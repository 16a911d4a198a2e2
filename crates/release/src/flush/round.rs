//! One round: the tips, the listing, the values, the database; then each repository by itself. The order is the
//! protocol's (see the head of [`crate::flush`]) and must not be changed without exploring it anew.

use std::cell::RefCell;
use std::collections::BTreeSet;

use domain::Request;

use super::git_host::{GitHost, GitSession};
use super::intent::{IntendedOutcome, Intent};
use super::{Flush, FlushError, Memory};
use crate::ports::{Clock, Database, KeyValue};
use crate::queue::{Listing, request_id_of};
use crate::render::Renderer;
use crate::store::requests::{self, NewRow};

/// What a round found for one repository.
pub(super) struct Work {
    /// Requests that wait, in order of arrival, each once.
    pub pending: Vec<Request>,
    /// Intents of this repository and branch, with their keys.
    pub intents: Vec<(String, Intent)>,
}

/// The end of requests, as it is recorded.
pub(super) struct Record<'a> {
    pub outcomes: &'a [IntendedOutcome],
    pub gitops_repo: &'a str,
    pub date_s: i64,
}

impl<K: KeyValue, D: Database, G: GitHost, C: Clock, R: Renderer> Flush<'_, K, D, G, C, R> {
    /// Does one round and gives the repositories that need another.
    pub(super) async fn round(
        &self,
        memory: &RefCell<Memory>,
        targets: &BTreeSet<usize>,
        deadline_ms: u64,
    ) -> Result<BTreeSet<usize>, FlushError> {
        let mut sessions = Vec::new();
        for index in targets {
            let Some(repository) = self.repository(*index) else {
                continue;
            };
            if self.paused(memory, repository).await? {
                continue;
            }
            match self.git.open(repository).await {
                Ok(session) => sessions.push((*index, repository, session)),
                Err(error) => self.pause(memory, repository, &error).await?,
            }
        }
        let listing = Listing::of(self.kv.keys().await?);
        self.read_values(memory, &listing).await?;
        let ended = self.ended(&listing).await?;
        self.drop_leftovers(&listing, &ended).await?;
        self.end_homeless(memory, &listing, &ended).await?;
        let mut again = BTreeSet::new();
        for (index, repository, session) in sessions {
            let work = self.work(memory, &listing, &ended, index, session.branch());
            if self
                .flush_repository(memory, repository, &session, work, deadline_ms)
                .await?
            {
                again.insert(index);
            }
        }
        Ok(again)
    }

    /// Reads the values of listed keys that are not known yet. One that is gone by now is done.
    pub(super) async fn read_values(
        &self,
        memory: &RefCell<Memory>,
        listing: &Listing,
    ) -> Result<(), FlushError> {
        for key in &listing.intent {
            if memory.borrow().intents.contains_key(key) {
                continue;
            }
            if let Some(value) = self.kv.get(key).await?
                && let Ok(intent) = serde_json::from_slice::<Intent>(&value)
            {
                memory.borrow_mut().intents.insert(key.clone(), intent);
            }
        }
        for key in &listing.write {
            if memory.borrow().requests.contains_key(key) {
                continue;
            }
            if let Some(value) = self.kv.get(key).await?
                && let Ok(request) = Request::from_bytes(&value)
            {
                memory.borrow_mut().requests.insert(key.clone(), request);
            }
        }
        Ok(())
    }

    /// Which of the listed requests have ended.
    async fn ended(&self, listing: &Listing) -> Result<BTreeSet<String>, FlushError> {
        let ids: Vec<&str> = listing.write.iter().map(|key| request_id_of(key)).collect();
        if ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        Ok(requests::ended(&self.sql, &ids)
            .await?
            .into_iter()
            .collect())
    }

    /// Deletes the keys of requests that have ended: whoever ended them died before deleting them all.
    async fn drop_leftovers(
        &self,
        listing: &Listing,
        ended: &BTreeSet<String>,
    ) -> Result<(), FlushError> {
        for key in &listing.write {
            if ended.contains(request_id_of(key)) {
                self.kv.delete(key).await?;
            }
        }
        Ok(())
    }

    fn work(
        &self,
        memory: &RefCell<Memory>,
        listing: &Listing,
        ended: &BTreeSet<String>,
        index: usize,
        branch: &str,
    ) -> Work {
        let memory = memory.borrow();
        let url = self
            .repository(index)
            .map(|repository| repository.url.as_str().to_owned())
            .unwrap_or_default();
        let mut seen = BTreeSet::new();
        let pending = listing
            .write
            .iter()
            .filter_map(|key| memory.requests.get(key))
            .filter(|request| !ended.contains(request.id.as_str()))
            .filter(|request| self.target_of(request) == Some(index))
            .filter(|request| seen.insert(request.id.clone()))
            .cloned()
            .collect();
        let intents = listing
            .intent
            .iter()
            .filter_map(|key| {
                memory
                    .intents
                    .get(key)
                    .map(|intent| (key.clone(), intent.clone()))
            })
            .filter(|(_, intent)| intent.url == url && intent.branch == branch)
            .collect();
        Work { pending, intents }
    }

    /// Ends requests for environments that no repository is configured for.
    async fn end_homeless(
        &self,
        memory: &RefCell<Memory>,
        listing: &Listing,
        ended: &BTreeSet<String>,
    ) -> Result<(), FlushError> {
        let homeless: Vec<IntendedOutcome> = {
            let memory = memory.borrow();
            let known = listing
                .write
                .iter()
                .filter_map(|key| memory.requests.get(key));
            known
                .filter(|request| {
                    self.target_of(request).is_none() && !ended.contains(request.id.as_str())
                })
                .map(|request| IntendedOutcome::new(request, None, Some(no_repository(request))))
                .collect()
        };
        if homeless.is_empty() {
            return Ok(());
        }
        let record = Record {
            outcomes: &homeless,
            gitops_repo: "",
            date_s: 0,
        };
        self.end(&record, listing).await
    }

    /// Records outcomes, then deletes the requests' keys. Both may be done by two replicas at once.
    pub(super) async fn end(
        &self,
        record: &Record<'_>,
        listing: &Listing,
    ) -> Result<(), FlushError> {
        let now_ms = self.clock.now_ms();
        let requests: Vec<(Option<Request>, String)> = record
            .outcomes
            .iter()
            .map(|outcome| {
                let request = Request::from_bytes(outcome.request.as_bytes()).ok();
                (
                    request,
                    outcome
                        .commit
                        .map(|commit| commit.to_string())
                        .unwrap_or_default(),
                )
            })
            .collect();
        let mut rows = Vec::with_capacity(requests.len());
        for ((request, commit), outcome) in requests.iter().zip(record.outcomes) {
            let Some(request) = request else { continue };
            let mut row = NewRow::waiting(request, None);
            row.status = if outcome.error.is_some() {
                "error"
            } else {
                "processed"
            };
            row.desc = outcome.error.as_deref().unwrap_or_default();
            row.ended = Some(now_ms);
            row.gitops_repo = Some(record.gitops_repo);
            if !commit.is_empty() {
                row.gitops_ref = Some(commit);
                row.committed = Some(record.date_s);
            }
            rows.push(row);
        }
        requests::record(&self.sql, &rows).await?;
        let ids: BTreeSet<&str> = record
            .outcomes
            .iter()
            .map(|outcome| outcome.id.as_str())
            .collect();
        for key in &listing.write {
            if ids.contains(request_id_of(key)) {
                self.kv.delete(key).await?;
            }
        }
        Ok(())
    }
}

fn no_repository(request: &Request) -> String {
    match &request.kind {
        domain::RequestKind::Release(release) => format!(
            "no GitOps repository is configured for environment {}: add it to the variable gitops_repos",
            release.env
        ),
        _ => "this version does not know this kind of request".to_owned(),
    }
}
