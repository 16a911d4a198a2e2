//! What was shipped, decided and released, as the API answers it.

use end_to_end::artifacts::{REPOSITORY, artifact, manifest, manual, sha};
use end_to_end::world::World;
use serde_json::{Value, json};

/// The ids of a list of artifacts.
fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|artifact| artifact["id"].as_str().unwrap())
        .collect()
}

#[test]
fn w12_artifacts_come_in_pages_newest_first() {
    let world = World::start("w12_artifacts_come_in_pages_newest_first");
    let mut shipped: Vec<String> = (1..=25)
        .map(|number| world.ship(&artifact(number, Vec::new())))
        .collect();
    shipped.reverse();
    let page = |query: &str| {
        world
            .client()
            .get(&format!("/api/artifacts{query}"))
            .expect(200)
    };
    assert_eq!(ids(&page("")), shipped[..10]);
    assert_eq!(ids(&page("?limit=0")), shipped[..10]);
    assert_eq!(ids(&page("?limit=3")), shipped[..3]);
    assert_eq!(ids(&page("?offset=5")), shipped[5..15]);
    assert_eq!(ids(&page("?limit=10&offset=20")), shipped[20..]);
    assert_eq!(ids(&page("?limit=1000")), shipped);
    assert_eq!(page("?offset=25"), json!([]));
}

#[test]
fn a_page_leads_to_the_next_by_its_link() {
    let world = World::start("a_page_leads_to_the_next_by_its_link");
    for number in 1..=5 {
        let text = number.to_string();
        world.ship(&artifact(number, vec![manifest("staging", "web", &text)]));
        world.settle();
        let user = json!({ "login": format!("user{number}"), "role": "viewer" });
        world.client().post("/api/user", &user).expect(201);
    }
    for (path, field, count) in [
        ("/api/artifacts?repository=acme%2Fshop&limit=2", "id", 5),
        ("/api/releases?env=staging&app=web&limit=2", "gitopsRef", 5),
        ("/api/users?limit=2", "login", 6),
    ] {
        let mut found = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = world.client().get(&path);
            next = answer.header("link").map(|link| {
                let link = link
                    .strip_prefix('<')
                    .and_then(|link| link.strip_suffix(">; rel=\"next\""));
                link.expect("a link to the next page").to_owned()
            });
            let page = answer.expect(200);
            let page = page.as_array().unwrap();
            assert!((1..=2).contains(&page.len()), "{page:?}");
            found.extend(
                page.iter()
                    .map(|one| one[field].as_str().unwrap().to_owned()),
            );
        }
        let all = world
            .client()
            .get(&path.replace("limit=2", "limit=-1"))
            .expect(200);
        let all = all.as_array().unwrap().iter();
        let all: Vec<&str> = all.map(|one| one[field].as_str().unwrap()).collect();
        assert_eq!(found, all, "{path}");
        assert_eq!(all.len(), count, "{path}");
    }
}

