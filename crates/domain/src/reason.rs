//! Why a deploy policy said yes or no, for machines and for people. A reason names the values that it compared, so that
//! nobody has to guess; it must never hold anything but what the artifact says.

use crate::GitEvent;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a policy decided as it did. `code` in the JSON is stable; `Display` is the sentence for people.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Reason {
    /// Yes: all that the policy asks for holds.
    Matched {
        /// The event of the artifact.
        event: GitEvent,
        /// Its branch; may be empty.
        branch: String,
        /// Its tag; may be empty.
        tag: String,
    },
    /// The manifest has no `deploy`.
    NoPolicy,
    /// `deploy` is there and sets nothing.
    EmptyPolicy,
    /// A branch without the event `push` or `pr` never matches.
    BranchNeedsPushOrPr {
        /// The policy's branch.
        branch: String,
    },
    /// A tag without the event `tag` never matches.
    TagNeedsTagEvent {
        /// The policy's tag.
        tag: String,
    },
    /// The events differ.
    EventDiffers {
        /// The policy's.
        wanted: GitEvent,
        /// The artifact's.
        found: GitEvent,
    },
    /// The policy filters a branch or tag and the artifact has none.
    NothingToMatch {
        /// `branch` or `tag`.
        field: String,
        /// The policy's glob.
        pattern: String,
    },
    /// The artifact's branch or tag does not match.
    Differs {
        /// `branch` or `tag`.
        field: String,
        /// The policy's glob.
        pattern: String,
        /// What the artifact has.
        found: String,
    },
    /// The artifact's branch or tag matches what a `!` excludes.
    Excluded {
        /// `branch` or `tag`.
        field: String,
        /// The policy's glob.
        pattern: String,
        /// What the artifact has.
        found: String,
    },
    /// The commit message matches none of the patterns.
    MessageDiffers {
        /// The policy's patterns.
        patterns: Vec<String>,
    },
    /// The policy cannot be used.
    PolicyInvalid {
        /// The field of `deploy`.
        field: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// App, environment or policy could not be resolved.
    Unresolved {
        /// The field and what is wrong with it.
        message: String,
    },
}

impl Reason {
    /// The stable code, as in the JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Matched { .. } => "matched",
            Self::NoPolicy => "noPolicy",
            Self::EmptyPolicy => "emptyPolicy",
            Self::BranchNeedsPushOrPr { .. } => "branchNeedsPushOrPr",
            Self::TagNeedsTagEvent { .. } => "tagNeedsTagEvent",
            Self::EventDiffers { .. } => "eventDiffers",
            Self::NothingToMatch { .. } => "nothingToMatch",
            Self::Differs { .. } => "differs",
            Self::Excluded { .. } => "excluded",
            Self::MessageDiffers { .. } => "messageDiffers",
            Self::PolicyInvalid { .. } => "policyInvalid",
            Self::Unresolved { .. } => "unresolved",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matched { event, branch, tag } => {
                write!(f, "the policy matches: event {event}")?;
                if !branch.is_empty() {
                    write!(f, ", branch '{branch}'")?;
                }
                if !tag.is_empty() {
                    write!(f, ", tag '{tag}'")?;
                }
                Ok(())
            }
            Self::NoPolicy => f.write_str("the manifest has no deploy policy"),
            Self::EmptyPolicy => {
                f.write_str("the deploy policy is empty: set event, and branch or tag")
            }
            Self::BranchNeedsPushOrPr { branch } => {
                write!(
                    f,
                    "the policy filters branch '{branch}' but its event is not push or pr: set one of them"
                )
            }
            Self::TagNeedsTagEvent { tag } => {
                write!(
                    f,
                    "the policy filters tag '{tag}' but its event is not tag: set it"
                )
            }
            Self::EventDiffers { wanted, found } => {
                write!(
                    f,
                    "the policy wants event {wanted}, the artifact has {found}"
                )
            }
            Self::NothingToMatch { field, pattern } => {
                write!(
                    f,
                    "the policy filters {field} '{pattern}', the artifact has no {field}"
                )
            }
            Self::Differs {
                field,
                pattern,
                found,
            } => {
                write!(f, "{field} '{found}' does not match '{pattern}'")
            }
            Self::Excluded {
                field,
                pattern,
                found,
            } => {
                write!(f, "{field} '{found}' is excluded by '{pattern}'")
            }
            Self::MessageDiffers { patterns } => {
                write!(
                    f,
                    "the commit message matches none of: {}",
                    patterns.join(", ")
                )
            }
            Self::PolicyInvalid { field, message } => write!(f, "deploy.{field}: {message}"),
            Self::Unresolved { message } => f.write_str(message),
        }
    }
}
