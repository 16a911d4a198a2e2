//! Commits: what is read of one, and what a new one is made of.

use gix_object::CommitRefIter;

use crate::id::{CommitId, ObjectId, TreeId};
use crate::objects::WriteError;

/// A commit, as far as callers need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its directory.
    pub tree: TreeId,
    /// The commits before it; none for the first one.
    pub parents: Vec<CommitId>,
    /// When it was committed: seconds since 1970, UTC. What the committer claims; none where it cannot be read.
    pub committer_seconds: Option<i64>,
    /// The message, in the bytes of the commit; empty where it cannot be read.
    pub message: Vec<u8>,
}

/// Who made a commit, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name; not empty, without `<`, `>`, line breaks or NUL.
    pub name: String,
    /// The mail address; held to the same rules, may be empty.
    pub email: String,
    /// Seconds since 1970, UTC; not negative.
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

/// Reads a commit; the error says what is wrong with it.
pub(crate) fn parse(content: &[u8]) -> Result<Commit, &'static str> {
    let mut headers = CommitRefIter::from_bytes(content, gix_hash::Kind::Sha1);
    let tree = headers.tree_id().map_err(|_| "it has no tree")?;
    let id = |id: gix_hash::ObjectId| ObjectId::try_from_slice(id.as_slice());
    let parents = headers
        .parent_ids()
        .filter_map(id)
        .map(CommitId::new)
        .collect();
    // What follows the parents decides nothing, and people's tools have written it in many ways: no repository is closed for it.
    let committer = headers.committer().ok();
    let message = headers.message().ok();
    Ok(Commit {
        tree: TreeId::new(id(tree).ok_or("it has no tree")?),
        parents,
        committer_seconds: committer.map(|committer| committer.seconds()),
        message: message.map(|message| message.to_vec()).unwrap_or_default(),
    })
}

/// Writes a commit as `git commit-tree` does.
pub(crate) fn encode(spec: &CommitSpec) -> Result<Vec<u8>, WriteError> {
    if spec.message.contains('\0') {
        return Err(WriteError::Commit {
            field: "message",
            problem: "holds a NUL",
        });
    }
    let mut text = format!("tree {}\n", spec.tree);
    for parent in &spec.parents {
        text.push_str(&format!("parent {parent}\n"));
    }
    text.push_str(&person("author", &spec.author)?);
    text.push_str(&person("committer", &spec.committer)?);
    text.push('\n');
    text.push_str(&spec.message);
    if !spec.message.ends_with('\n') {
        text.push('\n');
    }
    Ok(text.into_bytes())
}

fn person(field: &'static str, person: &Person) -> Result<String, WriteError> {
    let refuse = |problem| Err(WriteError::Commit { field, problem });
    let unfit = |text: &str| text.contains(['<', '>', '\n', '\0']);
    if person.name.trim().is_empty() {
        return refuse("has no name");
    }
    if unfit(&person.name) || unfit(&person.email) {
        return refuse("holds `<`, `>`, a line break or NUL");
    }
    if person.seconds < 0 {
        return refuse("has a time before 1970");
    }
    let (name, email) = (person.name.trim(), person.email.trim());
    Ok(format!(
        "{field} {name} <{email}> {} +0000\n",
        person.seconds
    ))
}
