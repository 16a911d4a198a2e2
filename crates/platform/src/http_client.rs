//! Outbound HTTP through wasi:http. Follows no redirect, keeps no connection, and reads no more than it was told to,
//! nor waits for longer than a hosted platform would let it, whether a host is silent or only drips.

use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::{SinkExt as _, TryStreamExt as _};
use release::ports::{HttpClient, HttpError};
use spin_sdk::http::conversions::TryIntoOutgoingRequest as _;
use spin_sdk::http::{ErrorCode, IncomingResponse, SendError};

use crate::timeout::within;

/// How long a host may be silent. Platforms end a request after 30 s, and then nobody would say why; the SDK sets no limit.
const SILENCE: Duration = Duration::from_secs(20);
/// Bytes a second of a body: one that comes more slowly is given [`SILENCE`] in all.
const SLOWEST: u64 = 64 << 10;

/// How long the next bytes of a body are waited for, after so many bytes in so long.
fn patience(received: usize, took: Duration) -> Duration {
    let received = u64::try_from(received).unwrap_or(u64::MAX);
    let earned = Duration::from_millis(received.saturating_mul(1_000) / SLOWEST);
    SILENCE
        .saturating_add(earned)
        .saturating_sub(took)
        .min(SILENCE)
}

/// The platform's HTTP client.
#[derive(Debug, Clone, Copy, Default)]
pub struct OutboundHttp;

impl HttpClient for OutboundHttp {
    async fn send(
        &self,
        mut request: http::Request<Vec<u8>>,
        limit: usize,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        let origin = origin(request.uri());
        let length = request.body().len();
        if length > 0 {
            // Without it the body is sent in chunks, which not every proxy before a Git server takes.
            request
                .headers_mut()
                .insert(http::header::CONTENT_LENGTH, length.into());
        }
        let network = |source: String| HttpError::Network {
            origin: origin.clone(),
            source: source.into(),
        };
        let silent = || {
            network(format!(
                "it was silent or too slow for {} s",
                SILENCE.as_secs()
            ))
        };
        let response = within(SILENCE, exchange(request))
            .await
            .ok_or_else(silent)?
            .map_err(|error| refused(error, &origin))?;
        let mut answer = http::Response::builder().status(response.status());
        for (name, value) in response.headers().entries() {
            answer = answer.header(name, value);
        }
        let mut body = Vec::new();
        let mut chunks = Box::pin(response.take_body_stream());
        let began = wasi::clocks::monotonic_clock::now();
        let left = |received: usize| {
            let took = wasi::clocks::monotonic_clock::now().saturating_sub(began);
            patience(received, Duration::from_nanos(took))
        };
        while let Some(chunk) = within(left(body.len()), chunks.try_next())
            .await
            .ok_or_else(silent)?
            .map_err(|error| network(error.to_string()))?
        {
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(HttpError::TooLarge { origin, limit });
            }
            body.extend_from_slice(&chunk);
        }
        answer
            .body(body)
            .map_err(|error| network(error.to_string()))
    }
}

/// Sends a request. The SDK's own `send` gives up where the body cannot be written, and with it the reason: that the host is
/// not allowed, cannot be reached, or has answered already.
async fn exchange(request: http::Request<Vec<u8>>) -> Result<IncomingResponse, SendError> {
    let converted = request.try_into_outgoing_request();
    let (request, body) = converted.map_err(|error| SendError::RequestConversion(error.into()))?;
    let Some(body) = body else {
        return spin_sdk::http::send(request).await;
    };
    let mut sink = Box::pin(request.take_body());
    let writing = Box::pin(async move {
        let _ = sink.send(body).await;
    });
    // The response first: its first look begins the exchange.
    match select(Box::pin(spin_sdk::http::send(request)), writing).await {
        Either::Left((response, _)) => response,
        Either::Right(((), response)) => response.await,
    }
}

/// The platform's HTTP client with an end: all exchanges together take no longer than it was given.
#[derive(Debug, Clone, Copy)]
pub struct BoundedHttp {
    /// In the monotonic clock's nanoseconds.
    end: u64,
}

impl BoundedHttp {
    /// A client for so long.
    pub fn lasting(limit: Duration) -> Self {
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        Self {
            end: wasi::clocks::monotonic_clock::now().saturating_add(limit),
        }
    }
}

impl HttpClient for BoundedHttp {
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        limit: usize,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        let origin = origin(request.uri());
        let left = self
            .end
            .saturating_sub(wasi::clocks::monotonic_clock::now());
        let answer = within(
            Duration::from_nanos(left),
            OutboundHttp.send(request, limit),
        )
        .await;
        answer.unwrap_or_else(|| {
            let source = "it did not answer in the time that there was".into();
            Err(HttpError::Network { origin, source })
        })
    }
}

fn refused(error: SendError, origin: &str) -> HttpError {
    let origin = origin.to_owned();
    match error {
        SendError::Http(ErrorCode::HttpRequestDenied) => HttpError::NotAllowed {
            hint: format!(
                "set the variable git_host (or oidc_host, for an OIDC issuer) to {origin}, or add it to \
                 allowed_outbound_hosts of release-flush in spin.toml"
            ),
            origin,
        },
        SendError::Http(
            code @ (ErrorCode::ConnectionRefused
            | ErrorCode::ConnectionTimeout
            | ErrorCode::ConnectionLimitReached
            | ErrorCode::DnsTimeout
            | ErrorCode::DnsError(_)
            | ErrorCode::DestinationNotFound
            | ErrorCode::DestinationUnavailable
            | ErrorCode::DestinationIpProhibited
            | ErrorCode::DestinationIpUnroutable
            | ErrorCode::TlsProtocolError
            | ErrorCode::TlsCertificateError),
        ) => HttpError::Unreachable {
            origin,
            source: code.to_string().into(),
        },
        SendError::Http(code) => HttpError::Network {
            origin,
            source: code.to_string().into(),
        },
        other => HttpError::Network {
            origin,
            source: other.to_string().into(),
        },
    }
}

fn origin(uri: &http::Uri) -> String {
    format!(
        "{}://{}",
        uri.scheme_str().unwrap_or("http"),
        uri.authority().map_or("", |authority| authority.as_str())
    )
}
