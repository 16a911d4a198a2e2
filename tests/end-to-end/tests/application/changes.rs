//! Rollbacks, holds and deletions, as GimletD's clients ask for them, on a real repository that `git fsck` finds sound.

use end_to_end::artifacts::{artifact, manifest, released};
use end_to_end::history::{file, files, history};
use end_to_end::world::World;
use serde_json::{Value, json};

/// Ships version `number` of these apps in staging, which their policies release.
fn release(world: &World, number: usize, apps: &[&str]) -> String {
    let text = number.to_string();
    let manifests = apps.iter().map(|app| manifest("staging", app, &text));
    world.ship(&artifact(number, manifests.collect()));
    world.settle();
    world.gitops.tip("main")
}

fn change(world: &World, path: &str) -> String {
    let answer = world.client().post(path, &json!({})).expect(201);
    answer["id"].as_str().unwrap().to_owned()
}

fn web(world: &World) -> Option<String> {
    file(&world.gitops, "main", "staging/web/manifest.yaml")
}

fn rolled_back(world: &World) -> Vec<bool> {
    let path = "/api/releases?env=staging&app=web";
    let releases = world.client().get(path).expect(200);
    let releases = releases.as_array().unwrap().iter();
    releases
        .map(|release| release["rolledBack"] == true)
        .collect()
}

#[test]
fn w1_a_rollback_is_one_commit_that_puts_the_app_back() {
    let world = World::start("w1_a_rollback_is_one_commit_that_puts_the_app_back");
    let first = release(&world, 1, &["web"]);
    release(&world, 2, &["web"]);
    release(&world, 3, &["web"]);
    release(&world, 4, &["api"]);
    let before = history(&world.gitops, "main").len();
    world.git.clear_log();
    let id = change(
        &world,
        &format!("/api/rollback?env=staging&app=web&sha={}", &first[..7]),
    );
    assert_eq!(world.event(&id)["status"], "new");
    world.settle();
    world.gitops.fsck();
    assert_eq!(web(&world), Some(released("web", "1")));
    assert_eq!(
        file(&world.gitops, "main", "staging/api/manifest.yaml"),
        Some(released("api", "4"))
    );
    let commits = history(&world.gitops, "main");
    assert_eq!(commits.len(), before + 1);
    let last = commits.last().unwrap();
    assert_eq!(
        last.subject,
        format!("[Gimlet] staging/web rolled back to {}", &first[..7])
    );
    assert_eq!(last.trailer("Rolled-Back-To"), first);
    assert_eq!(last.trailer("Triggered-By"), "admin");
    assert_eq!(
        last.changes,
        [
            "M staging/release.json",
            "M staging/web/manifest.yaml",
            "M staging/web/release.json"
        ]
    );
    let event = world.event(&id);
    assert_eq!(
        (&event["status"], &event["gitopsHashes"][0]["hash"]),
        (&json!("processed"), &json!(last.id))
    );
    assert_eq!(rolled_back(&world), [true, true, false]);
    let status = world.client().get("/api/status?env=staging").expect(200);
    assert_eq!(status["web"]["gitopsRef"], last.id.as_str());
    assert_eq!(status["web"]["version"]["sha"], format!("{:040x}", 1));

    // Once more to the same: nothing to do.
    let again = change(
        &world,
        &format!("/api/rollback?env=staging&app=web&sha={first}"),
    );
    world.settle();
    assert_eq!(world.event(&again)["gitopsHashes"], json!([]));
    assert_eq!(world.gitops.tip("main"), last.id);
}

#[test]
fn w1_a_target_that_is_no_release_of_the_app_is_refused() {
    let world = World::start("w1_a_target_that_is_no_release_of_the_app_is_refused");
    release(&world, 1, &["web"]);
    let api = release(&world, 2, &["api"]);
    let tip = world.gitops.tip("main");
    let refused = |sha: &str, status: u16| -> Value {
        let path = format!("/api/rollback?env=staging&app=web&sha={sha}");
        world.client().post(&path, &json!({})).expect(status)
    };
    let problem = refused(&api, 404);
    assert_eq!(problem["field"], "sha");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("staging/api") && detail.contains("GET /api/releases?env=staging&app=web"),
        "{detail}"
    );
    refused(&"0".repeat(40), 404);
    for sha in ["abc", "not-a-commit", "", "HEAD", "main~1"] {
        assert_eq!(refused(sha, 400)["field"], "sha", "{sha}");
    }
    world.settle();
    assert_eq!(world.gitops.tip("main"), tip);
    assert_eq!(world.client().get("/api/holds").expect(200), json!([]));
}

