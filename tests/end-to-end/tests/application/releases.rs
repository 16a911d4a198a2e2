//! Releases that people ask for, and how they are tracked.

use end_to_end::artifacts::{artifact, manifest, manual, released};
use end_to_end::history::{file, releases};
use end_to_end::world::World;
use serde_json::json;

#[test]
fn one_app_of_an_artifact_can_be_released() {
    let world = World::start("one_app_of_an_artifact_can_be_released");
    let manifests = vec![
        manual("staging", "web", "one"),
        manual("staging", "api", "one"),
    ];
    let artifact = world.ship(&artifact(1, manifests));
    let id = world.release(&json!({ "env": "staging", "app": "api", "artifactId": artifact }));
    let event = world.event(&id);
    assert_eq!(event["status"], "new", "{event}");
    assert_eq!(event["gitopsHashes"], json!([]));
    world.settle();

    let commits = world.assert_each_once(std::slice::from_ref(&id));
    assert_eq!(commits[&id].place(), "staging/api");
    assert_eq!(commits[&id].trailer("Triggered-By"), "admin");
    assert_eq!(
        file(&world.gitops, "main", "staging/web/manifest.yaml"),
        None
    );
    let event = world.event(&id);
    let result = json!({ "id": id, "app": "api", "env": "staging", "status": "success", "hash": commits[&id].id });
    assert_eq!(event["results"], json!([result]));
    assert_eq!(event["statusDesc"], "");
}

#[test]
fn all_apps_of_an_environment_can_be_released_at_once() {
    let world = World::start("all_apps_of_an_environment_can_be_released_at_once");
    let manifests = vec![
        manual("staging", "web", "one"),
        manual("production", "web", "one"),
        manual("staging", "api", "one"),
    ];
    let artifact = world.ship(&artifact(1, manifests));
    let id = world.release(&json!({ "env": "staging", "artifactId": artifact }));
    assert_eq!(world.event(&id)["status"], "new");
    world.settle();
    let event = world.event(&id);
    assert_eq!(event["status"], "processed", "{event}");
    let apps: Vec<_> = event["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["app"])
        .collect();
    assert_eq!(apps, ["api", "web"]);
    let commits = releases(&world.gitops);
    let places: Vec<&str> = commits.iter().map(|commit| commit.place()).collect();
    assert_eq!(places.len(), 2, "{places:?}");
    assert!(
        places.contains(&"staging/web") && places.contains(&"staging/api"),
        "{places:?}"
    );
    world.gitops.fsck();
}

#[test]
fn an_older_artifact_can_be_released_again() {
    let world = World::start("an_older_artifact_can_be_released_again");
    let first = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.ship(&artifact(2, vec![manifest("staging", "web", "two")]));
    world.settle();
    let text = || file(&world.gitops, "main", "staging/web/manifest.yaml");
    assert_eq!(text(), Some(released("web", "two")));
    world.release(&json!({ "env": "staging", "artifactId": first }));
    world.settle();
    assert_eq!(text(), Some(released("web", "one")));
}

#[test]
fn an_idempotency_key_asks_for_one_release() {
    let world = World::start("an_idempotency_key_asks_for_one_release");
    let manifests = vec![
        manual("staging", "web", "one"),
        manual("staging", "api", "one"),
    ];
    let artifact = world.ship(&artifact(1, manifests));
    let ask = |key: &str, app: Option<&str>| {
        let wish = json!({ "env": "staging", "artifactId": artifact, "app": app });
        let headers = [("Idempotency-Key", key)];
        let answer = world
            .client()
            .try_post("/api/releases", &headers, &wish)
            .unwrap();
        answer.expect(201)["id"].as_str().unwrap().to_owned()
    };
    let first = ask("deploy-1", None);
    assert_eq!(ask("deploy-1", None), first);
    world.settle();
    assert_eq!(ask("deploy-1", None), first);
    world.settle();
    assert_eq!(releases(&world.gitops).len(), 2);
    // Another wish with the same key is another release, which changes nothing here.
    assert_ne!(ask("deploy-1", Some("web")), first);
    assert_ne!(ask("deploy-2", None), first);
    world.settle();
    assert_eq!(releases(&world.gitops).len(), 2);
}

#[test]
fn w14_what_is_not_released_needs_no_variables() {
    let world = World::start("w14_what_is_not_released_needs_no_variables");
    let mut other_branch = manifest("staging", "docs", "{{ .NO_SUCH_VARIABLE }}");
    other_branch["deploy"] = json!({ "branch": "release/*", "event": "push" });
    let manifests = vec![
        manifest("staging", "web", "one"),
        manual("staging", "api", "{{ .NO_SUCH_VARIABLE }}"),
        other_branch,
        manual("production", "web", "one"),
        manual("production", "{{ .NO_SUCH_VARIABLE }}", "one"),
    ];
    let artifact = world.ship(&artifact(1, manifests));
    world.settle();
    let policy = world.requests_of(&artifact);
    assert_eq!(policy.len(), 1);
    let wish = json!({ "env": "production", "app": "web", "artifactId": artifact });
    let by_hand = world.release(&wish);
    world.settle();
    world.assert_each_once(&[policy[0].clone(), by_hand]);
    let track = world
        .client()
        .get(&format!("/api/eventArtifactTrack?artifactId={artifact}"));
    assert_eq!(track.expect(200)["status"], "processed");
}

#[test]
fn what_an_artifact_does_not_have_cannot_be_released() {
    let world = World::start("what_an_artifact_does_not_have_cannot_be_released");
    let artifact = world.ship(&artifact(1, vec![manual("staging", "web", "one")]));
    let refused = |env: &str, app: Option<&str>, artifact: &str| {
        let wish = json!({ "env": env, "artifactId": artifact, "app": app });
        let answer = world.client().post("/api/releases", &wish);
        (
            answer.status,
            answer.json()["detail"].as_str().unwrap().to_owned(),
        )
    };
    let (status, detail) = refused("production", None, &artifact);
    assert_eq!(status, 422, "{detail}");
    assert!(
        detail.contains("production") && detail.contains("staging/web"),
        "{detail}"
    );
    let (status, detail) = refused("staging", Some("api"), &artifact);
    assert_eq!(status, 422, "{detail}");
    let unknown = "acme/shop-00000000-0000-4000-8000-000000000000";
    let (status, detail) = refused("staging", None, unknown);
    assert_eq!(status, 404, "{detail}");
    assert!(detail.contains(unknown), "{detail}");
    assert_eq!(world.flush()["flush"]["repositories"], json!({}));
}

#[test]
fn a_release_to_an_environment_without_a_repository_ends_as_an_error() {
    let mut setup =
        end_to_end::world::Setup::new("a_release_to_an_environment_without_a_repository");
    setup.gitops_repos = "env=production&gitopsRepo=acme/gitops".to_owned();
    let world = setup.start();
    let manifests = vec![
        manual("staging", "web", "one"),
        manifest("production", "web", "one"),
    ];
    let artifact = world.ship(&artifact(1, manifests));
    let id = world.release(&json!({ "env": "staging", "artifactId": artifact }));
    world.settle();
    let event = world.event(&id);
    assert_eq!(event["status"], "error", "{event}");
    let reason = event["statusDesc"].as_str().unwrap();
    assert!(reason.contains("gitops_repos"), "{reason}");
    world.assert_each_once(&world.requests_of(&artifact));
}
