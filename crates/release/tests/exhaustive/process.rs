//! One process of a world in which every schedule is tried: the ports of the world, but that it stops before each step that
//! another process may notice, and that all it is told is remembered as one number. What it does next is a function of that.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use domain::{GitopsRepository, ResolvedManifest};
use gitwire::{CommitId, Objects, PackOptions, TreeId};
use release::flush::git_host::{Fetch, GitHost, GitSession, HostError, PushAnswer};
use release::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError, Row, SqlValue};
use release::render::{Files, RenderError, Renderer};

use crate::world::World;
use crate::world::executor::{run, turn};
use crate::world::git_server::{Hosts, Session};
use crate::world::ports::{Sqlite, Store};
use crate::world::random::Random;
use crate::world::renderer::{Flaky, KILLS};

pub(crate) struct Process {
    world: Rc<World>,
    /// Its own, so that its ids do not depend on what others do.
    random: Random,
    /// No two clocks agree: commits of another date are other commits.
    late_ms: u64,
    /// All that it was told so far.
    told: Cell<u64>,
    /// It has asked a Git host: what it reads before decides nothing but whether it goes on.
    opened: Cell<bool>,
    /// It has changed something that others may see.
    wrote: Cell<bool>,
    /// The push whose answer it waits for.
    waits_for: Cell<Option<u64>>,
    /// It stands before a step that nobody else notices: it may die there, but nobody need come between.
    unnoticed: Cell<bool>,
    /// Whether others may come between the notes of batches, too.
    notes: bool,
}

impl Process {
    pub(super) fn new(world: &Rc<World>, number: usize, notes: bool) -> Self {
        Self {
            world: Rc::clone(world),
            random: Random::new(1_000 + number as u64),
            late_ms: 1_000 * number as u64,
            told: Cell::new(0),
            opened: Cell::new(false),
            wrote: Cell::new(false),
            waits_for: Cell::new(None),
            unnoticed: Cell::new(false),
            notes,
        }
    }

    pub(super) fn told(&self) -> u64 {
        self.told.get()
    }

    pub(super) fn wrote(&self) -> bool {
        self.wrote.get()
    }

    pub(super) fn is_unnoticed(&self) -> bool {
        self.unnoticed.get()
    }

    pub(super) fn waits_for(&self) -> Option<u64> {
        self.waits_for.get()
    }

    fn hear(&self, answer: impl Hash) {
        let mut hasher = DefaultHasher::new();
        (self.told.get(), answer).hash(&mut hasher);
        self.told.set(hasher.finish());
    }

    /// Others may go on only after the next step: they do not notice it. It may die here all the same.
    async fn stop_unnoticed(&self) {
        self.unnoticed.set(true);
        self.stop(true).await;
        self.unnoticed.set(false);
    }

    /// Others may go on here, and this process may die.
    async fn stop(&self, writes: bool) {
        turn().await;
        self.wrote.set(self.wrote.get() || writes);
    }

    /// Whether others may notice when a statement is run, and whether they see what it changes.
    fn notices(&self, sql: &str) -> Option<bool> {
        let writes = !sql.trim_start().starts_with("SELECT");
        let about = |table: &str| sql.contains(table);
        if about("attempts") && !about("requests") {
            return self.notes.then_some(writes);
        }
        let shared = about("intents")
            || about("UPDATE artifacts")
            || about("INTO decisions")
            || about("evaluated IS NULL ORDER BY")
            || about("INTO requests")
            || (about("UNION ALL") && about("FROM requests") && self.opened.get());
        shared.then_some(writes)
    }
}

/// The lease and the pauses save work and must not be needed: here, nobody sees them.
fn saves_work(key: &str) -> bool {
    key.starts_with("lease.") || key.starts_with("backoff.")
}

impl KeyValue for Process {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        match saves_work(key) {
            true => Ok(None),
            false => {
                let value = run(Store(Rc::clone(&self.world)).get(key))?;
                self.hear(&value);
                Ok(value)
            }
        }
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KeyValueError> {
        if saves_work(key) {
            return Ok(());
        }
        self.stop(true).await;
        run(Store(Rc::clone(&self.world)).set(key, value))
    }

