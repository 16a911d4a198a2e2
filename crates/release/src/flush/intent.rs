//! The intent: what a push is about to do, written before it is sent. It is the only memory of a push whose answer never
//! came, so it must hold all that recording the outcome needs, and it must never be removed by age.

use std::collections::BTreeSet;

use domain::{Request, RequestId};
use gitwire::{CommitId, TreeId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One push, and the outcome of each of its requests if it lands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub id: Uuid,
    /// The remote's URL, without credentials.
    pub url: String,
    /// The branch, in full.
    pub branch: String,
    pub old: Option<CommitId>,
    pub new: CommitId,
    /// The commits' date in seconds. Building the same requests on the same tip with the same date gives the same commits.
    pub date_s: i64,
    pub outcomes: Vec<IntendedOutcome>,
}

/// What becomes of one request if the push lands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IntendedOutcome {
    /// The queue's value, as text.
    pub request: String,
    pub id: RequestId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// Why the request ends as an error; none for one that ends well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The app's folder as the commit leaves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<TreeId>,
    /// Whether the error is a hold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

impl IntendedOutcome {
    pub(crate) fn new(request: &Request, commit: Option<CommitId>, error: Option<String>) -> Self {
        let value = request
            .to_bytes()
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .unwrap_or_default();
        Self {
            request: value,
            id: request.id.clone(),
            commit,
            error,
            tree: None,
            held: false,
        }
    }
}

/// What the branch says of an intent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Landing {
    /// The branch has not moved: the push may still be on its way.
    Open,
    /// The branch moved. The first `count` outcomes are in it; the rest will never be.
    Moved { count: usize },
}

impl Intent {
    /// Whether the push can land no more, and how much of it did. `since` are the commits that the branch has and
    /// [`Intent::old`] has not.
    ///
    /// Another replica may have pushed the beginning of the same chain (a batch that was halved), so each commit counts
    /// by itself. Outcomes without a commit hold as soon as the commit before them has landed; those after the last
    /// commit hold with it.
    pub(crate) fn landing(&self, tip: Option<CommitId>, since: &BTreeSet<CommitId>) -> Landing {
        if tip == self.old {
            return Landing::Open;
        }
        let landed = |outcome: &IntendedOutcome| {
            outcome.commit.is_some_and(|commit| since.contains(&commit))
        };
        let Some(last) = self.outcomes.iter().rposition(landed) else {
            return Landing::Moved { count: 0 };
        };
        let rest = self.outcomes.get(last + 1..).unwrap_or_default();
        let count = if rest.iter().all(|outcome| outcome.commit.is_none()) {
            self.outcomes.len()
        } else {
            last + 1
        };
        Landing::Moved { count }
    }

    /// Whether this intent says everything that `other` says: the same chain on the same tip, as far as `other` goes.
    pub(crate) fn covers(&self, other: &Intent) -> bool {
        self.url == other.url
            && self.branch == other.branch
            && self.old == other.old
            && self.outcomes.starts_with(&other.outcomes)
    }
}
