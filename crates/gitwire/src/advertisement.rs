//! What a server's receive-pack offers: the tips of the refs, and its capabilities (gitprotocol-pack, "Reference Discovery").

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::HttpError;
use crate::id::{CommitId, ObjectId};
use crate::ref_name::RefName;
use crate::remote::Response;
use crate::server_text::ServerText;

/// The refs of a repository at one moment, and what its receive-pack takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivePackAdvertisement {
    refs: BTreeMap<RefName, ObjectId>,
    capabilities: BTreeSet<String>,
}

/// Why an advertisement could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdvertisementError {
    /// The HTTP answer was not a success.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The body breaks the protocol; the message says where.
    #[error("the Git server's advertisement is malformed: {0}")]
    Malformed(&'static str),
    /// The server answered a request for protocol version 2 in version 0 or 1.
    #[error(
        "the Git server does not speak Git protocol version 2; it needs Git 2.18 or newer with `protocol.version` not \
         switched off, and proxies in front of it must pass the `Git-Protocol` header"
    )]
    OldProtocol,
    /// A repository with SHA-256 object ids.
    #[error("the repository uses the object format `{0}`; only sha1 can be used")]
    ObjectFormat(ServerText),
    /// The server reported an error of its own (`ERR`).
    #[error("the Git server refused: {0}")]
    Refused(ServerText),
}

impl ReceivePackAdvertisement {
    /// Reads the answer to [`crate::Remote::advertisement_request`] for [`crate::Service::ReceivePack`].
    ///
    /// # Errors
    /// See [`AdvertisementError`].
    pub fn parse(response: &Response) -> Result<Self, AdvertisementError> {
        let _ = response;
        Err(AdvertisementError::Malformed("not written yet"))
    }

    /// The refs and the objects that they name. A ref whose name is not UTF-8 is left out.
    pub fn refs(&self) -> &BTreeMap<RefName, ObjectId> {
        &self.refs
    }

    /// Whether the repository has no ref at all, as one that was just made.
    pub fn is_empty_repository(&self) -> bool {
        self.refs.is_empty()
    }

    /// The commit that a branch stands at; nothing if there is no such branch.
    pub fn tip(&self, name: &RefName) -> Option<CommitId> {
        self.refs.get(name).copied().map(CommitId::new)
    }

    /// Whether a capability without a value, such as `atomic`, was advertised.
    pub fn offers(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }
}