#[test]
fn w12_artifacts_are_found_by_what_they_were_built_from() {
    let world = World::start("w12_artifacts_are_found_by_what_they_were_built_from");
    let variants = [
        json!({ "branch": "main" }),
        json!({ "repositoryName": "acme/other" }),
        json!({ "branch": "feature/x" }),
        json!({ "event": "pr", "branch": "main", "sourceBranch": "feature/x", "targetBranch": "main" }),
        json!({ "event": "tag", "branch": "", "tag": "v1.0.0" }),
    ];
    let mut shipped = Vec::new();
    for (number, variant) in variants.iter().enumerate() {
        let mut artifact = artifact(number, Vec::new());
        for (field, value) in variant.as_object().unwrap() {
            artifact["version"][field] = value.clone();
        }
        shipped.push(world.ship(&artifact));
    }
    let later = "2099-01-01T00:00:00%2B02:00";
    let expected = [
        ("repository=acme/other".to_owned(), vec![1]),
        (format!("repository={REPOSITORY}"), vec![4, 3, 2, 0]),
        ("branch=main".to_owned(), vec![3, 1, 0]),
        ("branch=feature/x".to_owned(), vec![2]),
        ("sourceBranch=feature%2Fx".to_owned(), vec![3]),
        ("event=push".to_owned(), vec![2, 1, 0]),
        ("event=pr".to_owned(), vec![3]),
        ("event=tag".to_owned(), vec![4]),
        (format!("sha={}", sha(2)), vec![2]),
        (format!("sha={}&sha={}", sha(0), sha(4)), vec![4, 0]),
        (format!("branch=main&sha={}", sha(2)), vec![]),
        ("since=2020-01-01T00:00:00Z".to_owned(), vec![4, 3, 2, 1, 0]),
        (format!("since={later}"), vec![]),
        (format!("until={later}"), vec![4, 3, 2, 1, 0]),
        ("until=2020-01-01T00:00:00Z".to_owned(), vec![]),
        ("repository=ACME/other".to_owned(), vec![]),
    ];
    for (query, positions) in expected {
        let found = world
            .client()
            .get(&format!("/api/artifacts?{query}"))
            .expect(200);
        let wanted: Vec<&str> = positions
            .iter()
            .map(|at: &usize| shipped[*at].as_str())
            .collect();
        assert_eq!(ids(&found), wanted, "{query}");
    }
}

