//! How fast charts render, beside Helm.
//!
//! `cargo bench -p helm` prints times of the web service of `tests/charts` and of a chart of 60 templates. With `HELM_BIN=/path/to/helm` it also times
//! `helm template` as a process, and with `HELM_PYTHON=/path/to/python` (which has helm-python-sdk) Helm in-process. The same program runs in Wasm
//! (`--target wasm32-wasip2`, with `--dir tests`), where it prints this crate's times alone.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot measure"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use helm::{Chart, ChartLimits, Limits, ReleaseOptions, render};

type Files = BTreeMap<String, Vec<u8>>;

struct Case {
    name: &'static str,
    files: Files,
    values: &'static str,
}

/// What a release of the web service sets.
const WEB_VALUES: &str = include_str!("web-service.yaml");

fn folder(root: &Path, at: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(at).expect("the chart's folder is there") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            folder(root, &path, files);
        } else {
            let name = path
                .strip_prefix(root)
                .expect("it is below")
                .to_string_lossy();
            files.insert(name.into_owned(), std::fs::read(&path).expect("readable"));
        }
    }
}

fn web_service() -> Files {
    let tests = std::env::var("HELM_CHARTS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/charts").to_owned());
    let root = Path::new(&tests).join("web-service");
    let mut files = Files::new();
    folder(&root, &root, &mut files);
    files
}

/// The web service's templates four times over, under names of their own, as an umbrella chart has them.
fn sixty_templates() -> Files {
    let mut files = Files::new();
    for (name, data) in web_service() {
        match name.strip_prefix("templates/") {
            Some(template) if !template.starts_with('_') && !template.starts_with("tests") => {
                for copy in 0..5 {
                    files.insert(format!("templates/{copy}-{template}"), data.clone());
                }
                files.insert(name, data);
            }
            _ => {
                files.insert(name, data);
            }
        }
    }
    files
}

/// Seconds for one run: the best of several, since what the machine does besides only ever adds time.
fn best(mut work: impl FnMut()) -> f64 {
    let mut count = 1u32;
    loop {
        let start = Instant::now();
        (0..count).for_each(|_| work());
        if start.elapsed() > Duration::from_millis(50) {
            break;
        }
        count *= 2;
    }
    let rounds = (0..10).map(|_| {
        let start = Instant::now();
        (0..count).for_each(|_| work());
        start.elapsed()
    });
    rounds.min().unwrap_or_default().as_secs_f64() / f64::from(count)
}

fn show(case: &str, what: &str, seconds: f64, ours: f64) {
    println!(
        "{case:16} {what:28} {:9.3} ms {:9.1} a second {:8.2}×",
        seconds * 1e3,
        1.0 / seconds,
        seconds / ours
    );
}

#[cfg(not(target_family = "wasm"))]
mod peers {
    use std::path::PathBuf;
    use std::process::{Command, Stdio};

    use super::{Case, best};

    /// The chart on disk, as peers want it, and its values.
    fn written(case: &Case) -> (PathBuf, PathBuf) {
        let root = std::env::temp_dir().join(format!("helm-bench-{}", std::process::id()));
        let chart = root.join(case.name);
        for (name, data) in &case.files {
            let path = chart.join(name);
            let folder = path.parent().expect("a file is in a folder");
            std::fs::create_dir_all(folder).expect("the temporary folder is writable");
            std::fs::write(path, data).expect("the temporary folder is writable");
        }
        let values = root.join(format!("{}.yaml", case.name));
        std::fs::write(&values, case.values).expect("the temporary folder is writable");
        (chart, values)
    }

    /// Seconds of one `helm template`.
    pub(super) fn process(case: &Case) -> Option<f64> {
        let helm = std::env::var_os("HELM_BIN")?;
        let (chart, values) = written(case);
        Some(best(|| {
            let mut command = Command::new(&helm);
            command
                .args(["template", "shop"])
                .arg(&chart)
                .arg("--values")
                .arg(&values);
            let status = command
                .stdout(Stdio::null())
                .status()
                .expect("HELM_BIN can be run");
            assert!(status.success(), "helm template failed");
        }))
    }

    /// Seconds of Helm's library: to load and render, and to render alone.
    pub(super) fn library(case: &Case) -> Option<(f64, f64)> {
        let python = std::env::var_os("HELM_PYTHON")?;
        let (chart, values) = written(case);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peer.py");
        let mut command = Command::new(python);
        let output = command.arg(script).arg(chart).arg(values).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = text.split_whitespace().map(str::parse::<f64>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    }
}

fn main() {
    let cases = [
        Case {
            name: "web-service",
            files: web_service(),
            values: WEB_VALUES,
        },
        Case {
            name: "sixty-templates",
            files: sixty_templates(),
            values: WEB_VALUES,
        },
    ];
    let (limits, chart_limits) = (Limits::default(), ChartLimits::default());
    let release = ReleaseOptions::new("shop", "production");
    for case in &cases {
        let values = goyaml::from_str(case.values, &goyaml::Limits::default());
        let values = values.expect("the values are YAML");
        let values = values.as_mapping().expect("the values are a map");
        let load = || Chart::from_files(case.files.clone(), &chart_limits).expect("it loads");
        let chart = load();
        let once = render(&chart, values, &release, &limits).expect("it renders");
        let templates = case
            .files
            .keys()
            .filter(|name| name.starts_with("templates/"));
        println!(
            "{}: {} templates, {} documents, {} bytes",
            case.name,
            templates.count(),
            once.documents.len(),
            once.manifest().len()
        );
        let renders = best(|| {
            black_box(render(&chart, values, &release, &limits).expect("it renders"));
        });
        show(case.name, "render", renders, renders);
        let both = best(|| {
            black_box(render(&load(), values, &release, &limits).expect("it renders"));
        });
        show(case.name, "load and render", both, renders);
        #[cfg(not(target_family = "wasm"))]
        {
            if let Some((load, render)) = peers::library(case) {
                show(case.name, "Helm's library, render", render, renders);
                show(case.name, "Helm's library, with load", load, both);
            }
            if let Some(process) = peers::process(case) {
                show(case.name, "helm template, a process", process, both);
            }
        }
    }
}
