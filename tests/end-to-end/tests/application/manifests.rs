//! The two manifests of the application are one but for the cron trigger.

use harness::components::manifest;
use toml::Value;

/// `infra/` is one folder down.
fn without_parent(source: &str) -> String {
    source
        .strip_prefix("../")
        .unwrap_or_else(|| panic!("{source} is not relative to infra/"))
        .to_owned()
}

#[test]
fn the_http_only_manifest_differs_in_the_cron_trigger_alone() {
    let mut with_cron = manifest("spin.toml");
    let trigger = with_cron["trigger"].as_table_mut().unwrap();
    let cron = trigger
        .remove("cron")
        .expect("spin.toml has a cron trigger");
    let cron = cron.as_array().unwrap();
    let ticking = cron.iter().map(|one| one["component"].as_str().unwrap());
    let ticking: Vec<&str> = ticking.collect();
    assert_eq!(ticking, ["notifications", "release-flush"]);

    let mut http_only = manifest("infra/spin-http.toml");
    for (_, component) in http_only["component"].as_table_mut().unwrap() {
        let source = without_parent(component["source"].as_str().unwrap());
        component["source"] = Value::String(source);
        if let Some(dependencies) = component.get_mut("dependencies") {
            for (_, dependency) in dependencies.as_table_mut().unwrap() {
                let path = without_parent(dependency["path"].as_str().unwrap());
                dependency["path"] = Value::String(path);
            }
        }
        if let Some(build) = component.get_mut("build") {
            // A build, and what it watches, is in the workspace's root.
            let workdir = build.as_table_mut().unwrap().remove("workdir");
            assert_eq!(workdir, Some(Value::String("..".to_owned())));
        }
    }
    assert_eq!(http_only, with_cron);
}

#[test]
fn only_the_flush_and_notifications_reach_the_network_each_with_its_own_secrets() {
    let manifest = manifest("spin.toml");
    for (id, component) in manifest["component"].as_table().unwrap() {
        let variables = component["variables"].as_table().unwrap();
        let is_flush = id == "release-flush";
        let notifies = id == "notifications";
        assert_eq!(
            component.get("allowed_outbound_hosts").is_some(),
            is_flush || notifies,
            "{id}"
        );
        for secret in ["git_token", "chart_credentials"] {
            assert_eq!(variables.contains_key(secret), is_flush, "{id} {secret}");
        }
        for secret in ["notifications", "notifications_token"] {
            assert_eq!(variables.contains_key(secret), notifies, "{id} {secret}");
        }
        // Where it may go is the operator's to say, host by host: none is written into the manifest.
        let hosts = component.get("allowed_outbound_hosts");
        for host in hosts.map_or(&[][..], |hosts| hosts.as_array().unwrap()) {
            let host = host.as_str().unwrap();
            let name = host
                .strip_prefix("{{ ")
                .and_then(|host| host.strip_suffix(" }}"));
            let name = name.unwrap_or_else(|| panic!("{id}: {host} is no variable"));
            let default = manifest["variables"][name]["default"].as_str().unwrap();
            let nowhere = default.ends_with(".invalid");
            assert!(nowhere || name == "git_host", "{id}: {name} is {default}");
        }
    }
    for name in [
        "admin_token",
        "git_token",
        "chart_credentials",
        "notifications",
        "notifications_token",
    ] {
        let variable = &manifest["variables"][name];
        assert_eq!(variable["secret"].as_bool(), Some(true), "{name}");
        assert_eq!(variable["default"].as_str(), Some(""), "{name}");
    }
}
