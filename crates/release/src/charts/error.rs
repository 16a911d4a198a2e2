//! Why a chart could not be had. The text holds no credentials, no query of a URL and no word of a server's answer.

use http::header::RETRY_AFTER;
use url::Url;

use super::settings::HOST_VARIABLES;
use crate::ports::{DatabaseError, HttpError};

/// Why a chart could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ChartError {
    /// Why, and what to do.
    pub reason: String,
    /// Whether the same may succeed later: no answer, 5xx, 429.
    pub passing: bool,
}

impl ChartError {
    /// Somebody has to change something.
    pub(super) fn lasting(reason: impl Into<String>) -> Self {
        Self {
            reason: format!("chart: {}", reason.into()),
            passing: false,
        }
    }

    /// It may pass.
    pub(super) fn passing(reason: impl Into<String>) -> Self {
        Self {
            reason: format!("chart: {}", reason.into()),
            passing: true,
        }
    }

    /// An answer that is no success, to a request for `what` at `url`.
    pub(super) fn status<T>(what: &str, url: &Url, answer: &http::Response<T>) -> Self {
        let status = answer.status().as_u16();
        let place = shown(url);
        let said = match status {
            401 => {
                "wants other credentials (401); check the entry for this host in chart_credentials"
            }
            403 => "forbids it (403); check what the credentials in chart_credentials may read",
            404 | 410 => {
                "does not have it, or hides it from these credentials (404); check the address, the name and the version"
            }
            429 => "asks for fewer requests (429)",
            500..=599 => "failed",
            _ => "gave an answer that is of no use here",
        };
        let pause = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok())
            .map_or_else(String::new, |seconds| {
                format!("; it asks to wait {seconds} s")
            });
        let text = format!("{what} from {place}: the server {said} (status {status}){pause}");
        if status == 429 || status >= 500 {
            Self::passing(text)
        } else {
            Self::lasting(text)
        }
    }

    /// A request for `what` that came to no answer.
    pub(super) fn http(what: &str, error: &HttpError) -> Self {
        match error {
            HttpError::NotAllowed { origin, .. } => Self::lasting(format!(
                "{what}: the host {origin} is not allowed; set one of the variables {HOST_VARIABLES} to {origin}"
            )),
            HttpError::TooLarge { origin, limit } => Self::lasting(format!(
                "{what} from {origin} is larger than {limit} bytes, the limit"
            )),
            HttpError::Unreachable { .. } | HttpError::Network { .. } => {
                Self::passing(format!("{what}: {error}"))
            }
        }
    }
}

impl From<DatabaseError> for ChartError {
    fn from(error: DatabaseError) -> Self {
        Self::passing(error.to_string())
    }
}

/// An address without what may be secret in it: the query of a signed download, a password.
pub(super) fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}
