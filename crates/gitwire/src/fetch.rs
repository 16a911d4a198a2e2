//! Objects by protocol version 2 (gitprotocol-v2, "fetch"): always a fresh start, without haves.

use std::num::NonZeroU32;

use crate::answer::HttpError;
use crate::id::{CommitId, ObjectId};
use crate::remote::{Remote, Request, RequestError, Response};
use crate::server_text::ServerText;
use crate::upload_pack_capabilities::UploadPackCapabilities;

/// What to leave out of a fetch (git-rev-list(1), `--filter`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// `blob:none`: commits and trees, no content of files.
    BlobNone,
    /// `tree:0`: commits alone.
    TreeNone,
}

/// What to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FetchSpec {
    /// The objects wanted: commits, or trees that a former fetch left out.
    pub wants: Vec<ObjectId>,
    /// How many commits of history; all of it where none.
    pub deepen: Option<NonZeroU32>,
    /// What to leave out. Not sent to a server that does not advertise filters, so that its answer holds more.
    pub filter: Option<Filter>,
}

/// The answer to [`Remote::fetch_request`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FetchAnswer {
    /// Commits whose parents were left out.
    pub shallow: Vec<CommitId>,
    /// The pack, for [`crate::Pack::read`].
    pub pack: Vec<u8>,
}

/// Why a fetch failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The HTTP answer was not a success.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The body breaks the protocol; the message says where.
    #[error("the Git server's answer to a fetch is malformed: {0}")]
    Malformed(&'static str),
    /// The server reported an error of its own: an `ERR` line, or side band 3. An object that is not there any more ends here.
    #[error("the Git server refused the fetch: {0}")]
    Refused(ServerText),
    /// The answer ended before its end.
    #[error("the Git server's answer to a fetch was cut short")]
    Truncated,
}

impl Remote {
    /// Asks for objects.
    ///
    /// # Errors
    /// [`RequestError::Nothing`] without wants, [`RequestError::NotOffered`] for `deepen` where the server has no `shallow`.
    pub fn fetch_request(
        &self,
        capabilities: &UploadPackCapabilities,
        spec: &FetchSpec,
    ) -> Result<Request, RequestError> {
        let _ = (capabilities, spec);
        Err(RequestError::Nothing("not written yet"))
    }
}

impl FetchAnswer {
    /// Reads the answer to [`Remote::fetch_request`].
    ///
    /// # Errors
    /// See [`FetchError`].
    pub fn parse(response: &Response) -> Result<Self, FetchError> {
        let _ = response;
        Err(FetchError::Truncated)
    }
}
