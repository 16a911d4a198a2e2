//! OCI registries.

use harness::chart_archive::ChartArchive;
use harness::chart_repository::{ChartRepository, Options as RepositoryOptions};
use harness::git_server::Auth;
use harness::oci_registry::{OciRegistry, Options};
use harness::web_server::{Told, WebServer};

use super::shelf::{Shelf, archive};

fn registry(options: Options, versions: &[&str]) -> OciRegistry {
    let registry = OciRegistry::start(options);
    for version in versions {
        registry.push("charts", &ChartArchive::sample("onechart", version));
    }
    registry
}

fn address(registry: &OciRegistry) -> String {
    format!("oci://{}/charts", registry.host())
}

fn ann() -> Auth {
    Auth::Basic {
        username: "ann".to_owned(),
        password: "hunter2".to_owned(),
    }
}

fn sample(version: &str) -> Vec<u8> {
    ChartArchive::sample("onechart", version).bytes
}

#[test]
fn a_chart_is_pulled_with_a_token_and_then_never_again() {
    let registry = registry(Options::default(), &["1.0.0", "1.1.0"]);
    let shelf = Shelf::new();
    let chart = shelf
        .fetch(&address(&registry), "onechart", "1.0.0")
        .unwrap();
    let packed = ChartArchive::sample("onechart", "1.0.0");
    assert_eq!(archive(&chart), packed.bytes);
    assert_eq!(chart.digest, format!("sha256:{}", packed.digest()));
    let blob = format!("/v2/charts/onechart/blobs/{}", chart.digest);
    let expected = [
        "/v2/charts/onechart/manifests/1.0.0",
        "/token?service=registry.tests&scope=repository%3Acharts%2Fonechart%3Apull",
        "/v2/charts/onechart/manifests/1.0.0",
        blob.as_str(),
    ];
    assert_eq!(registry.asked(), expected);
    registry.server().clear_log();
    shelf.advance_minutes(60 * 24 * 365);
    // The same place in other words.
    let name = format!("{}/onechart", address(&registry));
    assert_eq!(shelf.fetch("", &name, "1.0.0").unwrap(), chart);
    assert_eq!(
        shelf.fetch("", &format!("{name}:1.0.0"), "").unwrap(),
        chart
    );
    assert_eq!(registry.asked(), [""; 0]);
}

#[test]
fn a_range_looks_through_all_pages_of_tags() {
    let versions = ["0.9.0", "0.10.0+build.7", "1.0.0-rc.1", "0.2.0", "0.1.0"];
    let registry = registry(Options::default(), &versions);
    for tag in ["latest", "v9.9.9", "99", "sha-abc"] {
        registry.push_manifest("charts/onechart", tag, b"{}");
    }
    let shelf = Shelf::new();
    let fetched = |wanted: &str| {
        let chart = shelf
            .fetch(&address(&registry), "onechart", wanted)
            .unwrap();
        archive(&chart).to_vec()
    };
    assert_eq!(fetched(""), sample("0.10.0+build.7"));
    let pages = registry
        .asked()
        .iter()
        .filter(|path| path.contains("/tags/list"))
        .count();
    assert_eq!(
        pages, 6,
        "nine tags in pages of two, and one more for the token"
    );
    assert_eq!(fetched("<0.9.x"), sample("0.2.0"));
    assert_eq!(fetched("^1.0.0-0"), sample("1.0.0-rc.1"));
    registry.server().clear_log();
    assert_eq!(fetched(""), sample("0.10.0+build.7"));
    assert_eq!(registry.asked(), [""; 0]);
    registry.push("charts", &ChartArchive::sample("onechart", "0.11.0"));
    shelf.advance_minutes(6);
    assert_eq!(fetched(""), sample("0.11.0"));
}

#[test]
fn a_version_that_is_not_there_is_told_with_what_is() {
    let registry = registry(Options::default(), &["1.0.0", "1.1.0"]);
    let shelf = Shelf::new();
    for wanted in ["2.0.0", "^2"] {
        let (reason, passing) = shelf.refused(&address(&registry), "onechart", wanted);
        assert!(
            reason.contains("has no version") && reason.contains("there are 1.1.0, 1.0.0"),
            "{reason}"
        );
        assert!(!passing);
    }
    let (reason, _) = shelf.refused(&address(&registry), "nothing", "1.0.0");
    assert!(reason.contains("has no version"), "{reason}");
    let (reason, _) = shelf.refused(&address(&registry), "nothing", "");
    assert!(reason.contains("404"), "{reason}");
}

