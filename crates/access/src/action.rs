//! What can be done. Every route is one of these; a new kind of act gets a case here, and the compiler asks each role.

use std::fmt;

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Look at artifacts, releases, decisions, how a request goes.
    Read,
    /// Ship an artifact.
    Ship,
    /// Release an artifact.
    Release,
    /// Put an earlier release back.
    Rollback,
    /// Remove an app from an environment.
    Delete,
    /// Place or lift a hold.
    Hold,
    /// Report what Flux or Argo CD made of a commit.
    Feedback,
    /// See what was told to chats, webhooks and Git hosts, and send it again.
    Webhooks,
    /// Run what the tick runs, now.
    Tick,
    /// Read the metrics.
    Metrics,
    /// Manage users and their tokens.
    Users,
    /// Read and verify the audit log.
    Audit,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 12] = [
        Self::Read,
        Self::Ship,
        Self::Release,
        Self::Rollback,
        Self::Delete,
        Self::Hold,
        Self::Feedback,
        Self::Webhooks,
        Self::Tick,
        Self::Metrics,
        Self::Users,
        Self::Audit,
    ];

    /// The word in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Ship => "ship",
            Self::Release => "release",
            Self::Rollback => "rollback",
            Self::Delete => "delete",
            Self::Hold => "hold",
            Self::Feedback => "feedback",
            Self::Webhooks => "webhooks",
            Self::Tick => "tick",
            Self::Metrics => "metrics",
            Self::Users => "users",
            Self::Audit => "audit",
        }
    }

    /// Whether each act of the kind is written to the audit log, besides each refusal.
    pub fn is_privileged(self) -> bool {
        match self {
            Self::Release
            | Self::Rollback
            | Self::Delete
            | Self::Hold
            | Self::Webhooks
            | Self::Users => true,
            Self::Read | Self::Ship | Self::Feedback | Self::Tick | Self::Metrics | Self::Audit => {
                false
            }
        }
    }

    /// The words after "may not" for people.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Ship => "ship",
            Self::Release => "release",
            Self::Rollback => "roll back",
            Self::Delete => "delete",
            Self::Hold => "place or lift holds",
            Self::Feedback => "report what was applied",
            Self::Webhooks => "look at notifications or send them again",
            Self::Tick => "run the tick",
            Self::Metrics => "read the metrics",
            Self::Users => "manage users",
            Self::Audit => "read the audit log",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
