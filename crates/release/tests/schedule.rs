//! One random schedule: replicas that flush and evaluate, clients, people, failing hosts and crashes, interleaved one port
//! call at a time as a seed decides; then peace, and a look at what came of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use domain::{ArtifactId, RequestId};
use release::flush::git_host::Cause;

use crate::clients::{Client, Clients, Errand, PLACES, State, clients, run_client};
use crate::world::artifacts::Shipment;
use crate::world::executor::{Task, step};
use crate::world::git_server::{GitServer, Mood};
use crate::world::{ONE, World, evaluate_all, flush};

const INTENT: &str = "an intent";
const TWO: &str = "gitopsRepo=acme/gitops;env=prod&repoPerEnv=true&gitopsRepo=acme/prod";
const SHARED: &str = "gitopsRepo=acme/gitops;env=prod&gitopsRepo=acme/gitops";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Flush,
    Evaluate,
    Client(usize),
}

struct Schedule {
    world: Rc<World>,
    clients: Clients,
    tasks: Vec<(Role, Task)>,
    replicas: usize,
    people: bool,
    moods: bool,
    store_losses: usize,
    crashes: bool,
    /// Crashes are three times as many.
    deadly: bool,
    /// The task that goes on alone for a while, where one is preferred, and once in how many steps another one is: what
    /// comes between two steps of a replica is then most of what another one does, and not a step of it.
    preferred: Option<(usize, usize)>,
    edits: BTreeMap<String, BTreeMap<String, String>>,
}

