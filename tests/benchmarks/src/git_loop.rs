//! The git command doing for each release what GimletD does: a copy of the working clone, the app's files, a commit,
//! `git pull --rebase`, `git push`. The clone is brought up to date between releases, off the clock.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::artifacts::manifests;
use crate::progress;
use crate::scene::{GIT_TOKEN, Scene};

/// The parts of one release, in the mean.
#[derive(Debug, Default)]
pub(crate) struct Release {
    pub(crate) took: Duration,
    pub(crate) copy: Duration,
    pub(crate) commit: Duration,
    pub(crate) pull: Duration,
    pub(crate) push: Duration,
    /// What `git http-backend` took of pull and push.
    pub(crate) server: Duration,
}

/// Makes `rounds` releases in the scene's repository.
pub(crate) fn measure(scene: &Scene, rounds: usize) -> Result<Release> {
    progress(&format!("the git command, {rounds} releases"));
    let folder = scene.folder.folder("git-loop");
    let (clone, copy) = (folder.join("clone"), folder.join("copy"));
    let url = scene.git.url("acme/gitops.git");
    let url = url.replacen("http://", &format!("http://x-access-token:{GIT_TOKEN}@"), 1);
    git(&folder, &["clone", "--quiet", &url, "clone"])?;
    let mut sum = Release::default();
    for number in 0..rounds {
        scene.git.clear_log();
        let (env, app) = scene.place(number);
        sum.copy += timed(|| copy_of(&clone, &copy))?;
        sum.commit += timed(|| commit(&copy, &env, &app, 1_000_000 + number))?;
        sum.pull += timed(|| git(&copy, &["pull", "--quiet", "--rebase"]))?;
        sum.push += timed(|| git(&copy, &["push", "--quiet", "origin", "main"]))?;
        sum.server += scene
            .git
            .log()
            .iter()
            .map(|exchange| exchange.took)
            .sum::<Duration>();
        std::fs::remove_dir_all(&copy)?;
        git(&clone, &["pull", "--quiet"])?;
    }
    let mean = |sum: Duration| sum / rounds.max(1) as u32;
    Ok(Release {
        took: mean(sum.copy + sum.commit + sum.pull + sum.push),
        copy: mean(sum.copy),
        commit: mean(sum.commit),
        pull: mean(sum.pull),
        push: mean(sum.push),
        server: mean(sum.server),
    })
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let since = Instant::now();
    work()?;
    Ok(since.elapsed())
}

fn copy_of(clone: &Path, copy: &Path) -> Result<()> {
    let mut command = Command::new("cp");
    run(command
        .arg("-r")
        .arg("--preserve=mode,timestamps")
        .arg(clone)
        .arg(copy))
}

fn commit(copy: &Path, env: &str, app: &str, number: usize) -> Result<()> {
    let folder = copy.join(env).join(app);
    std::fs::remove_dir_all(&folder).context("the app's folder is there")?;
    std::fs::create_dir_all(&folder)?;
    let record = format!("{{\"app\":\"{app}\",\"env\":\"{env}\",\"number\":{number}}}\n");
    std::fs::write(folder.join("manifest.yaml"), manifests(app, number))?;
    std::fs::write(folder.join("release.json"), &record)?;
    std::fs::write(copy.join(env).join("release.json"), &record)?;
    git(
        copy,
        &[
            "add",
            "--all",
            &format!("{env}/{app}"),
            &format!("{env}/release.json"),
        ],
    )?;
    let message = format!("[Gimlet] {env}/{app} automated deploy");
    git(copy, &["commit", "--quiet", "--message", &message])
}

/// Runs git without anything of the developer's own configuration.
fn git(folder: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("git");
    command.current_dir(folder).args(arguments);
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Gimlet");
        command.env(format!("GIT_{role}_EMAIL"), "gimlet@example.org");
    }
    run(&mut command)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    // The address of the repository holds the password, which is no secret here.
    ensure!(output.status.success(), "{command:?} failed: {errors}");
    Ok(())
}
