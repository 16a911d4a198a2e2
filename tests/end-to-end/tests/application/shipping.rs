//! What CI ships ends in the GitOps repository, as the policies say.

use end_to_end::artifacts::{artifact, config_map, manifest, manual, released, sha};
use end_to_end::history::{file, files, history, releases};
use end_to_end::person::Person;
use end_to_end::world::{Setup, World};
use serde_json::{Value, json};

#[test]
fn a_shipped_artifact_becomes_a_commit() {
    let world = World::start("a_shipped_artifact_becomes_a_commit");
    let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    assert!(id.starts_with("acme/shop-"), "{id}");
    let report = world.flush();
    assert_eq!(report["evaluation"]["queued"], 1, "{report}");

    let requests = world.requests_of(&id);
    let commits = world.assert_each_once(&requests);
    let commit = &commits[&requests[0]];
    assert_eq!(commit.subject, "[Gimlet] staging/web automated deploy");
    assert_eq!(commit.author, "Wimble <wimble@wimble.invalid>");
    assert_eq!(commit.committer, commit.author);
    let trailers = [
        ("Artifact-Id", id.as_str()),
        ("Release-Id", &requests[0]),
        ("Source-Sha", &sha(1)),
        ("Triggered-By", "policy"),
    ];
    let trailers = trailers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(commit.trailers, trailers.into());
    let changes = [
        "A staging/release.json",
        "A staging/web/manifest.yaml",
        "A staging/web/release.json",
    ];
    assert_eq!(commit.changes, changes);
}

/// Stored, each `<` is six bytes.
#[test]
fn an_artifact_as_large_as_the_operator_allows_is_released() {
    let world = Setup::new("an_artifact_as_large_as_the_operator_allows_is_released")
        .variable("max_body_bytes", &(16 << 20).to_string())
        .start();
    let mut large = artifact(1, vec![manifest("staging", "web", "one")]);
    let vars = (0..25).map(|name| (format!("v{name}"), "<".repeat(60_000).into()));
    large["vars"] = Value::Object(vars.collect());
    let id = world.ship(&large);
    world.settle();
    world.assert_each_once(&world.requests_of(&id));
    assert_eq!(world.explain(&id)["decisions"][0]["released"], true);
}

#[test]
fn a_release_leaves_everything_else_alone() {
    let world = World::start("a_release_leaves_everything_else_alone");
    world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.settle();
    let all = history(&world.gitops, "main");
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].subject, "first");
    let expected = [
        "README.md",
        "staging/flux/flux.yaml",
        "staging/release.json",
        "staging/web/manifest.yaml",
        "staging/web/release.json",
    ];
    assert_eq!(files(&world.gitops, "main"), expected);
    let readme = file(&world.gitops, "main", "README.md");
    assert_eq!(readme.as_deref(), Some("# GitOps\n"));
}

#[test]
fn the_release_record_stands_in_the_app_and_in_the_environment() {
    let world = World::start("the_release_record_stands_in_the_app_and_in_the_environment");
    let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.settle();
    let record = file(&world.gitops, "main", "staging/web/release.json").unwrap();
    let of_env = file(&world.gitops, "main", "staging/release.json").unwrap();
    assert_eq!(of_env, record);
    assert!(record.ends_with("}\n"), "{record}");
    let record: Value = serde_json::from_str(&record).unwrap();
    let expected = json!({
        "app": "web", "env": "staging", "artifactId": id, "triggeredBy": "policy", "gitopsRef": "", "gitopsRepo": "",
        // A push is what an artifact is without an event: GimletD does not write it either.
        "version": {
            "repositoryName": "acme/shop", "sha": sha(1), "created": 1_760_000_001, "branch": "main",
            "authorName": "Ann Author", "authorEmail": "ann@example.org", "committerName": "Cor Committer",
            "committerEmail": "cor@example.org", "message": "change 1",
            "url": format!("https://git.example.org/acme/shop/commit/{}", sha(1)),
        },
    });
    assert_eq!(record, expected);
}

