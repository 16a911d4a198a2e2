//! How a request ended. A request without an outcome is still waiting.

use crate::CommitId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Outcome {
    /// Written to the GitOps repository.
    Released {
        /// The commit that the server accepted.
        commit: CommitId,
    },
    /// The repository holds it already: no commit was made.
    Unchanged,
    /// Not allowed, or not possible whatever is tried again: permission, policy, hold, bad manifest.
    Refused {
        /// Why, for people.
        reason: String,
    },
    /// Given up after passing causes; it can be retried under the same id.
    Failed {
        /// The last cause, for people.
        reason: String,
    },
}

impl Outcome {
    /// GimletD's word for it.
    pub fn status(&self) -> RequestStatus {
        match self {
            Self::Released { .. } | Self::Unchanged => RequestStatus::Processed,
            Self::Refused { .. } | Self::Failed { .. } => RequestStatus::Error,
        }
    }

    /// GimletD's `statusDesc`: the reason of an error, else empty.
    pub fn description(&self) -> &str {
        match self {
            Self::Released { .. } | Self::Unchanged => "",
            Self::Refused { reason } | Self::Failed { reason } => reason,
        }
    }

    /// The commit, if one was made.
    pub fn commit(&self) -> Option<&CommitId> {
        match self {
            Self::Released { commit } => Some(commit),
            _ => None,
        }
    }
}

/// The state of a request in GimletD's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestStatus {
    /// Waiting.
    New,
    /// Ended well, with or without a commit.
    Processed,
    /// Ended badly; the reason is beside it.
    Error,
}

impl RequestStatus {
    /// `new`, `processed` or `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Processed => "processed",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for RequestStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
