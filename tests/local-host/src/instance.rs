//! One instance of a component: made for one request or one tick, and dropped with it, so that nothing a component
//! keeps in memory outlives its request.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, ResourceLimiter};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::allowed_hosts::AllowedHost;
use crate::bindings::cron::SpinCronPre;
use crate::bindings::imports::SpinImports;
use crate::bindings::imports::fermyon::spin::variables;
use crate::faults::Faults;
use crate::key_value;
use crate::outbound_http::Outbound;

/// A component, compiled and with all that it may reach.
///
/// Has no `Debug`: it holds secret variables.
pub(crate) struct Component {
    pub(crate) id: String,
    /// Set where an HTTP trigger names the component.
    pub(crate) http: Option<ProxyPre<State>>,
    /// Set where a cron trigger names the component.
    pub(crate) cron: Option<SpinCronPre<State>>,
    pub(crate) stores: BTreeMap<String, key_value::Store>,
    pub(crate) databases: BTreeMap<String, Arc<Path>>,
    pub(crate) database_expiry: Option<Duration>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) allowed_hosts: Vec<AllowedHost>,
    pub(crate) environment: Vec<(String, String)>,
}

/// What the host keeps for one instance.
pub(crate) struct State {
    pub(crate) component: Arc<Component>,
    pub(crate) table: ResourceTable,
    pub(crate) faults: Faults,
    pub(crate) memory: MemoryMeter,
    pub(crate) wasi: WasiCtx,
    pub(crate) http: WasiHttpCtx,
    pub(crate) outbound: Outbound,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outbound,
        }
    }
}

/// Offers what a component built with spin-sdk 5.2 imports.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    SpinImports::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    Ok(linker)
}

/// Counts the bytes of linear memory; refuses nothing.
#[derive(Default)]
pub(crate) struct MemoryMeter {
    /// Linear memory never shrinks: the sum of all growth is the peak.
    pub(crate) bytes: u64,
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.bytes = self
            .bytes
            .saturating_add(desired.saturating_sub(current) as u64);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

impl variables::Host for State {
    async fn get(&mut self, name: String) -> wasmtime::Result<Result<String, variables::Error>> {
        if let Err(error) = crate::variables::check_name(&name) {
            return Ok(Err(variables::Error::InvalidName(error.to_string())));
        }
        let value = self.component.variables.get(&name).cloned();
        let id = &self.component.id;
        Ok(value
            .ok_or_else(|| variables::Error::Undefined(format!("no variable for {id:?}.{name:?}"))))
    }
}
