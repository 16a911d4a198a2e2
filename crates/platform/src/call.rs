//! A call: one HTTP request on its way to a route. The body is read only after the caller is known and has the action at
//! all, and never past the limit.

use access::{Access, Action, Found, Parameters, Principal, Route, Scope};
use domain::Login;
use futures_util::TryStreamExt as _;
use release::audit::Act;
use release::ports::new_uuid;
use serde_json::Value;
use spin_sdk::http::{IncomingRequest, Response};

use crate::answer::{Answer, Problem};
use crate::log::{self, Level};
use crate::{SystemClock, auth, permit, settings};

/// One HTTP request that found its route, with its body not read yet.
pub struct Call {
    /// The route.
    pub route: Route,
    /// What the path holds in the places of `{name}`, not decoded.
    pub parameters: Parameters,
    /// The path as the client sent it, not decoded.
    pub path: String,
    /// The query string without `?`; empty if there is none.
    pub query: String,
    /// The id of this HTTP request in logs and in the answer's `X-Request-Id`: the client's own, or a new one.
    pub request_id: String,
    principal: Option<Principal>,
    headers: Vec<(String, Vec<u8>)>,
    request: Option<IncomingRequest>,
}

/// The longest `Idempotency-Key`, in bytes.
const LONGEST_KEY: usize = 255;

impl Call {
    /// The value of a header; none if it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Who calls.
    ///
    /// # Errors
    ///
    /// 500 on a route that is open to anybody: it has no business with a caller.
    pub fn principal(&self) -> Result<&Principal, Problem> {
        self.principal.as_ref().ok_or_else(Problem::internal)
    }

    /// The name of whoever calls.
    ///
    /// # Errors
    ///
    /// As [`Call::principal`].
    pub fn login(&self) -> Result<Login, Problem> {
        Ok(self.principal()?.login.clone())
    }

    /// Checks that the caller may do what this route does, there. Every route that needs an action asks this before it answers
    /// or does anything.
    ///
    /// # Errors
    ///
    /// 403, which is recorded in the audit log.
    pub async fn permit(&self, scope: &Scope) -> Result<(), Problem> {
        permit::permit(self.principal()?, self.action()?, scope).await
    }

    /// Records in the audit log what is about to be done, which [`Call::permit`] has allowed. Nothing may be done before
    /// this has returned.
    ///
    /// # Errors
    ///
    /// 500 where it cannot be recorded: then it must not be done.
    pub async fn record(
        &self,
        scope: &Scope,
        detail: &str,
        request_id: &str,
    ) -> Result<(), Problem> {
        permit::record(&Act {
            principal: self.principal()?,
            action: self.action()?,
            scope,
            detail,
            request_id,
        })
        .await
    }

    /// 401 for a request on a signed route without the right signature, which is recorded in the audit log.
    pub async fn unsigned(&self, detail: String) -> Problem {
        let problem = Problem::new(401, "unauthorized", "Unauthorized", detail);
        permit::record_stranger(self.route.path(), &problem).await;
        problem
    }

    /// Logs what this call did. Fields are names and ids, never content.
    pub fn log(&self, message: &str, fields: &[(&str, &str)]) {
        let mut values = vec![("requestId", Value::from(self.request_id.as_str()))];
        values.extend(
            fields
                .iter()
                .map(|(name, value)| (*name, Value::from(*value))),
        );
        log::write(Level::Info, self.route.component(), message, &values);
    }

    /// The answer with a `Link` to the page behind it, if there is one.
    #[must_use]
    pub fn linked(&self, answer: Answer, next: Option<&str>) -> Answer {
        let parameters = release::query::Parameters::parse(&self.query);
        match next {
            None => answer,
            Some(next) => answer.with("link", parameters.link(self.route.path(), next)),
        }
    }

    fn action(&self) -> Result<Action, Problem> {
        match self.route.access() {
            Access::Needs(action) => Ok(action),
            Access::Open | Access::Signed => Err(Problem::internal()),
        }
    }

    /// The client's `Idempotency-Key`, prefixed with its login: keys of different clients never meet.
    ///
    /// # Errors
    ///
    /// 400 for an empty, over-long or unprintable key.
    pub fn idempotency_key(&self) -> Result<Option<String>, Problem> {
        let Some(key) = raw_header(&self.headers, "idempotency-key") else {
            return Ok(None);
        };
        // One that is no text is no key, which is not the same as none.
        let printable = key.iter().all(|byte| (0x20..0x7f).contains(byte));
        let key = std::str::from_utf8(key).unwrap_or_default();
        if key.trim().is_empty() || key.len() > LONGEST_KEY || !printable {
            let detail = format!(
                "the Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters"
            );
            return Err(Problem::bad_request("Idempotency-Key", detail));
        }
        let login = self.login()?;
        Ok(Some(format!("{login} {key}")))
    }

