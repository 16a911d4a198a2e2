//! Helm repositories.

use harness::chart_archive::ChartArchive;
use harness::chart_repository::{ChartRepository, Options};
use harness::git_server::Auth;
use harness::web_server::{Told, WebServer};

use super::shelf::{Shelf, archive};

/// A repository with some versions of one chart.
fn repository(options: Options, versions: &[&str]) -> ChartRepository {
    let repository = ChartRepository::start(options);
    for version in versions {
        repository.add(ChartArchive::sample("onechart", version));
    }
    repository.add(ChartArchive::sample("other", "9.9.9"));
    repository
}

fn open(versions: &[&str]) -> ChartRepository {
    repository(Options::default(), versions)
}

fn private(versions: &[&str]) -> (ChartRepository, Shelf) {
    let auth = Auth::Basic {
        username: "ann".to_owned(),
        password: "hunter2".to_owned(),
    };
    let repository = repository(
        Options {
            auth,
            ..Options::default()
        },
        versions,
    );
    let origin = repository.server().origin();
    let shelf = Shelf::with_credentials(&format!("host={origin}&username=ann&password=hunter2"));
    (repository, shelf)
}

#[test]
fn s5_a_chart_is_fetched_once_and_then_never_again() {
    let repository = open(&["0.9.0", "0.10.0"]);
    let shelf = Shelf::new();
    let chart = shelf.fetch(&repository.url(), "onechart", "0.9.0").unwrap();
    let packed = ChartArchive::sample("onechart", "0.9.0");
    assert_eq!(archive(&chart), packed.bytes);
    assert_eq!(chart.digest, format!("sha256:{}", packed.digest()));
    assert_eq!(
        repository.asked(),
        ["/charts/index.yaml", "/charts/onechart-0.9.0.tgz"]
    );
    shelf.advance_minutes(60 * 24 * 365);
    repository.server().clear_log();
    let again = shelf
        .fetch(&format!("{}/", repository.url()), "onechart", "0.9.0")
        .unwrap();
    assert_eq!(again, chart);
    assert_eq!(repository.asked(), [""; 0]);
}

#[test]
fn a_range_is_the_newest_it_allows_and_is_asked_again_after_a_while() {
    let repository = open(&["0.9.0", "0.10.0", "0.11.0-rc.1", "1.0.0"]);
    let shelf = Shelf::new();
    let version = |wanted: &str| {
        let chart = shelf.fetch(&repository.url(), "onechart", wanted).unwrap();
        let versions = ["0.9.0", "0.10.0", "0.10.1", "0.11.0-rc.1", "1.0.0"];
        let is_it =
            |version: &&&str| ChartArchive::sample("onechart", version).bytes == archive(&chart);
        (*versions.iter().find(is_it).unwrap()).to_owned()
    };
    assert_eq!(version("^0.9 || 0.10.x"), "0.10.0");
    assert_eq!(version(""), "1.0.0");
    assert_eq!(version(">=0.11.0-0 <1"), "0.11.0-rc.1");
    assert_eq!(
        repository.server().log().len(),
        4,
        "one index, three archives"
    );

    repository.server().clear_log();
    repository.add(ChartArchive::sample("onechart", "0.10.1"));
    assert_eq!(version("^0.9 || 0.10.x"), "0.10.0");
    assert_eq!(repository.asked(), [""; 0]);
    assert_eq!(
        version("0.10.1"),
        "0.10.1",
        "an exact version may be newer than what is kept"
    );
    assert_eq!(
        repository.asked(),
        ["/charts/index.yaml", "/charts/onechart-0.10.1.tgz"]
    );

    repository.server().clear_log();
    shelf.advance_minutes(6);
    assert_eq!(version("^0.9 || 0.10.x"), "0.10.1");
    let log = repository.server().log();
    assert_eq!(log.len(), 1, "the index, and an archive that is kept");
    assert_eq!(log[0].status, 304, "it had not changed");
}