#[test]
fn an_artifact_is_read_by_its_id() {
    let world = World::start("an_artifact_is_read_by_its_id");
    let stored = world
        .client()
        .post(
            "/api/artifact",
            &artifact(1, vec![manual("staging", "web", "<&>")]),
        )
        .expect(201);
    let id = stored["id"].as_str().unwrap();
    for id in [
        id.to_owned(),
        id.replace('/', "%2F"),
        id.replace('/', "%2f"),
    ] {
        let answer = world.client().get(&format!("/api/artifacts/{id}"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.expect(200), stored);
    }
    let mut shipped = artifact(1, vec![manual("staging", "web", "<&>")]);
    shipped["id"] = stored["id"].clone();
    shipped["created"] = stored["created"].clone();
    for field in ["context", "environments", "items"] {
        let (stored, shipped) = (&stored[field], &shipped[field]);
        match field {
            "environments" => assert_eq!(stored[0]["manifests"], shipped[0]["manifests"]),
            _ => assert_eq!(stored, shipped),
        }
    }
}

#[test]
fn w12_releases_are_listed_newest_first_and_filtered() {
    let world = World::start("w12_releases_are_listed_newest_first_and_filtered");
    for number in 1..=3 {
        let text = number.to_string();
        let manifests = vec![
            manifest("staging", "web", &text),
            manifest("production", "web", &text),
        ];
        world.ship(&artifact(number, manifests));
        world.settle();
    }
    let mut other = artifact(4, vec![manifest("staging", "api", "four")]);
    other["version"]["repositoryName"] = json!("acme/other");
    world.ship(&other);
    world.settle();

    let list = |query: &str| {
        let list = world
            .client()
            .get(&format!("/api/releases?{query}"))
            .expect(200);
        let list = list.as_array().unwrap().iter();
        list.map(|release| release["version"]["sha"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let shas = |numbers: &[usize]| {
        numbers
            .iter()
            .map(|number| sha(*number))
            .collect::<Vec<_>>()
    };
    assert_eq!(list("env=staging"), shas(&[4, 3, 2, 1]));
    assert_eq!(list("env=production"), shas(&[3, 2, 1]));
    assert_eq!(list("env=staging&app=web"), shas(&[3, 2, 1]));
    assert_eq!(list("env=staging&app=web&limit=1"), shas(&[3]));
    assert_eq!(list("env=staging&limit=2&offset=1"), shas(&[3, 2]));
    assert_eq!(list("env=staging&git-repo=acme/other"), shas(&[4]));
    assert_eq!(
        list("env=staging&since=2020-01-01T00:00:00Z"),
        shas(&[4, 3, 2, 1])
    );
    assert_eq!(list("env=staging&since=2099-01-01T00:00:00Z"), shas(&[]));
    assert_eq!(list("env=staging&until=2020-01-01T00:00:00Z"), shas(&[]));
    assert_eq!(list("env=nowhere"), shas(&[]));

    let newest = &world
        .client()
        .get("/api/releases?env=staging&limit=1")
        .expect(200)[0];
    assert_eq!(newest["app"], "api");
    assert_eq!(newest["env"], "staging");
    assert_eq!(newest["triggeredBy"], "policy");
    assert_eq!(newest["gitopsRef"], world.gitops.tip("main"));
    assert_eq!(newest["gitopsRepo"], "acme/gitops");
    let date = world.gitops.git(&["log", "-1", "--format=%ct", "main"]);
    assert_eq!(newest["created"].to_string(), date);
}

#[test]
fn the_status_is_the_last_release_of_each_app() {
    let world = World::start("the_status_is_the_last_release_of_each_app");
    let status = |query: &str| world.client().get(&format!("/api/status?{query}"));
    assert_eq!(status("env=staging").expect(200), json!({}));
    let both = |text| {
        vec![
            manifest("staging", "web", text),
            manifest("staging", "api", text),
        ]
    };
    let first = world.ship(&artifact(1, both("one")));
    let second = world.ship(&artifact(2, vec![manifest("staging", "web", "two")]));
    world.settle();
    let all = status("env=staging").expect(200);
    assert_eq!(all.as_object().unwrap().len(), 2, "{all}");
    assert_eq!(
        (&all["web"]["artifactId"], &all["api"]["artifactId"]),
        (&json!(second), &json!(first))
    );
    assert_eq!(
        status("env=staging&app=web").expect(200),
        json!({ "web": all["web"] })
    );
    assert_eq!(status("env=staging&app=never").status, 404);
    assert_eq!(status("env=production").expect(200), json!({}));
}

#[test]
fn w5_every_yes_and_no_of_a_policy_is_explained() {
    let world = World::start("w5_every_yes_and_no_of_a_policy_is_explained");
    let with = |app: &str, deploy: Value| {
        let mut manifest = manual("staging", app, "x");
        manifest["deploy"] = deploy;
        manifest
    };
    let manifests = vec![
        manifest("staging", "matches", "x"),
        manual("staging", "no-policy", "x"),
        with(
            "other-branch",
            json!({ "branch": "release/*", "event": "push" }),
        ),
        with("other-event", json!({ "event": "pr" })),
        with(
            "bad-glob",
            json!({ "branch": "feature/[", "event": "push" }),
        ),
    ];
    let id = world.ship(&artifact(1, manifests));
    let explained = world.explain(&id);
    assert_eq!(
        (&explained["evaluated"], &explained["decisions"]),
        (&json!(false), &json!([]))
    );
    world.settle();
    let explained = world.explain(&id);
    assert_eq!(explained["evaluated"], true);
    let expected = [
        ("matches", true, "matched"),
        ("no-policy", false, "noPolicy"),
        ("other-branch", false, "differs"),
        ("other-event", false, "eventDiffers"),
        ("bad-glob", false, "policyInvalid"),
    ];
    for (position, (app, released, code)) in expected.into_iter().enumerate() {
        let (now, then) = (
            &explained["manifests"][position],
            &explained["decisions"][position],
        );
        assert_eq!(
            (&now["app"], &then["app"]),
            (&json!(app), &json!(app)),
            "{explained}"
        );
        assert_eq!(
            (&now["released"], &then["released"]),
            (&json!(released), &json!(released)),
            "{app}"
        );
        assert_eq!(then["code"], code, "{then}");
        assert_eq!(now["reason"]["code"], code, "{now}");
        let words = then["reason"].as_str().unwrap();
        assert!(!words.is_empty());
        assert_eq!(now["message"], words);
    }
    world.assert_each_once(&world.requests_of(&id));
}
