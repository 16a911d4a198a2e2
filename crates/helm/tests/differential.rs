//! Charts rendered as Helm renders them: the committed answers of real Helm (`tests/vectors/*.jsonl`, made by `tests/generate/`), byte for byte.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "what helps a test fails as a test does"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use helm::{Chart, ChartLimits, Limits, ReleaseOptions, render};
use serde_json::Value;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// All files below a folder, by their paths in it.
fn folder(root: &Path, at: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(at).expect("the chart's folder is there") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            folder(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("it is below");
            let name = name
                .to_str()
                .expect("test charts have plain names")
                .to_owned();
            files.insert(name, std::fs::read(&path).expect("the file is readable"));
        }
    }
}

/// The chart of a case: a folder of `tests/charts`, with files of the case over it.
fn chart(case: &Value) -> Result<Chart, String> {
    let mut files = BTreeMap::new();
    if let Some(name) = case["chart"].as_str() {
        let root = tests().join("charts").join(name);
        folder(&root, &root, &mut files);
    }
    for (name, text) in case["files"].as_object().into_iter().flatten() {
        match text {
            Value::Null => files.remove(name),
            Value::String(text) => files.insert(name.clone(), text.clone().into_bytes()),
            other => {
                let base64 = other["base64"].as_str().expect("binary files are base64");
                let bytes = base64::engine::general_purpose::STANDARD.decode(base64);
                files.insert(name.clone(), bytes.expect("base64"))
            }
        };
    }
    Chart::from_files(files, &ChartLimits::default()).map_err(|error| error.to_string())
}

fn value(json: &Value) -> goyaml::Value {
    match json {
        Value::Null => goyaml::Value::Null,
        Value::Bool(truth) => goyaml::Value::Bool(*truth),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => goyaml::Value::Int(number),
            (None, Some(number)) => goyaml::Value::Uint(number),
            (None, None) => goyaml::Value::Float(number.as_f64().expect("a number")),
        },
        Value::String(text) => goyaml::Value::String(text.clone()),
        Value::Array(items) => goyaml::Value::Sequence(items.iter().map(value).collect()),
        Value::Object(map) => goyaml::Value::Mapping(entries(map)),
    }
}

fn entries(map: &serde_json::Map<String, Value>) -> goyaml::Map {
    map.iter()
        .map(|(key, item)| (key.clone(), value(item)))
        .collect()
}

fn answer(case: &Value) -> Result<String, String> {
    let chart = chart(case)?;
    let values = case["values"].as_object().map(entries).unwrap_or_default();
    let options = &case["options"];
    let text = |key: &str, default: &str| options[key].as_str().unwrap_or(default).to_owned();
    let mut release = ReleaseOptions::new(text("name", "release"), text("namespace", "default"));
    if let Some(version) = options["kube_version"].as_str() {
        release.kube_version = version.to_owned();
    }
    let versions = options["api_versions"].as_array().into_iter().flatten();
    release.api_versions = versions
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    release.include_crds = options["include_crds"].as_bool().unwrap_or_default();
    release.is_upgrade = options["is_upgrade"].as_bool().unwrap_or_default();
    let rendered = render(&chart, &values, &release, &Limits::default());
    rendered
        .map(|rendered| rendered.manifest())
        .map_err(|error| error.to_string())
}

/// A manifest without the empty lines at its documents' ends.
fn packed(text: String) -> String {
    text.trim().replace("\n\n---\n", "\n---\n")
}

/// The answer that a case has committed.
fn wanted(case: &Value) -> Result<String, String> {
    match case["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(case["manifest"].as_str().expect("an answer").to_owned()),
    }
}

fn cases(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).expect("the vectors are readable");
    let parse = |line| serde_json::from_str(line).expect("a case is a line of JSON");
    text.lines().map(parse).collect()
}

/// The lines in order: Go lists a schema's problems in the order of its maps, which is random.
fn sorted(text: String) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// The first line that differs, with the lines before it.
fn difference(want: &Result<String, String>, given: &Result<String, String>) -> String {
    let (Ok(want), Ok(given)) = (want, given) else {
        return format!("helm: {want:?}\nhere: {given:?}");
    };
    let (want, given): (Vec<_>, Vec<_>) = (want.lines().collect(), given.lines().collect());
    let same = want.iter().zip(&given).take_while(|(a, b)| a == b).count();
    let before = want[same.saturating_sub(12)..same].join("\n");
    format!(
        "{before}\nhelm: {:?}\nhere: {:?}",
        want.get(same),
        given.get(same)
    )
}

#[test]
fn every_answer_is_that_of_helm() {
    let named = std::env::var("HELM_VECTORS").ok();
    let mut files: Vec<PathBuf> = match &named {
        Some(file) => vec![PathBuf::from(file)],
        None => std::fs::read_dir(tests().join("vectors"))
            .expect("the vectors are there")
            .map(|entry| entry.expect("readable").path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "jsonl")
            })
            .collect(),
    };
    files.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in &files {
        for case in cases(file) {
            count += 1;
            let (mut given, mut want) = (answer(&case), wanted(&case));
            if case["without_empty_lines"].as_bool() == Some(true) {
                (given, want) = (given.map(packed), want.map(packed));
            }
            if case["any_order"].as_bool() == Some(true) {
                (given, want) = (given.map_err(sorted), want.map_err(sorted));
            }
            if given != want {
                let name = format!("{}: {}", file.display(), case["name"]);
                wrong.push(format!("{name}\n{}", difference(&want, &given)));
            }
        }
    }
    assert!(count > 0, "no cases");
    for difference in wrong.iter().take(40) {
        eprintln!("{difference}\n");
    }
    assert!(wrong.is_empty(), "{} of {count} differ", wrong.len());
}
