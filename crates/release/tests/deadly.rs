//! Requests that kill whoever renders them, and artifacts that kill whoever evaluates them: the others go on, and the deadly one ends
//! as an error.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use domain::{LiteralText, ResolvedManifest, ShippedArtifact, TemplateError, TextTemplate};
use release::database::Sql;
use release::evaluate::evaluate;
use release::flush::Flush;
use release::ports::{KeyValue, KeyValueError};
use release::render::{Files, RenderError, Renderer};

use crate::world::artifacts::{Shipment, shipped as world_artifact};
use crate::world::executor::{self, run};
use crate::world::git_server::{Hosts, Mood};
use crate::world::ports::{Sqlite, Store, Time};
use crate::world::renderer::RawManifests;
use crate::world::{ONE, World, ask_for, evaluate_all, flush, id_of, ship, shipped_id};

/// Never comes back where an artifact is deadly: whoever waits for it is killed.
struct Deadly(Rc<RefCell<BTreeSet<String>>>);

impl Renderer for Deadly {
    async fn render(&self, manifest: &ResolvedManifest) -> Result<Files, RenderError> {
        let deadly = self
            .0
            .borrow()
            .iter()
            .any(|text| manifest.manifests.contains(text));
        if deadly {
            std::future::pending::<()>().await;
        }
        RawManifests.render(manifest).await
    }
}

/// One flush; false where it was killed, because it did not come to its end.
fn survived(world: &Rc<World>, deadly: &Rc<RefCell<BTreeSet<String>>>) -> bool {
    let (owned, renderer) = (Rc::clone(world), Deadly(Rc::clone(deadly)));
    let mut task: executor::Task = Box::pin(async move {
        let base = Sqlite(Rc::clone(&owned));
        let flush = Flush {
            kv: &Store(Rc::clone(&owned)),
            sql: Sql::new(&base),
            git: &Hosts(Rc::clone(&owned)),
            clock: &Time(Rc::clone(&owned)),
            renderer: &renderer,
            template: &LiteralText,
            settings: &owned.settings,
        };
        flush.run().await.unwrap();
    });
    let survived = (0..20_000).any(|_| executor::step(&mut task));
    drop(task);
    // The lease of a flush that died ends.
    world.advance_ms(10_000);
    survived
}

/// How often one request was alone when the flush died.
fn alone(world: &World) -> usize {
    world.sql("SELECT 1 FROM attempts WHERE alone", &[]).len()
}

fn statuses(world: &World) -> Vec<Vec<String>> {
    world.sql(
        "SELECT status, count(*) FROM requests GROUP BY status ORDER BY status",
        &[],
    )
}

/// Ships so many artifacts, each for its own app, so that they are rendered in this order.
fn shipped(world: &Rc<World>, places: &'static [&'static str]) {
    for (number, place) in places.iter().enumerate() {
        shipped_id(world, &Shipment::new(number, &[place]));
        world.advance_ms(1);
    }
    run(evaluate_all(Rc::clone(world))).unwrap();
}

const PLACES: &[&str] = &[
    "staging/a",
    "staging/b",
    "staging/c",
    "staging/d",
    "staging/e",
    "staging/f",
    "staging/g",
    "staging/h",
    "staging/i",
    "staging/j",
    "staging/k",
    "staging/l",
    "staging/m",
    "staging/nn",
    "staging/o",
    "staging/p",
    "staging/q",
];

