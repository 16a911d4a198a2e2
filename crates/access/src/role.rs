//! Roles: which actions each of them has. Where an action may be done is a matter of limits, never of roles.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Action;

/// What somebody is.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Admin,
    /// Releases, and everything that a shipper may.
    Releaser,
    /// Ships artifacts, and looks at what became of them.
    Shipper,
    /// Looks.
    Viewer,
    /// Flux or Argo CD: reports what was applied, and nothing else.
    Flux,
}

/// A word that is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of admin, releaser, shipper, viewer, flux")]
pub struct UnknownRole;

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::Releaser,
        Self::Shipper,
        Self::Viewer,
        Self::Flux,
    ];

    /// Whether the role has the action at all.
    pub fn permits(self, action: Action) -> bool {
        match self {
            Self::Admin => true,
            Self::Releaser => matches!(
                action,
                Action::Read
                    | Action::Ship
                    | Action::Release
                    | Action::Rollback
                    | Action::Delete
                    | Action::Hold
                    | Action::Tick
                    | Action::Metrics
            ),
            Self::Shipper => matches!(action, Action::Read | Action::Ship),
            Self::Viewer => matches!(action, Action::Read | Action::Metrics),
            Self::Flux => action == Action::Feedback,
        }
    }

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Releaser => "releaser",
            Self::Shipper => "shipper",
            Self::Viewer => "viewer",
            Self::Flux => "flux",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let mut roles = Self::ALL.into_iter();
        roles.find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}