#[test]
fn credentials_go_to_the_registry_or_to_the_realm_that_may_see_them() {
    // The registry gives tokens itself.
    let own = registry(
        Options {
            tokens: Some(ann()),
            ..Options::default()
        },
        &["1.0.0"],
    );
    let shelf = Shelf::with_credentials(&format!(
        "host=http://{}&username=ann&password=hunter2",
        own.host()
    ));
    shelf.fetch(&address(&own), "onechart", "1.0.0").unwrap();
    for asked in own.server().log() {
        let basic = asked
            .header("authorization")
            .is_some_and(|value| value.starts_with("Basic "));
        assert_eq!(basic, asked.resource() == "/token", "{asked:?}");
    }
    let (reason, passing) = Shelf::new().refused(&address(&own), "onechart", "1.0.0");
    assert!(
        reason.contains("401") && reason.contains("chart_credentials") && !passing,
        "{reason}"
    );

    // It wants a name and a password itself.
    let options = Options {
        tokens: None,
        auth: ann(),
        ..Options::default()
    };
    let plain = registry(options, &["1.0.0"]);
    let shelf = Shelf::with_credentials(&format!(
        "host=http://{}&username=ann&password=hunter2",
        plain.host()
    ));
    shelf.fetch(&address(&plain), "onechart", "1.0.0").unwrap();
    let wrong = Shelf::with_credentials(&format!(
        "host=http://{}&username=ann&password=hunter2x",
        plain.host()
    ));
    let (reason, _) = wrong.refused(&address(&plain), "onechart", "1.0.0");
    assert!(reason.contains("401"), "{reason}");

    // Or a bearer token at once.
    let options = Options {
        tokens: None,
        auth: Auth::Bearer("hunter2".to_owned()),
        ..Options::default()
    };
    let bearer = registry(options, &["1.0.0"]);
    let shelf = Shelf::with_credentials(&format!("host=http://{}&token=hunter2", bearer.host()));
    shelf.fetch(&address(&bearer), "onechart", "1.0.0").unwrap();
    assert_eq!(bearer.server().log().len(), 2);
}

#[test]
fn a_token_server_elsewhere_sees_nothing() {
    let thief = WebServer::start(|_| Told::new(200, "{\"token\":\"x\"}"));
    let options = Options {
        tokens: Some(ann()),
        realm: format!("{}/token", thief.origin()),
        ..Options::default()
    };
    let registry = registry(options, &["1.0.0"]);
    let entry = format!(
        "host=http://{}&username=ann&password=hunter2",
        registry.host()
    );
    for shelf in [Shelf::new(), Shelf::with_credentials(&entry)] {
        let (reason, passing) = shelf.refused(&address(&registry), "onechart", "1.0.0");
        assert!(
            reason.contains("token server that is not https") && !passing,
            "{reason}"
        );
    }
    // The operator's word does not make http of another host good.
    let allowed = Shelf::with_credentials(&format!("{entry}&realm={}", thief.origin()));
    let (reason, _) = allowed.refused(&address(&registry), "onechart", "1.0.0");
    assert!(reason.contains("not https"), "{reason}");
    assert_eq!(thief.log(), []);

    let https = Options {
        tokens: Some(ann()),
        realm: "https://auth.example.org/token".to_owned(),
        ..Options::default()
    };
    let registry = self::registry(https, &["1.0.0"]);
    let shelf = Shelf::with_credentials(&format!(
        "host=http://{}&username=ann&password=hunter2",
        registry.host()
    ));
    let (reason, _) = shelf.refused(&address(&registry), "onechart", "1.0.0");
    assert!(
        reason.contains("add realm=https://auth.example.org to its entry"),
        "{reason}"
    );
}

#[test]
fn blobs_on_another_host_are_fetched_without_credentials() {
    let good = sample("1.0.0");
    let serve = good.clone();
    let storage = WebServer::start(move |_| Told::new(200, serve.clone()));
    let options = Options {
        tokens: Some(ann()),
        blobs_at: format!("{}/blobs", storage.origin()),
        ..Options::default()
    };
    let registry = registry(options, &["1.0.0"]);
    let entry = format!(
        "host=http://{}&username=ann&password=hunter2;host={}&token=hunter2",
        registry.host(),
        storage.origin()
    );
    let shelf = Shelf::with_credentials(&entry);
    let chart = shelf
        .fetch(&address(&registry), "onechart", "1.0.0")
        .unwrap();
    assert_eq!(archive(&chart), good);
    let log = storage.log();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].header("authorization"), None);

    // A storage that asks for credentials gets none, and its word is not taken for the registry's.
    let challenge = format!("Bearer realm=\"{}/token\"", storage.origin());
    storage.lay(
        &format!("/blobs/{}", chart.digest),
        Told::new(401, "").with("WWW-Authenticate", &challenge),
    );
    let fresh = Shelf::with_credentials(&entry);
    let (reason, _) = fresh.refused(&address(&registry), "onechart", "1.0.0");
    assert!(reason.contains("401"), "{reason}");
    assert!(
        storage
            .log()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
}

