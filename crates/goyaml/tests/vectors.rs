//! Every committed answer of real Helm, byte for byte. `tests/vectors/regenerate.py` makes the files anew.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use goyaml::{Limits, Value};

fn value_of(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(n) => Value::Float(n.as_f64().unwrap()),
        serde_json::Value::String(s) => Value::String(s.clone()),
        serde_json::Value::Array(items) => Value::Sequence(items.iter().map(value_of).collect()),
        serde_json::Value::Object(map) => {
            Value::Mapping(map.iter().map(|(k, v)| (k.clone(), value_of(v))).collect())
        }
    }
}

fn rows(file: &str) -> Vec<serde_json::Value> {
    let path = format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Helm's toYaml: an error is an empty text, the last line break is cut.
fn to_yaml(value: &Value) -> String {
    goyaml::to_string(value)
        .map(|text| text.strip_suffix('\n').unwrap_or(&text).to_owned())
        .unwrap_or_default()
}

fn to_yaml_pretty(value: &Value) -> String {
    let text = goyaml::to_string_pretty(value).unwrap();
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

fn report(failures: &[String], count: usize, least: usize) {
    assert!(count >= least, "only {count} vectors");
    assert!(
        failures.is_empty(),
        "{} of {count} differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn values_print_as_helm_prints_them() {
    let mut failures = Vec::new();
    let rows = rows("values.jsonl");
    for row in &rows {
        let text = row["value"].as_str().unwrap();
        let value = value_of(&serde_json::from_str(text).unwrap());
        for (form, mine) in [
            ("yaml", to_yaml(&value)),
            ("pretty", to_yaml_pretty(&value)),
        ] {
            let theirs = row[form].as_str().unwrap();
            if mine != theirs {
                failures.push(format!(
                    "{form} of {text}\n--- helm\n{theirs}\n--- goyaml\n{mine}"
                ));
            }
        }
    }
    report(&failures, rows.len(), 450);
}

/// Messages that go-yaml ends with a dump of the Go value, which is not copied.
fn without_dump(message: &str) -> &str {
    let cut = [
        "unsupported map key of type: uint64, key: ",
        "unsupported map key of type: ",
        "invalid map key: ",
    ];
    cut.iter()
        .find_map(|start| message.find(start).map(|at| &message[..at + start.len()]))
        .unwrap_or(message)
}

#[test]
fn documents_read_as_helm_reads_them() {
    let mut failures = Vec::new();
    let rows = rows("documents.jsonl");
    for row in &rows {
        let document = row["document"].as_str().unwrap();
        let mine = goyaml::from_str(document, &Limits::default()).map(Value::into_float64);
        let same = match (&mine, row.get("error").map(|e| e.as_str().unwrap())) {
            // What is no mapping fails in Helm's fromYaml only after YAML.
            (Ok(value), Some(error)) => {
                error.starts_with("error unmarshaling JSON") && !matches!(value, Value::Mapping(_))
            }
            (Err(mine), Some(theirs)) => {
                let theirs = theirs
                    .strip_prefix("error converting YAML to JSON: ")
                    .unwrap_or(theirs);
                without_dump(theirs) == without_dump(&mine.to_string())
            }
            (Err(_), None) => false,
            (Ok(value), None) => {
                let json: serde_json::Value =
                    serde_json::from_str(row["json"].as_str().unwrap()).unwrap();
                let value = if *value == Value::Null {
                    Value::Mapping(goyaml::Map::new())
                } else {
                    value.clone()
                };
                value_of(&json) == value && to_yaml(&value) == row["yaml"].as_str().unwrap()
            }
        };
        if !same {
            failures.push(format!("{document:?}\n   helm   {row}\n   goyaml {mine:?}"));
        }
    }
    report(&failures, rows.len(), 1000);
}
