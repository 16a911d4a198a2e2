//! A world to try the use cases in: real SQL, real Git objects, a simulated store, server and clock. Nothing in it moves
//! but when it is told to, and a seed decides all that chance does.

pub(crate) mod artifacts;
pub(crate) mod executor;
pub(crate) mod git_server;
pub(crate) mod ledger;
pub(crate) mod libsql;
pub(crate) mod memory;
pub(crate) mod ports;
pub(crate) mod random;
pub(crate) mod renderer;
pub(crate) mod saved;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use domain::{GitopsRepositories, LiteralText, ShippedArtifact};
use gitwire::CommitId;
use release::ask;
use release::database::Sql;
use release::delete::{DeleteWish, delete_request};
use release::enqueue::{EnqueueError, Wish, enqueue};
use release::evaluate::{EvaluateError, EvaluateReport, evaluate};
use release::flush::{Flush, FlushError, FlushReport};
use release::ingest::{IngestError, Ingested, ingest};
use release::ports::SqlValue;
use release::rollback::{RollbackError, RollbackWish, rollback_request};
use release::settings::{Author, FlushSettings};

use self::artifacts::Shipment;
use self::executor::run;
use self::git_server::{GitServer, Hosts};
use self::ledger::Ledger;
use self::memory::Memory;
use self::ports::{Sqlite, Store, Time};
use self::random::Random;
use self::renderer::Flaky;

/// One repository for every environment.
pub(crate) const ONE: &str = "gitopsRepo=acme/gitops";
/// The only repository of [`ONE`].
pub(crate) const GITOPS: &str = "https://git.example/acme/gitops.git";

pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) now_ms: Cell<u64>,
    /// Steps of the scheduler so far.
    pub(crate) steps: Cell<u64>,
    /// A port call fails once in so many; 0 for never.
    pub(crate) port_failures: Cell<usize>,
    /// Whether flushes see one another's lease.
    pub(crate) lease_seen: Cell<bool>,
    /// Whether each push arrives, and whether its answer does; none where a scheduler decides that.
    pub(crate) push_fate: Cell<Option<(bool, bool)>>,
    pub(crate) store: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) connection: Memory,
    /// The statement that production ran last, with its parameters.
    pub(crate) last_statement: RefCell<(String, Vec<SqlValue>)>,
    pub(crate) git: RefCell<BTreeMap<String, GitServer>>,
    /// Trees kept after the last push, by the repository's URL.
    pub(crate) kept: RefCell<BTreeMap<String, (CommitId, Vec<u8>)>>,
    pub(crate) ledger: RefCell<Ledger>,
    /// Whether what was stepped last is to die.
    pub(crate) killed: Cell<bool>,
    /// How often each manifest failed to render, by its text.
    pub(crate) failed_renders: RefCell<BTreeMap<String, usize>>,
    pub(crate) settings: FlushSettings,
}

impl World {
    /// A world in which nothing goes wrong yet.
    pub(crate) fn new(seed: u64, repositories: &str) -> Rc<Self> {
        let repositories = GitopsRepositories::parse(repositories, "https://git.example").unwrap();
        let urls = repositories
            .all()
            .iter()
            .map(|one| one.url.as_str().to_owned());
        let git = urls.map(|url| (url, GitServer::new())).collect();
        Rc::new(Self {
            random: Random::new(seed),
            now_ms: Cell::new(1_790_000_000_000),
            steps: Cell::new(0),
            port_failures: Cell::new(0),
            lease_seen: Cell::new(true),
            push_fate: Cell::new(Some((true, true))),
            store: RefCell::default(),
            connection: Memory::new(),
            last_statement: RefCell::default(),
            git: RefCell::new(git),
            kept: RefCell::default(),
            ledger: RefCell::default(),
            killed: Cell::new(false),
            failed_renders: RefCell::default(),
            settings: FlushSettings {
                repositories,
                author: Author {
                    name: "Wimble".to_owned(),
                    email: "wimble@example.com".to_owned(),
                },
                budget_ms: 20_000,
                max_batch: 300,
            },
        })
    }

    pub(crate) fn advance_ms(&self, ms: u64) {
        self.now_ms.set(self.now_ms.get() + ms);
    }

