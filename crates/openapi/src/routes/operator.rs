//! What operators ask: health, the tick by hand, the audit log, this description.

use release::audit::{Page, Verdict};
use release::evaluate::EvaluateReport;
use release::health::Health;
use release::metrics::CONTENT_TYPE;
use release::notifications::Report;
use serde_json::json;

use crate::answers::{Notification, NotificationStatus, Retried, TickReport};
use crate::operation::Operation;
use crate::parameters::{env, limit, number, offset, path, query, text};
use crate::schemas::Schemas;

pub(super) fn root() -> Operation {
    Operation::new("GimletD's health probe").answers_nothing(200, "It answers.")
}

pub(super) fn healthz(schemas: &mut Schemas) -> Operation {
    let health = schemas.answer::<Health>();
    Operation::new("How the application is")
        .answers(
            200,
            "It works, or would if it were configured: `status` is `ok` or `misconfigured`.",
            &health,
        )
        .answers(503, "The database or the store does not answer.", &health)
}

pub(super) fn metrics() -> Operation {
    Operation::new("Metrics")
        .told("For those whose token has no limits: the queue tells of every app.")
        .answers_text(200, "Prometheus' text format.", CONTENT_TYPE)
}

pub(super) fn open_api() -> Operation {
    let document = json!({ "type": "object", "required": ["openapi", "info", "paths"] });
    Operation::new("This description").answers(200, "OpenAPI 3.1.", &document)
}

pub(super) fn evaluate(schemas: &mut Schemas) -> Operation {
    Operation::new("Evaluates what waits")
        .told("A part of what the tick does, now.")
        .answers(
            200,
            "What was decided.",
            &schemas.answer::<EvaluateReport>(),
        )
}

pub(super) fn flush(schemas: &mut Schemas) -> Operation {
    Operation::new("Evaluates and flushes what waits")
        .told("What the tick does, now.")
        .answers(200, "What was done.", &schemas.answer::<TickReport>())
}

pub(super) fn notify(schemas: &mut Schemas) -> Operation {
    Operation::new("Sends the notifications that are due")
        .told("What the tick of the notifications does, now.")
        .answers(200, "What was done.", &schemas.answer::<Report>())
}

pub(super) fn notifications(schemas: &mut Schemas) -> Operation {
    let env = env(schemas, false);
    let status = schemas.body::<NotificationStatus>();
    Operation::new("Lists notifications")
        .told("Newest first.")
        .takes_all([limit("10"), offset(), env])
        .takes_all([
            query("status", &status, "How they stand."),
            query("destination", &text(), "Whom they tell."),
        ])
        .answers(200, "A page.", &schemas.answer::<Vec<Notification>>())
        .may_be_wrong()
}

pub(super) fn retry_notification(schemas: &mut Schemas) -> Operation {
    Operation::new("Sends a notification again")
        .takes(path("id", &text(), "Its id."))
        .answers(202, "It waits.", &schemas.answer::<Retried>())
        .may_be_missing("there is no such notification")
        .problem(409, "conflict", "it neither failed nor is unknown")
}

pub(super) fn audit_log(schemas: &mut Schemas) -> Operation {
    let after = "The number of the row behind which the page begins.";
    Operation::new("Reads the audit log")
        .told("Oldest first: every refusal, each kind once a minute, and every privileged act.")
        .takes_all([limit("50"), query("after", &number(), after)])
        .answers(200, "A page.", &schemas.answer::<Page>())
        .paged()
        .may_be_wrong()
}

pub(super) fn verify_audit_log(schemas: &mut Schemas) -> Operation {
    let hash = json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" });
    Operation::new("Verifies the audit log")
        .told("Finds rows that were edited, dropped or moved.")
        .takes_all([
            query(
                "seq",
                &number(),
                "The number of a head that was noted before; with hash.",
            ),
            query("hash", &hash, "Its hash."),
            query(
                "after",
                &number(),
                "Where an earlier verification stopped; with afterHash.",
            ),
            query("afterHash", &hash, "The hash there."),
        ])
        .answers(200, "What was found.", &schemas.answer::<Verdict>())
        .may_be_wrong()
}
