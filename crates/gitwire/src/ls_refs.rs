//! The refs of a repository by protocol version 2 (gitprotocol-v2, "ls-refs").

use crate::answer::HttpError;
use crate::id::ObjectId;
use crate::ref_name::RefName;
use crate::remote::{Remote, Request, RequestError, Response};
use crate::server_text::ServerText;
use crate::upload_pack_capabilities::UploadPackCapabilities;

/// A ref of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ref {
    /// Its name.
    pub name: RefName,
    /// The object that it names: a commit for a branch, a tag object for an annotated tag.
    pub id: ObjectId,
    /// For an annotated tag, the object that the tag stands for.
    pub peeled: Option<ObjectId>,
    /// For a symbolic ref, the ref that it points at.
    pub symref_target: Option<RefName>,
}

/// The answer to [`Remote::ls_refs_request`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LsRefsAnswer {
    /// The refs in the server's order, without `HEAD`. A ref whose name is not UTF-8 is left out.
    pub refs: Vec<Ref>,
    /// Where `HEAD` points: the default branch, even one without a commit if the server tells so. Asked for by the prefix `HEAD`.
    pub default_branch: Option<RefName>,
}

/// Why the list of refs could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LsRefsError {
    /// The HTTP answer was not a success.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The body breaks the protocol; the message says where.
    #[error("the Git server's list of refs is malformed: {0}")]
    Malformed(&'static str),
    /// The server reported an error of its own (`ERR`).
    #[error("the Git server refused to list its refs: {0}")]
    Refused(ServerText),
}

impl Remote {
    /// Asks for the refs whose names begin with one of `prefixes` (`HEAD`, `refs/heads/main`, …); all of them where there is none.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub fn ls_refs_request(
        &self,
        capabilities: &UploadPackCapabilities,
        prefixes: &[&str],
    ) -> Result<Request, RequestError> {
        let _ = (capabilities, prefixes);
        Err(RequestError::Nothing("not written yet"))
    }
}

impl LsRefsAnswer {
    /// Reads the answer to [`Remote::ls_refs_request`].
    ///
    /// # Errors
    /// See [`LsRefsError`].
    pub fn parse(response: &Response) -> Result<Self, LsRefsError> {
        let _ = response;
        Err(LsRefsError::Malformed("not written yet"))
    }
}