#[test]
fn apps_of_one_environment_keep_to_their_folders() {
    let world = World::start("apps_of_one_environment_keep_to_their_folders");
    let manifests = |text| {
        vec![
            manifest("staging", "web", text),
            manifest("staging", "api", text),
        ]
    };
    world.ship(&artifact(1, manifests("one")));
    world.settle();
    let second = world.ship(&artifact(2, vec![manifest("staging", "api", "two")]));
    world.settle();

    let text = |app: &str| {
        file(
            &world.gitops,
            "main",
            &format!("staging/{app}/manifest.yaml"),
        )
    };
    assert_eq!(text("web"), Some(released("web", "one")));
    assert_eq!(text("api"), Some(released("api", "two")));
    // The environment's record is that of the last release.
    let record = file(&world.gitops, "main", "staging/release.json").unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(
        (&record["app"], &record["artifactId"]),
        (&json!("api"), &json!(second))
    );
    let commits = releases(&world.gitops);
    let places: Vec<&str> = commits.iter().map(|commit| commit.place()).collect();
    assert_eq!(places.len(), 3);
    let changes = [
        "M staging/api/manifest.yaml",
        "M staging/api/release.json",
        "M staging/release.json",
    ];
    assert_eq!(commits[2].changes, changes);
}

#[test]
fn stale_files_vanish_from_the_apps_folder() {
    let world = World::start("stale_files_vanish_from_the_apps_folder");
    world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.settle();
    let mut person = Person::clone(&world);
    person.write("staging/web/old.yaml", "kind: Old\n");
    person.write("staging/web/deep/older.yaml", "kind: Older\n");
    person.write("staging/web.txt", "beside it\n");
    person.push("leave files behind");
    world.ship(&artifact(2, vec![manifest("staging", "web", "two")]));
    world.settle();
    let commits = releases(&world.gitops);
    let changes = [
        "D staging/web/deep/older.yaml",
        "D staging/web/old.yaml",
        "M staging/release.json",
        "M staging/web/manifest.yaml",
        "M staging/web/release.json",
    ];
    assert_eq!(commits.last().unwrap().changes, changes);
    assert!(files(&world.gitops, "main").contains(&"staging/web.txt".to_owned()));
    world.gitops.fsck();
}

#[test]
fn a_release_that_changes_nothing_makes_no_commit() {
    let world = World::start("a_release_that_changes_nothing_makes_no_commit");
    let id = world.ship(&artifact(1, vec![manual("staging", "web", "one")]));
    let wish = json!({ "env": "staging", "artifactId": id });
    let first = world.release(&wish);
    world.settle();
    let tip = world.gitops.tip("main");
    let second = world.release(&wish);
    assert_ne!(first, second);
    world.settle();
    assert_eq!(world.gitops.tip("main"), tip);
    let event = world.event(&second);
    assert_eq!(event["status"], "processed", "{event}");
    assert_eq!(event["gitopsHashes"], json!([]), "{event}");
    assert_eq!(event["results"][0]["status"], "success", "{event}");
    // In one batch, too: the first of two makes the commit.
    let third = world.ship(&artifact(2, vec![manual("staging", "web", "two")]));
    let wish = json!({ "env": "staging", "artifactId": third });
    let twice = [world.release(&wish), world.release(&wish)];
    world.settle();
    let hashes = twice.map(|id| world.event(&id)["gitopsHashes"].as_array().unwrap().len());
    assert_eq!(hashes, [1, 0]);
    assert_eq!(releases(&world.gitops).len(), 2);
}

#[test]
fn a_template_is_filled_with_the_artifacts_variables() {
    let world = World::start("a_template_is_filled_with_the_artifacts_variables");
    let mut web = manifest("staging", "web-{{ .BRANCH | sanitizeDNSName }}", "");
    web["manifests"] = json!(config_map("web", "{{ .SHA | trunc 3 }} {{ .url }}"));
    let mut shipped = artifact(1, vec![web]);
    shipped["context"]["BRANCH"] = json!("Fix/One");
    let id = world.ship(&shipped);
    world.settle();
    let commits = world.assert_each_once(&world.requests_of(&id));
    let places: Vec<&str> = commits.values().map(|commit| commit.place()).collect();
    assert_eq!(places, ["staging/web-fix-one"]);
    let text = file(&world.gitops, "main", "staging/web-fix-one/manifest.yaml");
    let expected = released("web", "000 registry.example.org/shop:1");
    assert_eq!(text, Some(expected));
}

