//! Which commits come before another, as far as the fetched ones tell.

use std::collections::{BTreeSet, HashSet};

use crate::id::CommitId;
use crate::objects::Objects;

/// The answer of [`Objects::is_ancestor`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ancestry {
    /// It is an ancestor, or the same commit.
    Yes,
    /// It is not: the whole history was here to look at.
    No,
    /// The history that was fetched ends before the answer. Fetch more of it and ask again.
    Unknown {
        /// The commits whose parents are missing; the tip itself if it was not fetched.
        shallow: Vec<CommitId>,
    },
}

impl Objects {
    /// The commits that `tip` reaches, itself among them. One that was not fetched ends its line.
    pub fn reachable_commits(&self, tip: CommitId) -> BTreeSet<CommitId> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![tip];
        while let Some(id) = waiting.pop() {
            // Each is read once, however many others name it as a parent.
            if found.contains(&id) {
                continue;
            }
            if let Ok(commit) = self.commit(id) {
                found.insert(id);
                waiting.extend(commit.parents);
            }
        }
        found
    }

    /// Whether `old` is `tip` or comes before it.
    pub fn is_ancestor(&self, old: CommitId, tip: CommitId) -> Ancestry {
        let mut seen = HashSet::from([tip]);
        let mut waiting = vec![tip];
        let mut shallow = Vec::new();
        while let Some(id) = waiting.pop() {
            if id == old {
                return Ancestry::Yes;
            }
            let Ok(commit) = self.commit(id) else {
                shallow.push(id);
                continue;
            };
            let ends = commit
                .parents
                .iter()
                .any(|parent| !self.contains(parent.object()));
            if ends {
                shallow.push(id);
            }
            for parent in commit.parents {
                // A parent that was not fetched can still be the one asked for.
                let known = self.contains(parent.object());
                if (known || parent == old) && seen.insert(parent) {
                    waiting.push(parent);
                }
            }
        }
        if shallow.is_empty() {
            Ancestry::No
        } else {
            Ancestry::Unknown { shallow }
        }
    }
}
