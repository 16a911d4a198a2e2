//! Answers: JSON, or a problem in the form of RFC 9457. Messages are for clients: no secret, no inner error of the platform
//! that could hold one.

use serde::Serialize;
use serde_json::{Map, Value};

/// An HTTP answer, small enough to be held whole.
#[derive(Debug)]
pub struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// JSON text.
    pub fn json_text(status: u16, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.into_bytes(),
        }
    }

    /// Text of another type.
    pub fn text(status: u16, content_type: &str, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: body.into_bytes(),
        }
    }

    /// A value as JSON.
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(body) => Self::json_text(status, body),
            Err(_) => Problem::internal().into(),
        }
    }

    /// An empty answer.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }
}

/// What went wrong, as `application/problem+json` (RFC 9457).
#[derive(Debug)]
pub struct Problem(Box<Parts>);

/// Boxed, so that a `Result` with a problem stays small.
#[derive(Debug)]
struct Parts {
    status: u16,
    kind: &'static str,
    title: &'static str,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(&'static str, String)>,
}

impl Problem {
    /// A problem. `kind` is the stable end of the `type` URI.
    pub fn new(
        status: u16,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Parts {
            status,
            kind,
            title,
            detail: detail.into(),
            members: Map::new(),
            headers: Vec::new(),
        }))
    }

    /// A field or parameter of the request is wrong. `field` is a JSON pointer or a parameter's name.
    pub fn bad_request(field: &str, detail: impl Into<String>) -> Self {
        Self::new(400, "bad-request", "Bad Request", detail).member("field", field)
    }

    /// There is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, "not-found", "Not Found", detail)
    }

    /// Something failed that the client cannot mend; the log says what.
    pub fn internal() -> Self {
        Self::new(
            500,
            "internal",
            "Internal Server Error",
            "something failed here; try again, then ask the operator to look at the log",
        )
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The message.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The variable that is wrong; empty where none is.
    pub(crate) fn variable(&self) -> &str {
        let named = self.0.members.get("variable");
        named.and_then(Value::as_str).unwrap_or_default()
    }

    /// With one more member.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let problem = *problem.0;
        let mut body = Map::new();
        body.insert(
            "type".to_owned(),
            format!("urn:wimble:problem:{}", problem.kind).into(),
        );
        body.insert("title".to_owned(), problem.title.into());
        body.insert("status".to_owned(), problem.status.into());
        body.insert("detail".to_owned(), problem.detail.into());
        body.extend(problem.members);
        let mut headers = vec![("content-type", "application/problem+json".to_owned())];
        headers.extend(problem.headers);
        Self {
            status: problem.status,
            headers,
            body: Value::Object(body).to_string().into_bytes(),
        }
    }
}
