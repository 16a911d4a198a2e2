//! The errors of the use cases as problems: which are the client's, which the operator's. Inner errors go to the log.

use release::ask::{Full, QueueError};
use release::cleanup::CleanupError;
use release::enqueue::EnqueueError;
use release::evaluate::EvaluateError;
use release::flush::FlushError;
use release::hold::HoldError;
use release::ingest::IngestError;
use release::notifications::RetryError;
use release::oidc::OidcError;
use release::ports::{DatabaseError, KeyValueError};
use release::query::{InvalidParameter, QueryError};
use release::rollback::RollbackError;
use release::users::UserError;
use release::webhook::WebhookError;

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

impl From<Full> for Problem {
    fn from(error: Full) -> Self {
        Self::new(503, "queue-full", "Service Unavailable", error.to_string())
            .header("retry-after", error.retry_after_s.to_string())
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Full(full) => full.into(),
            QueueError::Database(error) => logged(&error),
            QueueError::KeyValue(error) => logged(&error),
        }
    }
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
            IngestError::Full(full) => full.into(),
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
            EnqueueError::Full(full) => full.into(),
            EnqueueError::Database(error) => logged(&error),
            EnqueueError::KeyValue(error) => logged(&error),
        }
    }
}

impl From<InvalidParameter> for Problem {
    fn from(invalid: InvalidParameter) -> Self {
        Self::bad_request(invalid.parameter, format!("Bad Request: {invalid}"))
    }
}

impl From<RollbackError> for Problem {
    fn from(error: RollbackError) -> Self {
        let detail = error.to_string();
        let refused = |kind| Self::new(422, kind, "Unprocessable Content", detail.clone());
        match error {
            RollbackError::UnknownTarget { .. } => Self::not_found(detail).member("field", "sha"),
            RollbackError::Ambiguous { candidates, .. } => {
                refused("ambiguous-commit").member("field", "sha").member(
                    "candidates",
                    serde_json::to_value(candidates).unwrap_or_default(),
                )
            }
            RollbackError::NotARelease { .. } => refused("not-a-release").member("field", "sha"),
            RollbackError::Database(error) => logged(&error),
        }
    }
}

impl From<CleanupError> for Problem {
    fn from(error: CleanupError) -> Self {
        logged(&error)
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Invalid(invalid) => Self::bad_request("", invalid.to_string()),
            WebhookError::Database(error) => logged(&error),
            WebhookError::Cleanup(error) => logged(&error),
        }
    }
}

impl From<HoldError> for Problem {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Unknown(_) => Self::not_found(error.to_string()),
            HoldError::Lifted(_) => Self::new(409, "conflict", "Conflict", error.to_string())
                .member("field", "Idempotency-Key"),
            HoldError::TooMany(_) => {
                Self::new(409, "too-many-holds", "Conflict", error.to_string())
            }
            HoldError::Database(error) => logged(&error),
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Parameter(invalid) => invalid.into(),
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

impl From<OidcError> for Problem {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Token(_) => unauthorized(&error.to_string()),
            OidcError::KeysUnknown { retry_after_s, .. } => Self::new(
                503,
                "keys-unknown",
                "Service Unavailable",
                error.to_string(),
            )
            .header("retry-after", retry_after_s.to_string()),
            OidcError::Database(error) => logged(&error),
        }
    }
}

/// 401.
pub(crate) fn unauthorized(detail: &str) -> Problem {
    Problem::new(401, "unauthorized", "Unauthorized", detail).header("www-authenticate", "Bearer")
}

impl From<UserError> for Problem {
    fn from(error: UserError) -> Self {
        match error {
            UserError::UnknownUser(_) | UserError::UnknownToken(_) => {
                Self::not_found(error.to_string())
            }
            UserError::Unfit(..) => Self::bad_request("/login", error.to_string()),
            UserError::Taken(_)
            | UserError::BuiltIn
            | UserError::TooManyTokens(_)
            | UserError::TooManyUsers => Self::new(409, "conflict", "Conflict", error.to_string()),
            UserError::Database(error) => logged(&error),
        }
    }
}

impl From<RetryError> for Problem {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound(_) => Self::not_found(error.to_string()),
            RetryError::NotEnded(_) => Self::new(409, "conflict", "Conflict", error.to_string()),
            RetryError::Database(error) => logged(&error),
        }
    }
}
