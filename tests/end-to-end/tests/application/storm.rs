//! Everything at once, at random moments: three replicas are killed again and again, the key-value store forgets everything,
//! connections to the Git server break, clients try again, and a person pushes. What was acknowledged is there once.
//!
//! `WIMBLE_STORM_ROUNDS` makes it longer, `WIMBLE_STORM_SEED` repeats the choices of a run (its timing is the machine's).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use end_to_end::artifacts::{artifact, manifest, manual, released};
use end_to_end::history::{file, history};
use end_to_end::person::Person;
use end_to_end::world::{Setup, World, is_settled};
use harness::application::Application;
use harness::client::Client;
use harness::fault_proxy::{Fault, FaultProxy, GitRequest};
use harness::folder::Folder;
use harness::redis::Redis;
use serde_json::{Value, json};

const TEST: &str = "a_storm_loses_nothing_and_repeats_nothing";
/// Each ships its own apps, in order.
const SHIPPERS: usize = 3;
const APPS_OF_EACH: usize = 2;
/// How long a client tries on a crowded machine.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn a_storm_loses_nothing_and_repeats_nothing() {
    let shared = Folder::named(TEST);
    let Some(mut redis) = Redis::start(TEST, shared.path()) else {
        return;
    };
    let seed = number_from("WIMBLE_STORM_SEED").unwrap_or_else(|| fastrand::u64(..));
    let rounds = number_from("WIMBLE_STORM_ROUNDS").unwrap_or(1);
    println!("WIMBLE_STORM_SEED={seed}");
    let mut setup = Setup::new(TEST);
    setup.proxy = true;
    setup.options.runtime_config = Some(format!(
        "[key_value_store.default]\ntype = \"redis\"\nurl = \"{}\"\n\n[sqlite_database.default]\ntype = \"spin\"\npath = \"{}\"\n",
        redis.url(),
        shared.path().join("shared.db").display()
    ));
    let mut world = setup.start();
    let mut more = ["second", "third"].map(|name| {
        let options = world.application.options().clone();
        Application::start(&shared.folder(name), options)
    });
    let person = Person::clone(&world);
    let [second, third] = &mut more;
    let mut replicas = [&mut world.application, second, third];
    let doors = Doors::of(&replicas);
    let over = AtomicBool::new(false);
    let (wishes, notes) = std::thread::scope(|scope| {
        let (doors, over) = (&doors, &over);
        let end = Over(over);
        let shippers: Vec<_> = (0..SHIPPERS)
            .map(|shipper| scope.spawn(move || ship(doors, shipper, over)))
            .collect();
        for replica in 0..doors.0.len() {
            scope.spawn(move || tick(doors, replica, over));
        }
        let person = scope.spawn(move || work_of_a_person(person, over));
        Storm {
            random: fastrand::Rng::with_seed(seed),
            replicas: &mut replicas,
            doors,
            redis: &mut redis,
            proxy: world.proxy.as_ref().unwrap(),
        }
        .blow(rounds);
        drop(end);
        let wishes: Vec<Wish> = shippers
            .into_iter()
            .flat_map(|shipper| shipper.join().unwrap())
            .collect();
        (wishes, person.join().unwrap())
    });
    println!("{} wishes, {notes} pushes of a person", wishes.len());
    world.settle();
    for replica in &more {
        assert!(is_settled(&replica.client().get("/healthz").expect(200)));
    }
    assert_eq!(redis.keys(), Vec::<String>::new());
    let requests = wishes.iter().flat_map(|wish| match wish {
        Wish::Artifact { id, .. } => world.requests_of(id),
        Wish::Release { id } => vec![id.clone()],
    });
    world.assert_each_once(&requests.collect::<Vec<_>>());
    assert_last_versions(&world, &wishes);
    let all = history(&world.gitops, "main");
    let found = all
        .iter()
        .filter(|commit| commit.subject.starts_with("note "));
    let found: Vec<&str> = found.map(|commit| commit.subject.as_str()).collect();
    let pushed: Vec<String> = (0..notes).map(|number| format!("note {number}")).collect();
    assert_eq!(found, pushed, "what the person pushed, once and in order");
}

fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} must be a number")),
    )
}

/// Ends the work of the others, also when a test fails in its middle.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Where each replica listens now.
struct Doors([Mutex<Client>; 3]);

impl Doors {
    fn of(replicas: &[&mut Application; 3]) -> Self {
        Self(
            replicas
                .each_ref()
                .map(|replica| Mutex::new(replica.client())),
        )
    }

    fn client(&self, replica: usize) -> Client {
        self.0[replica % self.0.len()].lock().unwrap().clone()
    }

    /// Sends a request to one replica after the other until one acknowledges it, as a CI job does.
    fn acknowledged(&self, path: &str, key: Option<&str>, body: &Value) -> Value {
        let headers: Vec<_> = key
            .map(|key| ("Idempotency-Key", key))
            .into_iter()
            .collect();
        let since = Instant::now();
        for attempt in 0.. {
            if let Ok(answer) = self.client(attempt).try_post(path, &headers, body) {
                match answer.status {
                    200 | 201 => return answer.json(),
                    500.. => {}
                    status => panic!("{path}: {status} {}", answer.text()),
                }
            }
            assert!(since.elapsed() < PATIENCE, "{path}: nobody acknowledges it");
            std::thread::sleep(Duration::from_millis(50));
        }
        unreachable!()
    }
}

