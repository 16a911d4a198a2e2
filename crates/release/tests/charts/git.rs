//! Charts in Git, from `git http-backend`.

use std::collections::BTreeMap;

use gitwire::Credentials;
use harness::git_server::{Auth, GitServer, Options, Repository};
use release::charts::{ChartContent, FetchedChart};

use super::shelf::Shelf;

/// A repository with a chart in `charts/app`, other things beside it, and a second commit on `main`; the first is tagged.
fn charts(options: Options) -> (GitServer, Repository) {
    let server = GitServer::start(options);
    let repository = server.create_repository("acme/charts.git");
    let commit = |branch: &str, message: &str| {
        let length = message.len();
        format!(
            "commit refs/heads/{branch}\nmark :{length}\ncommitter Ann <ann@example.org> 1700000000 +0000\n\
             data {length}\n{message}\n"
        )
    };
    let file = |mode: &str, path: &str, content: &str| {
        format!(
            "M {mode} inline {path}\ndata {}\n{content}\n",
            content.len()
        )
    };
    let stream = [
        commit("main", "first"),
        file("100644", "README.md", "hi"),
        file("100644", "charts/app/Chart.yaml", "name: app\nversion: 1\n"),
        file("100755", "charts/app/templates/run.sh", "run"),
        file("100644", "charts/app/templates/sub/empty", ""),
        file("120000", "charts/linked/Chart.yaml", "../../README.md"),
        file("120000", "charts/alias", "app"),
        "M 160000 0123456789012345678901234567890123456789 charts/module/sub\n".to_owned(),
        "tag v1\nfrom :5\ntagger Ann <ann@example.org> 1700000000 +0000\ndata 2\nv1\n".to_owned(),
        commit("main", "second"),
        "from :5\n".to_owned(),
        file("100644", "charts/app/Chart.yaml", "name: app\nversion: 2\n"),
        commit("old", "old"),
        "from :5\n".to_owned(),
    ];
    let first = stream.concat();
    repository.git_with_input(&["fast-import", "--quiet"], first.as_bytes());
    (server, repository)
}

fn name(server: &GitServer, query: &str) -> String {
    format!("{}?{query}", server.url("acme/charts.git"))
}

fn folder(chart: &FetchedChart) -> BTreeMap<&str, &str> {
    let ChartContent::Folder(files) = &chart.content else {
        panic!("an archive");
    };
    files
        .iter()
        .map(|(path, content)| (path.as_str(), std::str::from_utf8(content).unwrap()))
        .collect()
}

fn chart_of_version(version: &str) -> Vec<(&'static str, String)> {
    vec![
        ("Chart.yaml", format!("name: app\nversion: {version}\n")),
        ("templates/run.sh", "run".to_owned()),
        ("templates/sub/empty", String::new()),
    ]
}

fn assert_is(chart: &FetchedChart, version: &str) {
    let expected = chart_of_version(version);
    let expected: BTreeMap<&str, &str> = expected
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    assert_eq!(folder(chart), expected);
}

#[test]
fn a_commit_is_fetched_once_and_then_never_again() {
    let (server, repository) = charts(Options::default());
    let shelf = Shelf::new();
    let first = repository.git(&["rev-parse", "main~1"]);
    let name = name(
        &server,
        &format!("sha={first}&path=/charts/app/&branch=main"),
    );
    let chart = shelf.fetch("", &name, "").unwrap();
    assert_is(&chart, "1");
    let tree = repository.git(&["rev-parse", "main~1:charts/app"]);
    assert_eq!(chart.digest, format!("git:{first}:{tree}"));
    let log = server.log();
    assert_eq!(
        log.len(),
        3,
        "what the host can do, the directories, the chart: {log:?}"
    );
    shelf.advance_minutes(60 * 24 * 365);
    server.clear_log();
    assert_eq!(shelf.fetch("", &name, "").unwrap(), chart);
    assert_eq!(server.log(), []);
}

#[test]
fn a_tag_goes_before_a_branch_and_the_default_branch_comes_last() {
    let (server, _) = charts(Options::default());
    let shelf = Shelf::new();
    for (query, version) in [
        ("tag=v1&branch=main&path=charts/app", "1"),
        ("branch=main&path=charts/app", "2"),
        ("branch=old&path=charts/app", "1"),
        ("path=charts/app", "2"),
    ] {
        let chart = shelf.fetch("", &name(&server, query), "").unwrap();
        assert_is(&chart, version);
    }
}

