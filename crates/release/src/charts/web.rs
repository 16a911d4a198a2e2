//! One GET, through redirects. Credentials go to the origin that was asked first and are dropped for good once a redirect leaves
//! it; a redirect never leads from `https` to `http`.

use gitwire::Credentials;
use http::header::{ACCEPT, AUTHORIZATION, LOCATION, USER_AGENT};
use http::{HeaderName, HeaderValue, Request, Response};
use url::Url;

use super::error::{ChartError, shown};
use crate::ports::HttpClient;

/// Redirects followed for one GET.
const REDIRECTS: usize = 5;
const AGENT: &str = concat!("wimble/", env!("CARGO_PKG_VERSION"));

/// What to ask for.
pub(super) struct Get<'a> {
    /// What it is, for messages: `index.yaml of the chart repository`.
    pub what: &'a str,
    pub url: Url,
    /// For the origin of `url` alone.
    pub credentials: Credentials,
    pub accept: &'static str,
    /// `If-None-Match` and the like.
    pub conditions: Vec<(HeaderName, String)>,
    /// The most bytes of the answer.
    pub limit: usize,
}

impl<'a> Get<'a> {
    pub(super) fn new(what: &'a str, url: Url, limit: usize) -> Self {
        Self {
            what,
            url,
            credentials: Credentials::None,
            accept: "*/*",
            conditions: Vec::new(),
            limit,
        }
    }

    /// The answer, of whatever status, that is no redirect; and whether it is the asked origin's own.
    ///
    /// # Errors
    /// No answer, or a redirect that is not followed.
    pub(super) async fn send(
        &self,
        http: &impl HttpClient,
    ) -> Result<(Response<Vec<u8>>, bool), ChartError> {
        let mut authorization = self.credentials.header().map_err(|_| {
            ChartError::lasting("the credentials hold a character that no header can carry")
        })?;
        let mut url = self.url.clone();
        let mut is_own = true;
        let first = shown(&self.url);
        for _ in 0..=REDIRECTS {
            let request = self.request(&url, authorization.as_ref())?;
            let answer = http
                .send(request, self.limit)
                .await
                .map_err(|error| ChartError::http(self.what, &error))?;
            if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok((answer, is_own));
            }
            let next = target(&url, &answer).map_err(|problem| {
                ChartError::lasting(format!("{} from {first}: a redirect {problem}", self.what))
            })?;
            if next.origin() != url.origin() {
                authorization = None;
                is_own = false;
            }
            url = next;
        }
        Err(ChartError::lasting(format!(
            "{} from {first}: more than {REDIRECTS} redirects",
            self.what
        )))
    }

    /// The body of an answer of status 200.
    ///
    /// # Errors
    /// As [`Get::send`], and any other status.
    pub(super) async fn body(&self, http: &impl HttpClient) -> Result<Vec<u8>, ChartError> {
        let (answer, _) = self.send(http).await?;
        if answer.status() == http::StatusCode::OK {
            Ok(answer.into_body())
        } else {
            Err(ChartError::status(self.what, &self.url, &answer))
        }
    }

    fn request(
        &self,
        url: &Url,
        authorization: Option<&HeaderValue>,
    ) -> Result<Request<Vec<u8>>, ChartError> {
        let mut request = Request::get(url.as_str())
            .header(ACCEPT, self.accept)
            .header(USER_AGENT, AGENT);
        for (name, value) in &self.conditions {
            request = request.header(name, value);
        }
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        request.body(Vec::new()).map_err(|_| {
            ChartError::lasting(format!(
                "{}: no request can be made to {}",
                self.what,
                shown(url)
            ))
        })
    }
}

/// Where a redirect leads.
fn target<T>(from: &Url, answer: &Response<T>) -> Result<Url, &'static str> {
    let to = answer
        .headers()
        .get(LOCATION)
        .and_then(|value| from.join(value.to_str().ok()?).ok())
        .ok_or("leads to no address")?;
    let worse = from.scheme() == "https" && to.scheme() == "http";
    if worse || !matches!(to.scheme(), "http" | "https") {
        return Err("leads from https to something else, which is not followed");
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err("leads to an address with a password in it, which is not followed");
    }
    Ok(to)
}