/// What an app's manifest holds, and no other.
fn name_of(world: &World, app: &str) -> String {
    let body = world.sql(
        "SELECT a.body FROM requests AS r JOIN artifacts AS a ON a.id = r.artifact_id WHERE r.app = ?1",
        &[app.into()],
    );
    let artifact: serde_json::Value = serde_json::from_str(&body[0][0]).unwrap();
    artifact["environments"][0]["manifests"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn w5_one_deadly_release_ends_as_an_error_and_the_others_land() {
    for deadly_app in ["a", "h", "q"] {
        let world = World::new(3, ONE);
        shipped(&world, PLACES);
        let deadly = Rc::new(RefCell::new(BTreeSet::from([name_of(&world, deadly_app)])));
        let mut deaths = 0;
        for _ in 0..60 {
            deaths += usize::from(!survived(&world, &deadly));
        }
        let errors = world.sql(
            "SELECT app, status_desc FROM requests WHERE status = 'error'",
            &[],
        );
        assert_eq!(
            statuses(&world),
            [["error", "1"], ["processed", "16"]],
            "{deadly_app}: {errors:?}"
        );
        // 17, 8, 4, 2, 1, and some more alone.
        assert!(
            (5..=9).contains(&deaths),
            "{deaths} deaths for {deadly_app}"
        );
        let said = world.sql(
            "SELECT app, status_desc FROM requests WHERE status = 'error'",
            &[],
        );
        assert_eq!(said[0][0], deadly_app);
        assert!(said[0][1].starts_with("the flush died 3 times"), "{said:?}");
        // The next work forgets what it ended as.
        shipped_id(&world, &Shipment::new(90, &["staging/new"]));
        run(evaluate_all(Rc::clone(&world))).unwrap();
        assert!(survived(&world, &deadly));
        assert!(world.sql("SELECT 1 FROM attempts", &[]).is_empty());
    }
}

#[test]
fn while_a_deadly_release_waits_the_others_go_on() {
    let world = World::new(4, ONE);
    shipped(&world, &PLACES[..4]);
    let deadly = Rc::new(RefCell::new(BTreeSet::from([name_of(&world, "a")])));
    while alone(&world) < 2 {
        survived(&world, &deadly);
    }
    shipped_id(&world, &Shipment::new(50, &["staging/new"]));
    run(evaluate_all(Rc::clone(&world))).unwrap();
    assert!(survived(&world, &deadly));
    assert_eq!(statuses(&world), [["new", "1"], ["processed", "4"]]);
}

#[test]
fn what_came_after_a_deadly_release_of_the_same_app_waits_behind_it() {
    let world = World::new(5, ONE);
    shipped(&world, &["staging/a", "staging/b"]);
    let deadly = Rc::new(RefCell::new(BTreeSet::from([name_of(&world, "a")])));
    while alone(&world) < 2 {
        survived(&world, &deadly);
    }
    shipped_id(&world, &Shipment::new(50, &["staging/a"]));
    run(evaluate_all(Rc::clone(&world))).unwrap();
    assert!(survived(&world, &deadly));
    assert_eq!(statuses(&world), [["new", "2"], ["processed", "1"]]);
    for _ in 0..40 {
        survived(&world, &deadly);
    }
    assert_eq!(statuses(&world), [["error", "1"], ["processed", "2"]]);
}

#[test]
fn a_flush_that_is_killed_for_other_reasons_accuses_nobody_for_long() {
    let world = World::new(6, ONE);
    shipped(&world, PLACES);
    let deadly = Rc::new(RefCell::new(BTreeSet::from([name_of(&world, "c")])));
    for _ in 0..4 {
        assert!(!survived(&world, &deadly));
    }
    deadly.borrow_mut().clear();
    world.advance_ms(60_000);
    for _ in 0..6 {
        assert!(survived(&world, &deadly));
    }
    assert_eq!(statuses(&world), [["processed", "17"]]);
    assert!(world.sql("SELECT 1 FROM attempts", &[]).is_empty());
}

#[test]
fn deaths_at_releases_that_come_later_are_not_laid_to_those_under_suspicion() {
    let world = World::new(7, ONE);
    let texts = PLACES[1..].iter().map(|place| {
        let (_, app) = place.split_once('/').unwrap();
        format!("name: {app}\n")
    });
    let deadly = Rc::new(RefCell::new(texts.collect()));
    shipped(&world, &PLACES[..2]);
    for (number, place) in PLACES.iter().enumerate().skip(2) {
        survived(&world, &deadly);
        shipped_id(&world, &Shipment::new(number, &[place]));
        run(evaluate_all(Rc::clone(&world))).unwrap();
    }
    for _ in 0..120 {
        survived(&world, &deadly);
    }
    assert_eq!(statuses(&world), [["error", "16"], ["processed", "1"]]);
}

/// A flush whose host answers nothing once it has given the branch's tip.
fn flush_without_trees(world: &Rc<World>) {
    let asked = world.server(|server| server.asked);
    let mut task: executor::Task = Box::pin({
        let world = Rc::clone(world);
        async move { drop(flush(world).await.unwrap()) }
    });
    while !executor::step(&mut task) {
        if world.server(|server| server.asked) > asked {
            world.server(|server| server.mood = Mood::Silent);
        }
    }
    world.server(|server| server.mood = Mood::Well);
    // The host is left alone for five minutes at most.
    world.advance_ms(301_000);
}

#[test]
fn a_host_that_gives_no_trees_accuses_nobody() {
    let world = World::new(9, ONE);
    shipped(&world, &PLACES[..3]);
    for _ in 0..12 {
        flush_without_trees(&world);
    }
    assert_eq!(statuses(&world), [["new", "3"]]);
    assert!(world.sql("SELECT 1 FROM attempts", &[]).is_empty());
    assert!(survived(&world, &Rc::default()));
    assert_eq!(statuses(&world), [["processed", "3"]]);
}

#[test]
fn a_repository_at_which_the_flush_dies_holds_up_no_other() {
    const TWO: &str = "gitopsRepo=acme/gitops;env=prod&repoPerEnv=true&gitopsRepo=acme/prod";
    for dies_at in ["acme/gitops", "acme/prod"] {
        let world = World::new(12, TWO);
        shipped(&world, &["staging/a", "prod/a"]);
        let url = format!("https://git.example/{dies_at}.git");
        for _ in 0..40 {
            let asked = || world.git.borrow()[&url].asked;
            let before = asked();
            let owned = Rc::clone(&world);
            let mut task: executor::Task = Box::pin(async move { drop(flush(owned).await) });
            // The tip is given; the trees are too much.
            while asked() < before + 2 && !executor::step(&mut task) {}
            drop(task);
            world.advance_ms(10_000);
        }
        assert_eq!(statuses(&world), [["new", "1"], ["processed", "1"]]);
    }
}

#[test]
fn what_was_given_up_is_tried_again_when_it_is_asked_for_again() {
    let world = World::new(10, ONE);
    let shipment = Shipment::new(1, &["staging/a"]).without_policy();
    let artifact = shipped_id(&world, &shipment);
    run(evaluate_all(Rc::clone(&world))).unwrap();
    let id = ask_for(&world, &artifact, "staging/a", Some("key")).unwrap();
    let deadly = Rc::new(RefCell::new(BTreeSet::from([name_of(&world, "a")])));
    while world.request(&id).0 == "new" {
        survived(&world, &deadly);
    }
    assert_eq!(world.request(&id).0, "error");
    deadly.borrow_mut().clear();
    assert_eq!(
        ask_for(&world, &artifact, "staging/a", Some("key")).unwrap(),
        id
    );
    assert!(survived(&world, &deadly));
    assert_eq!(
        world.request(&id).0,
        "processed",
        "{:?}",
        world.request(&id)
    );
}

/// A store that takes nothing more.
struct FullStore(Store);

impl KeyValue for FullStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        self.0.get(key).await
    }

    async fn set(&self, _: &str, _: &[u8]) -> Result<(), KeyValueError> {
        Err(KeyValueError {
            operation: "set",
            source: "the store is full".into(),
        })
    }

    async fn delete(&self, key: &str) -> Result<(), KeyValueError> {
        self.0.delete(key).await
    }

    async fn keys(&self) -> Result<Vec<String>, KeyValueError> {
        self.0.keys().await
    }
}

