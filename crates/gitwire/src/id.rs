//! Object ids: one type per kind of object, so that a tree can never be pushed as a commit. SHA-1 only.

use std::fmt;
use std::str::FromStr;

/// The id of an object of any kind: the SHA-1 of its header and content, 20 bytes, 40 digits in hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 20]);

/// Text that is not an object id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an object id has 40 hexadecimal digits, not this text of {length} bytes")]
pub struct ParseIdError {
    /// Length of the refused text, in bytes. The text itself is not kept: it may be anything.
    pub length: usize,
}

impl ObjectId {
    /// The all-zero id, which the push protocol reads as "no such ref" (gitprotocol-pack, "Reference Update Request").
    pub const ZERO: ObjectId = ObjectId([0; 20]);

    /// The id with these 20 bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Reads 40 hexadecimal digits.
    ///
    /// # Errors
    /// The text has another length or holds something else.
    pub fn from_hex(hex: &[u8]) -> Result<Self, ParseIdError> {
        let refused = ParseIdError { length: hex.len() };
        if hex.len() != 40 {
            return Err(refused);
        }
        match gix_hash::ObjectId::from_hex(hex) {
            Ok(id) => Self::try_from_slice(id.as_slice()).ok_or(refused),
            Err(_) => Err(refused),
        }
    }

    pub(crate) fn try_from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_hex(text.as_bytes())
    }
}

impl serde::Serialize for ObjectId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for ObjectId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(ObjectId);

        impl $name {
            /// Takes the caller's word that the object has this kind.
            pub const fn new(id: ObjectId) -> Self {
                Self(id)
            }

            /// The id without its kind.
            pub const fn object(self) -> ObjectId {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<$name> for ObjectId {
            fn from(id: $name) -> ObjectId {
                id.0
            }
        }
    };
}

typed_id!(
    /// The id of a commit.
    CommitId
);
typed_id!(
    /// The id of a tree, which is Git's word for a directory.
    TreeId
);
typed_id!(
    /// The id of a blob, which is Git's word for the content of a file.
    BlobId
);

impl TreeId {
    /// The tree without entries. Every Git knows it without storing it.
    pub const EMPTY: TreeId = TreeId(ObjectId([
        0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92,
        0x88, 0xfb, 0xee, 0x49, 0x04,
    ]));
}
