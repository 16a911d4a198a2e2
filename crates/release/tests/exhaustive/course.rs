//! One course of events in a small world: what may happen next, what happens, and whether all is well in the end.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use domain::LiteralText;
use gitwire::CommitId;
use release::database::Sql;
use release::enqueue::{Wish, enqueue};
use release::evaluate::evaluate;
use release::flush::Flush;

use super::process::Process;
use crate::world::executor::{Task, run, step};
use crate::world::saved::Saved;
use crate::world::{GITOPS, ONE, World, evaluate_all, flush};

/// What may happen in a world, and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) name: &'static str,
    /// Fills the world, and says how each request must end: environment and app, artifact's number, status.
    pub(crate) setup: fn(&Rc<World>) -> Setup,
    /// Flushes that are begun.
    pub(crate) flushes: usize,
    pub(crate) evaluations: usize,
    /// Processes that run at once.
    pub(crate) at_once: usize,
    /// Processes that die.
    pub(crate) deaths: usize,
    /// Pushes that are lost, or whose answer is.
    pub(crate) losses: usize,
    /// Pushes of a person.
    pub(crate) edits: usize,
    /// Whether others may come between the notes of batches.
    pub(crate) notes: bool,
    /// It is searched only where it is asked for.
    pub(crate) takes_minutes: bool,
}

/// A world that is filled.
#[derive(Default)]
pub(crate) struct Setup {
    /// A release that somebody asks for meanwhile: its artifact and place.
    pub(crate) asks: Option<(String, &'static str)>,
    /// The status in which each must end, by request or artifact.
    pub(crate) ends: Vec<(String, &'static str)>,
}

impl Setup {
    fn check(&self, world: &World) {
        for (what, status) in &self.ends {
            let rows = world.sql(
                "SELECT status, status_desc FROM requests WHERE id = ?1 OR artifact_id = ?1",
                &[what.as_str().into()],
            );
            assert!(!rows.is_empty(), "{what} has no request");
            for row in rows {
                assert_eq!(row[0], *status, "{what}: {}", row[1]);
            }
        }
        // In the order in which they came: each app's commits.
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        for (what, _) in &self.ends {
            let landed = "SELECT app, landed FROM requests WHERE (id = ?1 OR artifact_id = ?1) AND landed IS NOT NULL";
            for row in world.sql(landed, &[what.as_str().into()]) {
                let landed = row[1].parse().unwrap();
                let before = last.insert(row[0].clone(), landed);
                assert!(before < Some(landed), "{what} was overtaken");
            }
        }
        let unheld =
            "SELECT id FROM requests WHERE kind = 'rollback' AND id NOT IN (SELECT id FROM holds)";
        assert_eq!(world.sql(unheld, &[]), [[""; 0]; 0], "no hold");
        let held = "SELECT h.id FROM holds AS h JOIN requests AS m ON m.env = h.env AND m.app = h.app
            WHERE h.lifted IS NULL AND m.created > h.created AND m.kind = 'release' AND m.triggered_by <> 'policy'
                AND m.status = 'processed'";
        assert_eq!(
            world.sql(held, &[]),
            [[""; 0]; 0],
            "held in spite of a release by hand"
        );
    }
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A process goes on to its next stop.
    Goes(usize),
    Dies(usize),
    /// A push comes to the server, and whether the answer comes back.
    Lands(u64, bool),
    /// A push never comes to the server.
    IsLost(u64),
    Begins(Work),
    PersonPushes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Work {
    Flush,
    Evaluate,
    Ask,
}

struct Running {
    number: usize,
    work: Work,
    process: Rc<Process>,
    task: Task,
}

/// A filled world, in which one course of events is tried after another.
pub(crate) struct Stage {
    bounds: Bounds,
    world: Rc<World>,
    setup: Setup,
    filled: Saved,
}

impl Stage {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let world = World::new(1, ONE);
        world.lease_seen.set(false);
        world.server(|server| server.edit("docs/first.md", Some("first\n"), 1_790_000_000));
        let setup = (bounds.setup)(&world);
        let filled = world.save();
        Self {
            bounds,
            world,
            setup,
            filled,
        }
    }
}

pub(crate) struct Course<'a> {
    world: Rc<World>,
    setup: &'a Setup,
    left: Bounds,
    asked: bool,
    edited: bool,
    begun: usize,
    running: Vec<Running>,
}

impl<'a> Course<'a> {
    pub(crate) fn new(stage: &'a Stage) -> Self {
        stage.world.back_to(&stage.filled);
        Self {
            world: Rc::clone(&stage.world),
            asked: stage.setup.asks.is_none(),
            setup: &stage.setup,
            left: stage.bounds,
            edited: false,
            begun: 0,
            running: Vec::new(),
        }
    }