    /// Runs a statement of the test itself.
    pub(crate) fn sql(&self, statement: &str, params: &[SqlValue]) -> Vec<Vec<String>> {
        let rows = ports::execute(&self.connection, statement, params).unwrap();
        let text = |value: SqlValue| match value {
            SqlValue::Null => String::new(),
            SqlValue::Integer(number) => number.to_string(),
            SqlValue::Real(number) => number.to_string(),
            SqlValue::Text(text) => text,
            SqlValue::Blob(_) => "blob".to_owned(),
        };
        let rows = rows.into_iter();
        rows.map(|row| row.into_iter().map(text).collect())
            .collect()
    }

    /// Keys of the store that begin so.
    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        let store = self.store.borrow();
        let keys = store.keys().filter(|key| key.starts_with(prefix));
        keys.cloned().collect()
    }

    pub(crate) fn server<T>(&self, act: impl FnOnce(&mut GitServer) -> T) -> T {
        act(self.git.borrow_mut().get_mut(GITOPS).unwrap())
    }

    /// Notes the rows that are new.
    fn note_rows(&self) {
        for row in self.sql("SELECT id, created FROM requests WHERE status = 'new'", &[]) {
            let arrival_ms = row[1].parse().unwrap();
            let mut ledger = self.ledger.borrow_mut();
            ledger.has_row(row[0].clone(), arrival_ms, self.steps.get());
        }
    }

    /// A key says that these requests wait.
    fn announced(&self, value: &[u8]) {
        let ids: Vec<String> = serde_json::from_slice(value).unwrap();
        for id in ids {
            self.ledger.borrow_mut().announced(&id, self.steps.get());
        }
    }

    /// The tip of the only repository.
    pub(crate) fn tip(&self) -> String {
        self.server(|server| server.tip.unwrap().to_string())
    }

    /// Status, reason and commit of a request.
    pub(crate) fn request(&self, id: &str) -> (String, String, String) {
        let asked = "SELECT status, status_desc, gitops_ref FROM requests WHERE id = ?1";
        let mut rows = self.sql(asked, &[id.into()]);
        let [status, reason, commit] = <[String; 3]>::try_from(rows.remove(0)).unwrap();
        (status, reason, commit)
    }

    /// The version in an app's folder at the tip; none where there is no such folder.
    pub(crate) fn version_of(&self, place: &str) -> Option<usize> {
        self.server(|server| {
            let path = format!("{place}/manifest.yaml");
            let path: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
            let blob = server.objects().file(server.root(), &path).unwrap()?;
            let text = String::from_utf8(server.blob(blob)).unwrap();
            let (_, rest) = text.split_once("version: \"").unwrap();
            Some(rest.split('"').next().unwrap().parse().unwrap())
        })
    }

    /// The release record at a path of the tip.
    pub(crate) fn record(&self, path: &str) -> Option<serde_json::Value> {
        self.server(|server| {
            let path: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
            let blob = server.objects().file(server.root(), &path).unwrap()?;
            Some(serde_json::from_slice(&server.blob(blob)).unwrap())
        })
    }

    /// How many pushes have an outcome that is not recorded.
    pub(crate) fn open_intents(&self) -> usize {
        let rows = self.sql("SELECT count(*) FROM intents", &[]);
        rows[0][0].parse().unwrap()
    }
}

/// Ships an artifact, as CI does.
pub(crate) fn ship(
    world: &Rc<World>,
    shipped: ShippedArtifact,
    key: Option<&str>,
) -> Result<Ingested, IngestError> {
    let base = Sqlite(Rc::clone(world));
    let (store, time) = (Store(Rc::clone(world)), Time(Rc::clone(world)));
    run(ingest(&store, &Sql::new(&base), &time, shipped, key, 20))
}

/// Ships an artifact that must be taken, and gives its id.
pub(crate) fn shipped_id(world: &Rc<World>, shipment: &Shipment) -> String {
    id_of(&ship(world, shipment.shipped(), None).unwrap().body)
}

/// The id in an artifact's JSON.
pub(crate) fn id_of(body: &str) -> String {
    let artifact: serde_json::Value = serde_json::from_str(body).unwrap();
    artifact["id"].as_str().unwrap().to_owned()
}

