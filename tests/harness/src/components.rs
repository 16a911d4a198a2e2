//! What the tests run: the Wasm components, built by the command in spin.toml, and the local host. Both are made at most
//! once a test run, so that `cargo test` needs no step before it.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use toml::Table;

/// The workspace's root.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A manifest of the application, such as `spin.toml`, as TOML.
///
/// # Panics
/// It cannot be read.
pub fn manifest(path: &str) -> Table {
    let text = std::fs::read_to_string(workspace().join(path));
    let text = text.unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    text.parse()
        .unwrap_or_else(|error| panic!("{path} is not TOML: {error}"))
}

/// Builds the components, once for this process; other test processes wait. With `WIMBLE_NO_BUILD` set, the Wasm files
/// and the local host are taken as they are.
///
/// # Panics
/// A build command fails.
pub fn build() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        if may_build() {
            let _lock = locked("components");
            for command in build_commands() {
                run_build(&command);
            }
        }
    });
}

fn may_build() -> bool {
    std::env::var_os("WIMBLE_NO_BUILD").is_none()
}

/// Each distinct command of `[component.<id>.build]`.
fn build_commands() -> BTreeSet<String> {
    let manifest = manifest("spin.toml");
    let components = manifest["component"].as_table().expect("[component.<id>]");
    let build = |component: &toml::Value| {
        let command = component.get("build")?.get("command")?.as_str()?;
        Some(command.to_owned())
    };
    components.values().filter_map(build).collect()
}

fn run_build(command: &str) {
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(workspace())
        .output()
        .expect("sh is installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{command}` failed:\n{errors}");
}

/// The program `local-host` of the same build as this test. `cargo test` of the whole workspace has built it already; only
/// a test run on its own finds it missing or old.
///
/// # Panics
/// It cannot be built.
pub fn local_host() -> &'static Path {
    static HOST: OnceLock<PathBuf> = OnceLock::new();
    HOST.get_or_init(|| {
        let profile = profile_folder();
        let host = profile.join("local-host");
        let _lock = locked("local-host");
        if may_build() && !is_newer_than_sources(&host) {
            build_local_host(&profile);
        }
        host
    })
}

/// `target/debug` or `target/release`: where this test's own file is, or what is above `deps`.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let folder = test.parent().expect("a file is in a folder");
    match folder.ends_with("deps") || folder.ends_with("examples") {
        true => folder.parent().expect("deps is in a folder").to_owned(),
        false => folder.to_owned(),
    }
}

fn build_local_host(profile: &Path) {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        // No `--package`: cargo would choose the features of dependencies anew, and compile the WebAssembly runtime once more.
        .args(["build", "--quiet", "--bin", "local-host", "--target-dir"])
        .arg(profile.parent().expect("the target directory"))
        .current_dir(workspace());
    if profile.ends_with("release") {
        command.arg("--release");
    }
    let status = command.status().expect("cargo is installed");
    assert!(status.success(), "the local host could not be built");
}

fn is_newer_than_sources(host: &Path) -> bool {
    let Some(built) = modified(host) else {
        return false;
    };
    let sources = workspace().join("tests/local-host");
    let older = |path: &Path| modified(path).is_some_and(|at| at <= built);
    let entries = std::fs::read_dir(sources.join("src")).expect("the local host's sources");
    let mut files = entries.map(|entry| entry.expect("a readable folder").path());
    files.all(|file| older(&file)) && older(&sources.join("Cargo.toml"))
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

/// Waits for other test processes that do the same; the lock ends with the file.
fn locked(what: &str) -> File {
    let folder = workspace().join("target/tmp");
    std::fs::create_dir_all(&folder).expect("the folder for temporary files");
    let file = File::create(folder.join(format!("{what}.lock"))).expect("a lock file");
    file.lock().expect("the lock");
    file
}