    async fn delete(&self, key: &str) -> Result<(), KeyValueError> {
        if saves_work(key) {
            return Ok(());
        }
        // A key only says that there is work: what is done with a listing is decided by the rows.
        self.stop_unnoticed().await;
        run(Store(Rc::clone(&self.world)).delete(key))
    }

    async fn keys(&self) -> Result<Vec<String>, KeyValueError> {
        let keys = run(Store(Rc::clone(&self.world)).keys())?;
        self.hear(&keys);
        Ok(keys)
    }
}

impl Database for Process {
    async fn execute(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, DatabaseError> {
        if let Some(writes) = self.notices(sql) {
            self.stop(writes).await;
        }
        let rows = run(Sqlite(Rc::clone(&self.world)).execute(sql, params))?;
        for value in rows.iter().flatten() {
            match value {
                SqlValue::Integer(number) => self.hear(number),
                SqlValue::Text(text) => self.hear(text),
                SqlValue::Blob(bytes) => self.hear(bytes),
                SqlValue::Null | SqlValue::Real(_) => self.hear(()),
            }
        }
        self.hear(rows.len());
        Ok(rows)
    }
}

impl Clock for Process {
    fn now_ms(&self) -> u64 {
        let now_ms = self.world.now_ms.get() + self.late_ms;
        self.hear(now_ms);
        now_ms
    }

    fn random(&self) -> [u8; 16] {
        self.random.bytes()
    }

    async fn sleep_ms(&self, _: u64) {}
}

impl Renderer for Process {
    async fn render(&self, manifest: &ResolvedManifest) -> Result<Files, RenderError> {
        if manifest.manifests.contains(KILLS) {
            self.world.killed.set(true);
            std::future::pending::<()>().await;
        }
        let rendered = run(Flaky(Rc::clone(&self.world)).render(manifest));
        self.hear(rendered.is_ok());
        rendered
    }
}

/// What a process knows of a Git host since it read the tip.
pub(crate) struct Exchange<'a> {
    process: &'a Process,
    session: Session,
}

impl<'a> GitHost for &'a Process {
    type Session = Exchange<'a>;

    async fn open(&self, repository: &GitopsRepository) -> Result<Exchange<'a>, HostError> {
        self.stop(false).await;
        self.opened.set(true);
        let session = run(Hosts(Rc::clone(&self.world)).open(repository))?;
        self.hear(session.tip());
        Ok(Exchange {
            process: self,
            session,
        })
    }
}

impl GitSession for Exchange<'_> {
    fn branch(&self) -> &str {
        self.session.branch()
    }

    fn tip(&self) -> Option<CommitId> {
        self.session.tip()
    }

    // What these give follows from the tip.
    async fn commits_since(&self, old: Option<CommitId>) -> Result<BTreeSet<CommitId>, HostError> {
        run(self.session.commits_since(old))
    }

    async fn trees(&self, fetch: Fetch) -> Result<Objects, HostError> {
        run(self.session.trees(fetch))
    }

    async fn add_trees(&self, objects: &mut Objects, trees: &[TreeId]) -> Result<(), HostError> {
        run(self.session.add_trees(objects, trees))
    }

    async fn keep_trees(&self, tip: CommitId, snapshot: Vec<u8>) {
        run(self.session.keep_trees(tip, snapshot));
    }

    fn pack_options(&self) -> PackOptions {
        self.session.pack_options()
    }

    async fn push(&self, new: CommitId, pack: Vec<u8>) -> Result<PushAnswer, HostError> {
        let process = self.process;
        // Nobody else knows of a push before it lands.
        process.stop_unnoticed().await;
        let number = process.world.server(|server| server.sent()) + 1;
        let mut push = pin!(self.session.push(new, pack));
        loop {
            let polled = poll_fn(|context| Poll::Ready(push.as_mut().poll(context))).await;
            if let Poll::Ready(answer) = polled {
                process.waits_for.set(None);
                process.hear(format!("{answer:?}"));
                return answer;
            }
            if process.world.server(|server| server.sent()) >= number {
                process.waits_for.set(Some(number));
                turn().await;
            }
        }
    }
}
