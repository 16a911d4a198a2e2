//! The HTTP side of an answer: status and headers, judged before a byte of the body is read as Git. What a server writes beside
//! an error decides nothing; it is kept for people, where it is plain text, as Git does.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, RETRY_AFTER};

use crate::remote::Response;
use crate::server_text::ServerText;

/// An answer that is not the one asked for, by its HTTP status and headers alone. `said` is the body of an error where it is plain
/// text, such as "this repository was archived"; empty otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// 401.
    #[error("the Git server wants other credentials (401){}", quoted(said))]
    Unauthorized {
        /// The server's words.
        said: ServerText,
    },
    /// 403.
    #[error("the Git server forbids this (403){}", quoted(said))]
    Forbidden {
        /// The server's words.
        said: ServerText,
    },
    /// 404, which forges also answer to those who may not know of the repository.
    #[error(
        "the Git server knows no such repository, or hides it (404){}",
        quoted(said)
    )]
    NotFound {
        /// The server's words.
        said: ServerText,
    },
    /// 413.
    #[error("the request is too large for the Git server (413)")]
    TooLarge,
    /// 429, or 403 with a time to wait, which is how GitHub limits rates.
    #[error("the Git server asks for fewer requests ({status})")]
    TooManyRequests {
        /// The status.
        status: u16,
        /// Seconds to wait, where the server gave a number of them (RFC 9110 section 10.2.3). A date is not read.
        retry_after: Option<u64>,
    },
    /// 500 to 599.
    #[error("the Git server failed ({status}){}", quoted(said))]
    Server {
        /// The status.
        status: u16,
        /// Seconds to wait, where the server gave a number of them.
        retry_after: Option<u64>,
        /// The server's words.
        said: ServerText,
    },
    /// Any other status but 200 and 203. A redirect belongs to [`crate::Remote::follow`] first.
    #[error(
        "the Git server answered with the unexpected status {status}{}",
        quoted(said)
    )]
    Status {
        /// The status.
        status: u16,
        /// The server's words.
        said: ServerText,
    },
    /// A success with something else than the Git service's answer: a sign-in page (Azure DevOps sends one with 203), or a server
    /// without smart HTTP.
    #[error(
        "the Git server answered with `{found}` instead of `{expected}`, as a sign-in page does; check the repository's address, and \
         the credentials"
    )]
    ContentType {
        /// What was to be expected.
        expected: &'static str,
        /// What came, cut to 100 printable characters.
        found: String,
    },
    /// A body that something on the way has compressed, although the request asked for none of that.
    #[error(
        "the answer came compressed (`{found}`), which the request forbade; a proxy before the Git server must leave its answers as they are"
    )]
    ContentEncoding {
        /// The coding, cut to 100 printable characters.
        found: String,
    },
}

fn quoted(said: &ServerText) -> String {
    match said.as_str() {
        "" => String::new(),
        said => format!(": {said}"),
    }
}

/// The body, if the answer is a success of the expected type.
pub(crate) fn body<'a>(
    response: &'a Response,
    expected: &'static str,
) -> Result<&'a [u8], HttpError> {
    if let Some(error) = refusal(response) {
        return Err(error);
    }
    let found = header(response, CONTENT_TYPE);
    if !media_type(found).eq_ignore_ascii_case(expected) {
        let found = cut(found);
        return Err(HttpError::ContentType { expected, found });
    }
    let coding = header(response, CONTENT_ENCODING);
    if !(coding.is_empty() || coding.eq_ignore_ascii_case("identity")) {
        return Err(HttpError::ContentEncoding { found: cut(coding) });
    }
    Ok(response.body())
}

/// What the status says, unless it is that of a success: 203 is a 200 that a proxy has touched (RFC 9110 section 15.3.4).
fn refusal(response: &Response) -> Option<HttpError> {
    let status = response.status().as_u16();
    let retry_after = header(response, RETRY_AFTER).trim().parse().ok();
    let said = words(response);
    Some(match status {
        200 | 203 => return None,
        401 => HttpError::Unauthorized { said },
        403 if retry_after.is_none() => HttpError::Forbidden { said },
        404 => HttpError::NotFound { said },
        413 => HttpError::TooLarge,
        403 | 429 => HttpError::TooManyRequests {
            status,
            retry_after,
        },
        500..=599 => HttpError::Server {
            status,
            retry_after,
            said,
        },
        _ => HttpError::Status { status, said },
    })
}

/// The body of an error where it is written for people (Git shows `text/plain` too, and nothing else).
fn words(response: &Response) -> ServerText {
    if media_type(header(response, CONTENT_TYPE)).eq_ignore_ascii_case("text/plain") {
        ServerText::new(response.body())
    } else {
        ServerText::default()
    }
}

fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn header(response: &Response, name: HeaderName) -> &str {
    let value = response.headers().get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}
