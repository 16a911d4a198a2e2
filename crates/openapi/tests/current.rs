//! The description that is served is the one that the code makes. `UPDATE_OPENAPI=1 cargo test -p openapi` writes it anew.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

#[test]
fn the_file_is_what_the_code_describes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, openapi::text()).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap();
    assert!(
        file == openapi::text(),
        "openapi.json is not current: run UPDATE_OPENAPI=1 cargo test -p openapi"
    );
}

#[test]
fn every_reference_leads_somewhere_and_nothing_is_left_over() {
    let document = openapi::document();
    let mut pointed_to = BTreeSet::new();
    references(&document, &mut pointed_to);
    let mut known = BTreeSet::new();
    for kind in ["schemas", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            known.insert(format!("#/components/{kind}/{name}"));
        }
    }
    assert_eq!(pointed_to, known);
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("$ref", Value::String(to)) => drop(found.insert(to.clone())),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_operation_says_what_it_takes_and_answers() {
    let document = openapi::document();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations += 1;
            let name = format!("{method} {path}");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
            let answers = operation["responses"].as_object().unwrap();
            assert!(
                answers
                    .keys()
                    .any(|status| status.starts_with('2') || status == "410"),
                "{name}"
            );
            let parameters = operation["parameters"].as_array();
            let named: BTreeSet<&str> = parameters
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let places = path.split('/').filter_map(|piece| piece.strip_prefix('{'));
            let places: BTreeSet<&str> = places.map(|piece| piece.trim_end_matches('}')).collect();
            assert_eq!(named, places, "{name}");
        }
    }
    assert_eq!(operations, access::Route::ALL.len());
}
