//! An application: its components compiled, its stores found, its routes known. It answers requests and runs ticks; it
//! listens on no socket and keeps no clock (see [`crate::serve`] and [`App::run_cron`]).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use wasmtime::Engine;
use wasmtime_wasi_http::WasiBody;

use crate::call::{CallError, TickError};
use crate::cron::Schedule;
use crate::faults::Faults;
use crate::instance::Component;
use crate::logs::Logs;
use crate::routes::Router;

/// A loaded application. Clones share it.
#[derive(Clone)]
pub struct App(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) name: String,
    pub(crate) engine: Engine,
    pub(crate) components: BTreeMap<String, Arc<Component>>,
    pub(crate) router: Router,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) request_limit: Duration,
    pub(crate) logs: Logs,
    pub(crate) faults: Faults,
    pub(crate) report_memory: bool,
    pub(crate) peak_memory: AtomicU64,
}

impl App {
    /// The application's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Each route as `spin up` prints it, with its component; the most specific first.
    #[must_use]
    pub fn routes(&self) -> Vec<(String, String)> {
        self.0.router.list()
    }

    /// Answers one request as it comes in over HTTP; bodies stream both ways.
    ///
    /// What Spin answers itself is answered here too: 404 without a body where no route matches, 500 without a body where
    /// the component traps. A component that outlives the request limit before it answers is a 504.
    pub async fn handle<B>(&self, mut request: Request<B>, client: SocketAddr) -> Response<WasiBody>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<wasmtime_wasi_http::Error>,
    {
        // A client must not pass for a chained component.
        let host = request
            .headers()
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        if host.is_some_and(|host| {
            host.split(':')
                .next()
                .is_some_and(|host| host.ends_with(".spin.internal"))
        }) {
            request.headers_mut().remove(header::HOST);
        }
        if request.uri().path() == "/.well-known/spin/health" {
            return answer(StatusCode::OK, "OK");
        }
        let Some(found) = self.0.router.find(request.uri().path()) else {
            return answer(StatusCode::NOT_FOUND, "");
        };
        match self.0.call_http(&found, request, client).await {
            Ok(response) => response,
            Err(CallError::TooLong(_)) => answer(StatusCode::GATEWAY_TIMEOUT, ""),
            Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, ""),
        }
    }

    /// Answers one request whose body and answer are held whole: what tests call in-process.
    ///
    /// # Errors
    /// The component broke off its answer after it had begun.
    pub async fn call(&self, request: Request<impl Into<Bytes>>) -> Result<Response<Bytes>> {
        let request = request.map(|body| Full::new(body.into()));
        let response = self
            .handle(request, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await;
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| anyhow::anyhow!("the answer was broken off: {error}"))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }

    /// Runs one tick of a component that a cron trigger names, now.
    ///
    /// # Errors
    /// No trigger names it, it returned an error, trapped, or took longer than the request limit.
    pub async fn tick(&self, component: &str) -> Result<(), TickError> {
        self.0.tick(component).await
    }

    /// The largest linear memory of any request or tick since the last call of this, in bytes.
    #[must_use]
    pub fn take_peak_memory(&self) -> u64 {
        self.0.peak_memory.swap(0, Ordering::SeqCst)
    }
}

fn answer(status: StatusCode, body: &'static str) -> Response<WasiBody> {
    let mut response = Response::new(whole(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response
}

pub(crate) fn whole(body: Bytes) -> WasiBody {
    Full::new(body)
        .map_err(|never| match never {})
        .boxed_unsync()
}
