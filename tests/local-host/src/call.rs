//! One call of a component, HTTP or cron: in a fresh instance, for no longer than the request limit.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wasmtime::Store;
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::{WasiBody, WasiHttpCtx, WasiHttpView};

use crate::app::{Inner, whole};
use crate::bindings::cron::fermyon::spin_cron::cron_types::{self, Metadata};
use crate::instance::{Component, MemoryMeter, State};
use crate::outbound_http::Outbound;
use crate::routes::RouteMatch;

/// The header that tells the peak of a request's linear memory, in bytes.
const MEMORY_HEADER: &str = "x-local-host-peak-memory";

/// Why a tick did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// No cron trigger names the component.
    #[error("no cron trigger names the component {0:?}")]
    NoTrigger(String),
    /// The component returned an error.
    #[error("the component {component:?} failed: {message}")]
    Failed {
        /// The component's id.
        component: String,
        /// What it returned.
        message: String,
    },
    /// The component trapped, or took longer than the limit.
    #[error("the component {component:?} ended early: {reason}")]
    Ended {
        /// The component's id.
        component: String,
        /// The trap, or the limit.
        reason: String,
    },
}

/// Why a component gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("no HTTP trigger names the component {0:?}")]
    NoTrigger(String),
    #[error("the component {0:?} took longer than the request limit")]
    TooLong(String),
    #[error("the component {component:?} gave no answer: {reason}")]
    NoAnswer { component: String, reason: String },
}

/// A component at work; ends with the peak of its linear memory, in bytes.
type HttpTask = JoinHandle<Result<((), u64), CallError>>;

impl Inner {
    /// A fresh instance's store.
    fn store(self: &Arc<Self>, component: &Arc<Component>) -> Store<State> {
        let mut wasi = WasiCtx::builder();
        wasi.envs(&component.environment);
        self.logs.attach(&mut wasi);
        let outbound = Outbound {
            component: Arc::clone(component),
            app: Arc::downgrade(self),
            faults: self.faults.clone(),
        };
        let state = State {
            component: Arc::clone(component),
            table: wasmtime::component::ResourceTable::new(),
            faults: self.faults.clone(),
            memory: MemoryMeter::default(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound,
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store
    }

    /// Runs `work` in a fresh instance, for no longer than the request limit.
    async fn run<T>(
        &self,
        mut store: Store<State>,
        work: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<(T, u64), CallError> {
        let component = store.data().component.id.clone();
        let ended = tokio::time::timeout(self.request_limit, work(&mut store)).await;
        let peak = store.data().memory.bytes;
        self.peak_memory.fetch_max(peak, Ordering::SeqCst);
        match ended {
            Ok(Ok(value)) => Ok((value, peak)),
            Ok(Err(trap)) => Err(CallError::NoAnswer {
                component,
                reason: format!("{trap:?}"),
            }),
            Err(_) => Err(CallError::TooLong(component)),
        }
    }

    /// Calls the component that `found` names, and answers as soon as it has set its response.
    pub(crate) async fn call_http<B>(
        self: &Arc<Self>,
        found: &RouteMatch,
        mut request: Request<B>,
        client: SocketAddr,
    ) -> Result<Response<WasiBody>, CallError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<wasmtime_wasi_http::Error>,
    {
        let no_trigger = || CallError::NoTrigger(found.component.clone());
        let component = self
            .components
            .get(&found.component)
            .ok_or_else(no_trigger)?;
        let no_answer = |reason: String| CallError::NoAnswer {
            component: component.id.clone(),
            reason,
        };

        let authority = authority(&request);
        found.add_headers(&mut request, &authority, client);
        let host =
            HeaderValue::from_str(&authority).map_err(|error| no_answer(error.to_string()))?;
        request.headers_mut().insert(header::HOST, host);

        let (sender, receiver) = oneshot::channel();
        let task = self.spawn_http(component, request, sender)?;
        match receiver.await {
            Ok(Ok(response)) if self.report_memory => with_memory(response, task).await,
            Ok(Ok(response)) => Ok(response),
            Ok(Err(code)) => Err(no_answer(code.to_string())),
            Err(_) => match task.await {
                Ok(Err(error)) => Err(error),
                Ok(Ok(_)) => Err(no_answer(
                    "it returned without setting a response".to_owned(),
                )),
                Err(error) => Err(no_answer(error.to_string())),
            },
        }
    }

    /// Runs a component in a task of its own: it goes on after it has set its response, and after the client has gone.
    fn spawn_http<B>(
        self: &Arc<Self>,
        component: &Arc<Component>,
        request: Request<B>,
        response: oneshot::Sender<Result<Response<WasiBody>, ErrorCode>>,
    ) -> Result<HttpTask, CallError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<wasmtime_wasi_http::Error>,
    {
        let pre = component
            .http
            .clone()
            .ok_or_else(|| CallError::NoTrigger(component.id.clone()))?;
        let no_answer = |error: wasmtime::Error| CallError::NoAnswer {
            component: component.id.clone(),
            reason: error.to_string(),
        };
        let mut store = self.store(component);
        let mut http = store.data_mut().http();
        let request = http
            .new_incoming_request(Scheme::Http, request)
            .map_err(no_answer)?;
        let out = http.new_response_outparam(response).map_err(no_answer)?;
        let inner = Arc::clone(self);
        Ok(tokio::spawn(async move {
            let work = async |store: &mut Store<State>| {
                let proxy = pre.instantiate_async(&mut *store).await?;
                proxy
                    .wasi_http_incoming_handler()
                    .call_handle(store, request, out)
                    .await
            };
            let ended = inner.run(store, work).await;
            if let Err(error) = &ended {
                crate::log(format_args!("{error}"));
            }
            ended
        }))
    }

    /// Calls a component's cron export with the time of now.
    pub(crate) async fn tick(self: &Arc<Self>, id: &str) -> Result<(), TickError> {
        let component = self
            .components
            .get(id)
            .ok_or_else(|| TickError::NoTrigger(id.to_owned()))?;
        let pre = component
            .cron
            .clone()
            .ok_or_else(|| TickError::NoTrigger(id.to_owned()))?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let metadata = Metadata {
            timestamp: now.map_or(0, |now| now.as_secs()),
        };
        let work = async |store: &mut Store<State>| {
            let cron = pre.instantiate_async(&mut *store).await?;
            cron.call_handle_cron_event(store, metadata).await
        };
        match self.run(self.store(component), work).await {
            Ok((Ok(()), _)) => Ok(()),
            Ok((Err(cron_types::Error::Other(message)), _)) => Err(TickError::Failed {
                component: id.to_owned(),
                message,
            }),
            Err(error) => Err(TickError::Ended {
                component: id.to_owned(),
                reason: error.to_string(),
            }),
        }
    }
}
/// Waits for the component to end, and says how much memory it took.
async fn with_memory(
    response: Response<WasiBody>,
    task: HttpTask,
) -> Result<Response<WasiBody>, CallError> {
    let (mut parts, body) = response.into_parts();
    let broken = |reason: String| CallError::NoAnswer {
        component: String::new(),
        reason,
    };
    let body = body
        .collect()
        .await
        .map_err(|error| broken(error.to_string()))?
        .to_bytes();
    if let Ok(Ok(((), peak))) = task.await {
        parts.headers.insert(MEMORY_HEADER, HeaderValue::from(peak));
    }
    Ok(Response::from_parts(parts, whole(body)))
}

/// The authority a request is for: that of its URI, or its `Host` header; `localhost` in-process.
fn authority<B>(request: &Request<B>) -> String {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    authority.or(host).unwrap_or("localhost").to_owned()
}
