//! What happened in the application repository. Unlike GimletD, an unknown word is never taken for a push: a typo must
//! not trigger a production policy.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The Git event that an artifact was made for. Absent in JSON means push.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GitEvent {
    /// Commits were pushed to a branch.
    #[default]
    Push,
    /// A tag was pushed.
    Tag,
    /// A pull request was opened or updated.
    Pr,
}

impl GitEvent {
    /// `push`, `tag` or `pr`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Tag => "tag",
            Self::Pr => "pr",
        }
    }

    /// True for push, which GimletD's JSON leaves out.
    #[allow(clippy::trivially_copy_pass_by_ref)] // the signature that serde's `skip_serializing_if` asks for
    pub fn is_push(&self) -> bool {
        *self == Self::Push
    }
}

impl fmt::Display for GitEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not one of the three events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event must be 'push', 'tag' or 'pr'")]
pub struct UnknownGitEvent;

impl FromStr for GitEvent {
    type Err = UnknownGitEvent;
    fn from_str(text: &str) -> Result<Self, UnknownGitEvent> {
        match text {
            "push" => Ok(Self::Push),
            "tag" => Ok(Self::Tag),
            "pr" => Ok(Self::Pr),
            _ => Err(UnknownGitEvent),
        }
    }
}
