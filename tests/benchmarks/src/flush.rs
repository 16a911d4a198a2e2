//! The flush: many releases in one push, beside the git command doing what GimletD does for each release; and the same
//! into repositories of other sizes.

use std::time::Duration;

use anyhow::Result;
use harness::git_server::Filling;
use serde_json::Value;

use crate::figures::{Table, bytes, count, ratio, time};
use crate::scene::Scene;
use crate::{Effort, git_loop, machine, print, progress, remark};

/// One flush, as the client and the Git server saw it.
#[derive(Debug, Clone)]
struct Flushed {
    took: Duration,
    /// What `git http-backend` took of that, in all its requests.
    server: Duration,
    requests: usize,
    up: u64,
    down: u64,
    /// Processor time of the host's process: unlike the others, hardly moved by whatever else runs.
    processor: Duration,
    /// Linear memory of the component, in bytes.
    memory: u64,
    /// Resident memory of the host's process, in bytes.
    host_memory: u64,
    released: usize,
}

/// Queues so many releases and flushes them, some times over; gives the run with the median time.
fn measure(scene: &mut Scene, releases: usize, runs: usize) -> Result<Flushed> {
    let mut flushed = Vec::new();
    for run in 1..=runs {
        progress(&format!(
            "{} releases, run {run} of {runs}",
            count(releases)
        ));
        scene.queue(releases)?;
        flushed.push(flush(scene)?);
    }
    flushed.sort_unstable_by_key(|flushed| flushed.took);
    Ok(flushed.swap_remove(runs / 2))
}

fn flush(scene: &Scene) -> Result<Flushed> {
    let host = scene.application.process_id();
    machine::forget_peak_memory(host);
    let processor = machine::processor_time(host)?;
    scene.git.clear_log();
    let (took, report, memory) = scene.flush();
    let log = scene.git.log();
    Ok(Flushed {
        took,
        server: log.iter().map(|exchange| exchange.took).sum(),
        requests: log.len(),
        up: log
            .iter()
            .map(|exchange| exchange.request_bytes as u64)
            .sum(),
        down: log
            .iter()
            .map(|exchange| exchange.response_bytes as u64)
            .sum(),
        processor: machine::processor_time(host)?.saturating_sub(processor),
        memory,
        host_memory: machine::peak_memory(host)?,
        released: released(&report),
    })
}

/// How many releases ended with a commit, in all repositories.
fn released(report: &Value) -> usize {
    let repositories = report
        .pointer("/flush/repositories")
        .and_then(serde_json::Value::as_object);
    let released = repositories.into_iter().flat_map(|all| all.values());
    let released = released.filter_map(|repository| repository["released"].as_u64());
    released.sum::<u64>() as usize
}

/// A repository of so many files: two of each app, as the application writes them (the manifests and `release.json`).
fn filling(files: usize, environments: usize, commits: usize) -> Filling {
    Filling {
        environments,
        apps: files / environments / 2,
        files: 2,
        commits,
    }
}

/// Section 1: 1 to 1,000 releases into 9,000 files and 20,000 commits, beside the git command; then with Redis as the
/// key-value store, which does not sync each write to disk.
pub(crate) fn releases(effort: Effort) -> Result<()> {
    let (filling, sizes, rounds) = match effort.quick {
        true => (filling(1_000, 2, effort.commits), &[1, 10, 100][..], 2),
        false => (
            filling(9_000, 2, effort.commits),
            &[1, 10, 100, 1000][..],
            5,
        ),
    };
    let title = format!(
        "Flush into {} files and {} commits",
        count(filling.environments * filling.apps * filling.files),
        count(filling.commits)
    );
    let mut scene = Scene::start("benchmark-flush", filling);
    let on_files = measure_sizes(&mut scene, sizes, effort.runs)?;
    let by_git = git_loop::measure(&scene, rounds)?;
    print(&title, &table(&on_files, by_git.took));
    remark(&format!(
        "The git command doing what GimletD does takes {} a release (mean of {rounds}): copy of the clone {}, files and commit {}, \
         `git pull --rebase` {}, `git push` {}; the Git server's part of that is {}. {} runs of each flush, the median shown.",
        time(by_git.took),
        time(by_git.copy),
        time(by_git.commit),
        time(by_git.pull),
        time(by_git.push),
        time(by_git.server),
        effort.runs
    ));
    if scene.move_to_redis() {
        let on_redis = measure_sizes(&mut scene, sizes, effort.runs)?;
        print(
            "The same with Redis as the key-value store",
            &table(&on_redis, by_git.took),
        );
    }
    Ok(())
}

fn measure_sizes(scene: &mut Scene, sizes: &[usize], runs: usize) -> Result<Vec<(usize, Flushed)>> {
    // The first flush asks what the server can do, which is asked once a day.
    scene.queue(1)?;
    scene.flush();
    let flushes = sizes
        .iter()
        .map(|&size| Ok((size, measure(scene, size, runs)?)));
    flushes.collect()
}

fn table(flushes: &[(usize, Flushed)], by_git: Duration) -> Table {
    let mut table = Table::new(&[
        "releases",
        "released",
        "flush",
        "of it the Git server",
        "the rest",
        "host's CPU",
        "a release",
        "requests",
        "sent",
        "received",
        "Wasm memory",
        "host memory (RSS)",
        "git CLI, as many",
        "ratio",
    ]);
    for (size, flushed) in flushes {
        let by_git = by_git * *size as u32;
        table.row([
            count(*size),
            count(flushed.released),
            time(flushed.took),
            time(flushed.server),
            time(flushed.took.saturating_sub(flushed.server)),
            time(flushed.processor),
            time(flushed.took / *size as u32),
            flushed.requests.to_string(),
            bytes(flushed.up),
            bytes(flushed.down),
            bytes(flushed.memory),
            bytes(flushed.host_memory),
            time(by_git),
            ratio(by_git, flushed.took),
        ]);
    }
    table
}

/// Section 2: 1 and 100 releases into repositories of other sizes.
pub(crate) fn files(effort: Effort) -> Result<()> {
    let shapes: &[(usize, usize)] = match effort.quick {
        true => &[(1_000, 2), (10_000, 2)],
        false => &[(1_000, 2), (10_000, 2), (100_000, 2), (100_000, 20)],
    };
    let mut table = Table::new(&[
        "files",
        "environments",
        "apps in each",
        "1 release",
        "of it the server",
        "100 releases",
        "of it the server",
        "host's CPU",
        "a release of 100",
        "received",
        "Wasm memory",
    ]);
    for &(files, environments) in shapes {
        let filling = filling(files, environments, 100);
        let mut scene = Scene::start("benchmark-files", filling);
        scene.queue(1)?;
        scene.flush();
        let one = measure(&mut scene, 1, effort.runs)?;
        let hundred = measure(&mut scene, 100, effort.runs)?;
        table.row([
            count(files),
            environments.to_string(),
            count(filling.apps),
            time(one.took),
            time(one.server),
            time(hundred.took),
            time(hundred.server),
            time(hundred.processor),
            time(hundred.took / 100),
            bytes(hundred.down),
            bytes(hundred.memory),
        ]);
    }
    print("Flush by size of the repository", &table);
    Ok(())
}
