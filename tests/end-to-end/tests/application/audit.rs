//! The audit log of the running application: what is in it, that it stays one chain under load, and that whatever is done to
//! the database's file behind its back is found.

use std::sync::Barrier;

use end_to_end::artifacts::{artifact, manual};
use end_to_end::cases;
use end_to_end::world::World;
use harness::client::Client;
use harness::skip::not_on_spin;
use serde_json::{Value, json};

fn rows(world: &World) -> Vec<Value> {
    let page = world.client().get("/api/audit?limit=1000").expect(200);
    page["rows"].as_array().unwrap().clone()
}

fn verdict(world: &World, query: &str) -> Value {
    world
        .client()
        .get(&format!("/api/audit/verify{query}"))
        .expect(200)
}

/// Runs a statement on the database's file, as somebody would who has got hold of it.
fn tamper(world: &World, statement: &str) {
    let path = world.folder.path().join("application/state/sqlite_db.db");
    assert!(path.exists());
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .busy_timeout(std::time::Duration::from_secs(60))
        .unwrap();
    connection.execute_batch(statement).unwrap();
}

#[test]
fn who_did_what_and_who_was_refused_is_recorded() {
    let world = World::start("who_did_what_and_who_was_refused");
    let admin = world.client();
    let id = world.ship(&artifact(1, vec![manual("staging", "web", "one")]));
    let ann = admin
        .post("/api/user", &json!({ "login": "ann", "role": "viewer" }))
        .expect(201);
    let viewer = Client::new(admin.address(), ann["token"].as_str().unwrap());
    let wish = json!({ "env": "staging", "app": "web", "artifactId": id });
    for _ in 0..3 {
        assert_eq!(viewer.post("/api/releases", &wish).status, 403);
        assert_eq!(
            Client::new(admin.address(), "wrong")
                .get("/api/status")
                .status,
            401
        );
    }
    let request = world.release(&wish);
    let seen: Vec<[String; 7]> = rows(&world)
        .iter()
        .map(|row| {
            [
                "actor",
                "via",
                "action",
                "outcome",
                "code",
                "scope",
                "requestId",
            ]
            .map(|name| row[name].as_str().unwrap().to_owned())
        })
        .collect();
    let via = format!("token {}", ann["tokenId"].as_str().unwrap());
    let everything = "repository=* app=* environment=*";
    let expected = [
        [
            "admin",
            "admin_token",
            "users",
            "allowed",
            "",
            everything,
            "",
        ],
        ["ann", &via, "release", "refused", "role", "", ""],
        ["", "", "read", "refused", "unauthorized", "", ""],
        [
            "admin",
            "admin_token",
            "release",
            "allowed",
            "",
            "repository=acme/shop app=web environment=staging",
            &request,
        ],
    ];
    assert_eq!(seen, expected);
    let log = world.application.log();
    let last = rows(&world).last().unwrap()["hash"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(log.contains(&last), "the log has the head as well");
}

#[test]
fn pages_are_linked() {
    let world = World::start("audit_pages_are_linked");
    for number in 0..5 {
        world
            .client()
            .post("/api/user", &json!({ "login": format!("u{number}") }))
            .expect(201);
    }
    let mut path = "/api/audit?limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let answer = world.client().get(&path);
        let link = answer.header("link").map(str::to_owned);
        let page = answer.expect(200);
        assert_eq!(page["head"]["seq"], 5);
        seen.extend(
            page["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["seq"].as_u64().unwrap()),
        );
        let Some(link) = link else { break };
        let (target, relation) = link.split_once(">; ").unwrap();
        assert_eq!(relation, "rel=\"next\"");
        path = target.trim_start_matches('<').to_owned();
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
}

#[test]
fn what_is_done_to_the_file_is_found() {
    let cases: [(&str, Value); 5] = [
        (
            "UPDATE audit SET actor = 'mallory' WHERE seq = 3",
            json!([{ "fault": "altered", "seq": 3 }]),
        ),
        (
            "DELETE FROM audit WHERE seq = 2",
            json!([{ "fault": "missing", "from": 2, "to": 2 }, { "fault": "unlinked", "seq": 3 }]),
        ),
        (
            "DELETE FROM audit WHERE seq >= 5",
            json!([{ "fault": "missing", "from": 5, "to": 6 }]),
        ),
        (
            "UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 99",
            json!([
                { "fault": "altered", "seq": 2 }, { "fault": "unlinked", "seq": 3 },
                { "fault": "altered", "seq": 4 }, { "fault": "unlinked", "seq": 5 },
            ]),
        ),
        (
            "DELETE FROM audit WHERE seq = 6; UPDATE sqlite_sequence SET seq = 5 WHERE name = 'audit'",
            json!([{ "fault": "not-as-noted", "seq": 6 }]),
        ),
    ];
    let cases = cases.map(|(statement, faults)| (statement, (statement, faults)));
    cases::run(3, &cases, |(statement, faults)| {
        let world = World::start("what_is_done_to_the_file_is_found");
        for number in 0..6 {
            world
                .client()
                .post("/api/user", &json!({ "login": format!("u{number}") }))
                .expect(201);
        }
        let head = world.client().get("/api/audit").expect(200)["head"].clone();
        let noted = format!(
            "?seq={}&hash={}",
            head["seq"],
            head["hash"].as_str().unwrap()
        );
        assert_eq!(verdict(&world, &noted)["ok"], true);
        tamper(&world, statement);
        let verdict = verdict(&world, &noted);
        assert_eq!(verdict["ok"], false);
        let mut found = verdict["faults"].as_array().unwrap().clone();
        // What was noted stands in the way of every other fault as well, where its row is gone.
        if faults.as_array().unwrap().len() < found.len() {
            found.retain(|fault| fault["fault"] != "not-as-noted");
        }
        assert_eq!(json!(found), *faults);
    });
}

#[test]
fn many_at_once_make_one_chain() {
    let world = World::start("many_at_once_make_one_chain");
    let start = Barrier::new(4);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (world, start) = (&world, &start);
            scope.spawn(move || {
                start.wait();
                for number in 0..10 {
                    let login = json!({ "login": format!("t{thread}-{number}") });
                    world.client().post("/api/user", &login).expect(201);
                }
            });
        }
    });
    let verdict = verdict(&world, "");
    assert_eq!(
        (&verdict["ok"], &verdict["verified"]["seq"]),
        (&json!(true), &json!(40)),
        "{verdict}"
    );
}

