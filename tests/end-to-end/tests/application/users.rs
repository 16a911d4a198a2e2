//! Users and tokens, in GimletD's shapes: who is let do what, and until when.

use end_to_end::artifacts::{REPOSITORY, artifact, manifest, manual};
use end_to_end::world::World;
use harness::client::{Answer, Client};
use serde_json::{Value, json};

/// Makes a user and gives the first token.
fn user(world: &World, body: &Value) -> Client {
    let made = world.client().post("/api/user", body).expect(201);
    client(world, &made)
}

/// A client with the token in this answer.
fn client(world: &World, answer: &Value) -> Client {
    Client::new(
        world.client().address(),
        answer["token"].as_str().expect("a token"),
    )
}

fn delete(client: &Client, path: &str) -> Answer {
    client.authorized("DELETE", path, &[], b"").unwrap()
}

fn assert_forbidden(answer: &Answer, words: &str) {
    assert_eq!(answer.status, 403, "{}", answer.text());
    let problem = answer.json();
    assert_eq!(problem["type"], "urn:wimble:problem:forbidden");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(words), "{detail}");
}

#[test]
fn users_are_made_read_and_removed_as_gimletds_clients_do_it() {
    let world = World::start("users_are_made_read_and_removed");
    let admin = world.client();
    // The field's name in any case, as Go's clients may send it.
    let made = admin
        .post("/api/user", &json!({ "Login": "ci" }))
        .expect(201);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("wimble_"), "{made}");
    let expected = json!({
        "login": "ci", "token": token, "admin": false, "role": "releaser", "tokenId": made["tokenId"],
    });
    assert_eq!(made, expected);
    assert_eq!(
        admin.post("/api/user", &json!({ "login": "ci" })).status,
        409
    );
    let read = admin.get("/api/user/ci").expect(200);
    assert_eq!(
        (&read["token"], &read["admin"]),
        (&json!(""), &json!(false))
    );
    // GimletD could sign the same token again; here it is a new one, and the first still works.
    let again = admin.get("/api/user/ci?withToken=true").expect(200);
    assert_ne!(again["token"], made["token"]);
    for answer in [&made, &again] {
        assert_eq!(client(&world, answer).get("/api/artifacts").status, 200);
    }
    let boss = admin
        .post("/api/user", &json!({ "login": "boss", "admin": true }))
        .expect(201);
    assert_eq!(
        (&boss["admin"], &boss["role"]),
        (&json!(true), &json!("admin"))
    );
    let users = admin.get("/api/users").expect(200);
    let logins: Vec<&str> = users
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["login"].as_str().unwrap())
        .collect();
    assert_eq!(logins, ["admin", "boss", "ci"]);
    assert!(!users.to_string().contains("wimble_"));
    let gone = delete(&admin, "/api/user/ci");
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    assert_eq!(delete(&admin, "/api/user/ci").status, 204);
    assert_eq!(admin.get("/api/user/ci").status, 404);
    for answer in [&made, &again] {
        assert_eq!(client(&world, answer).get("/api/artifacts").status, 401);
    }
    assert_eq!(delete(&admin, "/api/user/admin").status, 409);
}

#[test]
fn gimlets_dashboard_saves_and_deletes_users_by_body() {
    let world = World::start("gimlets_dashboard_saves_and_deletes_users_by_body");
    let boss = user(&world, &json!({ "login": "boss", "role": "admin" }));
    let saved = boss
        .post("/api/saveUser", &json!({ "login": "ann" }))
        .expect(201);
    assert_eq!(client(&world, &saved).get("/api/artifacts").status, 200);
    assert_eq!(boss.post("/api/deleteUser", &json!("ann")).status, 204);
    assert_eq!(client(&world, &saved).get("/api/artifacts").status, 401);
    assert_eq!(boss.post("/api/deleteUser", &json!("boss")).status, 400);
    assert_eq!(
        boss.post("/api/deleteUser", &json!({ "login": "ann" }))
            .status,
        204
    );
}

