//! Webhooks of Git hosts: whether a body says that a branch was deleted. Signatures are checked before anything is read
//! here; whatever is no deletion is passed over with a reason, never an error.

use crate::{BranchName, RepositoryName};
use serde::Deserialize;

/// Which Git host sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HookSource {
    /// GitHub: events `delete` and `push`.
    Github,
    /// GitLab: `Push Hook`.
    Gitlab,
    /// Gitea and Forgejo: events `delete` and `push`.
    Gitea,
}

impl HookSource {
    /// `github`, `gitlab` or `gitea`, as in the route.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Gitea => "gitea",
        }
    }
}

/// What a webhook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hook {
    /// A branch was deleted.
    BranchDeleted {
        /// The application's repository.
        repository: RepositoryName,
        /// The branch, without `refs/heads/`.
        branch: BranchName,
    },
    /// Nothing to do, and why.
    Ignored(String),
}

/// Not JSON of the kind that hosts send.
#[derive(Debug, thiserror::Error)]
#[error("the body is not a webhook's JSON: {0}")]
pub struct InvalidHook(#[from] serde_json::Error);

/// What all hosts have in common; everything else in their bodies is passed over.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    r#ref: Option<String>,
    #[serde(default)]
    ref_type: Option<String>,
    /// The commit that the branch stands at afterwards; zeros where it is gone.
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    deleted: Option<bool>,
    #[serde(default)]
    object_kind: Option<String>,
    #[serde(default)]
    repository: Option<Repository>,
    #[serde(default)]
    project: Option<Project>,
}

#[derive(Deserialize)]
struct Repository {
    #[serde(default)]
    full_name: Option<String>,
}

#[derive(Deserialize)]
struct Project {
    #[serde(default)]
    path_with_namespace: Option<String>,
}

/// Reads a webhook. `event` is the host's header: `X-GitHub-Event`, `X-Gitlab-Event`, `X-Gitea-Event`.
///
/// # Errors
/// [`InvalidHook`] when the body is not JSON, or a field has another type than the host's.
pub fn read_hook(source: HookSource, event: &str, bytes: &[u8]) -> Result<Hook, InvalidHook> {
    let body: Body = serde_json::from_slice(bytes)?;
    let reference = body.r#ref.as_deref().unwrap_or_default();
    let gone = body.deleted == Some(true) || body.after.as_deref().is_some_and(is_zeros);
    let branch = match (source, event) {
        (HookSource::Github | HookSource::Gitea, "delete") => match body.ref_type.as_deref() {
            Some("branch") => reference.strip_prefix("refs/heads/").unwrap_or(reference),
            _ => return Ok(Hook::Ignored("no branch was deleted".to_owned())),
        },
        (HookSource::Github | HookSource::Gitea, "push") => match pushed(reference, gone) {
            Ok(branch) => branch,
            Err(reason) => return Ok(Hook::Ignored(reason)),
        },
        (HookSource::Gitlab, _) if body.object_kind.as_deref() == Some("push") => {
            match pushed(reference, gone) {
                Ok(branch) => branch,
                Err(reason) => return Ok(Hook::Ignored(reason)),
            }
        }
        _ => {
            return Ok(Hook::Ignored(
                "the event is no push and no deletion".to_owned(),
            ));
        }
    };
    let repository = match source {
        HookSource::Gitlab => body.project.and_then(|project| project.path_with_namespace),
        _ => body.repository.and_then(|repository| repository.full_name),
    };
    let names = (repository.unwrap_or_default().parse(), branch.parse());
    Ok(match names {
        (Ok(repository), Ok(branch)) => Hook::BranchDeleted { repository, branch },
        (Err(error), _) => Hook::Ignored(format!("the repository's name: {error}")),
        (_, Err(error)) => Hook::Ignored(format!("the branch's name: {error}")),
    })
}

/// The branch that a push took away.
fn pushed(reference: &str, gone: bool) -> Result<&str, String> {
    match reference.strip_prefix("refs/heads/") {
        Some(branch) if gone => Ok(branch),
        Some(_) => Err("the branch was pushed, not deleted".to_owned()),
        None => Err("the push is of no branch".to_owned()),
    }
}

fn is_zeros(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte == b'0')
}
