//! The benches of the crates that render, natively and in Wasm: each prints lines of one form, which become one table.

use std::collections::BTreeMap;
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
    let wasm = bench("gotemplate", "engine", Some("wasm32-wasip2"))?;
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

/// Runs a bench of a crate, natively or for a target with the local host as what runs it. By case and engine.
fn bench(
    package: &str,
    bench: &str,
    target: Option<&str>,
) -> Result<BTreeMap<String, BTreeMap<String, Times>>> {
    progress(&format!(
        "cargo bench -p {package} --bench {bench}{}",
        target.map_or(String::new(), |target| format!(" --target {target}"))
    ));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["bench", "--quiet", "-p", package, "--bench", bench]);
    if let Some(target) = target {
        let variable = target.to_uppercase().replace('-', "_");
        cargo.args(["--target", target]).env(
            format!("CARGO_TARGET_{variable}_RUNNER"),
            format!("{} run", local_host().display()),
        );
    }
    let output = cargo.current_dir(workspace()).output()?;
    ensure!(
        output.status.success(),
        "the bench failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut found: BTreeMap<String, BTreeMap<String, Times>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Some((case, engine, times)) = times(line) else {
            continue;
        };
        found.entry(case).or_default().insert(engine, times);
    }
    ensure!(!found.is_empty(), "the bench printed no figures");
    Ok(found)
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
