//! A call: one HTTP request on its way to a route. The body is read only after the caller is known, and never past the
//! limit.

use futures_util::TryStreamExt as _;
use serde_json::Value;
use spin_sdk::http::{IncomingRequest, Response};

use crate::answer::{Answer, Problem};
use crate::auth::{self, Caller};
use crate::log::{self, Level};
use crate::settings;

/// One HTTP request, authorised, with its body not read yet.
pub struct Call {
    /// The method, in upper case.
    pub method: String,
    /// The path as the client sent it, not decoded.
    pub path: String,
    /// The query string without `?`; empty if there is none.
    pub query: String,
    /// Who calls; none where the route needs nobody.
    pub caller: Option<Caller>,
    headers: Vec<(String, Vec<u8>)>,
    request: IncomingRequest,
}

/// The longest `Idempotency-Key`, in bytes.
const LONGEST_KEY: usize = 255;

impl Call {
    /// The value of a header; none if it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The client's `Idempotency-Key`, prefixed with its login: keys of different clients never meet.
    ///
    /// # Errors
    ///
    /// 400 for an empty, over-long or unprintable key.
    pub fn idempotency_key(&self) -> Result<Option<String>, Problem> {
        let Some(key) = self.header("idempotency-key") else {
            return Ok(None);
        };
        let printable = key.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if key.trim().is_empty() || key.len() > LONGEST_KEY || !printable {
            let detail = format!(
                "the Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters"
            );
            return Err(Problem::bad_request("Idempotency-Key", detail));
        }
        let login = self
            .caller
            .as_ref()
            .map_or("", |caller| caller.login.as_str());
        Ok(Some(format!("{login} {key}")))
    }

    /// The whole body.
    ///
    /// # Errors
    ///
    /// 413 past the limit, 400 where it breaks off.
    pub async fn body(self) -> Result<Vec<u8>, Problem> {
        let limit = settings::max_body_bytes()?;
        let declared = self
            .header("content-length")
            .and_then(|length| length.parse::<usize>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        let mut body = Vec::with_capacity(declared.unwrap_or_default());
        let mut chunks = Box::pin(self.request.into_body_stream());
        while let Some(chunk) = chunks
            .try_next()
            .await
            .map_err(|_| Problem::bad_request("body", "the body broke off"))?
        {
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(too_large(limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(
        413,
        "too-large",
        "Content Too Large",
        format!("the body may have at most {limit} bytes (variable max_body_bytes)"),
    )
    .member("limit", limit)
}

fn header<'a>(headers: &'a [(String, Vec<u8>)], name: &str) -> Option<&'a str> {
    let (_, value) = headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(value).ok()
}

/// Whether a route needs a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody: only the health check.
    Open,
    /// A token.
    Token,
}

/// Answers one request: finds the caller, then lets `route` answer. Problems become answers here, and the log gets a line.
pub async fn serve<F>(
    component: &'static str,
    access: Access,
    request: IncomingRequest,
    route: impl FnOnce(Call) -> F,
) -> Response
where
    F: Future<Output = Result<Answer, Problem>>,
{
    let method = request.method().to_string().to_uppercase();
    let target = request.path_with_query().unwrap_or_else(|| "/".to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let headers = request.headers().entries();
    let caller = match access {
        Access::Open => Ok(None),
        Access::Token => auth::caller(header(&headers, "authorization"), &query)
            .await
            .map(Some),
    };
    let login = match &caller {
        Ok(Some(caller)) => Value::from(caller.login.as_str()),
        _ => Value::Null,
    };
    let logged = path.clone();
    let answer = match caller {
        Ok(caller) => {
            route(Call {
                method: method.clone(),
                path,
                query,
                caller,
                headers,
                request,
            })
            .await
        }
        Err(problem) => Err(problem),
    };
    let answer = answer.unwrap_or_else(Answer::from);
    let fields = [
        ("method", Value::from(method)),
        ("path", Value::from(logged)),
        ("status", Value::from(answer.status)),
        ("login", login),
    ];
    log::write(
        if answer.status < 500 {
            Level::Info
        } else {
            Level::Error
        },
        component,
        "request",
        &fields,
    );
    let mut response = Response::builder();
    response.status(answer.status);
    for (name, value) in answer.headers {
        response.header(name, value);
    }
    response.header("cache-control", "no-store");
    response.header("x-content-type-options", "nosniff");
    response.body(answer.body).build()
}

/// 405, with what the route takes.
pub fn method_not_allowed(call: &Call, allow: &'static str) -> Problem {
    let detail = format!(
        "{} does not take {}; it takes {allow}",
        call.path, call.method
    );
    Problem::new(405, "method-not-allowed", "Method Not Allowed", detail).header("allow", allow)
}