#[test]
fn a_release_that_cannot_be_rendered_ends_with_its_reason_and_holds_up_nobody() {
    let world = World::start("a_release_that_cannot_be_rendered_ends_with_its_reason");
    let mut template = manifest("staging", "templated", "{{ .NO_SUCH_VARIABLE }}");
    template["values"] = json!({});
    let mut chart = manifest("staging", "charted", "x");
    chart["chart"] =
        json!({ "name": "no-such-chart", "repository": "http://127.0.0.1:1/", "version": "1.0.0" });
    let mut broken = manifest("staging", "broken", "x");
    broken["manifests"] = json!("kind: [unclosed");
    let fine = manifest("staging", "fine", "one");
    let id = world.ship(&artifact(1, vec![template, chart, broken, fine]));
    world.settle();

    let requests = world.requests_of(&id);
    assert_eq!(requests.len(), 4);
    for (request, (app, word)) in requests.iter().zip([
        ("templated", "NO_SUCH_VARIABLE"),
        ("charted", "chart"),
        ("broken", "manifests: line"),
    ]) {
        let event = world.event(request);
        assert_eq!(event["status"], "error", "{event}");
        let reason = event["statusDesc"].as_str().unwrap();
        assert!(reason.starts_with(&format!("staging/{app}: ")), "{reason}");
        assert!(reason.contains(word), "{reason}");
        assert_eq!(event["gitopsHashes"], json!([]));
        assert_eq!(event["results"][0]["status"], "failure", "{event}");
    }
    world.assert_each_once(&requests[3..]);
}

#[test]
fn shipping_the_same_content_again_gives_the_first_artifact() {
    let world = World::start("shipping_the_same_content_again_gives_the_first_artifact");
    let shipped = artifact(1, vec![manifest("staging", "web", "one")]);
    let first = world.client().post("/api/artifact", &shipped).expect(201);
    assert_eq!(
        world.client().post("/api/artifact", &shipped).expect(200),
        first
    );
    world.settle();
    // The client's own id and date are not part of what it ships.
    let mut again = shipped.clone();
    again["id"] = json!("acme/shop-00000000-0000-4000-8000-000000000000");
    again["created"] = json!(1);
    assert_eq!(
        world.client().post("/api/artifact", &again).expect(200),
        first
    );
    let report = world.flush();
    assert_eq!(report["evaluation"]["artifacts"], 0, "{report}");
    assert_eq!(
        world.client().get("/api/artifacts").expect(200),
        json!([first])
    );
    assert_eq!(releases(&world.gitops).len(), 1);
}

#[test]
fn an_idempotency_key_ships_one_artifact() {
    let world = World::start("an_idempotency_key_ships_one_artifact");
    let ship = |key: &str, artifact: &Value| {
        let headers = [("Idempotency-Key", key)];
        world
            .client()
            .try_post("/api/artifact", &headers, artifact)
            .unwrap()
    };
    let first = ship(
        "run-1",
        &artifact(1, vec![manifest("staging", "web", "one")]),
    )
    .expect(201);
    // The same run tried again, with another build time in it, say.
    let again = ship(
        "run-1",
        &artifact(1, vec![manifest("staging", "web", "other")]),
    )
    .expect(200);
    assert_eq!(again, first);
    // Another app of the same commit is no other try.
    for other in [
        artifact(1, vec![manifest("staging", "api", "one")]),
        artifact(2, Vec::new()),
    ] {
        let problem = ship("run-1", &other).expect(422);
        assert_eq!(problem["type"], "urn:wimble:problem:idempotency-key-reused");
    }
    ship("run-2", &artifact(2, Vec::new())).expect(201);
    let listed = world.client().get("/api/artifacts").expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 2);
}