#[test]
fn strangers_cannot_fill_the_log() {
    let world = World::start("strangers_cannot_fill_the_log");
    let stranger = Client::new(world.client().address(), "wrong");
    for number in 0..30 {
        assert_eq!(
            stranger
                .get(&format!("/api/artifacts/acme/x-{number}"))
                .status,
            401
        );
        assert_eq!(stranger.get(&format!("/nothing/{number}")).status, 401);
    }
    // One for each kind of act; two where the minute was over meanwhile.
    assert!(rows(&world).len() <= 4, "{:?}", rows(&world));
}

/// The local host kills itself right before or after a statement.
#[test]
fn a_process_that_dies_while_it_makes_a_user_has_recorded_it_and_made_all_or_nothing() {
    const TEST: &str = "a_process_that_dies_while_it_makes_a_user";
    if not_on_spin(TEST, "only the local host has kill rules") {
        return;
    }
    let rules = [
        ("sqlite.execute INSERT INTO audit* before", 0, 0),
        ("sqlite.execute INSERT INTO audit* after", 1, 0),
        ("sqlite.execute INSERT INTO tokens* before", 1, 0),
        ("sqlite.execute INSERT INTO tokens* after", 1, 0),
        ("sqlite.execute INSERT INTO users* before", 1, 0),
        ("sqlite.execute INSERT INTO users* after", 1, 1),
    ];
    let rules = rules.map(|case| (case.0, case));
    cases::run(3, &rules, |(rule, recorded, made)| {
        let mut world = World::start(TEST);
        world.application.restart(&[rule]);
        let ann = json!({ "login": "ann", "role": "viewer" });
        assert!(
            world.client().try_post("/api/user", &[], &ann).is_err(),
            "{rule}: an answer"
        );
        world.application.wait_until_killed();
        world.application.restart(&[]);
        assert_eq!(rows(&world).len(), *recorded, "{rule}");
        let users = world.client().get("/api/users").expect(200);
        assert_eq!(users.as_array().unwrap().len(), 1 + made, "{rule}");
        // Whoever asks again gets a user that works: made now, or made before and given a token.
        let again = match world.client().post("/api/user", &ann) {
            answer if answer.status == 409 => world
                .client()
                .get("/api/user/ann?withToken=true")
                .expect(200),
            answer => answer.expect(201),
        };
        let ann = Client::new(world.client().address(), again["token"].as_str().unwrap());
        assert_eq!(ann.get("/api/status?env=staging").status, 200, "{rule}");
        assert_eq!(verdict(&world, "")["ok"], true, "{rule}");
    });
}