#[test]
fn what_is_not_what_its_digest_says_is_refused() {
    let registry = registry(Options::default(), &["1.0.0"]);
    let shelf = Shelf::new();
    let digest = ChartArchive::sample("onechart", "1.0.0").digest();
    let blob = format!("/v2/charts/onechart/blobs/sha256:{digest}");
    let mut cut = sample("1.0.0");
    cut.pop();
    for wrong in [cut, sample("2.0.0"), Vec::new()] {
        registry.server().lay(&blob, Told::new(200, wrong));
        let (reason, passing) = shelf.refused(&address(&registry), "onechart", "1.0.0");
        assert!(
            reason.contains("is not what its digest") && !passing,
            "{reason}"
        );
    }
    let mut small = Shelf::new();
    small.settings.max_chart_bytes = 100;
    let (reason, _) = small.refused(&address(&registry), "onechart", "1.0.0");
    assert!(reason.contains("larger than 100 bytes"), "{reason}");
    registry.server().lay(
        "/v2/charts/onechart/manifests/1.0.0",
        Told::new(200, "{}").with("Docker-Content-Digest", &format!("sha256:{digest}")),
    );
    let (reason, _) = shelf.refused(&address(&registry), "onechart", "1.0.0");
    assert!(
        reason.contains("the manifest of") && reason.contains("is not what its digest"),
        "{reason}"
    );
}

#[test]
fn answers_that_make_no_sense_are_refused_and_passing_ones_told_apart() {
    let registry = registry(
        Options {
            tokens: None,
            ..Options::default()
        },
        &["1.0.0"],
    );
    let shelf = Shelf::new();
    let cases = [
        (
            "manifests/1.0.0",
            Told::new(200, "{\"manifests\":[]}"),
            "1.0.0",
            false,
            "no Helm chart",
        ),
        (
            "manifests/1.0.0",
            Told::new(200, "hunter2"),
            "1.0.0",
            false,
            "no image manifest",
        ),
        (
            "manifests/1.0.0",
            Told::new(200, vec![b' '; (1 << 20) + 1]),
            "1.0.0",
            false,
            "larger than 1048576 bytes",
        ),
        (
            "manifests/1.0.0",
            Told::new(503, "hunter2").with("Retry-After", "9"),
            "1.0.0",
            true,
            "wait 9 s",
        ),
        ("tags/list", Told::new(429, ""), "", true, "fewer requests"),
        (
            "tags/list",
            Told::new(200, "hunter2"),
            "",
            false,
            "are no list",
        ),
        (
            "tags/list",
            Told::new(200, "{\"tags\":null}"),
            "",
            false,
            "it has none",
        ),
        (
            "tags/list",
            Told::new(401, "").with("WWW-Authenticate", "Bearer realm=\"nonsense\""),
            "",
            false,
            "not https",
        ),
        (
            "tags/list",
            Told::new(401, "").with("WWW-Authenticate", "Negotiate"),
            "",
            false,
            "401",
        ),
    ];
    for (path, told, version, passes, expected) in cases {
        registry
            .server()
            .lay(&format!("/v2/charts/onechart/{path}"), told);
        let (reason, passing) = shelf.refused(&address(&registry), "onechart", version);
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(passing, passes, "{reason}");
    }
}

#[test]
fn tags_without_end_are_not_followed_without_end() {
    let registry = registry(
        Options {
            tokens: None,
            ..Options::default()
        },
        &["1.0.0"],
    );
    let endless = Told::new(200, "{\"tags\":[\"1.0.0\"]}");
    let path = "/v2/charts/onechart/tags/list";
    // Each page names another one, in turn.
    registry.server().lay(
        path,
        endless.with("Link", &format!("<{path}?last=a>; rel=\"next\"")),
    );
    let shelf = Shelf::new();
    shelf.fetch(&address(&registry), "onechart", "").unwrap();
    assert_eq!(
        registry
            .asked()
            .iter()
            .filter(|asked| asked.contains("tags"))
            .count(),
        2
    );
}

#[test]
fn an_index_may_place_a_chart_in_a_registry() {
    let registry = registry(Options::default(), &["1.0.0"]);
    let index = format!(
        "apiVersion: v1\nentries:\n  onechart:\n  - version: 1.0.0\n    digest: {}\n    urls:\n    - {}/onechart:1.0.0\n",
        ChartArchive::sample("onechart", "1.0.0").digest(),
        address(&registry)
    );
    let repository = ChartRepository::start(RepositoryOptions::default());
    repository
        .server()
        .lay("/charts/index.yaml", Told::new(200, index.clone()));
    let shelf = Shelf::new();
    let chart = shelf.fetch(&repository.url(), "onechart", "^1").unwrap();
    assert_eq!(archive(&chart), sample("1.0.0"));
    let digest = ChartArchive::sample("onechart", "1.0.0").digest();
    let wrong = index.replace(&digest, &"f".repeat(64));
    repository
        .server()
        .lay("/charts/index.yaml", Told::new(200, wrong));
    let (reason, _) = Shelf::new().refused(&repository.url(), "onechart", "^1");
    assert!(reason.contains("is not what its digest"), "{reason}");
}

#[test]
fn plain_http_is_spoken_to_loopback_alone_and_only_where_it_is_allowed() {
    let registry = registry(Options::default(), &["1.0.0"]);
    let mut shelf = Shelf::new();
    shelf.settings.loopback_http = false;
    let (_, passing) = shelf.refused(&address(&registry), "onechart", "1.0.0");
    assert!(passing, "https finds nobody there");
    assert_eq!(registry.asked(), [""; 0]);
}
