//! Where the components' stdout and stderr go.

use std::path::Path;

use anyhow::{Context, Result};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::cli::OutputFile;

/// The place for what components print.
#[derive(Clone)]
pub enum Logs {
    /// This process's stderr, as under `spin up`.
    Stderr,
    /// A file; see [`Logs::file`].
    File(OutputFile),
    /// Nowhere.
    Silent,
}

impl Logs {
    /// Appends to the file at `path`.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn file(path: &Path) -> Result<Self> {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        Ok(Self::File(OutputFile::new(file.with_context(|| {
            format!("cannot open {}", path.display())
        })?)))
    }

    pub(crate) fn attach(&self, wasi: &mut WasiCtxBuilder) {
        match self {
            Self::Stderr => drop(wasi.stdout(std::io::stderr()).stderr(std::io::stderr())),
            Self::File(file) => drop(wasi.stdout(file.clone()).stderr(file.clone())),
            Self::Silent => {}
        }
    }
}
