//! What became of artifacts and requests, a line in the log each: with the artifact's id from the ingest on and the release's
//! id from the decision on, as in the commit's trailers, one search finds the whole way.

use release::evaluate::EvaluateReport;
use release::flush::FlushReport;
use serde_json::Value;

use crate::log::{self, Level};

/// What policies released. Why they did not release something is in `GET /api/policies/explain`.
pub fn evaluated(component: &str, report: &EvaluateReport) {
    for decided in report.decisions.iter().filter(|decided| decided.released) {
        let fields = [
            ("artifactId", Value::from(decided.artifact.as_str())),
            ("releaseId", Value::from(decided.request.as_deref())),
            ("reason", Value::from(decided.code.as_str())),
        ];
        log::write(Level::Info, component, "decided", &fields);
    }
}

/// How requests ended, and in which commit.
pub fn flushed(component: &str, report: &FlushReport) {
    for ended in &report.ended {
        let kind = &ended.request.kind;
        let artifact = kind.artifact_id().map(|id| id.to_string());
        let app = kind.app().map(|app| app.as_str());
        let fields = [
            ("artifactId", Value::from(artifact)),
            ("releaseId", Value::from(ended.request.id.as_str())),
            ("kind", Value::from(kind.as_str())),
            ("env", Value::from(kind.env().as_str())),
            ("app", Value::from(app)),
            ("outcome", Value::from(ended.outcome())),
            ("commit", Value::from(ended.commit.as_deref())),
            ("error", Value::from(ended.error.as_deref())),
        ];
        let level = match ended.error {
            None => Level::Info,
            Some(_) => Level::Error,
        };
        log::write(level, component, "ended", &fields);
    }
}