#[test]
fn an_index_that_changed_is_read_again() {
    let repository = open(&["1.0.0"]);
    let shelf = Shelf::new();
    shelf.fetch(&repository.url(), "onechart", "1.x").unwrap();
    repository.add(ChartArchive::sample("onechart", "1.1.0"));
    shelf.advance_minutes(6);
    let chart = shelf.fetch(&repository.url(), "onechart", "1.x").unwrap();
    assert_eq!(
        archive(&chart),
        ChartArchive::sample("onechart", "1.1.0").bytes
    );
}

#[test]
fn a_version_or_a_name_that_is_not_there_is_told_with_what_is() {
    let repository = open(&["0.9.0", "0.10.0", "0.8.0", "0.7.0", "0.6.0", "0.5.0"]);
    let shelf = Shelf::new();
    let (reason, passing) = shelf.refused(&repository.url(), "onechart", "2.0.0");
    assert!(
        reason.contains("the newest are 0.10.0, 0.9.0, 0.8.0, 0.7.0, 0.6.0"),
        "{reason}"
    );
    assert!(!passing);
    let (reason, _) = shelf.refused(&repository.url(), "onchart", "");
    assert!(reason.contains("it lists onechart, other"), "{reason}");
    let (reason, _) = shelf.refused(&repository.url(), "onechart", "not a range");
    assert!(reason.contains("improper constraint"), "{reason}");
    let (reason, _) = shelf.refused(&format!("{}/nowhere", repository.url()), "onechart", "");
    assert!(
        reason.contains("404") && reason.contains("/charts/nowhere/index.yaml"),
        "{reason}"
    );
}

#[test]
fn an_archive_that_is_not_what_the_index_says_is_refused() {
    let repository = open(&["1.0.0"]);
    let shelf = Shelf::new();
    let good = ChartArchive::sample("onechart", "1.0.0").bytes;
    let cut = good[..good.len() - 1].to_vec();
    for wrong in [
        cut,
        ChartArchive::sample("other", "1.0.0").bytes,
        Vec::new(),
    ] {
        repository
            .server()
            .lay("/charts/onechart-1.0.0.tgz", Told::new(200, wrong));
        let (reason, passing) = shelf.refused(&repository.url(), "onechart", "1.0.0");
        assert!(
            reason.contains("is not what its digest sha256:"),
            "{reason}"
        );
        assert!(!passing);
    }
    repository
        .server()
        .lay("/charts/onechart-1.0.0.tgz", Told::new(200, good));
    shelf.fetch(&repository.url(), "onechart", "1.0.0").unwrap();
}

#[test]
fn a_kept_archive_that_was_changed_is_fetched_again() {
    let repository = open(&["1.0.0"]);
    let shelf = Shelf::new();
    let chart = shelf.fetch(&repository.url(), "onechart", "1.0.0").unwrap();
    shelf.sql("UPDATE charts SET content = x'00'");
    assert_eq!(
        shelf.fetch(&repository.url(), "onechart", "1.0.0").unwrap(),
        chart
    );
    repository.server().clear_log();
    assert_eq!(
        shelf.fetch(&repository.url(), "onechart", "1.0.0").unwrap(),
        chart
    );
    assert_eq!(repository.asked(), [""; 0], "and kept again");
}

#[test]
fn credentials_go_to_the_repository_itself() {
    let (repository, shelf) = private(&["1.0.0"]);
    shelf.fetch(&repository.url(), "onechart", "1.0.0").unwrap();
    let (reason, passing) = Shelf::new().refused(&repository.url(), "onechart", "1.0.0");
    assert!(
        reason.contains("401") && reason.contains("chart_credentials"),
        "{reason}"
    );
    assert!(!passing);
    let origin = repository.server().origin();
    let wrong = Shelf::with_credentials(&format!("host={origin}&username=ann&password=hunter2x"));
    let (reason, _) = wrong.refused(&repository.url(), "onechart", "1.0.0");
    assert!(reason.contains("401"), "{reason}");
}