/// Runs the schedule of one seed; panics where an invariant breaks.
pub(crate) fn run_schedule(seed: u64) {
    let mut schedule = Schedule::new(seed);
    let length = 200 + schedule.world.random.below(600);
    for _ in 0..length {
        schedule.act();
    }
    schedule.make_peace();
    schedule.check_the_end();
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let repositories = [ONE, ONE, TWO, SHARED][(seed % 4) as usize];
        let world = World::new(seed, repositories);
        let random = &world.random;
        world.push_fate.set(None);
        world.lease_seen.set(random.one_in(4));
        world.port_failures.set([0, 0, 300, 80][random.below(4)]);
        let replicas = 1 + random.below(3);
        let (people, moods) = (random.one_in(2), random.one_in(2));
        let (crashes, store_losses) = (!random.one_in(4), usize::from(random.one_in(4)) * 2);
        if random.one_in(4) {
            let cause = *random.pick(&[Cause::TooLarge, Cause::Operator]);
            let most = 1 + random.below(3);
            for server in world.git.borrow_mut().values_mut() {
                server.most_commits = Some((most, cause));
            }
        }
        let deadly = random.one_in(3);
        let preferred = (!random.one_in(3)).then(|| (0, *random.pick(&[6, 12, 30])));
        let clients = clients(&world);
        let mut schedule = Self {
            world,
            clients: Rc::new(RefCell::new(clients)),
            tasks: Vec::new(),
            replicas,
            people,
            moods,
            store_losses,
            crashes,
            deadly,
            preferred,
            edits: BTreeMap::new(),
        };
        if schedule.world.random.one_in(2) {
            schedule.edit_by_hand();
        }
        schedule
    }

    fn act(&mut self) {
        let world = Rc::clone(&self.world);
        world.steps.set(world.steps.get() + 1);
        match world.random.below(100) {
            0..=2 => self.start_flush(),
            3..=5 => self.start_evaluation(),
            6..=11 => self.start_client(),
            12..=17 => self.resolve_a_push(),
            18 if self.crashes => self.crash(),
            25..=26 if self.crashes && self.deadly => self.crash(),
            19 if self.people => self.edit_by_hand(),
            20 => world.advance_ms(1 + world.random.next() % 700),
            21 => world.advance_ms(1 + world.random.next() % 9_000),
            22 if world.random.one_in(8) => world.advance_ms(70_000),
            23 if self.moods => self.change_mood(),
            24 if self.store_losses > 0 && world.random.one_in(20) => {
                self.store_losses -= 1;
                world.store.borrow_mut().clear();
            }
            _ if self.preferred.is_none() => self.step_a_task(),
            // Replicas find work, and hosts are quick.
            _ => match world.random.below(8) {
                0 => self.start_flush(),
                1 => self.resolve_a_push(),
                _ => self.step_a_task(),
            },
        }
    }

    fn running(&self, role: Role) -> usize {
        self.tasks
            .iter()
            .filter(|(known, _)| *known == role)
            .count()
    }

    fn start_flush(&mut self) {
        if self.running(Role::Flush) < self.replicas {
            let world = Rc::clone(&self.world);
            let task = async move { drop(flush(world).await) };
            self.tasks.push((Role::Flush, Box::pin(task)));
        }
    }

    fn start_evaluation(&mut self) {
        if self.running(Role::Evaluate) < self.replicas.min(2) {
            let world = Rc::clone(&self.world);
            let task = async move { drop(evaluate_all(world).await) };
            self.tasks.push((Role::Evaluate, Box::pin(task)));
        }
    }

    fn start_client(&mut self) {
        let index = self.world.random.below(self.clients.borrow().len());
        self.start_this_client(index);
    }

    fn start_this_client(&mut self, index: usize) {
        let client = self.clients.borrow()[index].clone();
        if client.state != State::Idle && !self.asks_again(index, &client) {
            return;
        }
        if let Errand::Release { shipped_by, .. } = client.errand
            && !matches!(self.clients.borrow()[shipped_by].state, State::Told(_))
        {
            return;
        }
        let mut clients = self.clients.borrow_mut();
        clients[index].state = State::Busy;
        clients[index].began.get_or_insert(self.world.steps.get());
        // Two clients never come within one millisecond, lest their order be a matter of taste.
        self.world.advance_ms(1);
        let task = run_client(Rc::clone(&self.world), Rc::clone(&self.clients), index);
        self.tasks.push((Role::Client(index), Box::pin(task)));
    }

    /// Whether a client asks again for releases that ended as errors, under the same key.
    fn asks_again(&self, index: usize, client: &Client) -> bool {
        let (State::Told(id), Some(_), true) = (&client.state, &client.key, client.retries > 0)
        else {
            return false;
        };
        if matches!(client.errand, Errand::Ship(_) | Errand::Lift { .. }) {
            return false;
        }
        let failed = requests_of(&self.world, id);
        if !failed.iter().any(|row| row[1] == "error") {
            return false;
        }
        self.clients.borrow_mut()[index].retries -= 1;
        true
    }

    fn resolve_a_push(&mut self) {
        let world = &self.world;
        let urls: Vec<String> = world.git.borrow().keys().cloned().collect();
        let url = world.random.pick(&urls);
        let flights = world.git.borrow()[url].flights.len();
        if flights > 0 {
            let index = world.random.below(flights);
            let arrives = !world.random.one_in(6);
            let answered = !world.random.one_in(5);
            world.resolve(url, index, arrives, answered);
        }
    }

    fn crash(&mut self) {
        if self.tasks.is_empty() {
            return;
        }
        let (role, _) = self
            .tasks
            .swap_remove(self.world.random.below(self.tasks.len()));
        if let Role::Client(index) = role {
            self.no_answer(index);
        }
    }

    fn no_answer(&mut self, index: usize) {
        let mut clients = self.clients.borrow_mut();
        let client = &mut clients[index];
        let again =
            client.key.is_some() || matches!(client.errand, Errand::Ship(_) | Errand::Lift { .. });
        client.state = if again { State::Idle } else { State::GaveUp };
    }

    fn edit_by_hand(&mut self) {
        let world = &self.world;
        let mut git = world.git.borrow_mut();
        let urls: Vec<String> = git.keys().cloned().collect();
        let url = world.random.pick(&urls).clone();
        let server = git.get_mut(&url).unwrap();
        let text = format!("by hand {}\n", world.steps.get());
        let seconds = (world.now_ms.get() / 1000) as i64;
        match world.random.below(5) {
            0 => server.edit("staging/shop/configmap.yaml", Some(&text), seconds),
            1 => server.edit("staging/cart", None, seconds),
            number => {
                let path = format!("docs/{number}.md");
                server.edit(&path, Some(&text), seconds);
                self.edits.entry(url).or_default().insert(path, text);
            }
        }
    }

    fn change_mood(&mut self) {
        let world = &self.world;
        let moods = [
            Mood::Silent,
            Mood::Busy,
            Mood::Unauthorized,
            Mood::Protected,
        ];
        for server in world.git.borrow_mut().values_mut() {
            server.mood = match world.random.one_in(3) {
                true => *world.random.pick(&moods),
                false => Mood::Well,
            };
        }
    }

    fn step_a_task(&mut self) {
        if self.tasks.is_empty() {
            return;
        }
        let random = &self.world.random;
        let any = random.below(self.tasks.len());
        let index = match self.preferred {
            Some((index, once_in)) if index < self.tasks.len() && !random.one_in(once_in) => index,
            _ => any,
        };
        if let Some((preferred, _)) = &mut self.preferred {
            *preferred = index;
        }
        self.step_task(index);
    }

    fn step_task(&mut self, index: usize) {
        let (role, task) = &mut self.tasks[index];
        let ended = step(task);
        if self.world.killed.take() {
            drop(self.tasks.swap_remove(index));
        } else if ended {
            let role = *role;
            drop(self.tasks.swap_remove(index));
            if let Role::Client(index) = role
                && self.clients.borrow()[index].state == State::Busy
            {
                self.no_answer(index);
            }
        }
    }

    /// Faults end, clients come back for their answers, and ticks go on until nothing waits.
    fn make_peace(&mut self) {
        let world = Rc::clone(&self.world);
        world.port_failures.set(0);
        for server in world.git.borrow_mut().values_mut() {
            server.mood = Mood::Well;
        }
        self.crashes = false;
        self.finish_tasks();
        for tick in 0..60 {
            let clients = self.clients.borrow().len();
            for index in 0..clients {
                if self.clients.borrow()[index].state == State::Idle {
                    self.start_this_client(index);
                }
            }
            self.start_evaluation();
            self.finish_tasks();
            self.start_flush();
            self.finish_tasks();
            let idle = |client: &Client| client.state == State::Idle;
            let done = !self.clients.borrow().iter().any(idle);
            let left = self.left();
            if done && left.is_empty() {
                return;
            }
            if done && left.iter().all(|what| what == INTENT) {
                self.release_once_more();
            }
            world.advance_ms(if tick < 5 { 5_000 } else { 301_000 });
        }
        panic!("after 60 quiet ticks there is still {:?}", self.left());
    }

    /// A push that may still be on its way is only known to be over when the branch has moved.
    fn release_once_more(&mut self) {
        for (url, server) in self.world.git.borrow_mut().iter_mut() {
            server.edit("docs/last.md", Some("last\n"), 1_790_000_000);
            let edits = self.edits.entry(url.clone()).or_default();
            edits.insert("docs/last.md".to_owned(), "last\n".to_owned());
        }
        let shipment = Shipment::new(1_000, &PLACES);
        let client = Client::new(Errand::Ship(shipment), None);
        self.clients.borrow_mut().push(client);
    }

    fn finish_tasks(&mut self) {
        for _ in 0..400_000 {
            if self.tasks.is_empty() {
                break;
            }
            self.world.steps.set(self.world.steps.get() + 1);
            self.step_a_task();
            self.resolve_all_pushes();
        }
        assert!(self.tasks.is_empty(), "a task does not end");
        self.resolve_all_pushes();
    }

    fn resolve_all_pushes(&self) {
        let urls: Vec<String> = self.world.git.borrow().keys().cloned().collect();
        for url in urls {
            while !self.world.git.borrow()[&url].flights.is_empty() {
                self.world.resolve(&url, 0, true, true);
            }
        }
    }

    /// What still waits anywhere.
    fn left(&self) -> Vec<String> {
        let mut left = self.world.keys("write.");
        left.extend(self.world.keys("evaluate."));
        left.extend((0..self.world.open_intents()).map(|_| INTENT.to_owned()));
        let waiting = self
            .world
            .sql("SELECT id FROM requests WHERE status = 'new'", &[]);
        left.extend(waiting.into_iter().flatten());
        let waiting = self.world.sql(
            "SELECT 'artifact ' || id FROM artifacts WHERE evaluated IS NULL",
            &[],
        );
        left.extend(waiting.into_iter().flatten());
        left
    }

    fn check_the_end(&self) {
        let world = &self.world;
        world.check_requests();
        let clients = self.clients.borrow();
        let mut sorts = BTreeMap::new();
        for client in clients.iter() {
            if let (Errand::Ship(shipment), State::Told(id)) = (&client.errand, &client.state) {
                sorts.insert(id.clone(), shipment.sort);
                self.check_policies(shipment, id);
            }
        }
        for client in clients.iter() {
            if let (
                Errand::Release {
                    shipped_by,
                    env,
                    app,
                },
                State::Told(id),
            ) = (&client.errand, &client.state)
            {
                let Errand::Ship(shipment) = &clients[*shipped_by].errand else {
                    unreachable!()
                };
                let wanted = |place: &&&str| match app {
                    Some(app) => **place == format!("{env}/{app}"),
                    None => place.starts_with(&format!("{env}/")),
                };
                let wanted = shipment.places.iter().filter(wanted).count();
                assert_eq!(requests_of(world, id).len(), wanted, "requests of {id}");
            }
        }
        self.check_changes(&clients);
        let rows = world.sql(
            "SELECT id, status, gitops_ref, artifact_id, env, app, triggered_by, refusal, kind, status_desc FROM requests",
            &[],
        );
        let mut recorded = BTreeMap::new();
        for row in rows {
            let [id, status, commit, artifact, .., refusal, kind, _] = &row[..] else {
                unreachable!()
            };
            if refusal == "held" {
                self.check_held(&row);
            } else if let Some(sort) = sorts.get(artifact).filter(|_| kind == "release") {
                assert_eq!(status, sort.status(), "{id} of {sort:?}: {row:?}");
            }
            if status == "processed" && commit.is_empty() && kind == "release" {
                self.check_unchanged(&row);
            }
            recorded.insert(id.clone(), commit.clone());
        }
        for (id, landing) in &world.ledger.borrow().landed {
            assert_eq!(
                recorded.get(id),
                Some(&landing.commit.to_string()),
                "{id} landed"
            );
        }
        for (url, edits) in &self.edits {
            self.check_edits(&world.git.borrow()[url], edits);
        }
    }

    /// Rollbacks and deletions end well, and every rollback has placed its hold.
    fn check_changes(&self, clients: &[Client]) {
        for client in clients {
            let State::Told(id) = &client.state else {
                continue;
            };
            if matches!(
                client.errand,
                Errand::Rollback { .. } | Errand::Delete { .. }
            ) {
                let found = requests_of(&self.world, id);
                assert_eq!(found, [[id.as_str(), "processed"]], "{client:?}");
            }
        }
        let without = self.world.sql(
            "SELECT id FROM requests WHERE kind = 'rollback' AND id NOT IN (SELECT id FROM holds)",
            &[],
        );
        assert!(without.is_empty(), "no hold: {without:?}");
        for (rollback, lifted) in self.rollbacks(None) {
            if let Some(by_hand) = self.by_hand_after(&rollback, |_| true) {
                assert!(lifted, "{by_hand} does not lift what {rollback} holds");
            }
        }
    }

    /// Rollbacks, of one place if one is given, and whether their holds are lifted.
    fn rollbacks(&self, place: Option<(&str, &str)>) -> Vec<(String, bool)> {
        let (env, app) = place.unzip();
        let rows = self.world.sql(
            "SELECT id, lifted IS NOT NULL FROM holds WHERE kind = 'rollback' AND coalesce(env = ?1 AND app = ?2, true)",
            &[env.into(), app.into()],
        );
        let rows = rows.into_iter();
        rows.map(|row| (row[0].clone(), row[1] == "1")).collect()
    }

    /// A release of the same app by hand that ended well and certainly came after the rollback.
    fn by_hand_after(&self, rollback: &str, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let found = self.world.sql(
            "SELECT m.id FROM requests AS m JOIN holds AS h ON m.env = h.env AND m.app = h.app
             WHERE h.id = ?1 AND m.created > h.created AND m.kind = 'release' AND m.triggered_by <> 'policy'
                AND m.status = 'processed'",
            &[rollback.into()],
        );
        let ledger = self.world.ledger.borrow();
        let mut found = found.into_iter().flatten();
        found.find(|id| ledger.came_before(rollback, id) && wanted(id))
    }

    /// Only policies are held, and only where there was a rollback.
    fn check_held(&self, row: &[String]) {
        let [id, status, commit, _, env, app, by, ..] = row else {
            unreachable!()
        };
        assert_eq!(
            (status.as_str(), commit.as_str(), by.as_str()),
            ("error", "", "policy"),
            "{id}"
        );
        // What a release by hand before it has lifted holds it no more.
        let ledger = self.world.ledger.borrow();
        let mut rollbacks = self.rollbacks(Some((env, app))).into_iter();
        let in_force = rollbacks.any(|(rollback, _)| {
            let lifts = |by_hand: &str| ledger.came_before(by_hand, id);
            self.by_hand_after(&rollback, lifts).is_none()
        });
        assert!(in_force, "{id} was held by nothing");
    }

    /// Every policy of a shipped artifact has its request.
    fn check_policies(&self, shipment: &Shipment, id: &str) {
        let artifact: ArtifactId = id.parse().unwrap();
        for place in shipment.places.iter().filter(|_| shipment.policy) {
            let (env, app) = place.split_once('/').unwrap();
            let request =
                RequestId::for_policy(&artifact, &env.parse().unwrap(), &app.parse().unwrap());
            assert_eq!(
                requests_of(&self.world, request.as_str()).len(),
                1,
                "{place} of {id}"
            );
        }
    }

    /// What ended without a commit was written by another request of the same content.
    fn check_unchanged(&self, row: &[String]) {
        let ledger = self.world.ledger.borrow();
        let [id, _, _, artifact, env, app, by, ..] = row else {
            unreachable!()
        };
        let place = format!("{env}/{app}");
        let twin = ledger.landed.values().any(|landing| {
            landing.artifact.as_ref() == Some(artifact)
                && landing.triggered_by == *by
                && landing.place.ends_with(&place)
        });
        assert!(
            twin,
            "{id} ended as unchanged, but nothing like it was ever written"
        );
    }

    /// Nothing that a person wrote beside the apps is lost.
    fn check_edits(&self, server: &GitServer, edits: &BTreeMap<String, String>) {
        for (path, text) in edits {
            let path: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
            let blob = server
                .objects()
                .file(server.root(), &path)
                .unwrap()
                .unwrap();
            assert_eq!(server.objects().blob(blob).unwrap(), text.as_bytes());
        }
    }
}

/// Id and status of a request, or of all requests of a group.
fn requests_of(world: &World, id: &str) -> Vec<Vec<String>> {
    world.sql(
        "SELECT id, status FROM requests WHERE id = ?1 OR group_id = ?1",
        &[id.into()],
    )
}
