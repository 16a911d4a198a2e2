//! Commits: what is read of one, and what a new one is made of.

use crate::id::{CommitId, TreeId};

/// A commit, as far as callers need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its directory.
    pub tree: TreeId,
    /// The commits before it; none for the first one.
    pub parents: Vec<CommitId>,
    /// When it was committed: seconds since 1970, UTC. What the committer claims.
    pub committer_seconds: i64,
    /// The message, in the bytes of the commit.
    pub message: Vec<u8>,
}

/// Who made a commit, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name; not empty, without `<`, `>`, line breaks or NUL.
    pub name: String,
    /// The mail address; held to the same rules, may be empty.
    pub email: String,
    /// Seconds since 1970, UTC.
    pub seconds: i64,
}

/// A commit to be made. Times are written in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitSpec {
    /// Its directory.
    pub tree: TreeId,
    /// The commits before it; none for the first one.
    pub parents: Vec<CommitId>,
    /// Who wrote the change.
    pub author: Person,
    /// Who commits it.
    pub committer: Person,
    /// The message: UTF-8 without NUL. A line break is added where none ends it.
    pub message: String,
}
