//! `cargo demo`: the main job on this machine. Builds the components, starts a real Git server and the application, ships
//! an artifact, and shows the commit that comes of it. Everything lives in a temporary folder that goes with it.

#![expect(
    clippy::print_stdout,
    reason = "a command-line program; what it shows is what it is for"
)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use harness::git_server::{GitServer, Options as GitOptions, Repository};
use http::{Method, Request, StatusCode};
use local_host::{App, Logs, Options};
use serde_json::Value;
use tokio::net::TcpListener;

/// Long enough to be an admin token, easy enough to type; the application listens on loopback alone.
const TOKEN: &str = "demo-admin-token";
const ARTIFACT: &str = include_str!("../artifact.json");
/// The flush ticks every five seconds; a minute without a commit is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// The main job on this machine, from an artifact to a commit in a real Git repository.
#[derive(Parser)]
struct Demo {
    /// Stop after the commit, with status 0
    #[arg(long)]
    once: bool,
    /// The address to serve on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
}

fn main() -> Result<()> {
    let demo = Demo::parse();
    let git = Command::new("git").arg("--version").output();
    ensure!(
        git.is_ok_and(|git| git.status.success()),
        "git is not installed, and the demo's Git server is git's own; install git and run `cargo demo` again"
    );
    let manifest = workspace()?.join("spin.toml");
    println!("1/4  Building the components for WebAssembly");
    add_target();
    local_host::build(&manifest, |command| println!("     {command}"))?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(demo, &manifest))
}

async fn run(demo: Demo, manifest: &Path) -> Result<()> {
    println!("2/4  Starting a Git server with a new GitOps repository, and the application");
    let git = GitServer::start(GitOptions::default());
    let repository = git.create_repository("acme/gitops.git");
    let state = tempfile::tempdir().context("cannot make a temporary folder")?;
    let app = load(manifest, &git, state.path())?;
    let listener = TcpListener::bind(demo.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; choose another address with --listen 127.0.0.1:0",
            demo.listen
        )
    })?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(local_host::serve(app.clone(), listener));
    let ticking = app.clone();
    tokio::spawn(async move { ticking.run_cron().await });

    println!("3/4  Shipping the artifact of acme/web, as CI would");
    let artifact = call(&app, Method::POST, "/api/artifact", ARTIFACT).await?;
    let id = artifact
        .get("id")
        .and_then(Value::as_str)
        .context("the answer has no artifact id")?
        .to_owned();
    println!("     stored as {id}");
    explain(&app, &id).await?;

    println!("4/4  Waiting for the flush, which comes every five seconds");
    let release = released(&app).await?;
    show(&repository, &release)?;
    if demo.once {
        return Ok(());
    }
    println!("\nWimble serves {url} with the token {TOKEN} until you press Ctrl-C. Try:\n");
    let auth = format!("curl -sS -H 'Authorization: Bearer {TOKEN}'");
    println!("  {auth} '{url}/api/policies/explain?artifact={id}'");
    println!("  {auth} {url}/api/releases -d '{{\"env\":\"production\",\"artifactId\":\"{id}\"}}'");
    println!("  {auth} '{url}/api/releases?env=production'    # six seconds later");
    println!(
        "\nand look at the repository: git clone {}",
        git.url("acme/gitops.git")
    );
    tokio::signal::ctrl_c()
        .await
        .context("cannot wait for Ctrl-C")
}

fn load(manifest: &Path, git: &GitServer, state: &Path) -> Result<App> {
    let options = Options {
        state_dir: Some(state.to_owned()),
        variables: [
            ("admin_token", TOKEN.to_owned()),
            ("git_host", format!("http://{}", git.address())),
            (
                "gitops_repos",
                format!("gitopsRepo={}", git.url("acme/gitops.git")),
            ),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect(),
        logs: Logs::Silent,
        ..Options::default()
    };
    App::load(manifest, options)
}

async fn explain(app: &App, id: &str) -> Result<()> {
    let path = format!("/api/policies/explain?artifact={id}");
    let explained = call(app, Method::GET, &path, "").await?;
    for manifest in explained
        .get("manifests")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |name: &str| {
            manifest
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        println!("     {}/{}: {}", text("env"), text("app"), text("message"));
    }
    Ok(())
}

/// Waits until the release is in the history.
async fn released(app: &App) -> Result<Value> {
    let started = tokio::time::Instant::now();
    while started.elapsed() < PATIENCE {
        let releases = call(app, Method::GET, "/api/releases?env=staging", "").await?;
        if let Some(release) = releases.get(0) {
            return Ok(release.clone());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let health = call(app, Method::GET, "/healthz", "").await?;
    bail!(
        "no release after {} s; GET /healthz says: {health}",
        PATIENCE.as_secs()
    )
}

fn show(repository: &Repository, release: &Value) -> Result<()> {
    let commit = release
        .get("gitopsRef")
        .and_then(Value::as_str)
        .context("the release has no commit")?;
    println!("\n$ git log --stat");
    print!("{}", repository.git(&["log", "--stat", commit]));
    println!(
        "\n$ git show {}:staging/web/release.json",
        commit.get(..7).unwrap_or(commit)
    );
    print!(
        "{}",
        repository.git(&["show", &format!("{commit}:staging/web/release.json")])
    );
    println!("\nGET /api/releases?env=staging");
    println!("{}", serde_json::to_string_pretty(release)?);
    Ok(())
}

async fn call(app: &App, method: Method, path: &str, body: &'static str) -> Result<Value> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(body)?;
    let response = app.call(request).await?;
    let text = String::from_utf8_lossy(response.body()).into_owned();
    let ok = response.status().is_success() || response.status() == StatusCode::SERVICE_UNAVAILABLE;
    ensure!(ok, "{path} answered {}: {text}", response.status());
    serde_json::from_str(&text).with_context(|| format!("{path} answered no JSON: {text}"))
}

/// rustup adds the target by itself where it reads rust-toolchain.toml; an older one does not.
fn add_target() {
    // Without rustup the toolchain came from elsewhere, and the build says itself if the target is missing.
    let _ = Command::new("rustup")
        .args(["target", "add", "wasm32-wasip2"])
        .status();
}

fn workspace() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize()
        .context("the source folder that this was built from is gone; run it with `cargo demo`")
}
