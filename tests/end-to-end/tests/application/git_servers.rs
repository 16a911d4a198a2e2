//! Git servers that are older, narrower or elsewhere than they might be, and repositories in which people have put something
//! where a release wants to go.

use end_to_end::artifacts::{artifact, manifest, released};
use end_to_end::cases;
use end_to_end::history::{file, releases};
use end_to_end::world::{GIT_TOKEN, Setup, World};
use harness::fault_proxy::{Fault, GitRequest};
use serde_json::{Value, json};

/// Ships the artifact with this number, evaluates it, and gives its only request.
fn ship(world: &World, number: usize) -> String {
    let text = number.to_string();
    let id = world.ship(&artifact(number, vec![manifest("staging", "web", &text)]));
    world.evaluate();
    world.requests_of(&id).remove(0)
}

/// Why the only repository is left alone, as `/healthz` tells it.
fn reason(world: &World) -> String {
    let health = world.health();
    let reason = health["paused"][0]["reason"].as_str();
    reason.unwrap_or_else(|| panic!("{health}")).to_owned()
}

#[test]
fn a_server_of_protocol_version_0_alone_is_named_and_the_release_waits() {
    let mut setup = Setup::new("a_server_of_protocol_version_0_alone_is_named");
    setup.git.protocol_v0_only = true;
    let world = setup.start();
    let request = ship(&world, 1);
    world.flush();
    let reason = reason(&world);
    assert!(reason.contains("Git protocol version 2"), "{reason}");
    assert!(reason.contains("`Git-Protocol` header"), "{reason}");
    assert_eq!(world.event(&request)["status"], "new");
    assert_eq!(world.health()["waitingWrites"], 1);
    assert_eq!(releases(&world.gitops), []);
}

#[test]
fn a_server_without_filters_is_written_to_all_the_same() {
    let mut setup = Setup::new("a_server_without_filters_is_written_to_all_the_same");
    setup.git.allow_filter = false;
    let world = setup.start();
    let mut requests = Vec::new();
    for number in 1..=2 {
        requests.push(ship(&world, number));
        world.settle();
    }
    world.assert_each_once(&requests);
    let web = file(&world.gitops, "main", "staging/web/manifest.yaml");
    assert_eq!(web, Some(released("web", "2")));
}

#[test]
fn a_server_that_allows_only_some_filters_is_written_to_all_the_same() {
    let mut setup = Setup::new("a_server_that_allows_only_some_filters");
    setup.proxy = true;
    let world = setup.start();
    world
        .gitops
        .git(&["config", "uploadpackfilter.allow", "false"]);
    let first = ship(&world, 1);
    world.settle();
    let commit = world.gitops.tip("main");
    // A push whose answer is lost, and somebody else's on top: what lies between is asked for.
    let second = ship(&world, 2);
    world.proxy().inject(GitRequest::Push, &Fault::CutAfter, 1);
    world.flush();
    put(&world, "M 100644 inline staging/note\ndata 1\nx");
    world.settle();
    assert_eq!(world.proxy().faults_left(), 0);
    world.assert_each_once(&[first, second]);
    // And a folder of an earlier release, by its id.
    let path = format!("/api/rollback?env=staging&app=web&sha={commit}");
    world.client().post(&path, &json!({})).expect(201);
    world.settle();
    let web = file(&world.gitops, "main", "staging/web/manifest.yaml");
    assert_eq!(web, Some(released("web", "1")));
}

#[test]
fn a_push_that_a_hook_refuses_is_told_in_its_words_and_waits() {
    let world = World::start("a_push_that_a_hook_refuses_is_told_in_its_words");
    let says = "echo 'GitLab: You are not allowed to push code to protected branches.' >&2; exit 1";
    world.gitops.hook("pre-receive", says);
    let request = ship(&world, 1);
    world.flush();
    let reason = reason(&world);
    let expected = "refuses to move refs/heads/main: pre-receive hook declined; \
                    GitLab: You are not allowed to push code to protected branches.";
    assert!(reason.contains(expected), "{reason}");
    assert_eq!(world.event(&request)["status"], "new");
    world.gitops.remove_hook("pre-receive");
    world.settle();
    world.assert_each_once(&[request]);
}

#[test]
fn a_push_that_a_hook_puts_elsewhere_is_no_release() {
    let world = World::start("a_push_that_a_hook_puts_elsewhere_is_no_release");
    let tip = world.gitops.tip("main");
    let names = ["config", "receive.procReceiveRefs", "refs/heads/main"];
    world.gitops.git(&names);
    world.gitops.hook(
        "proc-receive",
        "pkt() { printf '%04x%s\\n' $((${#1} + 5)) \"$1\"; }\n\
         pkt version=1; printf 0000\n\
         pkt 'ok refs/heads/main'; pkt 'option refname refs/heads/proposals/1'; printf 0000\n\
         cat > /dev/null",
    );
    let request = ship(&world, 1);
    world.flush();
    let reason = reason(&world);
    assert!(reason.contains("put it elsewhere"), "{reason}");
    assert_eq!(world.event(&request)["status"], "new");
    assert_eq!(world.gitops.tip("main"), tip);
    world
        .gitops
        .git(&["config", "--unset", "receive.procReceiveRefs"]);
    world.settle();
    world.assert_each_once(&[request]);
}

