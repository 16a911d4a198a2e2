//! What GitOps controllers and Git hosts tell.

use release::webhook::Received;

use crate::answers::Noted;
use crate::bodies::{ArgocdEvent, FluxEvent, HostPayload};
use crate::operation::Operation;
use crate::parameters::{env, header, text};
use crate::schemas::Schemas;

pub(super) fn flux_event(schemas: &mut Schemas) -> Operation {
    let body = schemas.body::<FluxEvent>();
    event("Takes what Flux says of a commit", &body, schemas)
}

pub(super) fn argocd_event(schemas: &mut Schemas) -> Operation {
    let body = schemas.body::<ArgocdEvent>();
    event("Takes what Argo CD says of a commit", &body, schemas)
}

fn event(summary: &'static str, body: &serde_json::Value, schemas: &mut Schemas) -> Operation {
    let env = env(schemas, true);
    Operation::new(summary)
        .told("The last word on a commit stays, and settles earlier commits of its environment.")
        .takes(env)
        .body(body)
        .answers(200, "It is noted.", &schemas.answer::<Noted>())
}

pub(super) fn github_webhook(schemas: &mut Schemas) -> Operation {
    let signature = "HMAC-SHA-256 of the body: `sha256=<hex>`.";
    webhook("Takes a webhook of GitHub", schemas)
        .takes(header("X-Hub-Signature-256", &text(), signature))
        .takes(header(
            "X-GitHub-Event",
            &text(),
            "`delete` or `push`; others are ignored.",
        ))
        .takes(header("X-GitHub-Delivery", &text(), "The delivery's id."))
}

pub(super) fn gitlab_webhook(schemas: &mut Schemas) -> Operation {
    webhook("Takes a webhook of GitLab", schemas)
        .takes(header("X-Gitlab-Token", &text(), "The secret."))
        .takes(header(
            "X-Gitlab-Event",
            &text(),
            "`Push Hook`; others are ignored.",
        ))
        .takes(header("X-Gitlab-Event-UUID", &text(), "The delivery's id."))
}

pub(super) fn gitea_webhook(schemas: &mut Schemas) -> Operation {
    let signature = "HMAC-SHA-256 of the body, in hexadecimal digits.";
    webhook("Takes a webhook of Gitea", schemas)
        .takes(header("X-Gitea-Signature", &text(), signature))
        .takes(header(
            "X-Gitea-Event",
            &text(),
            "`delete` or `push`; others are ignored.",
        ))
        .takes(header("X-Gitea-Delivery", &text(), "The delivery's id."))
}

fn webhook(summary: &'static str, schemas: &mut Schemas) -> Operation {
    Operation::new(summary)
        .told(
            "Tells of deleted branches. The JSON may also stand in the field `payload` of a form.",
        )
        .body(&schemas.body::<HostPayload>())
        .answers(200, "What became of it.", &schemas.answer::<Received>())
        .problem(401, "unauthorized", "it is not signed with the secret")
        .problem(503, "not-configured", "a variable is missing or wrong")
}
