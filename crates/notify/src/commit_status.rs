//! The status of a source commit on GitHub and GitLab: whether its release was written to the GitOps repository.
//!
//! The context is `gitops/<env>/<app>` and never changes, so that the newest status of an app in an environment takes the
//! place of the one before: the commit shows one line for each place, and a rule for a branch can require it. The app is
//! part of it, lest the success of one app of a repository hides the failure of another.

use serde_json::{Value, json};

use crate::event::{Event, Kind, Outcome};
use crate::links::Links;
use crate::text::{line, short};

/// Characters of GitHub's description; GitLab takes 255.
const DESCRIPTION: usize = 140;

/// What a status is set on: repository, commit, context. None for events without a source commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject<'a> {
    pub(crate) repository: &'a str,
    pub(crate) sha: &'a str,
    pub(crate) context: String,
}

impl<'a> Subject<'a> {
    pub(crate) fn of(event: &'a Event) -> Option<Self> {
        let (repository, sha) = (event.repository.as_deref()?, event.sha.as_deref()?);
        let is_commit =
            matches!(sha.len(), 40 | 64) && sha.bytes().all(|digit| digit.is_ascii_hexdigit());
        (event.kind == Kind::Release && is_commit).then(|| Self {
            repository,
            sha,
            context: format!("gitops/{}/{}", event.env, event.app),
        })
    }

    /// GitHub's `POST /repos/{owner}/{repo}/statuses/{sha}`: a repository has an owner and a name.
    pub(crate) fn github_path(&self) -> Option<Vec<&'a str>> {
        let (owner, name) = self.repository.split_once('/')?;
        (!name.contains('/')).then(|| vec!["repos", owner, name, "statuses", self.sha])
    }

    /// GitLab's `POST /projects/:id/statuses/:sha`: the project's whole path is one segment.
    pub(crate) fn gitlab_path(&self) -> Vec<&'a str> {
        vec!["projects", self.repository, "statuses", self.sha]
    }
}

/// GitHub's body.
pub(crate) fn github(event: &Event, subject: &Subject<'_>, links: &Links) -> Value {
    let state = if event.outcome == Outcome::Failed {
        "failure"
    } else {
        "success"
    };
    let mut body =
        json!({ "state": state, "context": subject.context, "description": description(event) });
    add_target(&mut body, event, links);
    body
}

/// GitLab's body.
pub(crate) fn gitlab(event: &Event, subject: &Subject<'_>, links: &Links) -> Value {
    let state = if event.outcome == Outcome::Failed {
        "failed"
    } else {
        "success"
    };
    let mut body =
        json!({ "state": state, "name": subject.context, "description": description(event) });
    add_target(&mut body, event, links);
    body
}

/// "Success" is said of what was written to Git; whether it runs is another matter, so the words say which.
fn description(event: &Event) -> String {
    match (event.outcome, event.gitops_ref.as_deref()) {
        (Outcome::Failed, _) => line(&event.detail, DESCRIPTION),
        (_, Some(commit)) => format!("Written to the GitOps repository: {}", short(commit)),
        (_, None) => "Nothing to change in the GitOps repository".to_owned(),
    }
}

fn add_target(body: &mut Value, event: &Event, links: &Links) {
    let commit = event.gitops_ref.as_deref();
    let target = commit.and_then(|commit| links.gitops_commit(event, commit));
    if let (Some(target), Value::Object(fields)) = (target, body) {
        fields.insert("target_url".to_owned(), target.into());
    }
}
