//! The objects that are known, and the ones that are new in this flush. It only grows, and no object is ever changed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map;

use gix_object::tree::EntryMode;
use gix_validate::path::component;

use crate::commit::{self, Commit, CommitSpec};
use crate::hash::hash_object;
use crate::id::{BlobId, CommitId, ObjectId, TreeId};
use crate::pack::{Kind, Pack};
use crate::tree::{RawEntry, Tree, encode_entry};

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

impl EntryKind {
    fn of(mode: EntryMode) -> Self {
        match mode.kind() {
            gix_object::tree::EntryKind::Tree => Self::Tree,
            gix_object::tree::EntryKind::Blob => Self::File,
            gix_object::tree::EntryKind::BlobExecutable => Self::Executable,
            gix_object::tree::EntryKind::Link => Self::Symlink,
            gix_object::tree::EntryKind::Commit => Self::Submodule,
        }
    }

    pub(crate) fn mode(self) -> EntryMode {
        match self {
            Self::Tree => gix_object::tree::EntryKind::Tree,
            Self::File => gix_object::tree::EntryKind::Blob,
            Self::Executable => gix_object::tree::EntryKind::BlobExecutable,
            Self::Symlink => gix_object::tree::EntryKind::Link,
            Self::Submodule => gix_object::tree::EntryKind::Commit,
        }
        .into()
    }
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
    /// A name that cannot stand in a tree: empty, `.`, `..`, `.git` or what a file system takes for it, or with `/` or NUL.
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

/// The content of an object.
#[derive(Debug)]
enum Content {
    Whole(Vec<u8>),
    /// A tree that was edited or made here: its versions share what they have in common.
    Chunks(Tree),
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Content::Whole(bytes) => bytes.len(),
            Content::Chunks(tree) => tree.len(),
        }
    }
}

#[derive(Debug)]
struct Record {
    kind: Kind,
    content: Content,
    /// Made here, and not known to be at the server.
    new: bool,
}

/// A store of objects: the ones known to be on the server, and the new ones.
#[derive(Debug, Default)]
pub struct Objects {
    records: HashMap<ObjectId, Record>,
}

/// An object's content, for the writer of packs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContentRef<'a>(&'a Content);

impl<'a> ContentRef<'a> {
    pub(crate) fn len(self) -> usize {
        self.0.len()
    }

    pub(crate) fn parts(self) -> Box<dyn Iterator<Item = &'a [u8]> + 'a> {
        match self.0 {
            Content::Whole(bytes) => Box::new(std::iter::once(bytes.as_slice())),
            Content::Chunks(tree) => Box::new(tree.parts()),
        }
    }
}

impl Objects {
    /// A store that knows nothing but the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what a server sent. What was new here is known from now on, if the server has it too.
    pub fn insert_pack(&mut self, pack: Pack) {
        self.records.reserve(pack.objects.len());
        for object in pack.objects {
            match self.records.entry(object.id) {
                hash_map::Entry::Occupied(mut record) => record.get_mut().new = false,
                hash_map::Entry::Vacant(place) => {
                    place.insert(Record {
                        kind: object.kind,
                        content: Content::Whole(object.content),
                        new: false,
                    });
                }
            }
        }
    }

    /// Whether the object itself is here.
    pub fn contains(&self, id: ObjectId) -> bool {
        self.records.contains_key(&id) || id == TreeId::EMPTY.object()
    }

    /// Whether the object was made here and is not known to be at the server.
    pub fn is_new(&self, id: ObjectId) -> bool {
        self.records.get(&id).is_some_and(|record| record.new)
    }

    pub(crate) fn mark_known(&mut self, id: ObjectId) {
        if let Some(record) = self.records.get_mut(&id) {
            record.new = false;
        }
    }

