//! `local-host up`: builds and runs a Spin application for tests and the quick start, as `spin up --build` would.

#![expect(
    clippy::print_stdout,
    reason = "a command-line program; its announcements go to stdout, as Spin's do"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use local_host::{App, KillRule, Logs, Options};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Runs Spin applications for tests and the quick start. Production is Spin: `spin up`.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the components of spin.toml and run the application.
    #[command(after_help = EXAMPLES, override_usage = "cargo up [OPTIONS]")]
    Up(Box<Up>),
    /// Run a Wasm command, such as a bench that was built for wasm32-wasip2; cargo can call it as a runner.
    Run {
        /// A folder that the command may read, as `/`
        #[arg(long)]
        dir: Option<PathBuf>,
        /// The Wasm file
        file: PathBuf,
        /// Its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

const EXAMPLES: &str = "\
Examples:
  cargo up --variable admin_token=$(openssl rand -hex 32) \\
    --variable gitops_repos=gitopsRepo=acme/gitops --variable git_token=$GITHUB_TOKEN
      build, then serve on http://127.0.0.1:3000 and write github.com/acme/gitops, with stores and databases in .spin/;
      the variables may be in the environment too, as SPIN_VARIABLE_ADMIN_TOKEN and so on
  cargo up --listen 127.0.0.1:0 --state-dir /tmp/a --no-build
      a free port, printed as `Serving http://…`, and a state of its own
  cargo up --runtime-config-file redis.toml
      where redis.toml holds, as for Spin:
        [key_value_store.default]
        type = \"redis\"
        url = \"redis://127.0.0.1:6379\"
        [sqlite_database.default]
        type = \"spin\"
        path = \"shared.db\"

Several hosts may run at once over one Redis and one SQLite file.

Testing: --kill-at sends this process SIGKILL at a chosen call:
  <interface>.<function>[ <glob>][#<n>] (before|after)
      key-value.set write.*#2 after            the second write of such a key is stored, nothing later is
      sqlite.execute COMMIT before             the first transaction is never committed
      http.send POST */git-receive-pack after  the push's whole answer has arrived, nobody has read it
  Functions: key-value.get, .set, .delete, .exists, .get-keys; sqlite.execute; http.send.
  The glob is matched against the key, the SQL text with its white space folded, or `<METHOD> <URL>`; its `*`
  matches `/` too. Calls are counted for each rule from 1 since the process began.";

#[derive(Args)]
struct Up {
    /// The manifest, or the folder it is in
    #[arg(short, long, default_value = "spin.toml")]
    from: PathBuf,
    /// The address to serve on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Where stores and databases are kept [default: .spin beside the manifest]
    #[arg(long)]
    state_dir: Option<PathBuf>,
    /// Spin's runtime configuration: which Redis or file stands for a label
    #[arg(long, env = "RUNTIME_CONFIG_FILE")]
    runtime_config_file: Option<PathBuf>,
    /// Set an application variable, `name=value` or `name=@file`; wins over SPIN_VARIABLE_<NAME>
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// Run the Wasm files as they are
    #[arg(long)]
    no_build: bool,
    /// Run no cron trigger: ticks are left to whoever calls the application
    #[arg(long)]
    disable_cron: bool,
    /// Hide what the components print
    #[arg(short, long)]
    quiet: bool,
    /// Append what the components print to a file, instead of stderr
    #[arg(long, conflicts_with = "quiet")]
    log_file: Option<PathBuf>,
    /// How many seconds a request or a tick may take; hosted platforms allow 30
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    request_limit: u64,
    /// Add x-local-host-peak-memory (bytes of linear memory) to each answer, which is then sent whole
    #[arg(long)]
    report_memory: bool,
    /// Testing: let a database connection that was silent for so long fail, as a libSQL server does after 10
    #[arg(long, value_name = "SECONDS")]
    expire_databases: Option<u64>,
    /// Testing: kill this process at a call of a component; see below. Repeatable; or one rule a line in the variable
    #[arg(
        long,
        env = "LOCAL_HOST_KILL_AT",
        value_delimiter = '\n',
        value_name = "RULE"
    )]
    kill_at: Vec<KillRule>,
}

fn main() -> Result<()> {
    let up = match Cli::parse().command {
        Command::Up(up) => up,
        Command::Run {
            dir,
            file,
            arguments,
        } => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            return runtime.block_on(local_host::run_command(&file, &arguments, dir.as_deref()));
        }
    };
    let manifest = if up.from.is_dir() {
        up.from.join("spin.toml")
    } else {
        up.from.clone()
    };
    if !up.no_build {
        local_host::build(&manifest, |command| println!("Building with `{command}`"))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(run(*up, manifest));
    // Requests under way end here; what they have stored is stored.
    runtime.shutdown_background();
    result
}

async fn run(up: Up, manifest: PathBuf) -> Result<()> {
    let (listen, disable_cron) = (up.listen, up.disable_cron);
    let app = App::load(&manifest, options(up)?)?;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    announce(&app, listener.local_addr()?);
    let cron = async {
        if !disable_cron {
            app.run_cron().await;
        }
        std::future::pending::<()>().await;
    };
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        served = local_host::serve(app.clone(), listener) => served.context("the listener broke"),
        () = cron => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for Ctrl-C"),
        _ = terminated.recv() => Ok(()),
    }
}

fn options(up: Up) -> Result<Options> {
    let logs = match up.log_file {
        Some(path) => Logs::file(&path)?,
        None if up.quiet => Logs::Silent,
        None => Logs::Stderr,
    };
    Ok(Options {
        state_dir: up.state_dir,
        runtime_config: up.runtime_config_file,
        variables: variables(&up.variables)?,
        request_limit: Duration::from_secs(up.request_limit),
        logs,
        database_expiry: up.expire_databases.map(Duration::from_secs),
        kill_at: up.kill_at,
        report_memory: up.report_memory,
    })
}

/// Reads `name=value` and `name=@file`. The error never repeats a value.
fn variables(given: &[String]) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for (position, pair) in given.iter().enumerate() {
        let (name, value) = pair
            .split_once('=')
            .with_context(|| format!("--variable number {} is not name=value", position + 1))?;
        let value = match value.strip_prefix('@') {
            Some(file) => std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {file} for {name:?}"))?,
            None => value.to_owned(),
        };
        variables.insert(name.to_owned(), value);
    }
    Ok(variables)
}

/// Says where the application is, in Spin's words. Whoever started the host may have stopped listening: no reason to end.
fn announce(app: &App, address: SocketAddr) {
    let mut text = format!("\nServing http://{address}\nAvailable Routes:\n");
    for (route, component) in app.routes() {
        text.push_str(&format!("  {component}: http://{address}{route}\n"));
    }
    let mut stdout = std::io::stdout();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}