    /// All that may happen next, the usual first.
    pub(crate) fn events(&self) -> Vec<Event> {
        let unnoticed = |running: &Running| running.process.is_unnoticed();
        if let Some(at) = self.running.iter().position(unnoticed) {
            let may_die = self.left.deaths > 0;
            return [Event::Goes(at), Event::Dies(at)][..=usize::from(may_die)].to_vec();
        }
        if let Some(work) = self.begins_now() {
            return vec![Event::Begins(work)];
        }
        let mut events = Vec::new();
        let flights = self.world.server(|server| server.on_their_way());
        for (at, running) in self.running.iter().enumerate() {
            let waits = running.process.waits_for();
            let answered = |number| self.world.server(|server| server.answer(number).is_some());
            if waits.is_none_or(answered) {
                events.push(Event::Goes(at));
            }
        }
        events.extend(
            flights
                .iter()
                .map(|(number, ..)| Event::Lands(*number, true)),
        );
        if self.left.edits > 0 {
            events.push(Event::PersonPushes);
        }
        for (number, ..) in &flights {
            let sender = |running: &Running| running.process.waits_for() == Some(*number);
            let alive = self.running.iter().any(sender);
            if alive && self.left.losses > 0 {
                events.extend([Event::Lands(*number, false), Event::IsLost(*number)]);
            } else if !alive {
                events.push(Event::IsLost(*number));
            }
        }
        if self.left.deaths > 0 {
            // Whoever dies before it has changed anything might as well not have been.
            let running = self.running.iter().enumerate();
            let wrote = running.filter(|(_, running)| running.process.wrote());
            events.extend(wrote.map(|(at, _)| Event::Dies(at)));
        }
        events
    }

    /// Who begins: whoever may do so begins at once. A flush that begins early only reads before it asks for the tip.
    fn begins_now(&self) -> Option<Work> {
        let works = [
            (Work::Evaluate, self.left.evaluations > 0),
            (Work::Ask, !self.asked),
            (Work::Flush, self.left.flushes > 0),
        ];
        let mut works = works.into_iter().filter(|(_, may)| *may);
        let (work, _) = works.next()?;
        (self.running.len() < self.left.at_once).then_some(work)
    }

    pub(crate) fn happens(&mut self, event: Event) {
        self.world.steps.set(self.world.steps.get() + 1);
        match event {
            Event::Goes(at) => self.goes(at),
            Event::Dies(at) => {
                self.left.deaths -= 1;
                self.running.remove(at);
            }
            Event::Lands(number, answered) => {
                self.left.losses -= usize::from(!answered);
                self.resolve(number, true, answered);
            }
            Event::IsLost(number) => {
                let sender = |running: &Running| running.process.waits_for() == Some(number);
                self.left.losses -= usize::from(self.running.iter().any(sender));
                self.resolve(number, false, false);
            }
            Event::Begins(work) => self.begins(work),
            Event::PersonPushes => {
                self.left.edits -= 1;
                self.edited = true;
                self.world
                    .server(|server| server.edit("docs/by-hand.md", Some("kept\n"), 1_790_000_001));
            }
        }
    }

    fn resolve(&self, number: u64, arrives: bool, answered: bool) {
        let flights = self.world.server(|server| server.on_their_way());
        let at = flights.iter().position(|(known, ..)| *known == number);
        self.world.resolve(GITOPS, at.unwrap(), arrives, answered);
    }

    fn begins(&mut self, work: Work) {
        match work {
            Work::Flush => self.left.flushes -= 1,
            Work::Evaluate => self.left.evaluations -= 1,
            Work::Ask => self.asked = true,
        }
        self.begun += 1;
        let process = Rc::new(Process::new(&self.world, self.begun, self.left.notes));
        let task = match work {
            Work::Flush => flushing(Rc::clone(&self.world), Rc::clone(&process)),
            Work::Evaluate => evaluating(Rc::clone(&process)),
            Work::Ask => {
                let (artifact, place) = self.setup.asks.clone().unwrap();
                asking(Rc::clone(&process), artifact, place)
            }
        };
        self.running.push(Running {
            number: self.begun,
            work,
            process,
            task,
        });
        self.goes(self.running.len() - 1);
    }

    fn goes(&mut self, at: usize) {
        let ended = step(&mut self.running[at].task);
        if self.world.killed.take() || ended {
            self.running.remove(at);
        }
    }

