//! The HTTP side of an answer: status and content type, judged before a byte of the body is read as Git.
//! The text that a server sends with an error is never looked at.

use http::header::{CONTENT_TYPE, RETRY_AFTER};

use crate::remote::Response;

/// An answer that is not the one asked for, by its HTTP status and headers alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// 401.
    #[error("the Git server wants other credentials (401)")]
    Unauthorized,
    /// 403.
    #[error("the Git server forbids this (403)")]
    Forbidden,
    /// 404, which forges also answer to those who may not know of the repository.
    #[error("the Git server knows no such repository, or hides it (404)")]
    NotFound,
    /// 413.
    #[error("the request is too large for the Git server (413)")]
    TooLarge,
    /// 429.
    #[error("the Git server asks for fewer requests (429)")]
    TooManyRequests {
        /// Seconds to wait, where the server gave a number of them (RFC 9110 section 10.2.3). A date is not read.
        retry_after: Option<u64>,
    },
    /// 500 to 599.
    #[error("the Git server failed ({status})")]
    Server {
        /// The status.
        status: u16,
        /// Seconds to wait, where the server gave a number of them.
        retry_after: Option<u64>,
    },
    /// Any other status but 200. A redirect belongs to [`crate::Remote::follow`] first.
    #[error("the Git server answered with the unexpected status {0}")]
    Status(u16),
    /// 200 with something else than the Git service's answer: a login page, or a server without smart HTTP.
    #[error(
        "the Git server answered with `{found}` instead of `{expected}`; check the repository address"
    )]
    ContentType {
        /// What was to be expected.
        expected: &'static str,
        /// What came, cut to 100 printable characters.
        found: String,
    },
}

/// The body, if the answer is a success of the expected type.
pub(crate) fn body<'a>(
    response: &'a Response,
    expected: &'static str,
) -> Result<&'a [u8], HttpError> {
    let status = response.status().as_u16();
    match status {
        200 => {}
        401 => return Err(HttpError::Unauthorized),
        403 => return Err(HttpError::Forbidden),
        404 => return Err(HttpError::NotFound),
        413 => return Err(HttpError::TooLarge),
        429 => {
            return Err(HttpError::TooManyRequests {
                retry_after: retry_after(response),
            });
        }
        500..=599 => {
            return Err(HttpError::Server {
                status,
                retry_after: retry_after(response),
            });
        }
        other => return Err(HttpError::Status(other)),
    }
    let found = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = found.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(expected) {
        let found = found.chars().take(100).collect();
        return Err(HttpError::ContentType { expected, found });
    }
    Ok(response.body())
}

fn retry_after(response: &Response) -> Option<u64> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok()
}
