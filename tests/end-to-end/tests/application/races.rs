//! Several hosts over one Redis and one database, and a person on the same branch: every release is there once, and no
//! commit of the person is lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use end_to_end::artifacts::{artifact, manifest, released};
use end_to_end::history::{file, history};
use end_to_end::person::Person;
use end_to_end::world::{Setup, World, is_settled};
use harness::application::Application;
use harness::client::Client;
use harness::folder::Folder;
use harness::redis::Redis;
use serde_json::json;

const TEST: &str = "s7_three_hosts_and_a_person_share_a_branch";
const SHIPPERS: usize = 3;
const APPS: usize = 10;
const VERSIONS: usize = 20;

#[test]
fn s7_three_hosts_and_a_person_share_a_branch() {
    let shared = Folder::named(TEST);
    let Some(redis) = Redis::start(TEST, shared.path()) else {
        return;
    };
    let mut setup = Setup::new(TEST);
    setup.options.runtime_config = Some(format!(
        "[key_value_store.default]\ntype = \"redis\"\nurl = \"{}\"\n\n[sqlite_database.default]\ntype = \"spin\"\npath = \"{}\"\n",
        redis.url(),
        shared.path().join("shared.db").display()
    ));
    let world = setup.start();
    let more = ["second", "third"].map(|name| {
        let options = world.application.options().clone();
        Application::start(&shared.folder(name), options)
    });
    let clients = [world.client(), more[0].client(), more[1].client()];
    let settled = AtomicBool::new(false);
    let artifacts = std::thread::scope(|scope| {
        let over = Over(&settled);
        for client in &clients {
            scope.spawn(|| {
                while !settled.load(Ordering::SeqCst) {
                    client.post("/internal/flush", &json!({})).expect(200);
                }
            });
        }
        let person = scope.spawn(|| work_of_a_person(&world, &settled));
        let shippers: Vec<_> = (0..SHIPPERS)
            .map(|shipper| {
                scope.spawn({
                    let clients = &clients;
                    move || ship(clients, shipper)
                })
            })
            .collect();
        let artifacts: Vec<String> = shippers
            .into_iter()
            .flat_map(|shipper| shipper.join().unwrap())
            .collect();
        world.settle();
        drop(over);
        let pushed = person.join().unwrap();
        assert!(pushed > 0);
        assert_kept(&world, pushed);
        artifacts
    });
    assert_eq!(artifacts.len(), APPS * VERSIONS);
    assert!(
        clients
            .iter()
            .all(|client| is_settled(&client.get("/healthz").expect(200)))
    );
    let requests: Vec<String> = artifacts
        .iter()
        .flat_map(|id| world.requests_of(id))
        .collect();
    world.assert_each_once(&requests);
    assert_eq!(redis.keys(), Vec::<String>::new());
    // Each app ends with its last version: its releases were written in the order in which they came.
    for app in 0..APPS {
        let text = file(
            &world.gitops,
            "main",
            &format!("staging/app-{app}/manifest.yaml"),
        );
        assert_eq!(
            text,
            Some(released(&format!("app-{app}"), &VERSIONS.to_string()))
        );
    }
}

/// Ends the work of the others, also when a test fails in its middle.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Ships the versions of its own apps in order, each through the next host.
fn ship(clients: &[Client], shipper: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for version in 1..=VERSIONS {
        for app in (0..APPS).filter(|app| app % SHIPPERS == shipper) {
            let manifests = vec![manifest(
                "staging",
                &format!("app-{app}"),
                &version.to_string(),
            )];
            let shipped = artifact(version * 100 + app, manifests);
            let client = &clients[(version + app) % clients.len()];
            let stored = client.post("/api/artifact", &shipped).expect(201);
            ids.push(stored["id"].as_str().unwrap().to_owned());
        }
    }
    ids
}

/// Pushes until all is released, and says how often.
fn work_of_a_person(world: &World, settled: &AtomicBool) -> usize {
    let mut person = Person::clone(world);
    let mut pushed = 0;
    while !settled.load(Ordering::SeqCst) {
        person.write(&format!("people/{pushed}.txt"), &format!("note {pushed}\n"));
        person.push(&format!("note {pushed}"));
        pushed += 1;
        // Nobody pushes faster than the Git server and the flush can answer.
        std::thread::sleep(Duration::from_millis(300));
    }
    pushed
}

fn assert_kept(world: &World, pushed: usize) {
    let all = history(&world.gitops, "main");
    for number in 0..pushed {
        let subject = format!("note {number}");
        let commits: Vec<_> = all
            .iter()
            .filter(|commit| commit.subject == subject)
            .collect();
        assert_eq!(commits.len(), 1, "{subject}");
        assert_eq!(commits[0].changes, [format!("A people/{number}.txt")]);
        let text = file(&world.gitops, "main", &format!("people/{number}.txt"));
        assert_eq!(text, Some(format!("note {number}\n")));
    }
}
