//! Deploy and cleanup policies: does this version release that manifest, and why? Pure functions beside their tables of
//! cases; a broken policy is a no with its reason, never a panic.

use crate::{CleanupPolicy, DeployPolicy, GitEvent, InvalidGlob, Version};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Yes or no, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Is it released?
    pub released: bool,
    /// Why.
    pub reason: Reason,
}

/// Why a policy decided as it did. `code` in JSON is stable; [`fmt::Display`] is the sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Reason {
    /// All that the policy asks for holds.
    Matched {
        /// The event of the artifact.
        event: GitEvent,
    },
    /// The manifest has no `deploy`.
    NoPolicy,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        todo!()
    }
}

impl Reason {
    /// The stable code, as in the JSON.
    pub fn code(&self) -> &'static str {
        todo!()
    }
}

/// Does this policy release this version?
pub fn decide(policy: Option<&DeployPolicy>, version: &Version) -> Decision {
    let _ = (policy, version);
    todo!()
}

/// Does the deletion of this branch delete the app? `cleanup` is resolved already.
///
/// # Errors
/// [`InvalidGlob`] when the policy's branch is not a glob.
pub fn cleanup_triggered(
    cleanup: Option<&CleanupPolicy>,
    deleted_branch: &str,
) -> Result<bool, InvalidGlob> {
    let _ = (cleanup, deleted_branch);
    todo!()
}