    /// The entries of a tree, in Git's order.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub fn tree(&self, id: TreeId) -> Result<Vec<TreeEntry>, LookupError> {
        let tree = self.tree_chunks(id)?;
        Ok(tree
            .entries()
            .map(|entry| TreeEntry {
                kind: EntryKind::of(entry.mode),
                name: entry.name.to_vec(),
                id: entry.id,
            })
            .collect())
    }

    /// A commit.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub fn commit(&self, id: CommitId) -> Result<Commit, LookupError> {
        let id = id.object();
        commit::parse(self.whole(id, Kind::Commit)?)
            .map_err(|problem| LookupError::Corrupt { id, problem })
    }

    /// The content of a file, where it was fetched or written here.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub fn blob(&self, id: BlobId) -> Result<&[u8], LookupError> {
        self.whole(id.object(), Kind::Blob)
    }

    /// Makes the content of a file.
    ///
    /// # Errors
    /// [`WriteError::Collision`] alone.
    pub fn write_blob(&mut self, content: &[u8]) -> Result<BlobId, WriteError> {
        self.write_whole(Kind::Blob, content.to_vec())
            .map(BlobId::new)
    }

    /// Makes a directory of these entries, in any order.
    ///
    /// # Errors
    /// [`WriteError::Name`], [`WriteError::Twice`], [`WriteError::Collision`].
    pub fn write_tree(&mut self, mut entries: Vec<TreeEntry>) -> Result<TreeId, WriteError> {
        // By name alone first: a file and a directory of one name would stand apart in Git's order.
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        for pair in entries.windows(2) {
            if let [left, right] = pair
                && left.name == right.name
            {
                let name = escape(&left.name);
                return Err(WriteError::Twice { name });
            }
        }
        let mut tree = Tree::default();
        for entry in entries {
            check_name(&entry.name)?;
            let bytes = encode_entry(entry.kind.mode(), &entry.name, entry.id);
            tree.splice(&entry.name, entry.kind == EntryKind::Tree, Some(&bytes));
        }
        Ok(self.write_chunks(tree))
    }

    /// Makes a commit.
    ///
    /// # Errors
    /// [`WriteError::Commit`], [`WriteError::Collision`].
    pub fn write_commit(&mut self, spec: &CommitSpec) -> Result<CommitId, WriteError> {
        self.write_whole(Kind::Commit, commit::encode(spec)?)
            .map(CommitId::new)
    }

    fn write_whole(&mut self, kind: Kind, content: Vec<u8>) -> Result<ObjectId, WriteError> {
        let id =
            hash_object(kind, content.len(), [content.as_slice()]).ok_or(WriteError::Collision)?;
        self.insert_new(id, kind, Content::Whole(content));
        Ok(id)
    }

    pub(crate) fn write_chunks(&mut self, tree: Tree) -> TreeId {
        let id = tree.id();
        self.insert_new(id.object(), Kind::Tree, Content::Chunks(tree));
        id
    }

    fn insert_new(&mut self, id: ObjectId, kind: Kind, content: Content) {
        self.records.entry(id).or_insert(Record {
            kind,
            content,
            new: true,
        });
    }

    fn record(&self, id: ObjectId, kind: Kind) -> Result<&Record, LookupError> {
        match self.records.get(&id) {
            None => Err(LookupError::Missing { id }),
            Some(record) if record.kind != kind => Err(LookupError::OtherKind {
                id,
                expected: kind.name(),
            }),
            Some(record) => Ok(record),
        }
    }

    fn whole(&self, id: ObjectId, kind: Kind) -> Result<&[u8], LookupError> {
        match &self.record(id, kind)?.content {
            Content::Whole(bytes) => Ok(bytes),
            Content::Chunks(_) => Err(LookupError::OtherKind {
                id,
                expected: kind.name(),
            }),
        }
    }

    /// Kind and content of an object.
    pub(crate) fn content(&self, id: ObjectId) -> Result<(Kind, ContentRef<'_>), LookupError> {
        let record = self.records.get(&id).ok_or(LookupError::Missing { id })?;
        Ok((record.kind, ContentRef(&record.content)))
    }

    /// A tree for reading.
    pub(crate) fn tree_chunks(&self, id: TreeId) -> Result<Cow<'_, Tree>, LookupError> {
        if id == TreeId::EMPTY {
            return Ok(Cow::Owned(Tree::default()));
        }
        let id = id.object();
        match &self.record(id, Kind::Tree)?.content {
            Content::Chunks(tree) => Ok(Cow::Borrowed(tree)),
            Content::Whole(bytes) => Tree::parse(bytes)
                .map(Cow::Owned)
                .map_err(|problem| LookupError::Corrupt { id, problem }),
        }
    }

    /// A tree for editing: a copy that shares its chunks with the stored one, which is cut into chunks once.
    pub(crate) fn tree_to_edit(&mut self, id: TreeId) -> Result<Tree, LookupError> {
        let tree = self.tree_chunks(id)?.into_owned();
        if let Some(record) = self.records.get_mut(&id.object())
            && matches!(record.content, Content::Whole(_))
        {
            record.content = Content::Chunks(tree.clone());
        }
        Ok(tree)
    }

    /// Looks at one entry of a tree.
    pub(crate) fn find_entry<T>(
        &self,
        tree: TreeId,
        name: &[u8],
        look: impl FnOnce(RawEntry<'_>) -> T,
    ) -> Result<Option<T>, LookupError> {
        Ok(self.tree_chunks(tree)?.find(name).map(look))
    }
}

/// What cannot name an entry of a tree (`git fsck`: emptyName, fullPathname, hasDot, hasDotdot, hasDotgit), nor what macOS and
/// Windows take for such a name.
pub(crate) fn check_name(name: &[u8]) -> Result<(), WriteError> {
    let options = component::Options {
        protect_windows: false,
        protect_hfs: true,
        protect_ntfs: true,
    };
    // What follows a backslash is a name of its own on Windows, and Git looks at it so.
    let good = |name: &[u8]| component(name.into(), None, options).is_ok();
    if name.contains(&0) || !name.split(|byte| *byte == b'\\').all(good) {
        let name = escape(name);
        return Err(WriteError::Name { name });
    }
    Ok(())
}

/// A name or path for a message: escaped, at most 200 bytes of it.
pub(crate) fn escape(bytes: &[u8]) -> String {
    bytes.get(..200).unwrap_or(bytes).escape_ascii().to_string()
}
