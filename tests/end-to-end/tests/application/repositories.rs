//! Which repository, branch and folder a release is written to, and with how many requests.

use end_to_end::artifacts::{artifact, manifest, released};
use end_to_end::cases;
use end_to_end::history::{file, files, history};
use end_to_end::world::{GIT_TOKEN, Setup, World};
use harness::git_server::Auth;
use serde_json::json;

#[test]
fn environments_have_folders_or_repositories_of_their_own() {
    let mut setup = Setup::new("environments_have_folders_or_repositories_of_their_own");
    setup.gitops_repos =
        "env=production&gitopsRepo=acme/production&repoPerEnv=true;gitopsRepo=acme/gitops"
            .to_owned();
    setup.repositories = vec!["acme/production.git"];
    let world = setup.start();
    let manifests = vec![
        manifest("staging", "web", "one"),
        manifest("production", "web", "two"),
        manifest("testing", "web", "three"),
    ];
    let id = world.ship(&artifact(1, manifests));
    let report = world.flush();
    let repositories = report["flush"]["repositories"].as_object().unwrap();
    assert_eq!(repositories.len(), 2, "{report}");
    world.settle();

    let production = world.git.repository("acme/production.git");
    let expected = ["release.json", "web/manifest.yaml", "web/release.json"];
    assert_eq!(files(&production, "main"), expected);
    let text = file(&production, "main", "web/manifest.yaml");
    assert_eq!(text, Some(released("web", "two")));
    production.fsck();
    for (env, text) in [("staging", "one"), ("testing", "three")] {
        let found = file(&world.gitops, "main", &format!("{env}/web/manifest.yaml"));
        assert_eq!(found, Some(released("web", text)));
    }
    assert_eq!(
        file(&world.gitops, "main", "production/web/manifest.yaml"),
        None
    );
    world.gitops.fsck();
    // Where a release went is part of it.
    let release = world
        .client()
        .get("/api/releases?env=production")
        .expect(200);
    assert_eq!(release[0]["gitopsRepo"], "acme/production");
    assert_eq!(release[0]["gitopsRef"], production.tip("main"));
    assert_eq!(release[0]["artifactId"], id);
}

