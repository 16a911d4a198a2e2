//! What the database says of the requests of a batch, read before they are added: artifacts, targets of rollbacks, holds.
//! It only reads.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Artifact, Request, RequestKind, TriggeredBy};
use gitwire::TreeId;

use super::batch::parse_artifact;
use crate::database::Sql;
use crate::ports::{Database, DatabaseError};
use crate::store::holds::{self, Hold};
use crate::store::{artifacts, history};

/// What is known of the requests of one chunk.
#[derive(Default)]
pub(super) struct Facts {
    /// By id; one that cannot be read says why.
    pub artifacts: BTreeMap<String, Result<Artifact, String>>,
    /// By commit.
    pub targets: BTreeMap<String, Target>,
}

/// A release to which a rollback may go back.
pub(super) struct Target {
    pub env: String,
    pub app: String,
    pub gitops_repo: String,
    /// The app's folder; none where an earlier version of Wimble did not note it.
    pub tree: Option<TreeId>,
}

impl Facts {
    pub(super) async fn of<D: Database>(
        sql: &Sql<'_, D>,
        chunk: &[Request],
    ) -> Result<Self, DatabaseError> {
        let (mut ids, mut commits) = (BTreeSet::new(), BTreeSet::new());
        for request in chunk {
            match &request.kind {
                RequestKind::Release(release) => drop(ids.insert(release.artifact_id.as_str())),
                RequestKind::Rollback(rollback) => drop(commits.insert(rollback.target.as_str())),
                _ => {}
            }
        }
        let mut facts = Self::default();
        if !ids.is_empty() {
            let ids: Vec<&str> = ids.into_iter().collect();
            let stored = artifacts::by_ids(sql, &ids).await?.into_iter();
            facts.artifacts = stored
                .map(|stored| (stored.id, parse_artifact(&stored.body)))
                .collect();
        }
        if !commits.is_empty() {
            let commits: Vec<&str> = commits.into_iter().collect();
            for found in history::by_commits(sql, &commits).await? {
                let target = Target {
                    env: found.env,
                    app: found.app,
                    gitops_repo: found.gitops_repo,
                    tree: found.tree.and_then(|tree| tree.parse().ok()),
                };
                facts.targets.insert(found.commit, target);
            }
        }
        Ok(facts)
    }

    /// The folders that rollbacks go back to.
    pub(super) fn trees(&self) -> impl Iterator<Item = TreeId> {
        self.targets.values().filter_map(|target| target.tree)
    }
}

/// The holds that the requests may meet: none are asked for where no policy waits.
pub(super) async fn holds_for<D: Database>(
    sql: &Sql<'_, D>,
    pending: &[Request],
) -> Result<Vec<Hold>, DatabaseError> {
    let by_policy = |request: &Request| matches!(&request.kind, RequestKind::Release(release) if release.triggered_by == TriggeredBy::Policy);
    match pending.iter().any(by_policy) {
        true => holds::active(sql, None, None).await,
        false => Ok(Vec::new()),
    }
}