#[test]
fn x8_x9_a_shipper_of_one_repository_can_neither_ship_for_another_nor_release() {
    let world = World::start("a_shipper_of_one_repository");
    let shipper = user(
        &world,
        &json!({ "login": "ci", "role": "shipper", "repositories": [REPOSITORY] }),
    );
    let own = artifact(1, vec![manual("staging", "web", "one")]);
    let id = shipper.post("/api/artifact", &own).expect(201)["id"].clone();
    let mut other = artifact(2, vec![manual("staging", "api", "two")]);
    other["version"]["repositoryName"] = json!("acme/api");
    assert_forbidden(
        &shipper.post("/api/artifact", &other),
        "only ship for the repositories acme/shop, not for acme/api",
    );
    let wish = json!({ "env": "staging", "artifactId": id });
    assert_forbidden(&shipper.post("/api/releases", &wish), "the role shipper");
    for path in ["/internal/flush", "/internal/evaluate", "/api/user"] {
        assert_forbidden(
            &shipper.post(path, &json!({ "login": "x" })),
            "the role shipper",
        );
    }
    // It sees what is its own.
    assert_forbidden(&shipper.get("/api/artifacts"), "name one of them");
    let mine = format!("/api/artifacts?repository={REPOSITORY}");
    assert_eq!(shipper.get(&mine).expect(200).as_array().unwrap().len(), 1);
    let id = id.as_str().unwrap();
    assert_eq!(shipper.get(&format!("/api/artifacts/{id}")).status, 200);
    assert_eq!(
        shipper
            .get(&format!("/api/policies/explain?artifact={id}"))
            .status,
        200
    );
    let foreign = world.ship(&other);
    assert_forbidden(
        &shipper.get(&format!("/api/artifacts/{foreign}")),
        "acme/api",
    );
    assert_eq!(
        world
            .client()
            .get("/api/artifacts")
            .expect(200)
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn x9_a_shipper_of_one_environment_ships_no_manifest_for_another() {
    let world = World::start("a_shipper_of_one_environment");
    let shipper = user(
        &world,
        &json!({ "login": "ci", "role": "shipper", "environments": ["staging"], "apps": ["web", "web-*"] }),
    );
    let ship = |manifests| {
        let mut shipped = artifact(1, manifests);
        shipped["context"]["NAME"] = json!("web-7");
        shipper.post("/api/artifact", &shipped)
    };
    assert_eq!(ship(vec![manifest("staging", "web", "one")]).status, 201);
    let templated = manifest("staging", "{{ .NAME }}", "two");
    assert_eq!(ship(vec![templated.clone()]).status, 201);
    assert_forbidden(
        &ship(vec![templated, manifest("production", "web", "three")]),
        "not for production",
    );
    assert_forbidden(
        &ship(vec![manifest("staging", "api", "four")]),
        "not for api",
    );
    // What hides behind a template is looked at as it will be released.
    let hidden = manifest("{{ \"production\" }}", "web", "five");
    assert_forbidden(&ship(vec![hidden]), "not for production");
    // A cleanup may remove only what its shipper may touch.
    let mut cleaned = manifest("staging", "web", "six");
    cleaned["cleanup"] = json!({ "app": "api", "event": "branchDeleted", "branch": "feature/*" });
    assert_forbidden(&ship(vec![cleaned.clone()]), "not for api");
    cleaned["cleanup"]["app"] = json!("{{ .BRANCH }}");
    assert_forbidden(&ship(vec![cleaned.clone()]), "name one of them");
    cleaned["cleanup"]["app"] = json!("web");
    assert_eq!(ship(vec![cleaned]).status, 201);
}

#[test]
fn x4_a_releaser_of_one_environment_releases_there_alone() {
    let world = World::start("a_releaser_of_one_environment");
    let both = vec![
        manual("staging", "web", "one"),
        manual("production", "web", "one"),
    ];
    let id = world.ship(&artifact(1, both));
    let releaser = user(
        &world,
        &json!({ "login": "ann", "role": "releaser", "environments": ["staging"] }),
    );
    let wish = |env: &str| releaser.post("/api/releases", &json!({ "env": env, "artifactId": id }));
    assert_forbidden(
        &wish("production"),
        "only release for the environments staging, not for production",
    );
    let queued = wish("staging").expect(201);
    world.settle();
    let path = format!("/api/event?id={}", queued["id"].as_str().unwrap());
    assert_eq!(releaser.get(&path).expect(200)["status"], "processed");
    let releases = releaser.get("/api/releases?env=staging").expect(200);
    assert_eq!(releases[0]["triggeredBy"], "ann");
    assert_forbidden(
        &releaser.get("/api/releases?env=production"),
        "not for production",
    );
    assert_forbidden(
        &releaser.get("/api/status?env=production"),
        "not for production",
    );
}

#[test]
fn whoever_is_limited_sees_nothing_of_what_is_beside_it() {
    let world = World::start("whoever_is_limited_sees_nothing_of_what_is_beside_it");
    let both = vec![
        manifest("staging", "web", "one"),
        manifest("production", "web", "one"),
    ];
    let id = world.ship(&artifact(1, both));
    world.settle();
    for app in ["web", "other"] {
        let hold = json!({ "env": "staging", "app": app, "reason": "the fair is on" });
        world.client().post("/api/holds", &hold).expect(201);
    }
    // How its releases go is told as each of them is.
    let of_staging = user(
        &world,
        &json!({ "login": "ann", "role": "viewer", "environments": ["staging"] }),
    );
    let track = of_staging.get(&format!("/api/eventArtifactTrack?artifactId={id}"));
    assert_forbidden(&track, "not for production");
    assert_eq!(of_staging.get("/api/holds?env=staging").status, 200);
    // Which other places there are is not told by a rollback that goes nowhere.
    let releases = world
        .client()
        .get("/api/releases?env=production")
        .expect(200);
    let commit = releases[0]["gitopsRef"].as_str().unwrap();
    let nowhere = format!("/api/rollback?env=staging&app=web&sha={commit}");
    let releaser = user(
        &world,
        &json!({ "login": "cat", "role": "releaser", "environments": ["staging"] }),
    );
    for (client, tells) in [(&releaser, false), (&world.client(), true)] {
        let problem = client.post(&nowhere, &json!({})).expect(404);
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(detail.contains("production/web"), tells, "{detail}");
    }
    // Holds are of apps, and those are of repositories.
    let of_shop = user(
        &world,
        &json!({ "login": "bob", "role": "viewer", "repositories": [REPOSITORY] }),
    );
    let track = of_shop.get(&format!("/api/eventArtifactTrack?artifactId={id}"));
    assert_eq!(track.expect(200)["results"].as_array().unwrap().len(), 2);
    let own = of_shop.get("/api/holds?env=staging&app=web").expect(200);
    assert_eq!(own.as_array().unwrap().len(), 1);
    for query in ["", "?env=staging", "?env=staging&app=other"] {
        let holds = of_shop.get(&format!("/api/holds{query}"));
        assert_forbidden(&holds, "name one of them");
    }
}

#[test]
fn x5_tokens_are_minted_rotated_and_revoked_at_once() {
    let world = World::start("x5_tokens_are_minted_rotated_and_revoked_at_once");
    let admin = world.client();
    user(&world, &json!({ "login": "ann", "role": "releaser" }));
    let wish = json!({ "name": "laptop", "role": "viewer", "environments": ["staging"], "expiresInSeconds": 3600 });
    let minted = admin.post("/api/user/ann/tokens", &wish).expect(201);
    let laptop = client(&world, &minted);
    assert_eq!(laptop.get("/api/status?env=staging").status, 200);
    assert_forbidden(
        &laptop.get("/api/status?env=production"),
        "not for production",
    );
    assert_forbidden(
        &laptop.post("/internal/flush", &json!({})),
        "the role viewer",
    );
    let listed = admin.get("/api/user/ann/tokens").expect(200);
    let names: Vec<&Value> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|token| &token["name"])
        .collect();
    assert_eq!(names, ["first", "laptop"]);
    assert!(!listed.to_string().contains("wimble_"));
    let path = format!("/api/user/ann/tokens/{}", minted["id"].as_str().unwrap());
    let rotated = admin
        .post(&format!("{path}/rotate"), &json!({}))
        .expect(201);
    let next = client(&world, &rotated);
    for client in [&laptop, &next] {
        assert_eq!(client.get("/api/status?env=staging").status, 200);
    }
    assert_eq!(delete(&admin, &path).status, 204);
    assert_eq!(laptop.get("/api/status?env=staging").status, 401);
    assert_eq!(next.get("/api/status?env=staging").status, 200);
    // Without grace the old one ends with the call.
    let path = format!(
        "/api/user/ann/tokens/{}/rotate",
        rotated["id"].as_str().unwrap()
    );
    let last = admin.post(&path, &json!({ "graceSeconds": 0 })).expect(201);
    assert_eq!(next.get("/api/status?env=staging").status, 401);
    assert_eq!(
        client(&world, &last).get("/api/status?env=staging").status,
        200
    );
    assert_eq!(admin.post(&path, &json!({})).status, 404);
    assert_eq!(admin.get("/api/user/nobody/tokens").status, 404);
    assert_eq!(admin.post("/api/user/admin/tokens", &json!({})).status, 409);
}

#[test]
fn an_admin_with_limits_cannot_lift_them() {
    let world = World::start("an_admin_with_limits_cannot_lift_them");
    let limited = user(
        &world,
        &json!({ "login": "boss", "role": "admin", "environments": ["staging"] }),
    );
    for body in [
        json!({ "login": "x", "role": "admin" }),
        json!({ "login": "y" }),
    ] {
        assert_forbidden(&limited.post("/api/user", &body), "environments staging");
    }
    assert_forbidden(
        &limited.post("/api/user/boss/tokens", &json!({})),
        "environments staging",
    );
    assert_forbidden(&limited.get("/api/audit"), "environments staging");
    assert_eq!(limited.get("/api/status?env=staging").status, 200);
}

#[test]
fn what_is_wrong_with_a_user_or_a_token_is_said_by_field() {
    let world = World::start("what_is_wrong_with_a_user_or_a_token");
    user(&world, &json!({ "login": "ann" }));
    let cases = [
        ("/api/user", json!({}), "/login"),
        ("/api/user", json!({ "login": "a b" }), "/login"),
        ("/api/user", json!({ "login": "a/b" }), "/login"),
        ("/api/user", json!({ "login": "policy" }), "/login"),
        ("/api/user", json!({ "login": "Admin" }), "/login"),
        ("/api/user", json!({ "login": 7 }), "/login"),
        (
            "/api/user",
            json!({ "login": "x", "role": "king" }),
            "/role",
        ),
        (
            "/api/user",
            json!({ "login": "x", "admin": "yes" }),
            "/admin",
        ),
        (
            "/api/user",
            json!({ "login": "x", "admin": true, "role": "viewer" }),
            "/admin",
        ),
        (
            "/api/user",
            json!({ "login": "x", "repositories": [] }),
            "/repositories",
        ),
        (
            "/api/user",
            json!({ "login": "x", "repositories": "acme/web" }),
            "/repositories",
        ),
        (
            "/api/user",
            json!({ "login": "x", "apps": ["!web"] }),
            "/apps",
        ),
        (
            "/api/user",
            json!({ "login": "x", "environments": ["[x"] }),
            "/environments",
        ),
        (
            "/api/user",
            json!({ "login": "x", "expiresInSeconds": 0 }),
            "/expiresInSeconds",
        ),
        (
            "/api/user/ann/tokens",
            json!({ "name": "x".repeat(101) }),
            "/name",
        ),
        (
            "/api/user/ann/tokens",
            json!({ "expiresInSeconds": -1 }),
            "/expiresInSeconds",
        ),
        ("/api/deleteUser", json!(""), "/login"),
    ];
    for (path, body, field) in cases {
        let answer = world.client().post(path, &body);
        assert_eq!(answer.status, 400, "{path} {body}: {}", answer.text());
        assert_eq!(
            answer.json()["field"],
            field,
            "{path} {body}: {}",
            answer.text()
        );
    }
    assert_eq!(
        world
            .client()
            .get("/api/users")
            .expect(200)
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn x6_no_token_ends_in_a_log() {
    let world = World::start("x6_no_token_ends_in_a_log");
    let made = world
        .client()
        .post("/api/user", &json!({ "login": "ann" }))
        .expect(201);
    let ann = client(&world, &made);
    let token = made["token"].as_str().unwrap();
    ann.get("/api/artifacts");
    ann.get("/api/audit");
    world
        .client()
        .get(&format!("/api/status?env=staging&access_token={token}"));
    let audit = world.client().get("/api/audit").expect(200).to_string();
    for text in [world.application.log(), audit] {
        assert!(!text.contains(token) && !text.contains("wimble_"), "{text}");
    }
}