#[test]
fn a_branch_is_looked_at_again_after_a_while() {
    let (server, repository) = charts(Options::default());
    let shelf = Shelf::new();
    let name = name(&server, "branch=main&path=charts/app");
    shelf.fetch("", &name, "").unwrap();
    server.clear_log();
    assert_is(&shelf.fetch("", &name, "").unwrap(), "2");
    assert_eq!(server.log(), []);
    shelf.advance_minutes(6);
    assert_is(&shelf.fetch("", &name, "").unwrap(), "2");
    assert_eq!(server.log().len(), 2, "the branch has not moved");
    repository.git(&["update-ref", "refs/heads/main", "main~1"]);
    shelf.advance_minutes(6);
    assert_is(&shelf.fetch("", &name, "").unwrap(), "1");
}

#[test]
fn hosts_without_filters_give_the_same() {
    let (server, _) = charts(Options {
        allow_filter: false,
        ..Options::default()
    });
    let chart = Shelf::new()
        .fetch("", &name(&server, "tag=v1&path=charts/app"), "")
        .unwrap();
    assert_is(&chart, "1");
    // Filters that are offered, and then refused one and all.
    let (server, repository) = charts(Options::default());
    repository.git(&["config", "uploadpackfilter.allow", "false"]);
    let chart = Shelf::new()
        .fetch("", &name(&server, "tag=v1&path=charts/app"), "")
        .unwrap();
    assert_is(&chart, "1");
}

#[test]
fn x2_links_submodules_and_what_is_not_there_are_refused() {
    let (server, _) = charts(Options::default());
    let shelf = Shelf::new();
    for (query, expected) in [
        ("path=charts/linked", "Chart.yaml is a symbolic link"),
        ("path=charts", "is a symbolic link"),
        ("path=charts/alias", "has no folder \"charts/alias\""),
        ("path=charts/alias/templates", "has no folder"),
        ("path=charts/module", "sub is a submodule"),
        ("path=charts/app/Chart.yaml", "has no folder"),
        ("path=nowhere", "has no folder"),
        ("branch=nowhere", "has no refs/heads/nowhere"),
        ("tag=v2", "has no refs/tags/v2"),
        (
            "sha=0123456789012345678901234567890123456789",
            "check ?sha=",
        ),
    ] {
        let (reason, passing) = shelf.refused("", &name(&server, query), "");
        assert!(reason.contains(expected) && !passing, "{query}: {reason}");
    }
    let (reason, passing) = shelf.refused("", &server.url("acme/nothing.git"), "");
    assert!(reason.contains("404") && !passing, "{reason}");
}

#[test]
fn a_folder_that_is_too_large_is_refused() {
    let (server, repository) = charts(Options::default());
    let large = 200_000;
    let mut noise = String::new();
    let mut state = 1_u64;
    while noise.len() < large {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        noise.push_str(&format!("{state:016x}"));
    }
    let commit = format!(
        "commit refs/heads/large\ncommitter Ann <ann@example.org> 1700000060 +0000\ndata 5\nlarge\n\
         M 100644 inline app/large\ndata {}\n{noise}\n",
        noise.len()
    );
    repository.git_with_input(&["fast-import", "--quiet"], commit.as_bytes());
    let mut shelf = Shelf::new();
    shelf.settings.max_chart_bytes = 50_000;
    let (reason, passing) = shelf.refused("", &name(&server, "branch=large&path=app"), "");
    assert!(
        reason.contains("larger than 50000 bytes") && !passing,
        "{reason}"
    );
}

#[test]
fn the_git_hosts_token_goes_to_the_git_host_alone() {
    let auth = Auth::Basic {
        username: "x-access-token".to_owned(),
        password: "hunter2".to_owned(),
    };
    let (server, _) = charts(Options {
        auth,
        ..Options::default()
    });
    let name = name(&server, "path=charts/app");
    let token = || Credentials::Basic {
        username: "x-access-token".to_owned(),
        password: "hunter2".to_owned(),
    };
    let origin = format!("http://{}", server.address());
    let (reason, passing) = Shelf::new().refused("", &name, "");
    assert!(reason.contains("401") && !passing, "{reason}");
    let mut other = Shelf::new();
    other.settings.git = Some(("http://127.0.0.1:1".to_owned(), token()));
    let (reason, _) = other.refused("", &name, "");
    assert!(reason.contains("401"), "{reason}");
    let mut shelf = Shelf::new();
    shelf.settings.git = Some((origin.clone(), token()));
    assert_is(&shelf.fetch("", &name, "").unwrap(), "2");
    let shelf = Shelf::with_credentials(&format!(
        "host={origin}&username=x-access-token&password=hunter2"
    ));
    assert_is(&shelf.fetch("", &name, "").unwrap(), "2");
}

#[test]
fn a_kept_folder_that_was_changed_is_fetched_again() {
    let (server, _) = charts(Options::default());
    let shelf = Shelf::new();
    let name = name(&server, "path=charts/app");
    let chart = shelf.fetch("", &name, "").unwrap();
    shelf.sql("UPDATE charts SET content = substr(content, 1, 40)");
    assert_eq!(shelf.fetch("", &name, "").unwrap(), chart);
}
