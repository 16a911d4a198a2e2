//! The local host against a real component (`tests/local-host-guest`), which is built here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod in_process;
mod process;
mod redis;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The guest's Wasm file, built once for all tests.
static GUEST: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("target/tmp is in target");
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--target",
            "wasm32-wasip2",
            "--release",
            "-p",
            "local-host-guest",
            "--target-dir",
        ])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the guest does not build");
    target.join("wasm32-wasip2/release/local_host_guest.wasm")
});

/// An application's folder of its own, with a `spin.toml` in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self::with("*", "0 0 0 1 1 *")
    }

    /// A guest that may reach `port` of this machine (`*` for any), and ticks by `cron`.
    fn with(port: &str, cron: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = GUEST.to_str().unwrap();
        let manifest = include_str!("spin.toml")
            .replace("SOURCE", source)
            .replace("HOSTS", port)
            .replace("CRON", cron);
        std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn manifest(&self) -> PathBuf {
        self.path().join("spin.toml")
    }
}