    /// One number for all on which depends what may happen from here on.
    pub(crate) fn state(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let world = &self.world;
        for table in [
            "SELECT id, status, attempts, gitops_ref, landed, refusal FROM requests ORDER BY id",
            "SELECT body FROM intents ORDER BY seq",
            "SELECT ids, alone, started FROM attempts ORDER BY started, id",
            "SELECT evaluated IS NULL FROM artifacts ORDER BY seq",
            "SELECT id, lifted IS NULL FROM holds ORDER BY id",
            "SELECT count(*) FROM decisions",
        ] {
            world.sql(table, &[]).hash(&mut hasher);
        }
        world.store.borrow().hash(&mut hasher);
        world.failed_renders.borrow().hash(&mut hasher);
        let senders: Vec<Option<u64>> = self
            .running
            .iter()
            .map(|one| one.process.waits_for())
            .collect();
        world.server(|server| {
            server.tip.hash(&mut hasher);
            let mut flights: Vec<_> = server
                .on_their_way()
                .into_iter()
                .map(|(number, old, new)| {
                    let sender = senders.iter().position(|known| *known == Some(number));
                    (sender, old, new)
                })
                .collect();
            flights.sort_unstable();
            flights.hash(&mut hasher);
        });
        world
            .kept
            .borrow()
            .values()
            .map(|(tip, _)| *tip)
            .collect::<Vec<_>>()
            .hash(&mut hasher);
        let left = &self.left;
        (
            left.flushes,
            left.evaluations,
            left.deaths,
            left.losses,
            left.edits,
            self.asked,
        )
            .hash(&mut hasher);
        (world.now_ms.get(), self.begun).hash(&mut hasher);
        for running in &self.running {
            let waits = running.process.waits_for();
            let answer = |number| world.server(|server| format!("{:?}", server.answer(number)));
            let answered = waits.map(answer);
            let unnoticed = running.process.is_unnoticed();
            (
                running.number,
                running.work,
                running.process.told(),
                waits.is_some(),
                answered,
                unnoticed,
            )
                .hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Nothing goes wrong any more: everything must come to its end, and be true.
    pub(crate) fn ends_well(self) {
        let world = &self.world;
        world.push_fate.set(Some((true, true)));
        for _ in 0..20 {
            if self.waiting().is_empty() {
                break;
            }
            // Longer than any pause and any lease, and than it takes until somebody is thought dead.
            world.advance_ms(301_000);
            run(evaluate_all(Rc::clone(world))).unwrap();
            self.flush_alone();
        }
        assert_eq!(self.waiting(), [""; 0], "waits for ever");
        // A push that was lost may arrive until the branch moves.
        world.server(|server| server.edit("docs/last.md", Some("last\n"), 1_790_000_002));
        // What nothing waits for is looked at the more rarely the older it is.
        for _ in 0..2_000 {
            if world.open_intents() == 0 {
                break;
            }
            self.flush_alone();
        }
        assert_eq!(world.open_intents(), 0, "an intent is left");
        world.check_requests();
        self.history_is_true();
        self.setup.check(world);
    }

    /// One flush; it may die of what it renders.
    fn flush_alone(&self) {
        let world = Rc::clone(&self.world);
        let mut task: Task = Box::pin(async move { drop(flush(world).await.unwrap()) });
        while !step(&mut task) && !self.world.killed.take() {}
    }

    fn waiting(&self) -> Vec<String> {
        let mut left = self.world.keys("write.");
        left.extend(self.world.keys("evaluate."));
        let rows = "SELECT id FROM requests WHERE status = 'new' UNION ALL SELECT id FROM artifacts WHERE evaluated IS NULL";
        left.extend(self.world.sql(rows, &[]).into_iter().flatten());
        left
    }

    /// Each commit is recorded with its request, in the order in which they landed; what people wrote is there.
    fn history_is_true(&self) {
        let world = &self.world;
        let rows = world.sql(
            "SELECT gitops_ref FROM requests WHERE landed IS NOT NULL ORDER BY landed",
            &[],
        );
        let recorded: Vec<String> = rows.into_iter().flatten().collect();
        let (mut made, has) = world.server(|server| {
            let by_hand = |id: &CommitId| {
                server
                    .objects()
                    .commit(*id)
                    .unwrap()
                    .message
                    .starts_with(b"By hand")
            };
            let history = server.history();
            let made: Vec<String> = history
                .iter()
                .filter(|id| !by_hand(id))
                .map(ToString::to_string)
                .collect();
            let has = |path: &[u8]| {
                server
                    .objects()
                    .file(server.root(), &[b"docs", path])
                    .unwrap()
                    .is_some()
            };
            (made, [has(b"first.md"), has(b"by-hand.md")])
        });
        made.reverse();
        assert_eq!(
            recorded, made,
            "what is recorded, and the commits of the branch"
        );
        assert!(has[0], "what a person wrote is lost");
        assert!(has[1] || !self.edited, "what a person wrote is lost");
    }
}

fn flushing(world: Rc<World>, process: Rc<Process>) -> Task {
    Box::pin(async move {
        let flush = Flush {
            kv: &*process,
            sql: Sql::new(&*process),
            git: &&*process,
            clock: &*process,
            renderer: &*process,
            template: &LiteralText,
            settings: &world.settings,
        };
        drop(flush.run().await);
    })
}

fn evaluating(process: Rc<Process>) -> Task {
    Box::pin(async move {
        let sql = Sql::new(&*process);
        drop(evaluate(&*process, &sql, &*process, &LiteralText, u64::MAX).await);
    })
}

fn asking(process: Rc<Process>, artifact: String, place: &'static str) -> Task {
    Box::pin(async move {
        let (env, app) = place.split_once('/').unwrap();
        let wish = Wish {
            artifact_id: artifact.parse().unwrap(),
            env: env.parse().unwrap(),
            app: Some(app.parse().unwrap()),
            triggered_by: "ann".to_owned().try_into().unwrap(),
            idempotency_key: Some("late".to_owned()),
        };
        let id = wish.new_id(&*process);
        let sql = Sql::new(&*process);
        drop(enqueue(&*process, &sql, &*process, &LiteralText, &wish, &id, 20).await);
    })
}
