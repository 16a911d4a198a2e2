//! An application: its components compiled, its stores found, its routes known. It answers requests and runs ticks; it
//! listens on no socket and keeps no clock (see [`crate::serve`] and [`App::run_cron`]).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tokio::sync::oneshot;
use wasmtime::{Cache, Config, Engine, Store};
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{WasiBody, WasiHttpCtx};

use crate::allowed_hosts::AllowedHost;
use crate::bindings::cron::SpinCronPre;
use crate::bindings::cron::fermyon::spin_cron::cron_types::{self, Metadata};
use crate::cron::Schedule;
use crate::faults::{Faults, KillRule};
use crate::instance::{Component, MemoryMeter, State, linker};
use crate::key_value;
use crate::logs::Logs;
use crate::manifest::{self, Manifest, Source};
use crate::outbound_http::Outbound;
use crate::routes::{RouteMatch, Router};
use crate::runtime_config::RuntimeConfig;
use crate::variables::Values;

/// How often running components are made to yield, so that one cannot hold up the others or outrun its limit.
const EPOCH: Duration = Duration::from_millis(10);

/// The header that tells the peak of a request's linear memory, in bytes.
const MEMORY_HEADER: &str = "x-local-host-peak-memory";

/// How an application is run. [`Options::default`] is what `local-host up` does without options.
///
/// Has no `Debug`: variables may be secret.
pub struct Options {
    /// Where stores and databases are kept; `.spin` beside the manifest if absent, as in Spin.
    pub state_dir: Option<PathBuf>,
    /// Spin's runtime configuration file.
    pub runtime_config: Option<PathBuf>,
    /// Application variables; they win over `SPIN_VARIABLE_<NAME>`.
    pub variables: BTreeMap<String, String>,
    /// How long a request or a tick may take. Hosted platforms end a request after 30 s.
    pub request_limit: Duration,
    /// Where the components' stdout and stderr go.
    pub logs: Logs,
    /// Calls that kill this process. For tests of a host in a process of its own.
    pub kill_at: Vec<KillRule>,
    /// Whether answers carry `x-local-host-peak-memory`; they are then sent whole, when the component has ended.
    pub report_memory: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            state_dir: None,
            runtime_config: None,
            variables: BTreeMap::new(),
            request_limit: Duration::from_secs(30),
            logs: Logs::Stderr,
            kill_at: Vec::new(),
            report_memory: false,
        }
    }
}

/// A loaded application. Clones share it.
#[derive(Clone)]
pub struct App(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    name: String,
    engine: Engine,
    components: BTreeMap<String, Arc<Component>>,
    router: Router,
    pub(crate) schedules: Vec<Schedule>,
    request_limit: Duration,
    logs: Logs,
    faults: Faults,
    report_memory: bool,
    peak_memory: AtomicU64,
}

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

impl App {
    /// Reads the manifest, compiles its components (from wasmtime's cache where they were compiled before) and finds
    /// what they may reach. Builds nothing: see [`crate::build`].
    ///
    /// # Errors
    /// The manifest or the runtime configuration is not one that the local host can run, a variable has no value, or a
    /// component cannot be read, compiled or linked; the text says which.
    pub fn load(manifest: &Path, options: Options) -> Result<Self> {
        let folder = manifest.parent().unwrap_or(Path::new("")).to_owned();
        let manifest = Manifest::read(manifest)?;
        let runtime_config = options
            .runtime_config
            .as_deref()
            .map(RuntimeConfig::read)
            .transpose()?;
        let state_dir = options.state_dir.unwrap_or_else(|| folder.join(".spin"));
        std::fs::create_dir_all(&state_dir)
            .with_context(|| format!("cannot make {}", state_dir.display()))?;
        let loader = Loader {
            engine: engine()?,
            folder,
            state_dir,
            runtime_config: runtime_config.unwrap_or_default(),
            values: Values::settle(&manifest.variables, &options.variables)?,
            stores: BTreeMap::new(),
        };
        let components = loader.load(&manifest)?;
        let schedules = manifest
            .triggers
            .cron
            .iter()
            .map(Schedule::new)
            .collect::<Result<_>>()?;
        let engine = components.engine.clone();
        tick_epochs(&engine);
        Ok(Self(Arc::new(Inner {
            name: manifest.application.name,
            engine,
            components: components.loaded,
            router: Router::new(&manifest.triggers.http)?,
            schedules,
            request_limit: options.request_limit,
            logs: options.logs,
            faults: Faults::new(options.kill_at),
            report_memory: options.report_memory,
            peak_memory: AtomicU64::new(0),
        })))
    }

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
        let component = self
            .components
            .get(&found.component)
            .filter(|component| component.http.is_some());
        let Some(component) = component else {
            return Err(CallError::NoTrigger(found.component.clone()));
        };
        let no_answer = |reason: String| CallError::NoAnswer {
            component: component.id.clone(),
            reason,
        };
        let Some(pre) = component.http.clone() else {
            return Err(CallError::NoTrigger(component.id.clone()));
        };

        let authority = authority(&request);
        found.add_headers(&mut request, &authority, client);
        let host =
            HeaderValue::from_str(&authority).map_err(|error| no_answer(error.to_string()))?;
        request.headers_mut().insert(header::HOST, host);

