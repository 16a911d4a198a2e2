//! Helm charts and patches in the release path: from a Helm repository, an OCI registry and Git, rendered in the sandbox.

use std::path::Path;

use end_to_end::artifacts::artifact;
use end_to_end::history::{file, files};
use end_to_end::world::{Setup, World};
use harness::chart_archive::ChartArchive;
use harness::chart_repository::{ChartRepository, Options as RepositoryOptions};
use harness::components::workspace;
use harness::oci_registry::{OciRegistry, Options as RegistryOptions};
use serde_json::{Value, json};

/// A chart for every web service, with the helpers and options that such charts have.
const CHART: &str = "web-service";

/// The chart's files below `crates/helm/tests/charts`, by their paths within it.
fn chart_files() -> Vec<(String, String)> {
    fn walk(folder: &Path, below: &str, found: &mut Vec<(String, String)>) {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                walk(&path, &format!("{name}/"), found);
            } else {
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    let folder = workspace().join("crates/helm/tests/charts").join(CHART);
    walk(&folder, "", &mut found);
    found
}

fn packed(version: &str) -> ChartArchive {
    let files = chart_files();
    let files: Vec<(&str, &str)> = files
        .iter()
        .filter(|(path, _)| path != "Chart.yaml")
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    ChartArchive::pack(CHART, version, &files)
}

/// The manifest of GimletD's concept page: a chart, and values that CI's variables fill.
fn web(chart: &Value) -> Value {
    json!({
        "app": "myapp",
        "env": "staging",
        "namespace": "my-team",
        "deploy": { "branch": "main", "event": "push" },
        "chart": chart,
        "values": {
            "replicas": 2,
            "image": { "repository": "ghcr.io/acme/web", "tag": "{{ .CIRCLE_SHA1 }}" },
            "vars": { "LIMIT": 1_000_000, "BRANCH": "{{ .BRANCH }}" },
        },
    })
}

fn patched(chart: &Value) -> Value {
    let mut manifest = web(chart);
    manifest["strategicMergePatches"] = json!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: myapp\n  namespace: my-team\nspec:\n  template:\n    \
         spec:\n      volumes:\n        - name: azure-file\n          azureFile:\n            secretName: files\n            \
         shareName: share\n"
    );
    manifest["json6902Patches"] = json!([{
        "patch": "---\n- op: replace\n  path: /spec/replicas\n  value: 5\n",
        "target": { "group": "apps", "version": "v1", "kind": "Deployment", "name": "myapp" },
    }]);
    manifest
}

fn shipped(world: &World, number: usize, manifest: Value) -> Value {
    let mut artifact = artifact(number, vec![manifest]);
    artifact["context"]["CIRCLE_SHA1"] = artifact["version"]["sha"].clone();
    let id = world.ship(&artifact);
    world.settle();
    let [request] = &world.requests_of(&id)[..] else {
        panic!("one release of {id}");
    };
    world.event(request)
}

fn rendered(world: &World) -> Vec<String> {
    let files = files(&world.gitops, "main").into_iter();
    files
        .filter_map(|path| path.strip_prefix("staging/myapp/").map(str::to_owned))
        .collect()
}

fn deployment(world: &World, name: &str) -> String {
    file(&world.gitops, "main", &format!("staging/myapp/{name}")).unwrap()
}

/// What the concept page promises, whatever the chart comes from.
fn releases_the_concept_page(world: &World, chart: &Value, asked: impl Fn() -> usize) {
    let event = shipped(world, 1, web(chart));
    assert_eq!(event["status"], "processed", "{event}");
    let plain = rendered(world);
    assert!(plain.contains(&"deployment.yaml".to_owned()), "{plain:?}");
    assert!(plain.contains(&"service.yaml".to_owned()), "{plain:?}");
    assert!(
        !plain
            .iter()
            .any(|name| name.contains("NOTES") || name.contains("connection"))
    );
    let text = deployment(world, "deployment.yaml");
    let head = format!("---\n# Source: {CHART}/templates/deployment.yaml\n");
    assert!(text.starts_with(&head), "{text}");
    let sha = end_to_end::artifacts::sha(1);
    assert!(text.contains(&format!("ghcr.io/acme/web:{sha}")), "{text}");
    assert!(text.contains("replicas: 2\n"), "{text}");
    let values = deployment(world, "configmap.yaml");
    assert!(values.contains("1e+06"), "numbers are Helm's: {values}");

    let before = asked();
    let event = shipped(world, 2, patched(chart));
    assert_eq!(event["status"], "processed", "{event}");
    assert_eq!(
        asked(),
        before,
        "a chart that is known is not fetched again"
    );
    assert_eq!(
        rendered(world),
        ["manifest.yaml", "release.json"],
        "stale files vanish"
    );
    let text = deployment(world, "manifest.yaml");
    assert!(text.contains("shareName: share"), "{text}");
    assert!(text.contains("replicas: 5\n"), "{text}");
    assert!(!text.contains("# Source"), "kustomize keeps no comments");
    world.gitops.fsck();
}