#[test]
fn no_other_host_sees_the_repositorys_credentials() {
    let good = ChartArchive::sample("onechart", "1.0.0").bytes;
    let serve = good.clone();
    let elsewhere = WebServer::start(move |_| Told::new(200, serve.clone()));

    // A redirect to another host.
    let (repository, shelf) = private(&["1.0.0"]);
    let to = format!("{}/storage/x.tgz?signature=abc", elsewhere.origin());
    repository
        .server()
        .lay("/charts/onechart-1.0.0.tgz", Told::redirect(&to));
    assert_eq!(
        archive(&shelf.fetch(&repository.url(), "onechart", "1.0.0").unwrap()),
        good
    );

    // There and back: what has left is not trusted again.
    let (repository, shelf) = private(&["1.0.0"]);
    repository.server().lay(
        "/charts/onechart-1.0.0.tgz",
        Told::redirect(&format!("{}/hop", elsewhere.origin())),
    );
    elsewhere.lay(
        "/hop",
        Told::redirect(&format!(
            "{}/charts/onechart-1.0.0.tgz?again",
            repository.server().origin()
        )),
    );
    let (reason, _) = shelf.refused(&repository.url(), "onechart", "1.0.0");
    assert!(reason.contains("more than 5 redirects"), "{reason}");
    let back: Vec<_> = repository
        .server()
        .log()
        .into_iter()
        .filter(|asked| asked.path.ends_with("?again"))
        .collect();
    assert!(
        !back.is_empty()
            && back
                .iter()
                .all(|asked| asked.header("authorization").is_none()),
        "{back:?}"
    );

    // An address on another host in the index, even one that has credentials of its own.
    let auth = Auth::Basic {
        username: "ann".to_owned(),
        password: "hunter2".to_owned(),
    };
    let options = Options {
        auth,
        urls_at: format!("{}/", elsewhere.origin()),
        ..Options::default()
    };
    let repository = self::repository(options, &["1.0.0"]);
    let shelf = Shelf::with_credentials(&format!(
        "host={}&username=ann&password=hunter2;host={}&token=hunter2",
        repository.server().origin(),
        elsewhere.origin()
    ));
    assert_eq!(
        archive(&shelf.fetch(&repository.url(), "onechart", "1.0.0").unwrap()),
        good
    );

    let log = elsewhere.log();
    assert!(log.len() >= 3, "{log:?}");
    for asked in log {
        assert_eq!(asked.header("authorization"), None, "{asked:?}");
    }
}

