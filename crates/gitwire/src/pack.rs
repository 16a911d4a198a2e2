//! Packs, the form in which objects travel (gitformat-pack, version 2): read whole or refused, written once.

mod delta;
mod read;
mod select;
mod write;

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

impl Kind {
    /// The word in an object's header: `commit`, `tree`, `blob`, `tag`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Commit => "commit",
            Kind::Tree => "tree",
            Kind::Blob => "blob",
            Kind::Tag => "tag",
        }
    }
}

/// What reading a pack may cost, whatever the pack says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects in the pack.
    pub max_objects: u32,
    /// Bytes of one object, inflated.
    pub max_object_bytes: usize,
    /// Bytes inflated and resolved in all: the work.
    pub max_inflated_bytes: u64,
    /// Bytes held at any moment: the memory, beside the pack itself and about 150 bytes an object.
    pub max_held_bytes: usize,
    /// Deltas between an object and its full base. Git makes chains of 50, and never more than 4,095.
    pub max_delta_depth: u32,
    /// Whether the content of files is kept. Without it, blobs are checked and dropped.
    pub keep_blobs: bool,
}

impl Default for Limits {
    /// Enough for a repository of 500,000 files; 256 MiB of memory; blobs dropped.
    fn default() -> Self {
        Self {
            max_objects: 2_000_000,
            max_object_bytes: 64 << 20,
            max_inflated_bytes: 2 << 30,
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
    /// The bytes end too early.
    #[error("the pack is cut short")]
    Truncated,
    /// The hash at the end is not the hash of what stands before it.
    #[error("the pack's checksum is wrong")]
    Checksum,
    /// A delta's base is not in the pack, or deltas lean on one another in a circle.
    #[error("the pack has {0} deltas without a base")]
    MissingBase(usize),
    /// An object made for a SHA-1 collision.
    #[error("the pack holds an object made for a SHA-1 collision")]
    Collision,
    /// More objects than [`Limits::max_objects`].
    #[error("the pack has {0} objects, more than the limit")]
    TooManyObjects(u32),
    /// An object larger than [`Limits::max_object_bytes`].
    #[error("the pack has an object of {0} bytes, more than the limit")]
    ObjectTooLarge(u64),
    /// More than [`Limits::max_inflated_bytes`].
    #[error("the pack inflates to more than {0} bytes, the limit")]
    TooMuchWork(u64),
    /// More than [`Limits::max_held_bytes`].
    #[error("the pack needs more than {0} bytes of memory, the limit")]
    TooMuchMemory(usize),
    /// A chain of deltas longer than [`Limits::max_delta_depth`].
    #[error("the pack has a chain of more than {0} deltas, the limit")]
    DeltaTooDeep(u32),
}

/// The objects of one pack, all resolved and hashed.
#[derive(Debug, Default)]
pub struct Pack {
    pub(crate) objects: Vec<PackedObject>,
}

/// One object of a [`Pack`]: its id was computed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedObject {
    /// The id.
    pub id: ObjectId,
    /// The kind.
    pub kind: Kind,
    /// The content.
    pub content: Vec<u8>,
}

impl Pack {
    /// Reads a whole pack.
    ///
    /// # Errors
    /// See [`PackError`]; an error means that nothing of the pack can be trusted.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, PackError> {
        let objects = read::Reader::new(bytes, limits)?.read()?;
        Ok(Self { objects })
    }

    /// The objects that were kept, in no order.
    pub fn objects(&self) -> &[PackedObject] {
        &self.objects
    }
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

impl PackOptions {
    /// What a server's advertisement allows, with zlib at `level`.
    pub fn for_server(advertisement: &crate::ReceivePackAdvertisement, level: u32) -> Self {
        Self {
            level,
            thin: !advertisement.offers("no-thin"),
            ofs_delta: advertisement.offers("ofs-delta"),
        }
    }
}