/// What was acknowledged.
enum Wish {
    /// An artifact whose policy releases it to staging.
    Artifact {
        id: String,
        app: String,
        text: String,
    },
    /// A person's release to production.
    Release { id: String },
}

/// Ships version after version of its own apps, and releases each second one to production by hand.
fn ship(doors: &Doors, shipper: usize, over: &AtomicBool) -> Vec<Wish> {
    let mut wishes = Vec::new();
    for version in 1.. {
        for app in (0..APPS_OF_EACH).map(|app| format!("app-{shipper}-{app}")) {
            if over.load(Ordering::SeqCst) {
                return wishes;
            }
            let text = version.to_string();
            let manifests = vec![
                manifest("staging", &app, &text),
                manual("production", &app, &text),
            ];
            let stored = doors.acknowledged("/api/artifact", None, &artifact(version, manifests));
            let id = stored["id"].as_str().unwrap().to_owned();
            if version % 2 == 0 {
                let wish = json!({ "env": "production", "app": app, "artifactId": id });
                let key = format!("{app} {version}");
                let queued = doors.acknowledged("/api/releases", Some(&key), &wish);
                let id = queued["id"].as_str().unwrap().to_owned();
                wishes.push(Wish::Release { id });
            }
            wishes.push(Wish::Artifact { id, app, text });
            // Each wish is looked at in the end, which takes longer than to ship it.
            std::thread::sleep(Duration::from_millis(150));
        }
    }
    wishes
}

/// Flushes without a pause, through one replica, dead or alive.
fn tick(doors: &Doors, replica: usize, over: &AtomicBool) {
    while !over.load(Ordering::SeqCst) {
        let answer = doors
            .client(replica)
            .try_post("/internal/flush", &[], &json!({}));
        if !answer.is_ok_and(|answer| answer.status == 200) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Pushes until the storm is over, and says how often.
fn work_of_a_person(mut person: Person, over: &AtomicBool) -> usize {
    let mut pushed = 0;
    while !over.load(Ordering::SeqCst) {
        person.write(&format!("people/{pushed}.txt"), &format!("note {pushed}\n"));
        person.push(&format!("note {pushed}"));
        pushed += 1;
        // Nobody pushes faster than the Git server and the flush can answer.
        std::thread::sleep(Duration::from_millis(700));
    }
    pushed
}

struct Storm<'a> {
    random: fastrand::Rng,
    replicas: &'a mut [&'a mut Application; 3],
    doors: &'a Doors,
    redis: &'a mut Redis,
    proxy: &'a FaultProxy,
}

/// What happens.
#[derive(Clone)]
enum Gust {
    /// A replica dies and comes back.
    Kill,
    /// The key-value store forgets everything.
    Forget,
    /// A request to the Git server goes wrong.
    Break(GitRequest, Fault),
}

impl Storm<'_> {
    /// Each round has every gust, in an order of its own.
    fn blow(mut self, rounds: u64) {
        use GitRequest::{Fetch, Push, Tip};
        let mut gusts = vec![Gust::Kill; 8];
        gusts.extend([Gust::Forget, Gust::Forget]);
        let faults = [
            // The push is in the branch, and nobody hears of it: nothing else makes writing twice so easy.
            (Push, Fault::CutAfter),
            (Push, Fault::CutAfter),
            (Push, Fault::CutAnswer),
            (Push, Fault::CutWithin),
            (Fetch, Fault::CutAnswer),
            (Tip, Fault::Refuse(502, Vec::new())),
        ];
        gusts.extend(faults.map(|(request, fault)| Gust::Break(request, fault)));
        for _ in 0..rounds {
            self.random.shuffle(&mut gusts);
            for gust in &gusts {
                std::thread::sleep(Duration::from_millis(self.random.u64(..800)));
                match gust {
                    Gust::Kill => self.kill_a_replica(),
                    Gust::Forget => self.redis.forget_everything(),
                    Gust::Break(request, fault) => self.proxy.inject(*request, fault, 1),
                }
            }
        }
    }

    fn kill_a_replica(&mut self) {
        let killed = self.random.usize(..self.replicas.len());
        self.replicas[killed].restart(&[]);
        *self.doors.0[killed].lock().unwrap() = self.replicas[killed].client();
    }
}

/// Each app ends with its last version: its releases were written in the order in which they came.
fn assert_last_versions(world: &World, wishes: &[Wish]) {
    let last: BTreeMap<&str, &str> = wishes
        .iter()
        .filter_map(|wish| match wish {
            Wish::Artifact { app, text, .. } => Some((app.as_str(), text.as_str())),
            Wish::Release { .. } => None,
        })
        .collect();
    assert_eq!(last.len(), SHIPPERS * APPS_OF_EACH);
    for (app, text) in last {
        let found = file(
            &world.gitops,
            "main",
            &format!("staging/{app}/manifest.yaml"),
        );
        assert_eq!(found, Some(released(app, text)));
    }
}
