//! From a manifest to an application that can be called.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use wasmtime::{Cache, Config, Engine};
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use crate::allowed_hosts::AllowedHost;
use crate::app::{App, Inner};
use crate::bindings::cron::SpinCronPre;
use crate::compose::Dependency;
use crate::composed::composed;
use crate::cron::Schedule;
use crate::faults::{Faults, KillRule};
use crate::instance::{Component, linker};
use crate::key_value;
use crate::logs::Logs;
use crate::manifest::{self, Manifest, Source};
use crate::routes::Router;
use crate::runtime_config::RuntimeConfig;
use crate::variables::Values;

/// How often running components are made to yield, so that one cannot hold up the others or outrun its limit.
const EPOCH: Duration = Duration::from_millis(10);

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
    /// How long a database connection may be silent before it fails for good, as over libSQL (10 s there); for ever if absent.
    pub database_expiry: Option<Duration>,
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
            database_expiry: None,
            kill_at: Vec::new(),
            report_memory: false,
        }
    }
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
            database_expiry: options.database_expiry,
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
    database_expiry: Option<Duration>,
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
            (
                !spec.dependencies_inherit_configuration,
                "dependencies_inherit_configuration",
            ),
        ] {
            ensure!(used, "the local host does not support `{what}`; use Spin");
        }
        let wasm = self.wasm(spec)?;
        let compiled =
            wasmtime::component::Component::new(&self.engine, &wasm).map_err(from_wasmtime)?;
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
            database_expiry: self.database_expiry,
            variables: spec
                .variables
                .iter()
                .map(|(name, template)| Ok((name.clone(), self.values.resolve(template)?)))
                .collect::<Result<_>>()?,
            allowed_hosts: self.allowed_hosts(id, &spec.allowed_outbound_hosts)?,
            environment: spec.environment.clone().into_iter().collect(),
        })
    }

    /// As in Spin, an entry without a template is checked now. One with a template is read when the component reaches out, and
    /// where it cannot be read, every host is denied. Its value may be a secret, by mistake: it is not told.
    fn allowed_hosts(&self, id: &str, entries: &[String]) -> Result<Vec<AllowedHost>> {
        let mut hosts = Vec::new();
        let mut closed = false;
        for entry in entries {
            let host = AllowedHost::parse(&self.values.resolve(entry)?);
            if host.is_err() && entry.contains("{{") {
                closed = true;
                crate::log(format_args!(
                    "the component {id:?} reaches no host: {entry:?} in its allowed_outbound_hosts cannot be read"
                ));
                continue;
            }
            hosts.push(host?);
        }
        if closed {
            hosts.clear();
        }
        Ok(hosts)
    }

    /// The component's Wasm, with that of the components that it depends on.
    fn wasm(&self, spec: &manifest::Component) -> Result<Vec<u8>> {
        let Source::Local(source) = &spec.source else {
            bail!("the local host loads components from files only")
        };
        let component = self.file(source)?;
        if spec.dependencies.is_empty() {
            return Ok(component);
        }
        let read = |(import, dependency): (&String, &manifest::Dependency)| {
            let manifest::Dependency::Local { path } = dependency else {
                bail!("the local host takes dependencies from files only: {import}")
            };
            Ok(Dependency {
                import: import.clone(),
                wasm: self.file(path)?,
            })
        };
        let dependencies = spec.dependencies.iter().map(read).collect::<Result<_>>()?;
        composed(&self.folder.join(source), component, dependencies)
    }

    fn file(&self, path: &Path) -> Result<Vec<u8>> {
        let path = self.folder.join(path);
        ensure!(
            path.is_file(),
            "there is no file {}; has it been built?",
            path.display()
        );
        std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
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
pub(crate) fn engine() -> Result<Engine> {
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
pub(crate) fn from_wasmtime(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}