#[test]
fn a_rollback_holds_policies_until_the_hold_is_lifted() {
    let world = World::start("a_rollback_holds_policies_until_the_hold_is_lifted");
    let first = release(&world, 1, &["web"]);
    release(&world, 2, &["web"]);
    let id = change(
        &world,
        &format!("/api/rollback?env=staging&app=web&sha={first}"),
    );
    world.settle();
    let holds = world
        .client()
        .get("/api/holds?env=staging&app=web")
        .expect(200);
    let created = holds[0]["created"].clone();
    assert!(
        created.as_i64().is_some_and(|at| at > 1_700_000_000),
        "{holds}"
    );
    assert_eq!(
        holds,
        json!([{ "id": id, "env": "staging", "app": "web", "kind": "rollback",
                 "reason": format!("rolled back to {first}"), "owner": "admin", "created": created }])
    );
    let tip = world.gitops.tip("main");
    let held = world.ship(&artifact(3, vec![manifest("staging", "web", "3")]));
    world.settle();
    assert_eq!(world.gitops.tip("main"), tip);
    let decision = &world.explain(&held)["decisions"][0];
    assert_eq!(
        (&decision["released"], &decision["code"]),
        (&json!(false), &json!("held"))
    );
    let reason = decision["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("staging/web is held by admin: rolled back to"),
        "{reason}"
    );

    let lift = |id: &str| {
        world
            .client()
            .authorized("DELETE", &format!("/api/holds/{id}"), &[], b"")
            .unwrap()
    };
    assert_eq!(lift(&id).status, 204);
    assert_eq!(lift(&id).status, 204);
    assert_eq!(lift("00000000-0000-7000-8000-000000000000").status, 404);
    assert_eq!(world.client().get("/api/holds").expect(200), json!([]));
    release(&world, 4, &["web"]);
    assert_eq!(web(&world), Some(released("web", "4")));

    // By hand: a hold on the environment lets people through, and stays.
    let hold = json!({ "Env": "staging", "Reason": "the fair is on" });
    let placed = world.client().post("/api/holds", &hold).expect(201);
    assert_eq!(
        (&placed["kind"], placed.get("app")),
        (&json!("manual"), None)
    );
    world.release(&json!({ "env": "staging", "artifactId": held }));
    world.settle();
    assert_eq!(web(&world), Some(released("web", "3")));
    release(&world, 5, &["web"]);
    assert_eq!(web(&world), Some(released("web", "3")));
    let problem = world
        .client()
        .post("/api/holds", &json!({ "env": "staging" }))
        .expect(400);
    assert_eq!(problem["field"], "/reason");
}

#[test]
fn w7_a_deletion_is_a_request_like_any_other() {
    let world = World::start("w7_a_deletion_is_a_request_like_any_other");
    let first = release(&world, 1, &["web"]);
    release(&world, 2, &["api"]);
    let id = change(&world, "/api/delete?env=staging&app=web");
    assert_eq!(world.event(&id)["status"], "new");
    world.settle();
    world.gitops.fsck();
    let last = history(&world.gitops, "main").pop().unwrap();
    assert_eq!(
        last.subject,
        "[GimletD delete] staging/web deleted by admin"
    );
    assert_eq!(
        last.changes,
        ["D staging/web/manifest.yaml", "D staging/web/release.json"]
    );
    assert_eq!(
        world.event(&id)["gitopsHashes"][0]["hash"],
        last.id.as_str()
    );
    let status = world.client().get("/api/status?env=staging").expect(200);
    assert_eq!(
        status.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["api"]
    );

    // Nothing there is no error, and no commit.
    let nothing = change(&world, "/api/delete?env=staging&app=web");
    world.settle();
    let event = world.event(&nothing);
    assert_eq!(
        (&event["status"], &event["gitopsHashes"]),
        (&json!("processed"), &json!([]))
    );
    assert_eq!(world.gitops.tip("main"), last.id);

    // Back again, past the deletion.
    change(
        &world,
        &format!("/api/rollback?env=staging&app=web&sha={first}"),
    );
    world.settle();
    world.gitops.fsck();
    assert_eq!(web(&world), Some(released("web", "1")));
}

#[test]
fn w18_tracking_waits_for_flux_and_a_deletion_is_no_release() {
    let world = World::start("w18_tracking_waits_for_flux_and_a_deletion_is_no_release");
    let mut shipped = artifact(1, vec![manifest("staging", "web", "{{ .env }} {{ .app }}")]);
    // Named as keys of the manifest are.
    shipped["vars"] = json!({ "env": "production", "app": "api", "namespace": "kube-system" });
    let id = world.ship(&shipped);
    world.settle();
    assert_eq!(web(&world), Some(released("web", "production api")));
    let [request] = &world.requests_of(&id)[..] else {
        panic!("not one request");
    };
    let track = |id: &str| {
        let path = format!("/api/eventReleaseTrack?id={id}");
        world.client().get(&path).expect(200)["results"][0].clone()
    };
    assert_eq!(track(request)["gitopsCommitStatus"], "NotReconciled");
    let deletion = change(&world, "/api/delete?env=staging&app=web");
    assert_eq!(track(&deletion)["status"], "pending");
    world.settle();
    assert_eq!(track(&deletion)["gitopsCommitStatus"], "NotReconciled");
    assert_eq!(rolled_back(&world), [false]);
    let releases = world.client().get("/api/releases?env=staging").expect(200);
    assert_eq!(releases[0]["artifactId"], id);
}

#[test]
fn w8_neither_an_environment_nor_what_is_beside_it_can_be_deleted() {
    let world = World::start("w8_neither_an_environment_nor_what_is_beside_it_can_be_deleted");
    release(&world, 1, &["web"]);
    let before = files(&world.gitops, "main");
    for query in [
        "env=staging",
        "app=web",
        "env=staging&app=",
        "env=&app=web",
        "env=staging&app=..",
        "env=..&app=web",
        "env=staging&app=web%2F..",
        "env=staging%2Fweb&app=.",
        "env=.&app=staging",
        "env=staging&app=%00",
    ] {
        for path in ["delete", "rollback"] {
            let path = format!("/api/{path}?{query}&sha=0123456");
            let problem = world.client().post(&path, &json!({})).expect(400);
            assert!(
                ["env", "app"].contains(&problem["field"].as_str().unwrap()),
                "{path}: {problem}"
            );
        }
    }
    world.settle();
    assert_eq!(files(&world.gitops, "main"), before);
}