#[test]
fn redirects_end() {
    let repository = open(&["1.0.0"]);
    let shelf = Shelf::new();
    let loops = format!("{}/charts/index.yaml", repository.server().origin());
    repository
        .server()
        .lay("/charts/index.yaml", Told::redirect(&loops));
    let (reason, passing) = shelf.refused(&repository.url(), "onechart", "1.0.0");
    assert!(
        reason.contains("more than 5 redirects") && !passing,
        "{reason}"
    );
    assert_eq!(repository.server().log().len(), 6);
    for (to, expected) in [
        ("file:///etc/passwd", "leads from https to something else"),
        ("http://ann:hunter2@127.0.0.1/", "a password in it"),
        ("http://", "leads to no address"),
    ] {
        repository
            .server()
            .lay("/charts/index.yaml", Told::redirect(to));
        let (reason, _) = shelf.refused(&repository.url(), "onechart", "1.0.0");
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn what_may_pass_is_told_apart_from_what_does_not() {
    let repository = open(&["1.0.0"]);
    let shelf = Shelf::new();
    let cases = [
        (
            Told::new(503, "hunter2").with("Retry-After", "7"),
            true,
            "wait 7 s",
        ),
        (
            Told::new(429, "").with("Retry-After", "60"),
            true,
            "wait 60 s",
        ),
        (Told::new(500, ""), true, "failed"),
        (Told::new(401, ""), false, "chart_credentials"),
        (Told::new(403, ""), false, "forbids"),
        (Told::new(404, ""), false, "does not have it"),
        (Told::new(204, ""), false, "of no use"),
        (
            Told::new(200, "<html>hunter2</html>"),
            false,
            "not an index",
        ),
        (Told::new(200, vec![0xff; 10]), false, "not UTF-8"),
    ];
    for (told, passes, expected) in cases {
        repository.server().lay("/charts/index.yaml", told);
        let (reason, passing) = shelf.refused(&repository.url(), "onechart", "1.0.0");
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(passing, passes, "{reason}");
    }
    let gone = repository.url();
    drop(repository);
    let (reason, passing) = shelf.refused(&gone, "onechart", "1.0.0");
    assert!(passing && reason.contains("no answer"), "{reason}");
}

#[test]
fn a_host_that_is_not_allowed_is_named_with_the_variable_to_set() {
    let repository = open(&["1.0.0"]);
    let mut shelf = Shelf::new();
    shelf.forbidden = Some(repository.server().origin());
    let (reason, passing) = shelf.refused(&repository.url(), "onechart", "1.0.0");
    let origin = repository.server().origin();
    let expected = format!(
        "the host {origin} is not allowed; set one of the variables chart_host, chart_host_2"
    );
    assert!(reason.contains(&expected) && !passing, "{reason}");
}

#[test]
fn what_is_too_large_is_refused() {
    let repository = open(&["1.0.0"]);
    let mut shelf = Shelf::new();
    shelf.settings.max_chart_bytes = 100;
    let (reason, passing) = shelf.refused(&repository.url(), "onechart", "1.0.0");
    assert!(
        reason.contains("larger than 100 bytes") && !passing,
        "{reason}"
    );
    repository.server().lay(
        "/charts/index.yaml",
        Told::new(200, vec![b' '; (32 << 20) + 1]),
    );
    let (reason, _) = Shelf::new().refused(&repository.url(), "onechart", "1.0.0");
    assert!(reason.contains("larger than 33554432 bytes"), "{reason}");
}

#[test]
fn a_packed_chart_is_fetched_from_its_own_address() {
    let (repository, shelf) = private(&["1.0.0"]);
    let url = format!("{}/onechart-1.0.0.tgz", repository.url());
    let chart = shelf.fetch("", &url, "").unwrap();
    assert_eq!(
        archive(&chart),
        ChartArchive::sample("onechart", "1.0.0").bytes
    );
    assert_eq!(shelf.fetch("", &url, "").unwrap(), chart);
    assert_eq!(repository.server().log().len(), 1);
}

#[test]
fn what_is_kept_is_bounded_and_what_is_used_stays() {
    let repository = open(&["1.0.0", "2.0.0", "3.0.0", "4.0.0"]);
    let mut shelf = Shelf::new();
    shelf.settings.max_kept_charts = 3;
    for version in ["1.0.0", "2.0.0", "3.0.0", "1.0.0", "4.0.0"] {
        shelf.advance_minutes(61);
        shelf.fetch(&repository.url(), "onechart", version).unwrap();
    }
    repository.server().clear_log();
    for version in ["1.0.0", "3.0.0", "4.0.0"] {
        shelf.fetch(&repository.url(), "onechart", version).unwrap();
    }
    assert_eq!(repository.asked(), [""; 0]);
    shelf.fetch(&repository.url(), "onechart", "2.0.0").unwrap();
    assert!(
        repository
            .asked()
            .contains(&"/charts/onechart-2.0.0.tgz".to_owned())
    );
    assert_eq!(shelf.sql("SELECT digest FROM charts").len(), 3);
    assert_eq!(
        shelf.sql("SELECT version FROM chart_versions").len(),
        3,
        "no version without its chart"
    );

    let size = ChartArchive::sample("onechart", "1.0.0").bytes.len();
    shelf.settings.max_kept_bytes = size + size / 2;
    shelf.advance_minutes(61);
    shelf.sql("DELETE FROM charts");
    for version in ["1.0.0", "2.0.0"] {
        shelf.fetch(&repository.url(), "onechart", version).unwrap();
    }
    assert_eq!(shelf.sql("SELECT digest FROM charts").len(), 1);
}
