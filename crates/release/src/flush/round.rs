//! One round: the tips, the look at what waits, then each repository by itself. The order is the protocol's (see the head
//! of [`crate::flush`]) and must not be changed without exploring it anew.

use std::collections::BTreeSet;

use domain::Request;

use super::git_host::{GitHost, GitSession};
use super::intent::{IntendedOutcome, Intent};
use super::look::Look;
use super::memory::Memory;
use super::repository::Part;
use super::{Ended, Flush, FlushError};
use crate::ports::{Clock, Database, KeyValue};
use crate::render::Renderer;
use crate::store::requests::{self, NewRow};

/// What a round found for one repository.
pub(super) struct Work {
    /// Requests that wait, in order of arrival, each once.
    pub pending: Vec<Request>,
    /// Intents of this repository and branch.
    pub intents: Vec<Intent>,
}

/// The end of requests, as it is recorded.
pub(super) struct Record<'a> {
    pub outcomes: &'a [IntendedOutcome],
    pub gitops_repo: &'a str,
    /// The commits' date in seconds.
    pub date_s: i64,
}

impl<K: KeyValue, D: Database, G: GitHost, C: Clock, R: Renderer> Flush<'_, K, D, G, C, R> {
    /// Does one round and gives the repositories that need another.
    pub(super) async fn round(
        &self,
        memory: &mut Memory,
        targets: &BTreeSet<usize>,
        deadline_ms: u64,
    ) -> Result<BTreeSet<usize>, FlushError> {
        let mut sessions = Vec::new();
        for index in self.any_first(targets) {
            let Some(repository) = self.settings.repositories.all().get(index) else {
                continue;
            };
            if self.paused(memory, index, repository).await? {
                continue;
            }
            match self.git.open(repository).await {
                Ok(session) => sessions.push((index, repository, session)),
                Err(error) => self.pause(memory, index, repository, &error).await?,
            }
        }
        if sessions.is_empty() {
            return Ok(BTreeSet::new());
        }
        let look = self.look(memory).await?;
        let mut again = BTreeSet::new();
        for (index, repository, session) in &sessions {
            let work = self.work(&look, *index, session.branch());
            let mut part = Part {
                flush: self,
                memory,
                index: *index,
                repository,
                session,
                deadline_ms,
            };
            if part.run(work).await? {
                again.insert(*index);
            }
        }
        Ok(again)
    }

    /// A repository whose trees kill the flush, or that is so slow that the platform ends it, must not stand before the others
    /// at each tick: chance says which comes first.
    fn any_first(&self, targets: &BTreeSet<usize>) -> Vec<usize> {
        let mut order: Vec<usize> = targets.iter().copied().collect();
        if order.len() > 1 {
            let [chance, ..] = self.clock.random();
            let first = usize::from(chance) % order.len();
            order.rotate_left(first);
        }
        order
    }

    fn work(&self, look: &Look, index: usize, branch: &str) -> Work {
        let pending = look
            .waiting
            .iter()
            .filter(|request| self.target_of(request) == Some(index))
            .cloned()
            .collect();
        let url = self.settings.repositories.all().get(index);
        let url = url.map(|repository| repository.url.as_str());
        let intents = look.intents.iter();
        let intents =
            intents.filter(|intent| Some(intent.url.as_str()) == url && intent.branch == branch);
        Work {
            pending,
            intents: intents.cloned().collect(),
        }
    }

    /// Ends requests for environments that no repository is configured for.
    pub(super) async fn end_homeless(
        &self,
        memory: &mut Memory,
        look: &Look,
    ) -> Result<(), FlushError> {
        let homeless: Vec<IntendedOutcome> = look
            .waiting
            .iter()
            .filter(|request| self.target_of(request).is_none())
            .map(|request| IntendedOutcome::new(request, None, Some(no_repository(request))))
            .collect();
        let record = Record {
            outcomes: &homeless,
            gitops_repo: "",
            date_s: 0,
        };
        self.end(memory, &record).await
    }

    /// Records outcomes, then deletes the keys whose requests have all ended. Two replicas may do both at once.
    pub(super) async fn end(
        &self,
        memory: &mut Memory,
        record: &Record<'_>,
    ) -> Result<(), FlushError> {
        let ended = self.clock.now_ms();
        let read = |outcome: &IntendedOutcome| Request::from_bytes(outcome.request.as_bytes()).ok();
        let requests: Vec<Option<Request>> = record.outcomes.iter().map(read).collect();
        let commit = |outcome: &IntendedOutcome| outcome.commit.map(|commit| commit.to_string());
        let commits: Vec<Option<String>> = record.outcomes.iter().map(commit).collect();
        let tree = |outcome: &IntendedOutcome| outcome.tree.map(|tree| tree.to_string());
        let trees: Vec<Option<String>> = record.outcomes.iter().map(tree).collect();
        let mut rows = Vec::with_capacity(requests.len());
        let ids = commits.iter().zip(&trees);
        for ((request, (commit, tree)), outcome) in requests.iter().zip(ids).zip(record.outcomes) {
            let Some(request) = request else { continue };
            let failed = outcome.error.is_some();
            rows.push(NewRow {
                status: if failed { "error" } else { "processed" },
                desc: outcome.error.as_deref().unwrap_or_default(),
                ended: Some(ended),
                gitops_repo: Some(record.gitops_repo),
                gitops_ref: commit.as_deref(),
                committed: commit.as_ref().map(|_| record.date_s),
                tree: tree.as_deref(),
                refusal: outcome.held.then_some(requests::HELD),
                ..NewRow::waiting(request, None)
            });
        }
        requests::end(&self.sql, &rows).await?;
        drop(rows);
        let ends = requests.into_iter().zip(commits).zip(record.outcomes);
        let ends = ends.filter_map(|((request, commit), outcome)| {
            Some(Ended {
                request: request?,
                commit,
                error: outcome.error.clone(),
            })
        });
        memory.report.ended.extend(ends);
        let outcomes = record.outcomes.iter();
        let ids: BTreeSet<&str> = outcomes.map(|outcome| outcome.id.as_str()).collect();
        let ended = |id: &str| ids.contains(id);
        Ok(memory.keys.remove(self.kv, ended).await?)
    }
}

fn no_repository(request: &Request) -> String {
    format!(
        "no GitOps repository is configured for environment {}: add it to the variable gitops_repos",
        request.kind.env()
    )
}
