//! The two manifests of the application are one but for the cron trigger, give each component what it needs and no more, and
//! explain every variable.

use std::collections::{BTreeMap, BTreeSet};

use harness::components::{manifest, workspace};
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

/// What each component is given: stores, databases, and the variables beside those in the next column.
const RIGHTS: [(&str, &str, &str); 9] = [
    ("access-control", "database", "max_body_bytes"),
    (
        "artifact-ingest",
        "store database",
        "max_waiting max_body_bytes",
    ),
    // All that keeps releases back when it is wrong: GET /healthz says so.
    (
        "artifact-query",
        "store database",
        "gitops_repos git_host oidc_host oidc_host_2 chart_host chart_host_2 chart_host_3 chart_host_4 chart_host_5 \
         chart_host_6 notifications_host notifications_host_2 notifications_host_3 notifications_host_4 max_waiting \
         max_body_bytes max_chart_bytes chart_max_age_seconds chart_loopback_http kubernetes_version commit_author_name \
         commit_author_email retention_days retention_per_repository audit_retention_days max_batch max_fetch_bytes",
    ),
    ("git-webhooks", "store database", "max_body_bytes"),
    (
        "gitops-commit",
        "store database",
        "max_waiting max_body_bytes",
    ),
    ("gitops-feedback", "database", "max_body_bytes"),
    (
        "notifications",
        "database network",
        "gitops_repos git_host git_username notifications_host notifications_host_2 notifications_host_3 \
         notifications_host_4",
    ),
    ("policy-evaluation", "store database", ""),
    (
        "release-flush",
        "store database network renderer",
        "gitops_repos git_host git_username oidc_host oidc_host_2 chart_host chart_host_2 chart_host_3 chart_host_4 \
         chart_host_5 chart_host_6 max_chart_bytes chart_max_age_seconds chart_loopback_http kubernetes_version \
         kubernetes_api_versions commit_author_name commit_author_email retention_days retention_per_repository \
         audit_retention_days max_batch max_fetch_bytes",
    ),
];

/// Who knows which secret; the issuers go with the admin's token.
fn secrets_of(component: &str) -> &'static [&'static str] {
    match component {
        "git-webhooks" => &[
            "github_webhook_secret",
            "gitlab_webhook_token",
            "gitea_webhook_secret",
        ],
        "notifications" => &[
            "admin_token",
            "oidc_issuers",
            "notifications",
            "notifications_provider",
            "notifications_token",
            "notifications_default_channel",
            "notifications_channel_mapping",
        ],
        "release-flush" => &[
            "admin_token",
            "oidc_issuers",
            "git_token",
            "chart_credentials",
        ],
        _ => &["admin_token", "oidc_issuers"],
    }
}

#[test]
fn each_component_is_given_what_it_needs_and_no_more() {
    let manifest = manifest("spin.toml");
    let components = manifest["component"].as_table().unwrap();
    let expected: BTreeMap<&str, _> = RIGHTS
        .map(|(component, parts, variables)| {
            let variables = variables.split_whitespace();
            let variables = variables.chain(secrets_of(component).iter().copied());
            let parts: BTreeSet<&str> = parts.split_whitespace().collect();
            (component, (parts, variables.collect::<BTreeSet<&str>>()))
        })
        .into();
    let given = components.iter().map(|(id, component)| {
        let labels = |key: &str| component.get(key).map(|labels| labels.to_string());
        let parts = [
            ("store", labels("key_value_stores")),
            ("database", labels("sqlite_databases")),
        ];
        for (part, labels) in &parts {
            let default = labels.as_deref().unwrap_or("[\"default\"]");
            assert_eq!(default, "[\"default\"]", "{id}: {part}");
        }
        let others = [
            ("network", component.get("allowed_outbound_hosts").is_some()),
            ("renderer", component.get("dependencies").is_some()),
            ("files", component.get("files").is_some()),
            ("models", component.get("ai_models").is_some()),
        ];
        let parts = parts.iter().map(|(part, labels)| (*part, labels.is_some()));
        let parts = parts.chain(others).filter(|(_, has)| *has);
        let variables = component["variables"].as_table().unwrap();
        for (name, value) in variables {
            let same = format!("{{{{ {name} }}}}");
            assert_eq!(value.as_str(), Some(same.as_str()), "{id}");
        }
        let variables = variables.keys().map(String::as_str).collect();
        (
            id.as_str(),
            (parts.map(|(part, _)| part).collect(), variables),
        )
    });
    assert_eq!(given.collect::<BTreeMap<_, _>>(), expected);
}

/// Lines of the section `[variables]`.
fn variables_of(path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(workspace().join(path)).unwrap();
    let lines = text
        .lines()
        .skip_while(|line| *line != "[variables]")
        .skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_variable_is_explained_where_it_stands() {
    let lines = variables_of("spin.toml");
    // Comments are no part of TOML: the texts are compared, not what they mean.
    assert_eq!(variables_of("infra/spin-http.toml"), lines);
    let declared = manifest("spin.toml")["variables"].as_table().unwrap().len();
    let mut explained = 0;
    // A comment is for all that follows it up to the next one; only what belongs together shares one.
    let (mut comment, mut group) = (String::new(), None);
    for line in lines.iter().filter(|line| !line.is_empty()) {
        if let Some(text) = line.strip_prefix('#') {
            if group.take().is_some() {
                comment.clear();
            }
            comment.push_str(text);
            continue;
        }
        let (name, default) = line.split_once(" = ").unwrap();
        assert!(comment.len() > 20, "{name} is not explained");
        let family = name.split('_').next().unwrap();
        let same = *group.get_or_insert(family) == family || comment.contains(" webhooks ");
        assert!(same, "{name} stands under the comment of {group:?}");
        // A number has bounds, which its comment tells.
        if default.contains(|c: char| c.is_ascii_digit()) && !default.contains("://") {
            assert!(
                comment.contains(" from "),
                "{name}: which numbers may it be?"
            );
        }
        explained += 1;
    }
    assert_eq!(explained, declared);
}