/// Asks for a release of `place`: an environment, or an app as `env/app`.
pub(crate) fn ask_for(
    world: &Rc<World>,
    artifact: &str,
    place: &str,
    key: Option<&str>,
) -> Result<String, EnqueueError> {
    let (env, app) = match place.split_once('/') {
        Some((env, app)) => (env, Some(app)),
        None => (place, None),
    };
    let wish = Wish {
        artifact_id: artifact.parse().unwrap(),
        env: env.parse().unwrap(),
        app: app.map(|app| app.parse().unwrap()),
        triggered_by: "ann".to_owned().try_into().unwrap(),
        idempotency_key: key.map(str::to_owned),
    };
    let base = Sqlite(Rc::clone(world));
    let (store, time) = (Store(Rc::clone(world)), Time(Rc::clone(world)));
    let id = wish.new_id(&time);
    let queued = run(enqueue(
        &store,
        &Sql::new(&base),
        &time,
        &LiteralText,
        &wish,
        &id,
        20,
    ));
    queued.map(|()| id.as_str().to_owned())
}

/// Asks for a rollback of `place` (`env/app`) to a commit, or the beginning of its id.
pub(crate) fn ask_rollback(
    world: &Rc<World>,
    place: &str,
    target: &str,
    key: Option<&str>,
) -> Result<String, RollbackError> {
    let (env, app) = place.split_once('/').unwrap();
    let wish = RollbackWish {
        env: env.parse().unwrap(),
        app: app.parse().unwrap(),
        target: target.parse().unwrap(),
        triggered_by: "ann".parse().unwrap(),
        idempotency_key: key.map(str::to_owned),
    };
    let base = Sqlite(Rc::clone(world));
    let (store, time) = (Store(Rc::clone(world)), Time(Rc::clone(world)));
    let sql = Sql::new(&base);
    let request = run(rollback_request(&sql, &time, &wish))?;
    run(ask::queue(&store, &sql, &request, 20)).unwrap();
    Ok(request.id.as_str().to_owned())
}

/// Asks for the deletion of `place` (`env/app`), which must be queued.
pub(crate) fn ask_delete(world: &Rc<World>, place: &str) -> String {
    let (env, app) = place.split_once('/').unwrap();
    let wish = DeleteWish {
        env: env.parse().unwrap(),
        app: app.parse().unwrap(),
        triggered_by: "ann".parse().unwrap(),
        idempotency_key: None,
    };
    let base = Sqlite(Rc::clone(world));
    let (store, time) = (Store(Rc::clone(world)), Time(Rc::clone(world)));
    let request = delete_request(&time, &wish);
    run(ask::queue(&store, &Sql::new(&base), &request, 20)).unwrap();
    request.id.as_str().to_owned()
}

/// Ships a version of one app, which its policy releases, and ticks; gives the artifact's id.
pub(crate) fn release_version(world: &Rc<World>, number: usize, place: &'static str) -> String {
    let id = shipped_id(world, &Shipment::new(number, &[place]));
    tick(world);
    id
}

/// A tick: an evaluation and a flush, and some seconds.
pub(crate) fn tick(world: &Rc<World>) -> FlushReport {
    run(evaluate_all(Rc::clone(world))).unwrap();
    let report = run(flush(Rc::clone(world))).unwrap();
    world.advance_ms(5_000);
    report
}

/// One flush, as a replica runs it.
pub(crate) async fn flush(world: Rc<World>) -> Result<FlushReport, FlushError> {
    let base = Sqlite(Rc::clone(&world));
    let flush = Flush {
        kv: &Store(Rc::clone(&world)),
        sql: Sql::new(&base),
        git: &Hosts(Rc::clone(&world)),
        clock: &Time(Rc::clone(&world)),
        renderer: &Flaky(Rc::clone(&world)),
        template: &LiteralText,
        settings: &world.settings,
    };
    flush.run().await
}

/// One evaluation, as a replica runs it.
pub(crate) async fn evaluate_all(world: Rc<World>) -> Result<EvaluateReport, EvaluateError> {
    let base = Sqlite(Rc::clone(&world));
    let deadline_ms = world.now_ms.get() + 20_000;
    let (store, time) = (Store(Rc::clone(&world)), Time(Rc::clone(&world)));
    evaluate(&store, &Sql::new(&base), &time, &LiteralText, deadline_ms).await
}
