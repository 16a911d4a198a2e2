//! Runs the components' build commands, as `spin build` does.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::manifest::Manifest;

/// Runs the `[component.<id>.build]` commands of the manifest at `path`, each distinct one once; what they print goes to
/// this process's stdout and stderr, and `report` is told of each before it is run.
///
/// # Errors
/// The manifest cannot be read, or a command cannot be run or fails.
pub fn build(path: &Path, mut report: impl FnMut(&str)) -> Result<()> {
    let manifest = Manifest::read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut done = BTreeSet::new();
    for build in manifest
        .components
        .values()
        .filter_map(|component| component.build.as_ref())
    {
        let workdir = match (&build.workdir, folder.as_os_str().is_empty()) {
            (Some(workdir), _) => folder.join(workdir),
            (None, true) => Path::new(".").to_owned(),
            (None, false) => folder.to_owned(),
        };
        for command in build.command.iter() {
            if !done.insert((command.to_owned(), workdir.clone())) {
                continue;
            }
            report(command);
            let status = Command::new("sh")
                .arg("-c")
                .arg(command)
                .current_dir(&workdir)
                .status();
            let status = status
                .with_context(|| format!("cannot run `{command}` in {}", workdir.display()))?;
            ensure!(
                status.success(),
                "the build command `{command}` failed ({status})"
            );
        }
    }
    Ok(())
}