        let mut store = self.store(component);
        let mut http = wasmtime_wasi_http::WasiHttpView::http(store.data_mut());
        let (sender, receiver) = oneshot::channel();
        let request = http
            .new_incoming_request(Scheme::Http, request)
            .map_err(|error| no_answer(error.to_string()))?;
        let out = http
            .new_response_outparam(sender)
            .map_err(|error| no_answer(error.to_string()))?;

        // A task of its own: the component goes on after it has set its response, and after the client has gone.
        let inner = Arc::clone(self);
        let task = tokio::spawn(async move {
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
        });
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
    task: tokio::task::JoinHandle<Result<((), u64), CallError>>,
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

fn answer(status: StatusCode, body: &'static str) -> Response<WasiBody> {
    let mut response = Response::new(whole(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response
}

fn whole(body: Bytes) -> WasiBody {
    Full::new(body)
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// What components are loaded with.
struct Loader {
    engine: Engine,
    folder: PathBuf,
    state_dir: PathBuf,
    runtime_config: RuntimeConfig,
    values: Values,
    /// By label, so that components that name the same store share its connection.
    stores: BTreeMap<String, key_value::Store>,
}

struct Loaded {
    engine: Engine,
    loaded: BTreeMap<String, Arc<Component>>,
}

impl Loader {
    fn load(mut self, manifest: &Manifest) -> Result<Loaded> {
        let mut loaded = BTreeMap::new();
        for (id, component) in &manifest.components {
            let component = self
                .component(id, component, manifest)
                .with_context(|| format!("cannot load the component {id:?}"))?;
            loaded.insert(id.clone(), Arc::new(component));
        }
        Ok(Loaded {
            engine: self.engine,
            loaded,
        })
    }

    fn component(
        &mut self,
        id: &str,
        spec: &manifest::Component,
        manifest: &Manifest,
    ) -> Result<Component> {
        for (used, what) in [
            (spec.files.is_empty(), "files"),
            (spec.ai_models.is_empty(), "ai_models"),
            (spec.dependencies.is_empty(), "dependencies"),
        ] {
            ensure!(used, "the local host does not support `{what}`; use Spin");
        }
        let Source::Local(source) = &spec.source else {
            bail!("the local host loads components from files only")
        };
        let path = self.folder.join(source);
        ensure!(
            path.is_file(),
            "there is no file {}; has it been built?",
            path.display()
        );
        let compiled = wasmtime::component::Component::from_file(&self.engine, &path)
            .map_err(from_wasmtime)?;
        let pre = linker(&self.engine)
            .and_then(|linker| linker.instantiate_pre(&compiled))
            .map_err(from_wasmtime)?;

        let triggers = &manifest.triggers;
        for executor in triggers
            .http
            .iter()
            .filter(|trigger| trigger.component == id)
            .filter_map(|t| t.executor.as_ref())
        {
            ensure!(
                executor.kind == "http",
                "the local host has no executor {:?}",
                executor.kind
            );
        }
        let http = triggers.http.iter().any(|trigger| trigger.component == id);
        let cron = triggers.cron.iter().any(|trigger| trigger.component == id);
        Ok(Component {
            id: id.to_owned(),
            http: http
                .then(|| ProxyPre::new(pre.clone()))
                .transpose()
                .map_err(from_wasmtime)?,
            cron: cron
                .then(|| SpinCronPre::new(pre))
                .transpose()
                .map_err(from_wasmtime)?,
            stores: spec
                .key_value_stores
                .iter()
                .map(|label| self.store(label))
                .collect::<Result<_>>()?,
            databases: spec
                .sqlite_databases
                .iter()
                .map(|label| self.database(label))
                .collect::<Result<_>>()?,
            variables: spec
                .variables
                .iter()
                .map(|(name, template)| Ok((name.clone(), self.values.resolve(template)?)))
                .collect::<Result<_>>()?,
            allowed_hosts: spec
                .allowed_outbound_hosts
                .iter()
                .map(|entry| AllowedHost::parse(&self.values.resolve(entry)?))
                .collect::<Result<_>>()?,
            environment: spec.environment.clone().into_iter().collect(),
        })
    }

    fn store(&mut self, label: &str) -> Result<(String, key_value::Store)> {
        if let Some(store) = self.stores.get(label) {
            return Ok((label.to_owned(), store.clone()));
        }
        let store = key_value::Store::new(
            label,
            self.runtime_config.key_value(label, &self.state_dir)?,
        )?;
        self.stores.insert(label.to_owned(), store.clone());
        Ok((label.to_owned(), store))
    }

    fn database(&self, label: &str) -> Result<(String, Arc<Path>)> {
        let path = self.runtime_config.sqlite(label, &self.state_dir)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok((label.to_owned(), path.into()))
    }
}

/// Compiles with optimisation, once for each Wasm file of this machine: the result is kept in wasmtime's cache.
fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    match Cache::from_file(None) {
        Ok(cache) => drop(config.cache(Some(cache))),
        Err(error) => crate::log(format_args!(
            "components are compiled anew each time: {error}"
        )),
    }
    Engine::new(&config).map_err(from_wasmtime)
}

/// Advances the engine's clock until the engine is gone.
fn tick_epochs(engine: &Engine) {
    let engine = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH);
        }
    });
}

/// Keeps the whole chain of a wasmtime error, which anyhow cannot hold as it is.
fn from_wasmtime(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}
