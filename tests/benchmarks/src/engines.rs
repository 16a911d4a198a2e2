//! The benches of the crates that render, natively and in Wasm: each prints lines of one form, which become one table.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use harness::components::{local_host, workspace};

use crate::figures::Table;
use crate::{Effort, print, progress, remark};

/// Microseconds that one engine takes for one case: to parse and to execute.
type Times = (f64, f64);

/// Go templates beside Go's engine and the crate `gotmpl`.
pub(crate) fn templates(_: Effort) -> Result<()> {
    let native = bench("gotemplate", "engine", None)?;
    let wasm = bench("gotemplate", "engine", Some(workspace()))?;
    let mut table = Table::new(&[
        "case",
        "engine",
        "parse",
        "execute",
        "parse, against Go",
        "execute, against Go",
    ]);
    for (case, engines) in &native {
        let go = engines.get("go");
        let own = wasm.get(case).and_then(|engines| engines.get("gotemplate"));
        let native = engines.iter().map(|(name, times)| (name.as_str(), *times));
        let wasm = own.map(|times| ("gotemplate in Wasm", *times));
        for (engine, times) in native.chain(wasm) {
            let against = |time: f64, go: Option<f64>| {
                go.map_or("no Go here".to_owned(), |go| format!("{:.2} ×", time / go))
            };
            table.row([
                case.clone(),
                engine.to_owned(),
                format!("{:.1} µs", times.0),
                format!("{:.1} µs", times.1),
                against(times.0, go.map(|go| go.0)),
                against(times.1, go.map(|go| go.1)),
            ]);
        }
    }
    print("Go templates", &table);
    remark(
        "Time of an engine divided by Go's: below 1 is faster than Go. The outputs are checked to be equal.",
    );
    Ok(())
}

/// Charts beside Helm, which is asked where HELM_BIN or HELM_PYTHON say so.
pub(crate) fn charts(_: Effort) -> Result<()> {
    let charts = workspace().join("crates/helm/tests/charts");
    let native = output("helm", "render", None)?;
    let wasm = output("helm", "render", Some(&charts))?;
    let mut table = Table::new(&["chart", "what", "time", "a second", "against the process"]);
    let native: Vec<_> = native.lines().filter_map(seconds).collect();
    let wasm: Vec<_> = wasm.lines().filter_map(seconds).collect();
    ensure!(
        !native.is_empty() && !wasm.is_empty(),
        "the bench printed no figures"
    );
    let process = |chart: &str| {
        let mut all = native.iter();
        let found = all.find(|(case, what, _)| case == chart && what.ends_with("a process"));
        found.map(|(_, _, ms)| *ms)
    };
    let wasm = wasm.iter().map(|line| (line, ", in Wasm"));
    for ((chart, what, ms), place) in native.iter().map(|line| (line, "")).chain(wasm) {
        let against = process(chart).map(|process| format!("{:.3} ×", ms / process));
        table.row([
            chart.clone(),
            format!("{what}{place}"),
            format!("{ms:.3} ms"),
            format!("{:.0}", 1e3 / ms),
            against.unwrap_or_else(|| "no HELM_BIN".to_owned()),
        ]);
    }
    print("Helm charts", &table);
    remark(
        "Time divided by that of `helm template` as a process. Helm's library is measured through Python (HELM_PYTHON).",
    );
    Ok(())
}

/// `case what it is 1.0 ms 1000.0 a second 1.00×`, in milliseconds.
fn seconds(line: &str) -> Option<(String, String, f64)> {
    let (head, _) = line.split_once(" ms ")?;
    let (case, rest) = head.split_once(' ')?;
    let (what, ms) = rest.trim().rsplit_once(' ')?;
    Some((case.to_owned(), what.trim().to_owned(), ms.parse().ok()?))
}

/// The figures of a bench, natively or in Wasm. By case and engine.
fn bench(
    package: &str,
    bench: &str,
    folder: Option<&Path>,
) -> Result<BTreeMap<String, BTreeMap<String, Times>>> {
    let output = output(package, bench, folder)?;
    let mut found: BTreeMap<String, BTreeMap<String, Times>> = BTreeMap::new();
    for (case, engine, times) in output.lines().filter_map(times) {
        found.entry(case).or_default().insert(engine, times);
    }
    ensure!(!found.is_empty(), "the bench printed no figures");
    Ok(found)
}

/// What a bench prints, natively; or in Wasm, run by the local host, which lets it read a folder.
fn output(package: &str, bench: &str, wasm: Option<&Path>) -> Result<String> {
    const TARGET: &str = "wasm32-wasip2";
    let target = wasm.map_or(String::new(), |_| format!(" --target {TARGET}"));
    progress(&format!("cargo bench -p {package} --bench {bench}{target}"));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["bench", "--quiet", "-p", package, "--bench", bench]);
    if let Some(folder) = wasm {
        let runner = format!("{} run --dir {}", local_host().display(), folder.display());
        cargo
            .args(["--target", TARGET])
            .env("CARGO_TARGET_WASM32_WASIP2_RUNNER", runner)
            .env("HELM_CHARTS", "/");
    }
    let output = cargo.current_dir(workspace()).output()?;
    ensure!(
        output.status.success(),
        "the bench failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `case engine parse 1.0 µs ( 1.00×) execute 2.0 µs ( 1.00×)`.
fn times(line: &str) -> Option<(String, String, Times)> {
    let mut words = line.split_whitespace();
    let (case, engine) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut after = |label: &str| {
        words.find(|word| *word == label)?;
        words.next()?.parse().ok()
    };
    let times = (after("parse")?, after("execute")?);
    Some((case, engine, times))
}