/// The answer to the two requests that begin with `info/refs`.
fn moved(origin: &str, service: &str) -> Fault {
    let to = format!("{origin}/acme/gitops.git/info/refs?service={service}");
    Fault::Refuse(301, vec![("Location", to)])
}

#[test]
fn a_repository_that_has_moved_on_its_host_is_found() {
    let mut setup = Setup::new("a_repository_that_has_moved_on_its_host_is_found");
    // No such repository: whatever is not redirected is answered with 404.
    setup.gitops_repos = "gitopsRepo=acme/before".to_owned();
    setup.proxy = true;
    let world = setup.start();
    let origin = format!("http://{}", world.proxy().address());
    let first = ship(&world, 1);
    let there = moved(&origin, "git-upload-pack");
    world.proxy().inject(GitRequest::Capabilities, &there, 1);
    world.settle();
    // What it can do is known now: the next flush begins with the tip.
    let second = ship(&world, 2);
    let there = moved(&origin, "git-receive-pack");
    world.proxy().inject(GitRequest::Tip, &there, 1);
    world.settle();
    assert_eq!(world.proxy().faults_left(), 0);
    world.assert_each_once(&[first, second]);
}

#[test]
fn a_redirect_to_another_origin_is_refused_and_the_token_stays_here() {
    let mut setup = Setup::new("a_redirect_to_another_origin_is_refused");
    setup.proxy = true;
    let world = setup.start();
    let request = ship(&world, 1);
    // The Git server itself is another origin than the proxy: another port.
    let elsewhere = format!("http://{}", world.git.address());
    let there = moved(&elsewhere, "git-upload-pack");
    world.proxy().inject(GitRequest::Capabilities, &there, 1);
    let report = world.flush();
    assert_eq!(world.proxy().faults_left(), 0);
    let reason = reason(&world);
    let expected = format!("redirected to another origin, {elsewhere}");
    assert!(reason.contains(&expected), "{reason}");
    assert!(!report.to_string().contains(GIT_TOKEN), "{report}");
    assert_eq!(world.git.log(), [], "nobody has been there");
    assert_eq!(world.event(&request)["status"], "new");
    world.settle();
    world.assert_each_once(&[request]);
}

/// `fast-import` commands that put something at a path.
fn put(repository: &World, what: &str) {
    let tip = repository.gitops.tip("main");
    let stream = format!(
        "commit refs/heads/main\ncommitter Ann Operator <ann@example.org> 1700000001 +0000\n\
         data 5\nother\nfrom {tip}\n{what}\n"
    );
    let arguments = ["fast-import", "--quiet"];
    repository
        .gitops
        .git_with_input(&arguments, stream.as_bytes());
}

#[test]
fn what_people_have_put_where_an_app_belongs_is_left_and_the_others_are_released() {
    let cases = [
        ("a file", "M 100644 inline {}\ndata 4\nfile\n"),
        ("a symbolic link", "M 120000 inline {}\ndata 4\nflux\n"),
        (
            "a submodule",
            "M 160000 1111111111111111111111111111111111111111 {}\n",
        ),
    ];
    let places = ["staging/web", "testing"];
    let cases: Vec<(String, (String, &str))> = cases
        .iter()
        .flat_map(|(name, what)| {
            places.map(|at| (format!("{name} at {at}"), (what.replace("{}", at), at)))
        })
        .collect();
    let cases: Vec<(&str, _)> = cases
        .iter()
        .map(|(name, case)| (name.as_str(), case))
        .collect();
    cases::run(3, &cases, |(what, at)| in_the_way(what, at));
}

fn in_the_way(what: &str, at: &str) {
    let world = World::start("what_people_have_put_where_an_app_belongs_is_left");
    put(&world, what);
    let entry = || world.gitops.git(&["ls-tree", "main", at]);
    let before = entry();
    assert!(!before.is_empty(), "{what}");
    let apps = [
        ("staging", "web"),
        ("staging", "api"),
        ("testing", "web"),
        ("production", "web"),
    ];
    let manifests = apps.map(|(env, app)| manifest(env, app, "one"));
    let id = world.ship(&artifact(1, manifests.to_vec()));
    world.settle();
    world.gitops.fsck();
    assert_eq!(entry(), before, "{at}");
    for ((env, app), request) in apps.iter().zip(world.requests_of(&id)) {
        let event = world.event(&request);
        if format!("{env}/{app}/").starts_with(&format!("{at}/")) {
            assert_eq!(event["status"], "error", "{at}: {event}");
            let told = told_of(&event);
            let expected =
                format!("`{at}` is not a directory; remove it there, or name the app otherwise");
            assert!(told.contains(&expected), "{at}: {told}");
        } else {
            assert_eq!(event["status"], "processed", "{at}: {event}");
            let path = format!("{env}/{app}/manifest.yaml");
            assert_eq!(
                file(&world.gitops, "main", &path),
                Some(released(app, "one"))
            );
        }
    }
}

fn told_of(event: &Value) -> &str {
    let result = &event["results"][0];
    assert_ne!(result, &json!(null), "{event}");
    result["statusDesc"]
        .as_str()
        .unwrap_or_else(|| panic!("{event}"))
}
