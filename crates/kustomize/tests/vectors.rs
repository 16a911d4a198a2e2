//! Every committed answer of real `kubectl kustomize`, byte for byte. `tests/vectors/regenerate.py` makes the file anew.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use kustomize::{Json6902Patch, Limits, Target};
use serde_json::Value;

fn rows() -> Vec<Value> {
    let path = format!("{}/tests/vectors/cases.jsonl", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text(value: &Value, name: &str) -> String {
    value
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn apply(row: &Value) -> Result<String, String> {
    let patches: Vec<Json6902Patch> = row["json6902"]
        .as_array()
        .unwrap()
        .iter()
        .map(|patch| {
            let t = &patch["target"];
            let target = Target {
                group: text(t, "group"),
                version: text(t, "version"),
                kind: text(t, "kind"),
                name: text(t, "name"),
                namespace: text(t, "namespace"),
            };
            Json6902Patch {
                target,
                patch: text(patch, "patch"),
            }
        })
        .collect();
    kustomize::apply(
        &text(row, "resources"),
        &text(row, "strategic"),
        &patches,
        &Limits::default(),
    )
    .map_err(|error| {
        let source = std::error::Error::source(&error)
            .map(|source| format!(": {source}"))
            .unwrap_or_default();
        format!("{error}{source}")
    })
}

#[test]
fn cases_come_out_as_from_kubectl() {
    let rows = rows();
    let mut failures = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let mine = apply(row);
        let same = match (&mine, row.get("output")) {
            (Ok(mine), Some(theirs)) => mine == theirs.as_str().unwrap(),
            (Err(_), None) => true,
            _ => false,
        };
        // A difference that is meant must be one, or the note is out of date.
        let meant = row.get("differs").is_some();
        if same == meant {
            let (mine, theirs) = (
                mine.unwrap_or_else(|e| format!("error: {e}")),
                row.get("output")
                    .or(row.get("error"))
                    .unwrap()
                    .as_str()
                    .unwrap(),
            );
            let note = if meant { " (was to differ)" } else { "" };
            failures.push(format!(
                "#{n}{note} {}\n{}\n{}\n--- kubectl\n{theirs}\n--- kustomize\n{mine}",
                text(row, "resources"),
                text(row, "strategic"),
                row["json6902"]
            ));
        }
    }
    assert!(rows.len() > 400, "only {} cases", rows.len());
    assert!(
        failures.is_empty(),
        "{} of {} differ:\n{}",
        failures.len(),
        rows.len(),
        failures.join("\n")
    );
}
