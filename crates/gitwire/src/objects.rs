//! The objects that are known, and the ones that are new in this flush. It only grows, and no object is ever changed.

use crate::commit::{Commit, CommitSpec};
use crate::id::{BlobId, CommitId, ObjectId, TreeId};
use crate::pack::{Pack, PackOptions};

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A directory.
    Tree,
    /// A file.
    File,
    /// A file that may be run.
    Executable,
    /// A symbolic link; the blob holds its target.
    Symlink,
    /// A submodule; the id is a commit of another repository.
    Submodule,
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// What it is.
    pub kind: EntryKind,
    /// Its name, in any bytes but NUL and `/`.
    pub name: Vec<u8>,
    /// The object that it names.
    pub id: ObjectId,
}

/// Why an object could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// It was not fetched. Fetch it and try again.
    #[error("object {id} was not fetched")]
    Missing {
        /// The object.
        id: ObjectId,
    },
    /// It is an object of another kind.
    #[error("object {id} is not a {expected}")]
    OtherKind {
        /// The object.
        id: ObjectId,
        /// What it should have been.
        expected: &'static str,
    },
    /// It breaks Git's format.
    #[error("object {id} is corrupt: {problem}")]
    Corrupt {
        /// The object.
        id: ObjectId,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Why an object could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// An object that the change builds upon could not be had.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// A name that cannot stand in a tree: empty, `.`, `..`, `.git`, or with `/` or NUL.
    #[error("`{name}` cannot be the name of a file")]
    Name {
        /// The name, escaped and cut.
        name: String,
    },
    /// The path leads through, or to, something that is not what the change needs: a file where a directory is wanted, or the reverse.
    #[error("`{path}` is not a {expected}")]
    InTheWay {
        /// The path, escaped.
        path: String,
        /// What the change needs there.
        expected: &'static str,
    },
    /// A list of entries with the same name twice.
    #[error("`{name}` stands twice in the list of entries")]
    Twice {
        /// The name, escaped.
        name: String,
    },
    /// A name, address, time or message that cannot stand in a commit.
    #[error("the commit's {field} {problem}")]
    Commit {
        /// The field: `author name`, `message` and so on.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Content made to have the hash of another content (sha1collisiondetection).
    #[error("the content was made for a SHA-1 collision; Git would refuse it")]
    Collision,
}

/// A store of objects: the ones known to be on the server, and the new ones.
#[derive(Debug, Default)]
pub struct Objects {}

impl Objects {
    /// A store that knows nothing but the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what a server sent.
    pub fn insert_pack(&mut self, pack: Pack) {
        let _ = pack;
    }

    /// Whether the object itself is here.
    pub fn contains(&self, id: ObjectId) -> bool {
        let _ = id;
        false
    }

    /// The entries of a tree, in Git's order.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub fn tree(&self, id: TreeId) -> Result<Vec<TreeEntry>, LookupError> {
        Err(LookupError::Missing { id: id.object() })
    }

    /// A commit.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub fn commit(&self, id: CommitId) -> Result<Commit, LookupError> {
        Err(LookupError::Missing { id: id.object() })
    }

    /// The content of a file, where it was fetched or written here.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub fn blob(&self, id: BlobId) -> Result<&[u8], LookupError> {
        Err(LookupError::Missing { id: id.object() })
    }

    /// Makes the content of a file.
    ///
    /// # Errors
    /// [`WriteError::Collision`] alone.
    pub fn write_blob(&mut self, content: &[u8]) -> Result<BlobId, WriteError> {
        let _ = content;
        Err(WriteError::Collision)
    }

    /// Makes a directory of these entries, in any order.
    ///
    /// # Errors
    /// [`WriteError::Name`], [`WriteError::Twice`], [`WriteError::Collision`].
    pub fn write_tree(&mut self, entries: Vec<TreeEntry>) -> Result<TreeId, WriteError> {
        let _ = entries;
        Err(WriteError::Collision)
    }

    /// Makes a commit.
    ///
    /// # Errors
    /// [`WriteError::Commit`], [`WriteError::Collision`].
    pub fn write_commit(&mut self, spec: &CommitSpec) -> Result<CommitId, WriteError> {
        let _ = spec;
        Err(WriteError::Collision)
    }

    /// A pack of the new objects that are reachable from `tip`, and of no other.
    ///
    /// # Errors
    /// See [`LookupError`]; the tip itself has to be here.
    pub fn new_pack(&self, tip: CommitId, options: PackOptions) -> Result<Vec<u8>, LookupError> {
        let _ = options;
        Err(LookupError::Missing { id: tip.object() })
    }

    /// Says that the server has taken everything that `tip` reaches: it is not sent again.
    pub fn mark_pushed(&mut self, tip: CommitId) {
        let _ = tip;
    }
}
