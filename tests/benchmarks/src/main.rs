//! Benchmarks of the running application: real Wasm on the local host, real `git http-backend`, real SQLite. Tables go to
//! stdout as Markdown, progress to stderr. It prints figures for people to judge, and never fails for being slow.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program; what it prints is what it is for"
)]

mod artifacts;
mod cold_start;
mod engines;
mod figures;
mod flush;
mod git_loop;
mod ingest;
mod load;
mod machine;
mod query;
mod scene;

use std::time::Instant;

use anyhow::Result;
use clap::{Parser, ValueEnum};

/// Measures the running application and prints tables in Markdown.
///
/// The application is spin.toml on the local host (a process of the dev profile: its dependencies, Wasm runtime and
/// SQLite among them, are optimised there too), the Git server is `git http-backend` on loopback, state is in SQLite
/// files under the temporary directory. Nothing is asserted about time.
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
struct Cli {
    /// What to measure
    #[arg(required = true)]
    sections: Vec<Section>,
    /// Small repositories, few runs: shows that the benchmarks work, its figures mean little
    #[arg(long)]
    quick: bool,
    /// Runs of each flush; the median is printed
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Commits of the repository of `flush`; to make 20,000 takes minutes, and few give nearly the same flush
    #[arg(long, default_value_t = 20_000)]
    commits: usize,
}

const EXAMPLES: &str = "\
Examples:
  cargo run --bin benchmarks -- all > figures.md      everything, about ten minutes on two quiet cores
  cargo run --bin benchmarks -- flush --runs 1        the flush beside the git command
  cargo run --bin benchmarks -- all --quick           a minute, to see that it works

Set WIMBLE_NO_BUILD=1 to take the components and the local host as they are. With --release cargo builds the Wasm
runtime anew for that profile, which takes long and changes little.";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Section {
    /// 1 to 1,000 releases into 9,000 files and 20,000 commits, beside the git command doing the same
    Flush,
    /// The same flush into 1,000 to 100,000 files
    Files,
    /// Artifacts a second at 1, 16 and 64 connections
    Ingest,
    /// The last ten artifacts of a repository among 1,000 and 100,000
    Query,
    /// Size and start of each component
    Wasm,
    /// Go templates natively and in Wasm, beside Go's engine and the crate gotmpl
    Templates,
    /// Helm charts natively and in Wasm, beside Helm: HELM_BIN=/path/to/helm, HELM_PYTHON=/path/to/python with helm-python-sdk
    Charts,
    /// All of these
    All,
}

/// How thoroughly to measure.
#[derive(Debug, Clone, Copy)]
struct Effort {
    quick: bool,
    runs: usize,
    /// Commits of the repository that is flushed into.
    commits: usize,
}

/// What prints one section.
type Part = fn(Effort) -> Result<()>;

fn main() -> Result<()> {
    let cli = Cli::parse();
    let effort = Effort {
        quick: cli.quick,
        runs: if cli.quick { 1 } else { cli.runs.max(1) },
        commits: if cli.quick { 200 } else { cli.commits.max(1) },
    };
    let wanted = |section| cli.sections.contains(&Section::All) || cli.sections.contains(&section);
    progress("building what is missing");
    harness::components::build();
    println!("{}\n", machine::describe()?);
    let parts: [(Section, Part); 7] = [
        (Section::Flush, flush::releases),
        (Section::Files, flush::files),
        (Section::Ingest, ingest::run),
        (Section::Query, query::run),
        (Section::Wasm, cold_start::run),
        (Section::Templates, engines::templates),
        (Section::Charts, engines::charts),
    ];
    let since = Instant::now();
    for (section, run) in parts {
        if wanted(section) {
            run(effort)?;
        }
    }
    progress(&format!("done in {:.0} s", since.elapsed().as_secs_f64()));
    println!("Afterwards: {}", machine::load()?);
    Ok(())
}

/// Tells whoever waits what is being done.
fn progress(message: &str) {
    eprintln!("benchmarks: {message}");
}

/// Prints a heading and a table below it.
fn print(heading: &str, table: &figures::Table) {
    println!("### {heading}\n\n{table}");
}

/// Prints a remark below a table.
fn remark(text: &str) {
    println!("{text}\n");
}
