//! The errors of the use cases as problems: which are the client's, which the operator's. Inner errors go to the log.

use release::enqueue::EnqueueError;
use release::evaluate::EvaluateError;
use release::flush::FlushError;
use release::ingest::IngestError;
use release::ports::{DatabaseError, KeyValueError};
use release::query::QueryError;

use crate::answer::Problem;
use crate::log::{self, Level};

fn logged(error: &dyn std::fmt::Display) -> Problem {
    log::write(
        Level::Error,
        "platform",
        "a store failed",
        &[("error", error.to_string().into())],
    );
    Problem::internal()
}

fn full(detail: String, retry_after_s: u32) -> Problem {
    Problem::new(503, "queue-full", "Service Unavailable", detail)
        .header("retry-after", retry_after_s.to_string())
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        logged(&error)
    }
}

impl From<KeyValueError> for Problem {
    fn from(error: KeyValueError) -> Self {
        logged(&error)
    }
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Invalid(invalid) => Self::bad_request(&invalid.pointer, invalid.message),
            IngestError::Full { retry_after_s, .. } => full(error.to_string(), retry_after_s),
            IngestError::KeyReused { .. } => Self::new(
                422,
                "idempotency-key-reused",
                "Unprocessable Content",
                error.to_string(),
            )
            .member("field", "Idempotency-Key"),
            IngestError::Gone => Self::new(409, "conflict", "Conflict", error.to_string()),
            IngestError::Database(error) => logged(&error),
            IngestError::KeyValue(error) => logged(&error),
        }
    }
}

impl From<EnqueueError> for Problem {
    fn from(error: EnqueueError) -> Self {
        match error {
            EnqueueError::UnknownArtifact(_) => {
                Self::not_found(format!("Not Found - {error}")).member("field", "artifactId")
            }
            EnqueueError::NothingToRelease { .. } => Self::new(
                422,
                "nothing-to-release",
                "Unprocessable Content",
                error.to_string(),
            )
            .member("field", "env"),
            EnqueueError::Unreadable(..) => logged(&error),
            EnqueueError::Full { retry_after_s, .. } => full(error.to_string(), retry_after_s),
            EnqueueError::Database(error) => logged(&error),
            EnqueueError::KeyValue(error) => logged(&error),
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Parameter(invalid) => {
                Self::bad_request(invalid.parameter, format!("Bad Request: {invalid}"))
            }
            QueryError::NotFound(detail) => Self::not_found(detail),
            QueryError::Database(error) => logged(&error),
        }
    }
}

impl From<EvaluateError> for Problem {
    fn from(error: EvaluateError) -> Self {
        logged(&error)
    }
}

impl From<FlushError> for Problem {
    fn from(error: FlushError) -> Self {
        logged(&error)
    }
}
