//! Builds the requests to one repository. Credentials go to the repository's own origin and nowhere else.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, USER_AGENT,
};
use http::{HeaderName, Method, Request as HttpRequest, Response as HttpResponse};

use crate::credentials::Credentials;
use crate::remote_url::{RemoteUrl, RemoteUrlError};

/// A request with its whole body, for the caller's HTTP client. It must not follow redirects by itself.
pub type Request = HttpRequest<Vec<u8>>;

/// An answer with its whole body, which the caller has read with a byte limit of its own.
pub type Response = HttpResponse<Vec<u8>>;

/// How we name ourselves in `agent=`, where a server advertises it.
pub(crate) const AGENT: &str = concat!("gitwire/", env!("CARGO_PKG_VERSION"));

/// Some servers choose the Git service by a user agent that begins with `git/`.
const HTTP_AGENT: &str = concat!("git/gitwire-", env!("CARGO_PKG_VERSION"));

/// Redirects followed for one [`Remote`], over its whole life.
const MAX_REDIRECTS: u8 = 5;

/// Longest origin of a redirect that an error repeats, in characters.
const MAX_ORIGIN: usize = 300;

/// The two services of smart HTTP (gitprotocol-http).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Reading: `git-upload-pack`, spoken in protocol version 2.
    UploadPack,
    /// Writing: `git-receive-pack`, which has version 0 only.
    ReceivePack,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::UploadPack => "git-upload-pack",
            Service::ReceivePack => "git-receive-pack",
        }
    }

    pub(crate) fn advertisement_type(self) -> &'static str {
        match self {
            Service::UploadPack => "application/x-git-upload-pack-advertisement",
            Service::ReceivePack => "application/x-git-receive-pack-advertisement",
        }
    }

    pub(crate) fn result_type(self) -> &'static str {
        match self {
            Service::UploadPack => "application/x-git-upload-pack-result",
            Service::ReceivePack => "application/x-git-receive-pack-result",
        }
    }

    fn request_type(self) -> &'static str {
        match self {
            Service::UploadPack => "application/x-git-upload-pack-request",
            Service::ReceivePack => "application/x-git-receive-pack-request",
        }
    }

    fn advertisement_suffix(self) -> &'static str {
        match self {
            Service::UploadPack => "info/refs?service=git-upload-pack",
            Service::ReceivePack => "info/refs?service=git-receive-pack",
        }
    }
}

/// A repository and what proves who we are to it.
#[derive(Debug, Clone)]
pub struct Remote {
    url: RemoteUrl,
    credentials: Credentials,
    redirects: u8,
}

/// Why a request could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The address is a URL, but not one that HTTP can carry.
    #[error("no HTTP request can be made to this repository address")]
    Address(#[source] http::Error),
    /// A character of the user name, password or token cannot stand in a header.
    #[error(
        "the credentials for the repository hold a character that no header can carry; check the token for line breaks"
    )]
    Credentials,
    /// The server does not offer what the request needs. Nothing is sent that was not advertised.
    #[error("the Git server does not offer `{0}`, which is needed")]
    NotOffered(&'static str),
    /// No wants, no updates, or an update that changes nothing: the message says which.
    #[error("nothing to ask the Git server for: {0}")]
    Nothing(&'static str),
}

/// Why a redirect was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// Only the advertisement may be redirected, as with Git's `http.followRedirects=initial`.
    #[error(
        "the Git server redirected a request other than the first one; use the repository's final address"
    )]
    NotTheAdvertisement,
    /// No `Location`, or one that is not a URL.
    #[error("the Git server redirected without a usable `Location`")]
    NoLocation,
    /// Credentials are never taken to another origin.
    #[error(
        "the Git server redirected to another origin, {origin}; use that address if you trust it"
    )]
    OtherOrigin {
        /// Scheme, host and port, cut to 300 characters.
        origin: String,
    },
    /// The new address does not end in `/info/refs?service=…`: a page to sign in, for the most part.
    #[error(
        "the Git server redirected to a page of {origin} that is no repository, as one to sign in; check the repository's address, \
         and the credentials"
    )]
    NotARepository {
        /// Scheme, host and port of the page, cut to 300 characters.
        origin: String,
    },
    /// The new address holds a password, or has no path.
    #[error("the Git server redirected to an address that cannot be used")]
    Address(#[from] RemoteUrlError),
    /// More than five.
    #[error("the Git server redirected more than 5 times")]
    TooMany,
    /// The redirected request could not be built.
    #[error("the redirected request could not be built: {0}")]
    Request(String),
}

