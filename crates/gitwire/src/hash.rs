//! The one hash of Git: SHA-1, with the detection of collision attacks that Git itself uses where content comes from elsewhere.

use sha1::{Digest as _, Sha1};

use crate::id::ObjectId;
use crate::pack::Kind;

/// The hash of bytes as they are, such as a pack's. Nothing if they were made for a collision.
pub(crate) fn hash_bytes(bytes: &[u8]) -> Option<ObjectId> {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(bytes);
    finish(hasher)
}

/// The checksum of a pack that is made here, which nobody is to be kept from forging: plain SHA-1.
pub(crate) fn checksum(pack: &[u8]) -> ObjectId {
    ObjectId::from_bytes(Sha1::digest(pack).into())
}

/// The id of an object, whose content comes in parts. Nothing if it was made for a collision.
pub(crate) fn hash_object<'a>(
    kind: Kind,
    length: usize,
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> Option<ObjectId> {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(format!("{} {length}\0", kind.name()).as_bytes());
    for part in parts {
        hasher.update(part);
    }
    finish(hasher)
}

/// The id of a tree that is made here, of which a copy may go on another way. Plain SHA-1, which is faster: a collision needs
/// content that was chosen freely, and a tree holds names and hashes alone; besides, the server examines what it takes. A
/// directory of many apps is hashed for each release, which makes this a large part of a flush.
#[derive(Debug, Clone)]
pub(crate) struct TreeHasher(Sha1);

impl TreeHasher {
    /// Begins the hash of a tree whose encoding has so many bytes.
    pub(crate) fn new(length: usize) -> Self {
        let mut hasher = Sha1::new();
        hasher.update(format!("{} {length}\0", Kind::Tree.name()));
        Self(hasher)
    }

    /// Takes the next bytes of the encoding.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> ObjectId {
        ObjectId::from_bytes(self.0.finalize().into())
    }
}

fn finish(hasher: gix_hash::Hasher) -> Option<ObjectId> {
    let id = hasher.try_finalize().ok()?;
    ObjectId::try_from_slice(id.as_slice())
}
