//! A small Spin-compatible host, for tests and the quick start. **Production is Spin.**
//!
//! `spin` is in no package registry, so this host reads the same `spin.toml`, runs the same `wasm32-wasip2` files and
//! offers them what components built with spin-sdk 5.2 import: key-value, SQLite, variables, outbound HTTP, service
//! chaining; HTTP and cron triggers. It is as small as that allows. What it has not (files, TLS towards clients, LLM,
//! Postgres, …) it refuses by name when an application is loaded. Where it differs from Spin on purpose, the module
//! says so; tests lean on nothing that only this host has, except where they kill it (`KillRule`).
//!
//! In-process, without a socket:
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use local_host::{App, Options};
//!
//! let app = App::load("spin.toml".as_ref(), Options::default())?;
//! let response = app.call(http::Request::get("/healthz").body("")?).await?;
//! assert_eq!(response.status(), 200);
//! app.tick("release-flush").await?;
//! # Ok(())
//! # }
//! ```
//!
//! As a process: `cargo run -p local-host -- up --help`.

mod allowed_hosts;
mod app;
mod bindings;
mod build;
mod call;
mod command;
mod compose;
mod composed;
mod cron;
mod faults;
mod instance;
mod key_value;
mod load;
mod logs;
pub mod manifest;
mod outbound_http;
mod routes;
mod runtime_config;
mod serve;
mod sqlite;
mod variables;

pub use app::App;
pub use build::build;
pub use call::TickError;
pub use command::run_command;
pub use faults::{KillRule, KillRuleError};
pub use load::Options;
pub use logs::Logs;
pub use serve::serve;

/// Tells the person who runs the host what went wrong; a full or closed stderr is no reason to stop.
pub(crate) fn log(message: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "local-host: {message}");
}