#[test]
fn a_store_that_fails_accuses_no_artifact() {
    let world = World::new(11, ONE);
    shipped_id(&world, &Shipment::new(1, &["staging/a"]));
    for _ in 0..12 {
        let base = Sqlite(Rc::clone(&world));
        let store = FullStore(Store(Rc::clone(&world)));
        let (sql, time) = (Sql::new(&base), Time(Rc::clone(&world)));
        // What fails after the requests have their rows fails once more before.
        world.sql("DELETE FROM requests", &[]);
        run(evaluate(&store, &sql, &time, &LiteralText, u64::MAX)).unwrap_err();
        world.advance_ms(60_000);
    }
    assert!(world.sql("SELECT 1 FROM attempts", &[]).is_empty());
    run(evaluate_all(Rc::clone(&world))).unwrap();
    let decisions = world.sql("SELECT released, code FROM decisions", &[]);
    assert_eq!(decisions[0][0], "1", "{decisions:?}");
}

/// Literal texts, but one that kills.
struct DeadlyText;

impl TextTemplate for DeadlyText {
    fn render(&self, text: &str, vars: &BTreeMap<String, String>) -> Result<String, TemplateError> {
        if text == "killer" {
            // As a trap: nothing is printed, nothing is cleaned up.
            std::panic::resume_unwind(Box::new(()));
        }
        LiteralText.render(text, vars)
    }
}

