//! Packs, the form in which objects travel (gitformat-pack, version 2): read whole or refused, written once.

use crate::id::ObjectId;

/// The kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A commit.
    Commit,
    /// A tree: a directory.
    Tree,
    /// A blob: the content of a file.
    Blob,
    /// An annotated tag.
    Tag,
}

/// What reading a pack may cost, whatever the pack says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects in the pack.
    pub max_objects: u32,
    /// Bytes of one object, inflated.
    pub max_object_bytes: usize,
    /// Bytes inflated in all: the work.
    pub max_inflated_bytes: u64,
    /// Bytes held at any moment: the memory.
    pub max_held_bytes: usize,
    /// Deltas between an object and its full base. Git makes chains of 50, and never more than 4,095.
    pub max_delta_depth: u32,
    /// Whether the content of files is kept. Without it, blobs are checked and dropped.
    pub keep_blobs: bool,
}

impl Default for Limits {
    /// Enough for a repository of 500,000 files; 256 MiB of memory.
    fn default() -> Self {
        Self {
            max_objects: 2_000_000,
            max_object_bytes: 64 << 20,
            max_inflated_bytes: 4 << 30,
            max_held_bytes: 256 << 20,
            max_delta_depth: 4095,
            keep_blobs: false,
        }
    }
}

/// Why a pack was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// The bytes are not a pack; the message says where.
    #[error("the pack is malformed: {0}")]
    Malformed(&'static str),
}

/// The objects of one pack, all resolved and hashed.
#[derive(Debug, Default)]
pub struct Pack {
    pub(crate) objects: Vec<(ObjectId, Kind, Vec<u8>)>,
}

/// How a pack is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackOptions {
    /// The zlib level, 0 (stored) to 9 (smallest).
    pub level: u32,
    /// Whether deltas may lean on trees that the server has (`git push --thin`, Git's default). Not for a server that says `no-thin`.
    pub thin: bool,
    /// Whether deltas name their base by offset, where the server advertises `ofs-delta`; by id otherwise.
    pub ofs_delta: bool,
}

impl Pack {
    /// Reads a whole pack.
    ///
    /// # Errors
    /// See [`PackError`]; an error means that nothing of the pack can be trusted.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, PackError> {
        let _ = (bytes, limits);
        Err(PackError::Malformed("not written yet"))
    }
}
