//! What the flush asks of a Git host. An answer that is not certain must never be given as one.

use std::collections::BTreeSet;

use domain::GitopsRepository;
use gitwire::{CommitId, Objects, PackOptions, TreeId};

/// A Git host did not do what was asked. Nothing is known of whether it acted on the request.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct HostError {
    /// What happened, for people; without secrets.
    pub message: String,
    /// What to make of it.
    pub cause: Cause,
}

/// What kind of failure a [`HostError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It may pass: no answer, a broken answer, 5xx, 429.
    Passing {
        /// Seconds that the host asked to wait.
        retry_after_s: Option<u32>,
    },
    /// Somebody has to change something: credentials, allowed hosts, the URL, the server.
    Operator,
    /// The request is larger than the host takes (413).
    TooLarge,
}

/// The certain answer to a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushAnswer {
    /// The branch stands at the new tip.
    Accepted,
    /// The branch was not moved: it stands elsewhere by now, or the host does not want it moved.
    Refused(String),
    /// The pack was not taken.
    PackRefused(String),
}

/// Where trees may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// From what was kept after the last push, if the tip is still that push's.
    UnlessKept,
    /// From the host.
    Anew,
}

/// Opens repositories.
#[allow(async_fn_in_trait)]
pub trait GitHost {
    /// An exchange that began by reading the branch's tip.
    type Session: GitSession;

    /// Reads the branch's tip, and what the host can do.
    async fn open(&self, repository: &GitopsRepository) -> Result<Self::Session, HostError>;
}

/// One exchange over one branch of one repository. Everything in it is relative to the tip that was read first.
#[allow(async_fn_in_trait)]
pub trait GitSession {
    /// The branch, in full: `refs/heads/main`.
    fn branch(&self) -> &str;

    /// The branch's tip when the session was opened; none for a branch that does not exist.
    fn tip(&self) -> Option<CommitId>;

    /// The commits that the tip has and `old` has not, exactly. All of the tip's where `old` is none.
    async fn commits_since(&self, old: Option<CommitId>) -> Result<BTreeSet<CommitId>, HostError>;

    /// The tip's commit and its trees; nothing where there is no tip. Kept ones are those that a release needs; a
    /// [`Fetch::Anew`] gives all.
    async fn trees(&self, fetch: Fetch) -> Result<Objects, HostError>;

    /// Keeps trees for the next flush, which finds the branch at `tip` if nobody else pushes meanwhile. Whatever goes wrong
    /// costs that flush a request and nothing else.
    async fn keep_trees(&self, tip: CommitId, snapshot: Vec<u8>);

    /// Adds these trees themselves, without what is below them. One that the host does not give stays away: it may not be
    /// there any more.
    async fn add_trees(&self, objects: &mut Objects, trees: &[TreeId]) -> Result<(), HostError>;

    /// How the host takes packs.
    fn pack_options(&self) -> PackOptions;

    /// Moves the branch from [`GitSession::tip`] to `new`, if it still stands there.
    async fn push(&self, new: CommitId, pack: Vec<u8>) -> Result<PushAnswer, HostError>;
}
