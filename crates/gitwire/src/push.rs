//! The push: commands, then a pack, in one request to receive-pack (gitprotocol-pack, "Pushing Data To a Server").

use crate::advertisement::ReceivePackAdvertisement;
use crate::id::CommitId;
use crate::ref_name::RefName;
use crate::remote::{Remote, Request, RequestError};

/// A ref to move. The server moves it only if it still stands at `old`: this is the lock of the whole protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// The ref.
    pub name: RefName,
    /// Where it stands; none to make a ref that does not exist yet.
    pub old: Option<CommitId>,
    /// Where it shall stand.
    pub new: CommitId,
}

impl Remote {
    /// Asks the server to take `pack` and to move the refs, all or none where it can (`atomic`).
    ///
    /// # Errors
    /// [`RequestError::NotOffered`] where the server would not report the outcome, [`RequestError::Nothing`] without updates.
    pub fn push_request(
        &self,
        advertisement: &ReceivePackAdvertisement,
        updates: &[RefUpdate],
        pack: &[u8],
    ) -> Result<Request, RequestError> {
        let _ = (advertisement, updates, pack);
        Err(RequestError::Nothing("not written yet"))
    }
}
