//! Deploy and cleanup policies: does this version release that manifest, and why? Pure functions beside their tables of
//! cases; a broken policy is a no with its reason, never a panic.

use crate::{CleanupPolicy, DeployPolicy, GitEvent, Glob, InvalidGlob, Reason, Version};
use serde::{Deserialize, Serialize};

/// Yes or no, and why.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Is it released?
    pub released: bool,
    /// Why.
    pub reason: Reason,
}

/// Releases whatever the patterns of a policy say (GimletD's dashboard).
const DEPLOY_ALL: &str = "*[DEPLOY: ALL]*";
/// Bytes of the commit message that patterns are held against: subjects are short, and texts of bots have no end.
const MESSAGE_BYTES: usize = 4_096;

/// Does this policy release this version? The policy's templates are resolved already.
///
/// The rules are GimletD's with its faults mended (`T01`–`T27` and `P01`–`P20` in the tests): a branch needs the event `push`
/// or `pr` beside it, a tag needs the event `tag`, and what is negated with `!` still needs a branch or tag to be held
/// against.
pub fn decide(policy: Option<&DeployPolicy>, version: &Version) -> Decision {
    match policy.map(|policy| check(policy, version)) {
        None => Decision {
            released: false,
            reason: Reason::NoPolicy,
        },
        Some(Err(reason)) => Decision {
            released: false,
            reason,
        },
        Some(Ok(())) => Decision {
            released: true,
            reason: Reason::Matched {
                event: version.event,
                branch: version.branch.clone(),
                tag: version.tag.clone(),
            },
        },
    }
}

fn check(policy: &DeployPolicy, version: &Version) -> Result<(), Reason> {
    // Every glob is compiled first: a broken one is told even where something else would have said no.
    let branch = Filter::new("branch", &policy.branch)?;
    let tag = Filter::new("tag", &policy.tag)?;
    let messages = message_globs(&policy.commit_message_patterns)?;
    if branch.is_none() && tag.is_none() && policy.event.is_none() && messages.is_empty() {
        return Err(Reason::EmptyPolicy);
    }
    if branch.is_some() && matches!(policy.event, None | Some(GitEvent::Tag)) {
        return Err(Reason::BranchNeedsPushOrPr {
            branch: policy.branch.clone(),
        });
    }
    if tag.is_some() && policy.event != Some(GitEvent::Tag) {
        return Err(Reason::TagNeedsTagEvent {
            tag: policy.tag.clone(),
        });
    }
    if let Some(wanted) = policy.event.filter(|wanted| *wanted != version.event) {
        return Err(Reason::EventDiffers {
            wanted,
            found: version.event,
        });
    }
    if let Some(filter) = tag {
        filter.check(&version.tag)?;
    }
    if let Some(filter) = branch {
        filter.check(&version.branch)?;
    }
    if !messages.is_empty()
        && !messages
            .iter()
            .any(|glob| glob.matches(head(&version.message)))
    {
        return Err(Reason::MessageDiffers {
            patterns: policy.commit_message_patterns.clone(),
        });
    }
    Ok(())
}

/// A glob of branches or tags, perhaps negated.
struct Filter<'a> {
    field: &'static str,
    pattern: &'a str,
    negated: bool,
    literal: &'a str,
    glob: Glob,
}

impl<'a> Filter<'a> {
    /// None when the policy does not set it.
    fn new(field: &'static str, pattern: &'a str) -> Result<Option<Self>, Reason> {
        if pattern.is_empty() {
            return Ok(None);
        }
        let stripped = pattern.strip_prefix('!');
        let literal = stripped.unwrap_or(pattern);
        let glob = match literal {
            "" => Err(InvalidGlob::Empty),
            _ => Glob::new(literal),
        };
        let invalid = |error: InvalidGlob| Reason::PolicyInvalid {
            field: field.to_owned(),
            message: error.to_string(),
        };
        Ok(Some(Self {
            field,
            pattern,
            negated: stripped.is_some(),
            literal,
            glob: glob.map_err(invalid)?,
        }))
    }

    fn check(&self, found: &str) -> Result<(), Reason> {
        let (field, pattern) = (self.field.to_owned(), self.pattern.to_owned());
        if found.is_empty() {
            return Err(Reason::NothingToMatch { field, pattern });
        }
        let matches = self.matches(found);
        match self.negated {
            true if matches => Err(Reason::Excluded {
                field,
                pattern,
                found: found.to_owned(),
            }),
            false if !matches => Err(Reason::Differs {
                field,
                pattern,
                found: found.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// `fix[1]` matches the branch `fix[1]` as well as `fix1`.
    fn matches(&self, found: &str) -> bool {
        found == self.literal || self.glob.matches(found)
    }
}

/// The globs of a policy's patterns with the built-in one; none when the policy has no patterns.
fn message_globs(patterns: &[String]) -> Result<Vec<Glob>, Reason> {
    let mut globs = Vec::new();
    for (i, pattern) in patterns.iter().enumerate() {
        let glob = match pattern.as_str() {
            "" => Err(InvalidGlob::Empty),
            pattern => Glob::with_literal_brackets(pattern),
        };
        globs.push(glob.map_err(|error| Reason::PolicyInvalid {
            field: format!("commitMessagePatterns/{i}"),
            message: error.to_string(),
        })?);
    }
    if !globs.is_empty() {
        globs.extend(Glob::with_literal_brackets(DEPLOY_ALL));
    }
    Ok(globs)
}

fn head(message: &str) -> &str {
    let mut end = message.len().min(MESSAGE_BYTES);
    while !message.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    message.split_at_checked(end).map_or("", |(head, _)| head)
}

/// Does the deletion of this branch delete the app? The policy's templates are resolved already. Its `event` is not looked
/// at: there is only one.
///
/// # Errors
/// [`InvalidGlob`] when the policy's branch is not a glob.
pub fn cleanup_triggered(
    cleanup: Option<&CleanupPolicy>,
    deleted_branch: &str,
) -> Result<bool, InvalidGlob> {
    let Some(cleanup) =
        cleanup.filter(|policy| !policy.app.is_empty() && !policy.branch.is_empty())
    else {
        return Ok(false);
    };
    let stripped = cleanup.branch.strip_prefix('!');
    let pattern = stripped.unwrap_or(&cleanup.branch);
    if pattern.is_empty() {
        return Err(InvalidGlob::Empty);
    }
    let matches = pattern == deleted_branch || Glob::new(pattern)?.matches(deleted_branch);
    Ok(!deleted_branch.is_empty() && matches != stripped.is_some())
}