/// One evaluation; false where it was killed.
fn evaluated(world: &Rc<World>) -> bool {
    let base = Sqlite(Rc::clone(world));
    let (store, time) = (Store(Rc::clone(world)), Time(Rc::clone(world)));
    let deadline_ms = world.now_ms.get() + 20_000;
    let evaluation = AssertUnwindSafe(|| {
        run(evaluate(
            &store,
            &Sql::new(&base),
            &time,
            &DeadlyText,
            deadline_ms,
        ))
        .unwrap();
    });
    let survived = std::panic::catch_unwind(evaluation).is_ok();
    world.advance_ms(10_000);
    survived
}

fn from(repository: &str, number: usize, place: &'static str) -> ShippedArtifact {
    let mut json = Shipment::new(number, &[place]).json();
    json["version"]["repositoryName"] = repository.into();
    world_artifact(&json)
}

#[test]
fn w5_a_deadly_artifact_is_given_up_and_holds_up_only_its_repository() {
    let world = World::new(8, ONE);
    let mut ids = Vec::new();
    for (number, (repository, place)) in [
        ("acme/shop", "staging/shop"),
        ("acme/shop", "staging/killer"),
        ("acme/shop", "staging/late"),
        ("acme/cart", "staging/cart"),
    ]
    .into_iter()
    .enumerate()
    {
        let shipped = from(repository, number, place);
        ids.push(id_of(&ship(&world, shipped, None).unwrap().body));
        world.advance_ms(1);
    }
    let released = || {
        let rows = world.sql("SELECT app FROM requests ORDER BY created", &[]);
        rows.concat()
    };
    while released().len() < 2 {
        evaluated(&world);
    }
    assert_eq!(
        released(),
        ["shop", "cart"],
        "what came after the killer waits behind it"
    );
    let mut deaths = 0;
    for _ in 0..40 {
        deaths += usize::from(!evaluated(&world));
    }
    assert_eq!(
        (released(), deaths),
        (["shop", "late", "cart"].map(str::to_owned).to_vec(), 2)
    );
    let decision = world.sql(
        "SELECT artifact_id, released, code FROM decisions WHERE code = 'evaluationDied'",
        &[],
    );
    assert_eq!(decision, [[ids[1].as_str(), "0", "evaluationDied"]]);
    assert!(world.keys("evaluate.").is_empty());
}
