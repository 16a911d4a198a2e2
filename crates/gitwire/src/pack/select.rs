//! Chooses what a push sends: the new objects that its tip reaches and the server is not known to have, each with the base of its delta.

use std::collections::{HashMap, HashSet};

use crate::id::{CommitId, ObjectId, TreeId};
use crate::objects::{LookupError, Objects};
use crate::tree::{RawEntry, Step, Tree, compare};

/// Longest chain of deltas, as `pack.depth` has it by default.
const MAX_DEPTH: u32 = 50;

/// Trees shorter than this are sent whole: a delta would save nothing.
const MIN_DELTA_LENGTH: usize = 512;

/// An object to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) id: ObjectId,
    /// An earlier version of the same directory: sent before this one, or, in a thin pack, known to the server.
    pub(super) base: Option<TreeId>,
}

/// Where a sent tree stands in its chain of deltas.
#[derive(Debug, Clone, Copy)]
struct Link {
    depth: u32,
    /// The full tree at the beginning of the chain.
    root: TreeId,
}

struct Selection<'a> {
    objects: &'a Objects,
    thin: bool,
    chosen: Vec<Chosen>,
    seen: HashSet<ObjectId>,
    /// Objects that known trees name, although they themselves were not fetched.
    at_server: HashSet<ObjectId>,
    chains: HashMap<TreeId, Link>,
}

/// The objects to send for `tip`, in an order in which every base comes first.
pub(super) fn select(
    objects: &Objects,
    tip: CommitId,
    thin: bool,
) -> Result<Vec<Chosen>, LookupError> {
    let mut selection = Selection {
        objects,
        thin,
        chosen: Vec::new(),
        seen: HashSet::new(),
        at_server: HashSet::new(),
        chains: HashMap::new(),
    };
    for id in new_commits(objects, tip)? {
        let commit = objects.commit(id)?;
        let before = commit
            .parents
            .first()
            .and_then(|parent| objects.commit(*parent).ok());
        selection.add_trees(commit.tree, before.map(|before| before.tree))?;
        selection.choose(id.object(), None);
    }
    Ok(selection.chosen)
}

/// The new commits that `tip` reaches, each after its parents.
fn new_commits(objects: &Objects, tip: CommitId) -> Result<Vec<CommitId>, LookupError> {
    let mut ordered = Vec::new();
    let mut seen = HashSet::new();
    // A commit is met twice: before its parents, then after them.
    let mut stack = vec![(tip, false)];
    while let Some((id, parents_done)) = stack.pop() {
        if parents_done {
            ordered.push(id);
            continue;
        }
        if !objects.is_new(id.object()) || !seen.insert(id) {
            continue;
        }
        stack.push((id, true));
        let commit = objects.commit(id)?;
        stack.extend(commit.parents.into_iter().map(|parent| (parent, false)));
    }
    if ordered.is_empty() && !objects.contains(tip.object()) {
        return Err(LookupError::Missing { id: tip.object() });
    }
    Ok(ordered)
}

impl Selection<'_> {
    fn choose(&mut self, id: ObjectId, base: Option<TreeId>) {
        self.chosen.push(Chosen { id, base });
    }

    /// Adds the new trees and blobs below `root`, passing over what the version before it has.
    fn add_trees(&mut self, root: TreeId, before: Option<TreeId>) -> Result<(), LookupError> {
        let mut stack = vec![(root, before)];
        while let Some((id, before)) = stack.pop() {
            if !self.objects.is_new(id.object()) || !self.seen.insert(id.object()) {
                continue;
            }
            let tree = self.objects.tree_chunks(id)?;
            // A tree that was not fetched or cannot be read only means that nothing is known of it.
            let old = before.and_then(|before| {
                let old = self.objects.tree_chunks(before).ok()?;
                Some((before, old))
            });
            let base = old
                .as_ref()
                .and_then(|(before, _)| self.base(id, *before, tree.len()));
            self.choose(id.object(), base);
            match &old {
                Some((before, old)) => self.add_changes(*before, old, &tree, &mut stack),
                None => {
                    for entry in tree.entries() {
                        self.add_entry(entry, None, &mut stack);
                    }
                }
            }
        }
        Ok(())
    }

    /// The base for a tree's delta, which is noted as the next link of its chain.
    fn base(&mut self, id: TreeId, before: TreeId, length: usize) -> Option<TreeId> {
        if length < MIN_DELTA_LENGTH {
            return None;
        }
        let known = self.objects.contains(before.object()) && !self.objects.is_new(before.object());
        let link = match self.chains.get(&before) {
            Some(link) => *link,
            None if known && self.thin => Link {
                depth: 0,
                root: before,
            },
            None => {
                let root = if self.seen.contains(&before.object()) {
                    before
                } else {
                    id
                };
                Link { depth: 0, root }
            }
        };
        if link.root == id {
            return None;
        }
        let (base, depth) = if link.depth < MAX_DEPTH {
            (before, link.depth + 1)
        } else {
            (link.root, 1)
        };
        let root = link.root;
        self.chains.insert(id, Link { depth, root });
        Some(base)
    }

    fn add_changes(
        &mut self,
        before: TreeId,
        old: &Tree,
        new: &Tree,
        stack: &mut Vec<(TreeId, Option<TreeId>)>,
    ) {
        let known = !self.objects.is_new(before.object());
        let mut changes = Vec::new();
        for step in compare(old, new) {
            match step {
                Step::Same { .. } => {}
                Step::Removed(entry) if known => {
                    self.at_server.insert(entry.id);
                }
                Step::Removed(_) => {}
                Step::Changed { old, new, .. } => {
                    if known {
                        self.at_server.insert(old.id);
                    }
                    let was = old.mode.is_tree().then(|| TreeId::new(old.id));
                    changes.push((new, was));
                }
                Step::Added(entry) => changes.push((entry, None)),
            }
        }
        for (entry, was) in changes {
            let is_new_blob = entry.mode.is_blob() && self.objects.is_new(entry.id);
            if known && is_new_blob && old.entries().any(|old| old.id == entry.id) {
                self.at_server.insert(entry.id);
            }
            self.add_entry(entry, was, stack);
        }
    }

    fn add_entry(
        &mut self,
        entry: RawEntry<'_>,
        was: Option<TreeId>,
        stack: &mut Vec<(TreeId, Option<TreeId>)>,
    ) {
        if self.at_server.contains(&entry.id) {
            return;
        }
        if entry.mode.is_tree() {
            stack.push((TreeId::new(entry.id), was));
        } else if entry.mode.is_blob_or_symlink()
            && self.objects.is_new(entry.id)
            && self.seen.insert(entry.id)
        {
            self.choose(entry.id, None);
        }
    }
}