#[test]
fn a_release_goes_to_the_default_branch() {
    let world = World::start("a_release_goes_to_the_default_branch");
    world
        .gitops
        .git(&["branch", "--quiet", "--move", "main", "trunk"]);
    world
        .gitops
        .git(&["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    world.gitops.git(&["branch", "--quiet", "main", "trunk"]);
    let main = world.gitops.tip("main");
    world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.settle();
    let text = file(&world.gitops, "trunk", "staging/web/manifest.yaml");
    assert_eq!(text, Some(released("web", "one")));
    assert_eq!(world.gitops.tip("main"), main);
}

#[test]
fn a_configured_branch_is_made_where_it_is_missing() {
    let mut setup = Setup::new("a_configured_branch_is_made_where_it_is_missing");
    setup.gitops_repos = "gitopsRepo=acme/gitops&branch=deploy/all".to_owned();
    let world = setup.start();
    let main = world.gitops.tip("main");
    for number in 1..=2 {
        world.ship(&artifact(
            number,
            vec![manifest("staging", "web", &number.to_string())],
        ));
        world.settle();
    }
    assert_eq!(world.gitops.tip("main"), main);
    let commits = history(&world.gitops, "deploy/all");
    assert_eq!(commits.len(), 2);
    assert!(commits.iter().all(|commit| commit.is_release()));
    let text = file(&world.gitops, "deploy/all", "staging/web/manifest.yaml");
    assert_eq!(text, Some(released("web", "2")));
    world.gitops.fsck();
}

#[test]
fn w15_an_empty_repository_gets_its_first_commit_and_lists_it() {
    let mut setup = Setup::new("w15_an_empty_repository_gets_its_first_commit_and_lists_it");
    setup.empty = true;
    let world = setup.start();
    let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.settle();
    world.assert_each_once(&world.requests_of(&id));
    assert_eq!(history(&world.gitops, "main").len(), 1);
    let expected = [
        "staging/release.json",
        "staging/web/manifest.yaml",
        "staging/web/release.json",
    ];
    assert_eq!(files(&world.gitops, "main"), expected);
    // GimletD never lists the root commit.
    let listed = world.client().get("/api/releases?env=staging").expect(200);
    assert_eq!(listed[0]["gitopsRef"], world.gitops.tip("main"));
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[test]
fn s1_a_flush_takes_three_requests_or_two_where_nobody_else_has_pushed() {
    let world = World::start("a_flush_takes_three_requests_or_two");
    let flush = |number: usize| {
        for app in ["web", "api", "db"] {
            let text = number.to_string();
            let mut artifact = artifact(number, vec![manifest("staging", app, &text)]);
            artifact["version"]["message"] = json!(app);
            world.ship(&artifact);
        }
        world.git.clear_log();
        let report = world.flush();
        let log = world.git.log();
        assert_eq!(report["gitRequests"], log.len(), "{report}");
        log.into_iter()
            .map(|exchange| format!("{} {}", exchange.method, exchange.path))
            .collect::<Vec<_>>()
    };
    let known = [
        "GET /acme/gitops.git/info/refs?service=git-receive-pack",
        "POST /acme/gitops.git/git-upload-pack",
        "POST /acme/gitops.git/git-receive-pack",
    ];
    let asked = [
        "GET /acme/gitops.git/info/refs?service=git-upload-pack",
        "POST /acme/gitops.git/git-upload-pack",
    ];
    assert_eq!(flush(1), [&asked[..], &known[..]].concat());
    // The trees of the last push were kept.
    let alone = [known[0], known[2]];
    assert_eq!(flush(2), alone);
    assert_eq!(flush(3), alone);
    let stream = "commit refs/heads/main\ncommitter Ann Operator <ann@example.org> 1700000001 +0000\n\
                  data 5\nother\nfrom refs/heads/main^0\nM 100644 inline staging/note\ndata 1\nx\n";
    let import = ["fast-import", "--quiet"];
    world.gitops.git_with_input(&import, stream.as_bytes());
    assert_eq!(flush(4), known, "somebody else has pushed");
    assert_eq!(flush(5), alone);
    assert!(files(&world.gitops, "main").contains(&"staging/note".to_owned()));
    world.gitops.fsck();
    // Nothing to do: nobody is asked.
    world.git.clear_log();
    assert_eq!(world.flush()["gitRequests"], 0);
    assert_eq!(world.git.log(), []);
}

#[test]
fn without_a_user_name_the_git_token_is_sent_as_a_bearer_token() {
    let mut setup = Setup::new("without_a_user_name_the_git_token_is_a_bearer_token");
    setup.git.auth = Auth::Bearer(GIT_TOKEN.to_owned());
    let world = setup.variable("git_username", "").start();
    let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.settle();
    world.assert_each_once(&world.requests_of(&id));
}

#[test]
fn commits_carry_the_configured_author() {
    let world = Setup::new("commits_carry_the_configured_author")
        .variable("commit_author_name", "Zoë Release")
        .variable("commit_author_email", "release@example.org")
        .start();
    world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.settle();
    let commits = history(&world.gitops, "main");
    assert_eq!(commits[1].author, "Zoë Release <release@example.org>");
    assert_eq!(commits[1].committer, commits[1].author);
    world.gitops.fsck();
}

#[test]
fn a_default_branch_that_was_renamed_is_followed_and_does_not_come_back() {
    let world = World::start("a_default_branch_that_was_renamed_is_followed");
    world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.settle();
    let names = ["branch", "--quiet", "--move", "main", "trunk"];
    world.gitops.git(&names);
    world
        .gitops
        .git(&["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    world.ship(&artifact(2, vec![manifest("staging", "web", "two")]));
    world.settle();
    let text = file(&world.gitops, "trunk", "staging/web/manifest.yaml");
    assert_eq!(text, Some(released("web", "two")));
    let branches = ["for-each-ref", "--format=%(refname)", "refs/heads"];
    assert_eq!(world.gitops.git(&branches), "refs/heads/trunk");
    world.gitops.fsck();
}

#[test]
fn a_host_that_tells_no_default_branch_gets_none_made_up() {
    let world = World::start("a_host_that_tells_no_default_branch_gets_none_made_up");
    let tip = world.gitops.tip("main");
    let names = ["branch", "--quiet", "--move", "main", "trunk"];
    world.gitops.git(&names);
    let head = ["update-ref", "--no-deref", "HEAD", &tip];
    world.gitops.git(&head);
    let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.flush();
    let health = world.health();
    let reason = health["paused"][0]["reason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("name one in the variable gitops_repos"),
        "{health}"
    );
    assert_eq!(world.event(&world.requests_of(&id)[0])["status"], "new");
    let branches = ["for-each-ref", "--format=%(refname)", "refs/heads"];
    assert_eq!(world.gitops.git(&branches), "refs/heads/trunk");
    // What the operator mends is seen at once.
    world
        .gitops
        .git(&["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    world.settle();
    let text = file(&world.gitops, "trunk", "staging/web/manifest.yaml");
    assert_eq!(text, Some(released("web", "one")));
}

#[test]
fn what_the_git_host_refuses_is_told_with_the_variable_that_mends_it() {
    let cases = [
        (
            "no token",
            ("git_token", ""),
            "(401); the variable git_token is empty: set it",
        ),
        (
            "a wrong user name",
            ("git_username", "somebody"),
            "(401); check the variables git_token, whose token may have expired, and git_username",
        ),
        (
            "no such repository",
            ("gitops_repos", "gitopsRepo=acme/gitpos"),
            "(404); check the repository's name (of a GitOps repository: in the variable gitops_repos)",
        ),
    ];
    let cases = cases.map(|(case, variable, expected)| (case, (variable, expected)));
    cases::run(3, &cases, |((name, value), expected)| {
        let world = Setup::new("what_the_git_host_refuses_is_told_with_the_variable_that_mends_it")
            .variable(name, value)
            .start();
        let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
        world.flush();
        let health = world.health();
        let reason = health["paused"][0]["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(expected), "{health}");
        assert_eq!(world.event(&world.requests_of(&id)[0])["status"], "new");
    });
}

#[test]
fn a_wrong_git_token_is_reported_and_loses_nothing() {
    let world = Setup::new("a_wrong_git_token_is_reported_and_loses_nothing")
        .variable("git_token", "not-the-right-token")
        .start();
    let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    let report = world.flush();
    let text = report.to_string();
    assert!(
        text.contains("401") && text.contains("check the variables git_token"),
        "{text}"
    );
    let health = world.health();
    assert_eq!(health["waitingWrites"], 1, "{health}");
    assert_eq!(health["paused"].as_array().unwrap().len(), 1, "{health}");
    let event = world.event(&world.requests_of(&id)[0]);
    assert_eq!(event["status"], "new", "{event}");
    for text in [text, health.to_string(), world.application.log()] {
        assert!(!text.contains("not-the-right-token"), "{text}");
    }
}
