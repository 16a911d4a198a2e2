//! An event in words, before any provider's escaping. The words are GimletD's, which people search their channels for.

use serde::Serialize;
use tinytemplate::{TinyTemplate, format_unescaped};

use crate::event::{Event, Kind, Outcome};
use crate::links::Links;
use crate::text::{block, line, short, title_case};

/// Characters of a title.
const TITLE: usize = 250;
/// Characters of a fact.
const FACT: usize = 200;
/// Characters of a reason or remark.
const DETAIL: usize = 2_000;

/// How an event feels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Well.
    Good,
    /// Somebody should look.
    Bad,
    /// Neither.
    Neutral,
}

/// One thing to know: a name, a text, and where more is to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub name: &'static str,
    /// The text, of a stranger perhaps.
    pub text: String,
    /// Where more is to be seen.
    pub url: Option<String>,
}

/// An event in words. Texts have no control characters; they are not escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line that says it all.
    pub title: String,
    /// How it feels.
    pub tone: Tone,
    /// Environment, version, commits.
    pub facts: Vec<Fact>,
    /// Why it failed, or the controller's remark; empty if there is nothing to say.
    pub detail: String,
}

#[derive(Serialize)]
struct Words<'a> {
    who: &'a str,
    app: &'a str,
    env: &'a str,
    repository: &'a str,
    commit: &'a str,
    status: &'a str,
}

/// The title's template.
fn template(event: &Event) -> &'static str {
    let by_policy = event.triggered_by == "policy";
    match (event.kind, event.outcome) {
        (Kind::Release, Outcome::Failed) => "Failed to roll out {app} of {repository}",
        (Kind::Release, _) if by_policy => "Policy based rollout of {app} on {repository}",
        (Kind::Release, _) => "{who} is rolling out {app} on {repository}",
        (Kind::Rollback, Outcome::Failed) => "Failed to roll back {app} on {env}",
        (Kind::Rollback, _) => "{who} is rolling back {app} on {env}",
        (Kind::Delete, Outcome::Failed) => "Failed to delete {app} of {env}",
        (Kind::Delete, _) if by_policy => "Policy based deletion of {app} on {env}",
        (Kind::Delete, _) => "{who} is deleting {app} on {env}",
        (Kind::Sync, _) => match event.status.as_deref().unwrap_or_default() {
            "Progressing" if event.is_healthy_sync() => {
                "Applied resources from {commit} are up and healthy"
            }
            "Progressing" => "Applying gitops changes from {commit}",
            "ValidationFailed" | "ReconciliationFailed" => {
                "Gitops changes from {commit} failed to apply"
            }
            "HealthCheckFailed" => "Gitops changes from {commit} have health issues",
            _ => "{status}: {commit}",
        },
    }
}

fn title(event: &Event) -> String {
    let text = |text: &str| line(text, FACT / 2);
    let words = Words {
        who: &text(&event.triggered_by),
        app: &text(&event.app),
        env: &text(&event.env),
        repository: &text(
            event
                .repository
                .as_deref()
                .unwrap_or("an unknown repository"),
        ),
        commit: &short(event.gitops_ref.as_deref().unwrap_or_default()),
        status: &text(event.status.as_deref().unwrap_or_default()),
    };
    let mut templates = TinyTemplate::new();
    // The texts are plain here; each provider escapes them in its own way.
    templates.set_default_formatter(&format_unescaped);
    let rendered = templates
        .add_template("title", template(event))
        .and_then(|()| templates.render("title", &words));
    line(
        &rendered.unwrap_or_else(|_| event.type_name().to_owned()),
        TITLE,
    )
}

impl Message {
    /// An event in words.
    pub fn new(event: &Event, links: &Links) -> Self {
        let tone = match event.outcome {
            Outcome::Failed => Tone::Bad,
            Outcome::Progressing => Tone::Neutral,
            Outcome::Succeeded | Outcome::Unchanged => Tone::Good,
        };
        // Of what went well there is nothing to explain, but what a health check says.
        let explains = event.outcome == Outcome::Failed || event.is_healthy_sync();
        Self {
            title: title(event),
            tone,
            facts: facts(event, links),
            detail: match explains {
                true => block(&event.detail, DETAIL),
                false => String::new(),
            },
        }
    }
}

fn facts(event: &Event, links: &Links) -> Vec<Fact> {
    let mut facts = vec![Fact {
        name: "Environment",
        text: line(&title_case(&event.env), FACT),
        url: None,
    }];
    let mut push = |name: &'static str, text: String, url: Option<String>| {
        facts.push(Fact { name, text, url });
    };
    if let (Kind::Release, Some(sha)) = (event.kind, event.sha.as_deref()) {
        push("Version", short(&line(sha, FACT)), links.version(event));
    }
    if let Some(target) = event.target.as_deref() {
        let text = short(&line(target, FACT));
        push("Back to", text, links.gitops_commit(event, target));
    }
    match event.gitops_ref.as_deref() {
        Some(commit) if !commit.is_empty() => {
            let text = short(&line(commit, FACT));
            push("Gitops commit", text, links.gitops_commit(event, commit));
        }
        _ if event.outcome == Outcome::Unchanged => {
            push("Gitops commit", "none, nothing changed".to_owned(), None);
        }
        _ => {}
    }
    facts
}