    /// The whole body; empty when it is asked for again.
    ///
    /// # Errors
    ///
    /// 413 past the limit, 400 where it breaks off.
    pub async fn body(&mut self) -> Result<Vec<u8>, Problem> {
        let limit = settings::max_body_bytes()?;
        let declared = self
            .header("content-length")
            .and_then(|length| length.parse::<usize>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        let mut body = Vec::with_capacity(declared.unwrap_or_default());
        let Some(request) = self.request.take() else {
            return Ok(Vec::new());
        };
        let mut chunks = Box::pin(request.into_body_stream());
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
    std::str::from_utf8(raw_header(headers, name)?).ok()
}

fn raw_header<'a>(headers: &'a [(String, Vec<u8>)], name: &str) -> Option<&'a [u8]> {
    let mut named = headers.iter();
    let found = named.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_slice())
}

/// Answers one request: finds the route and the caller, then lets `handler` answer. Problems become answers here, and the log
/// gets a line.
pub async fn serve<F>(
    component: &'static str,
    request: IncomingRequest,
    handler: impl FnOnce(Call) -> F,
) -> Response
where
    F: Future<Output = Result<Answer, Problem>>,
{
    let method = request.method().to_string().to_uppercase();
    let target = request.path_with_query().unwrap_or_else(|| "/".to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let headers = request.headers().entries();
    let logged = path.clone();
    let request_id = request_id(&headers);
    let mut login = Value::Null;
    let answer = match admit(component, &method, &path, &query, &headers).await {
        Ok((route, parameters, principal)) => {
            if let Some(principal) = &principal {
                login = principal.login.as_str().into();
            }
            let call = Call {
                route,
                parameters,
                path,
                query,
                request_id: request_id.clone(),
                principal,
                headers,
                request: Some(request),
            };
            handler(call).await
        }
        Err(problem) => Err(problem),
    };
    let answer = answer.unwrap_or_else(Answer::from);
    let fields = [
        ("method", Value::from(method)),
        ("path", Value::from(logged)),
        ("status", Value::from(answer.status)),
        ("login", login),
        ("requestId", Value::from(request_id.as_str())),
    ];
    let level = match answer.status {
        ..500 => Level::Info,
        _ => Level::Error,
    };
    log::write(level, component, "request", &fields);
    respond(answer.with("x-request-id", request_id))
}

/// The client's `X-Request-Id` where it is one that can stand in a log: 1 to 128 letters, digits, `.`, `_` and `-`.
fn request_id(headers: &[(String, Vec<u8>)]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let given = header(headers, "x-request-id");
    match given.filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(plain)) {
        Some(id) => id.to_owned(),
        None => new_uuid(&SystemClock).to_string(),
    }
}

fn respond(answer: Answer) -> Response {
    let mut response = Response::builder();
    response.status(answer.status);
    for (name, value) in answer.headers {
        response.header(name, value);
    }
    response.header("cache-control", "no-store");
    response.header("x-content-type-options", "nosniff");
    response.body(answer.body).build()
}

/// Finds the route, and lets in whoever may use it at all. What is not there is told only to those who have a token.
async fn admit(
    component: &str,
    method: &str,
    path: &str,
    query: &str,
    headers: &[(String, Vec<u8>)],
) -> Result<(Route, Parameters, Option<Principal>), Problem> {
    let found = access::find(component, method, path);
    let action = match &found {
        Found::Route(route, _) => match route.access() {
            Access::Open | Access::Signed => None,
            Access::Needs(action) => Some(Some(action)),
        },
        Found::OtherMethods { open: true, .. } | Found::Nothing { open: true } => None,
        Found::OtherMethods { open: false, .. } | Found::Nothing { open: false } => Some(None),
    };
    let mut principal = None;
    if let Some(action) = action {
        principal = Some(known(action, query, headers).await?);
    }
    match found {
        Found::Route(route, parameters) => Ok((route, parameters, principal)),
        Found::OtherMethods { allow, .. } => Err(method_not_allowed(method, path, &allow)),
        Found::Nothing { .. } => Err(Problem::not_found(
            "there is no such route; the README lists them",
        )),
    }
}

/// The caller, who must have the action, if one is asked for.
async fn known(
    action: Option<Action>,
    query: &str,
    headers: &[(String, Vec<u8>)],
) -> Result<Principal, Problem> {
    let authorization = header(headers, "authorization");
    let principal = auth::principal(authorization, query).await;
    if let Err(problem) = &principal
        && problem.status() == 401
    {
        permit::record_stranger(action.map_or("call", Action::as_str), problem).await;
    }
    let principal = principal?;
    if let Some(action) = action {
        permit::at_the_door(&principal, action).await?;
    }
    Ok(principal)
}

/// 405, with what the path takes.
fn method_not_allowed(method: &str, path: &str, allow: &str) -> Problem {
    let detail = format!("{path} does not take {method}; it takes {allow}");
    Problem::new(405, "method-not-allowed", "Method Not Allowed", detail).header("allow", allow)
}
