//! Requests that a component sends: held to its `allowed_outbound_hosts`, handed to another component for
//! `http://<component>.spin.internal`, and else sent over the network by wasmtime-wasi-http.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use http_body_util::BodyExt;
use url::Url;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::allowed_hosts::chained_component;
use crate::app::Inner;
use crate::faults::{Call, Faults};
use crate::instance::Component;
use crate::routes::RouteMatch;

/// What Spin gives a chained component as its client's address.
const CHAINED_CLIENT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);

/// The outbound side of one instance.
pub(crate) struct Outbound {
    pub(crate) component: Arc<Component>,
    pub(crate) app: Weak<Inner>,
    pub(crate) faults: Faults,
}

type Answer = Result<
    (
        http::Response<WasiBody>,
        Box<dyn Future<Output = Result<(), Error>> + Send>,
    ),
    Error,
>;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _result: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let url = request.uri().to_string();
        let allowed = Url::parse(&url).is_ok_and(|url| {
            self.component
                .allowed_hosts
                .iter()
                .any(|host| host.allows(&url))
        });
        if !allowed {
            crate::log(format_args!(
                "the component {:?} may not reach {}: add it to its allowed_outbound_hosts",
                self.component.id,
                request
                    .uri()
                    .authority()
                    .map_or("an empty host", |authority| authority.as_str()),
            ));
            return Box::new(async { Err(Error::HttpRequestDenied) });
        }
        let call = self
            .faults
            .enter("http.send", &format!("{} {url}", request.method()));
        let sent: Pin<Box<dyn Future<Output = Answer> + Send>> =
            match chained_component(request.uri()) {
                Some(component) => {
                    let component = component.to_owned();
                    let app = self.app.clone();
                    Box::pin(async move { chain(app, &component, request).await })
                }
                None => Box::pin(send(request, options)),
            };
        Box::new(async move { finish(call, sent.await).await })
    }
}

/// Sends a request over the network.
async fn send(request: http::Request<WasiBody>, options: Option<RequestOptions>) -> Answer {
    let (response, io) = wasmtime_wasi_http::default_send_request(request, options).await?;
    Ok((response.map(BodyExt::boxed_unsync), Box::new(io)))
}

/// Hands a request to another component of the same application.
async fn chain(app: Weak<Inner>, component: &str, request: http::Request<WasiBody>) -> Answer {
    let Some(app) = app.upgrade() else {
        return Err(Error::ConnectionTerminated);
    };
    let found = RouteMatch::chained(component, request.uri().path());
    match app.call_http(&found, request, CHAINED_CLIENT).await {
        Ok(response) => Ok((response, Box::new(async { Ok(()) }))),
        Err(error) => Err(Error::InternalError(Some(error.to_string()))),
    }
}

/// Where a kill rule waits for the answer, takes all of it in first: Git servers answer with headers long before they
/// have moved the branch.
async fn finish(call: Call, answer: Answer) -> Answer {
    if !call.kills() {
        return answer;
    }
    if let Ok((response, io)) = answer {
        let body = response.into_body().collect();
        // Whichever way the body ended, the server has done what it does.
        let _ = tokio::join!(body, Pin::from(io));
    }
    call.done();
    Err(Error::ConnectionTerminated)
}
