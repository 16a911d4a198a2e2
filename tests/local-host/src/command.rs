//! Runs a Wasm command (`wasi:cli/run`), such as a benchmark or a test that was built for `wasm32-wasip2`, with the engine
//! that applications run with. It gets arguments, the environment and the terminal, and may read one folder; no network.

use std::path::Path;

use anyhow::{Result, bail};
use wasmtime::Store;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};

use crate::load::{engine, from_wasmtime};

struct Terminal {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Terminal {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Runs the command in the file to its end; `arguments` come after its name. It may read `folder`, which it sees as `/`.
///
/// # Errors
/// The file is not such a command, it traps, or it says that it failed.
pub async fn run_command(file: &Path, arguments: &[String], folder: Option<&Path>) -> Result<()> {
    let engine = engine()?;
    let component = Component::from_file(&engine, file).map_err(from_wasmtime)?;
    let mut linker = Linker::<Terminal>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(from_wasmtime)?;
    let mut wasi = WasiCtx::builder();
    wasi.inherit_stdio()
        .inherit_env()
        .arg(file.to_string_lossy())
        .args(arguments);
    if let Some(folder) = folder {
        wasi.preopened_dir(folder, "/", FsPerms::ReadOnly)
            .map_err(from_wasmtime)?;
    }
    let terminal = Terminal {
        wasi: wasi.build(),
        table: ResourceTable::new(),
    };
    let mut store = Store::new(&engine, terminal);
    // Nothing ticks here: a benchmark may take as long as it likes.
    store.set_epoch_deadline(1);
    let command = Command::instantiate_async(&mut store, &component, &linker)
        .await
        .map_err(from_wasmtime)?;
    match command.wasi_cli_run().call_run(&mut store).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(())) => bail!("{} says that it failed", file.display()),
        Err(error) => Err(from_wasmtime(error)),
    }
}