impl Remote {
    /// A repository at `url`, asked with `credentials`.
    pub fn new(url: RemoteUrl, credentials: Credentials) -> Self {
        Self {
            url,
            credentials,
            redirects: 0,
        }
    }

    /// The address in use; after a redirect, the new one.
    pub fn url(&self) -> &RemoteUrl {
        &self.url
    }

    /// The text without this remote's secret: [`Credentials::hide_in`].
    pub fn hide_in(&self, text: &str) -> String {
        self.credentials.hide_in(text)
    }

    /// Asks for what the server offers: `GET …/info/refs?service=…`. For [`Service::UploadPack`] in protocol version 2.
    ///
    /// # Errors
    /// [`RequestError::Address`] or [`RequestError::Credentials`].
    pub fn advertisement_request(&self, service: Service) -> Result<Request, RequestError> {
        let mut request = self.request(
            Method::GET,
            service.advertisement_suffix(),
            service,
            Vec::new(),
        )?;
        let accept = HeaderValue::from_static(service.advertisement_type());
        request.headers_mut().insert(ACCEPT, accept);
        Ok(request)
    }

    /// The request to send instead, when `response` redirects `request`; nothing when it does not redirect.
    /// This remote then stands at the new address, so that the requests that follow go there too.
    ///
    /// # Errors
    /// See [`RedirectError`]: only the advertisement is followed, on the same origin, five times.
    pub fn follow(
        &mut self,
        request: &Request,
        response: &Response,
    ) -> Result<Option<Request>, RedirectError> {
        if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let asked = request.uri().to_string();
        let service = [Service::UploadPack, Service::ReceivePack]
            .into_iter()
            .find(|service| asked.ends_with(service.advertisement_suffix()))
            .filter(|_| request.method() == Method::GET)
            .ok_or(RedirectError::NotTheAdvertisement)?;
        if self.redirects >= MAX_REDIRECTS {
            return Err(RedirectError::TooMany);
        }
        self.redirects += 1;
        self.url = self.redirected(&asked, service, response)?;
        self.advertisement_request(service)
            .map(Some)
            .map_err(|error| RedirectError::Request(error.to_string()))
    }

    fn redirected(
        &self,
        asked: &str,
        service: Service,
        response: &Response,
    ) -> Result<RemoteUrl, RedirectError> {
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .ok_or(RedirectError::NoLocation)?;
        let target = url::Url::parse(asked)
            .and_then(|base| base.join(location))
            .map_err(|_| RedirectError::NoLocation)?;
        let origin = target.origin().ascii_serialization();
        let same = origin == self.url.origin();
        let origin = origin.chars().take(MAX_ORIGIN).collect();
        match target.as_str().strip_suffix(service.advertisement_suffix()) {
            None => Err(RedirectError::NotARepository { origin }),
            Some(_) if !same => Err(RedirectError::OtherOrigin { origin }),
            Some(base) => Ok(base.parse()?),
        }
    }

    /// A `POST` to the service, as its second step.
    pub(crate) fn service_request(
        &self,
        service: Service,
        body: Vec<u8>,
    ) -> Result<Request, RequestError> {
        let mut request = self.request(Method::POST, service.name(), service, body)?;
        let headers = request.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static(service.request_type()),
        );
        headers.insert(ACCEPT, HeaderValue::from_static(service.result_type()));
        Ok(request)
    }

    fn request(
        &self,
        method: Method,
        suffix: &str,
        service: Service,
        body: Vec<u8>,
    ) -> Result<Request, RequestError> {
        let mut request = HttpRequest::builder()
            .method(method)
            .uri(self.url.below(suffix))
            .body(body)
            .map_err(RequestError::Address)?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(HTTP_AGENT));
        // Without it any coding is as welcome as none (RFC 9110 section 12.5.3).
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if service == Service::UploadPack {
            let version = HeaderValue::from_static("version=2");
            headers.insert(HeaderName::from_static("git-protocol"), version);
        }
        let authorization = self
            .credentials
            .header()
            .map_err(|_| RequestError::Credentials)?;
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, value);
        }
        Ok(request)
    }
}
