//! What `infra/` tells SpinKube and Spin's runtime configuration, held to the fields that those read and to the variables of
//! spin.toml: what is misspelt there is dropped in silence, or keeps every replica from starting.

use std::collections::BTreeSet;

use goyaml::{Limits, Map, Schema, Value};
use harness::components::{manifest, workspace};

/// Of `SpinAppSpec`, `RuntimeConfig` and `HealthProbe` in github.com/spinframework/spin-operator, `api/v1alpha1/spinapp_types.go`.
const SPIN_APP: [&str; 14] = [
    "checks",
    "deploymentAnnotations",
    "enableAutoscaling",
    "executor",
    "image",
    "imagePullSecrets",
    "podAnnotations",
    "podLabels",
    "replicas",
    "resources",
    "runtimeConfig",
    "serviceAnnotations",
    "variables",
    "volumes",
];
const RUNTIME_CONFIG: [&str; 4] = [
    "keyValueStores",
    "llmCompute",
    "loadFromSecret",
    "sqliteDatabases",
];
const PROBE: [&str; 6] = [
    "failureThreshold",
    "httpGet",
    "initialDelaySeconds",
    "periodSeconds",
    "successThreshold",
    "timeoutSeconds",
];

/// The object of a kind in `infra/spinkube.yaml`.
fn spinkube(kind: &str) -> Value {
    let text = std::fs::read_to_string(workspace().join("infra/spinkube.yaml")).unwrap();
    let objects = goyaml::documents(&text, Schema::V2, &Limits::default()).unwrap();
    let mut found = objects
        .into_iter()
        .filter(|object| object.get("kind").and_then(Value::as_str) == Some(kind));
    found.next().unwrap_or_else(|| panic!("there is no {kind}"))
}

fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    let step = |value: &'a Value, key: &&str| {
        value
            .get(key)
            .unwrap_or_else(|| panic!("no {key} of {path:?}"))
    };
    path.iter().fold(value, step)
}

fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    match at(value, path) {
        Value::Sequence(items) => items,
        other => panic!("{path:?} is {other:?}"),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    at(value, &[key])
        .as_str()
        .unwrap_or_else(|| panic!("{key} is no text"))
}

fn only(map: &Value, known: &[&str]) {
    for key in map.as_mapping().unwrap().keys() {
        assert!(known.contains(&key.as_str()), "{key} is no field");
    }
}

/// A value as it stands there, or where the Secret has it.
fn value_of(item: &Value, secret: &Map) -> String {
    match item.get("valueFrom") {
        None => text(item, "value").to_owned(),
        Some(from) => {
            let from = at(from, &["secretKeyRef"]);
            assert_eq!(text(from, "name"), "wimble");
            let kept = secret.get(text(from, "key"));
            kept.and_then(Value::as_str)
                .unwrap_or_else(|| panic!("the Secret lacks {from:?}"))
                .to_owned()
        }
    }
}

fn secret() -> Map {
    at(&spinkube("Secret"), &["stringData"])
        .as_mapping()
        .unwrap()
        .clone()
}

#[test]
fn spinkube_is_told_in_fields_that_it_has() {
    let app = spinkube("SpinApp");
    assert_eq!(text(&app, "apiVersion"), "core.spinkube.dev/v1alpha1");
    only(at(&app, &["spec"]), &SPIN_APP);
    only(at(&app, &["spec", "runtimeConfig"]), &RUNTIME_CONFIG);
    only(at(&app, &["spec", "checks"]), &["readiness", "liveness"]);
    let probe = at(&app, &["spec", "checks", "readiness"]);
    only(probe, &PROBE);
    only(at(probe, &["httpGet"]), &["path", "httpHeaders"]);
}

#[test]
fn spinkube_sets_variables_that_there_are_and_secret_ones_from_its_secret() {
    let (app, secret) = (spinkube("SpinApp"), secret());
    let manifest = manifest("spin.toml");
    let mut set = BTreeSet::new();
    for variable in list(&app, &["spec", "variables"]) {
        let name = text(variable, "name");
        let declared = manifest["variables"]
            .get(name)
            .unwrap_or_else(|| panic!("there is no variable {name}"));
        let is_secret = declared.get("secret").is_some();
        assert_eq!(variable.get("valueFrom").is_some(), is_secret, "{name}");
        value_of(variable, &secret);
        // Spin denies every host while one cannot be read.
        if name.contains("_host") {
            assert_eq!(
                domain::allowed_host_fault(text(variable, "value")),
                None,
                "{name}"
            );
        }
        assert!(set.insert(name), "{name} stands twice");
    }
    for needed in ["admin_token", "git_token", "gitops_repos"] {
        assert!(set.contains(needed), "{needed}");
    }
}

#[test]
fn both_runtime_configurations_have_a_store_and_a_database_as_spin_spells_them() {
    let (app, secret) = (spinkube("SpinApp"), secret());
    let config = manifest("infra/runtime-config.toml");
    for (field, table, kind, options) in [
        ("keyValueStores", "key_value_store", "redis", &["url"][..]),
        (
            "sqliteDatabases",
            "sqlite_database",
            "libsql",
            &["token", "url"],
        ),
    ] {
        // Every label that components name, and there is but one.
        let stores = list(&app, &["spec", "runtimeConfig", field]);
        assert_eq!(
            (
                stores.len(),
                text(&stores[0], "name"),
                text(&stores[0], "type")
            ),
            (1, "default", kind)
        );
        let told = list(&stores[0], &["options"]);
        let mut told: Vec<_> = told
            .iter()
            .map(|option| (text(option, "name"), value_of(option, &secret)))
            .collect();
        told.sort();
        let names: Vec<&str> = told.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, options, "{field}");

        let table = config[table]["default"].as_table().unwrap();
        assert_eq!(table["type"].as_str(), Some(kind));
        let names: BTreeSet<&str> = table.keys().map(String::as_str).collect();
        assert_eq!(names, options.iter().copied().chain(["type"]).collect());

        let (_, url) = told.last().unwrap();
        for url in [url.as_str(), table["url"].as_str().unwrap()] {
            let (scheme, _) = url.split_once("://").unwrap();
            assert!(
                if kind == "redis" {
                    scheme == "redis"
                } else {
                    matches!(scheme, "http" | "https")
                },
                "{url}"
            );
        }
    }
    let tables: Vec<&str> = config.keys().map(String::as_str).collect();
    assert_eq!(tables, ["key_value_store", "sqlite_database"]);
}