#[test]
fn a_chart_of_a_helm_repository_is_released() {
    let charts = ChartRepository::start(RepositoryOptions::default());
    charts.add(packed("0.40.1"));
    let url = charts.url();
    let host = url.strip_suffix("/charts").unwrap();
    let world = Setup::new("a_chart_of_a_helm_repository_is_released")
        .variable("chart_host", host)
        .start();
    let chart = json!({ "repository": url, "name": CHART, "version": "0.40.1" });
    releases_the_concept_page(&world, &chart, || charts.asked().len());
}

#[test]
fn a_chart_of_an_oci_registry_is_released() {
    let registry = OciRegistry::start(RegistryOptions::default());
    registry.push("charts", &packed("0.40.1"));
    let world = Setup::new("a_chart_of_an_oci_registry_is_released")
        .variable("chart_host", &format!("http://{}", registry.host()))
        .variable("chart_loopback_http", "true")
        .start();
    let name = format!("oci://{}/charts/{CHART}", registry.host());
    let chart = json!({ "name": name, "version": "0.40.1" });
    releases_the_concept_page(&world, &chart, || registry.asked().len());
}

#[test]
fn a_chart_in_git_is_released() {
    let world = Setup::new("a_chart_in_git_is_released").start();
    let repository = world.git.create_repository("acme/charts.git");
    let mut stream = "commit refs/heads/main\ncommitter Ann Operator <ann@example.org> 1700000000 +0000\ndata 5\nfirst\n"
        .to_owned();
    for (path, text) in chart_files() {
        let length = text.len();
        stream.push_str(&format!(
            "M 100644 inline charts/{CHART}/{path}\ndata {length}\n{text}\n"
        ));
    }
    repository.git_with_input(&["fast-import", "--quiet"], stream.as_bytes());
    let sha = repository.git(&["rev-parse", "refs/heads/main"]);
    let name = format!(
        "http://{}/acme/charts.git?sha={}&path=/charts/{CHART}/",
        world.git.address(),
        sha.trim()
    );
    let asked = || {
        let log = world.git.log().into_iter();
        log.filter(|exchange| exchange.path.contains("charts.git"))
            .count()
    };
    releases_the_concept_page(&world, &json!({ "name": name }), asked);
}

#[test]
fn x2_a_hostile_chart_reaches_nothing() {
    let charts = ChartRepository::start(RepositoryOptions::default());
    let object = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: stolen\ndata:\n  it: {value}\n"
        )
    };
    // What each tries, and what it comes to: an error that says so, or nothing in its hands.
    let tries = [
        (
            "env",
            "{{ env \"SPIN_VARIABLE_GIT_TOKEN\" }}",
            Some("not defined"),
        ),
        (
            "expandenv",
            "{{ expandenv \"$HOME\" }}",
            Some("not defined"),
        ),
        ("dns", "{{ getHostByName \"example.org\" | quote }}", None),
        ("files", "{{ .Files.Get \"/etc/passwd\" | quote }}", None),
        (
            "parent",
            "{{ .Files.Get \"../../../etc/passwd\" | quote }}",
            None,
        ),
        (
            "cluster",
            "{{ lookup \"v1\" \"Secret\" \"flux-system\" \"\" | toJson | quote }}",
            None,
        ),
        (
            "endless",
            "{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}",
            Some("chart"),
        ),
        (
            "bomb",
            "{{ range until 100000 }}{{ repeat 100000 \"x\" }}{{ end }}",
            Some("chart"),
        ),
    ];
    for (name, template, _) in &tries {
        let text = object(template);
        let files = [("templates/stolen.yaml", text.as_str())];
        charts.add(ChartArchive::pack(name, "1.0.0", &files));
    }
    let url = charts.url();
    let world = Setup::new("x2_a_hostile_chart_reaches_nothing")
        .variable("chart_host", url.strip_suffix("/charts").unwrap())
        .start();
    for (number, (name, _, refused)) in tries.iter().enumerate() {
        let chart = json!({ "repository": url, "name": name, "version": "1.0.0" });
        let event = shipped(&world, number + 1, web(&chart));
        match refused {
            Some(words) => {
                assert_eq!(event["status"], "error", "{name}: {event}");
                let why = event["statusDesc"].as_str().unwrap();
                assert!(why.contains(words), "{name}: {why}");
            }
            None => {
                assert_eq!(event["status"], "processed", "{name}: {event}");
                let text = deployment(&world, "stolen.yaml");
                let empty = text.contains("it: \"\"") || text.contains("it: \"{}\"");
                assert!(empty, "{name}: {text}");
            }
        }
    }
    world.gitops.fsck();
}

#[test]
fn a_chart_from_a_host_that_is_not_allowed_names_the_variable() {
    let charts = ChartRepository::start(RepositoryOptions::default());
    charts.add(packed("0.40.1"));
    let world = World::start("a_chart_from_a_host_that_is_not_allowed");
    let chart = json!({ "repository": charts.url(), "name": CHART, "version": "0.40.1" });
    let event = shipped(&world, 1, web(&chart));
    assert_eq!(event["status"], "error", "{event}");
    let why = event["statusDesc"].as_str().unwrap();
    assert!(why.contains("chart_host"), "{why}");
    assert_eq!(charts.asked(), Vec::<String>::new());
}
