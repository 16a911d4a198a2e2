//! Retention: what is old goes, what is needed stays whatever its age, and a process may die between any two statements.

use std::rc::Rc;

use release::audit::{self, Verdict};
use release::database::Sql;
use release::query::Parameters;
use release::retention::{Removed, Retention, step};
use release::rollback::{RollbackWish, rollback_request};

use crate::world::artifacts::{Shipment, shipped};
use crate::world::executor::{self, run};
use crate::world::ports::{Sqlite, Time};
use crate::world::{
    ONE, World, ask_delete, ask_rollback, id_of, release_version, ship, shipped_id, tick,
};

const DAY: u64 = 86_400_000;
const SHOP: &str = "staging/shop";
const CART: &str = "staging/cart";

fn days(days: u32) -> Retention {
    Retention {
        days: Some(days),
        ..Retention::default()
    }
}

fn one_step(world: &Rc<World>, retention: &Retention) -> Option<Removed> {
    let db = Sqlite(Rc::clone(world));
    run(step(&Sql::new(&db), &Time(Rc::clone(world)), retention)).unwrap()
}

/// Steps until every table was looked through twice: what a request holds goes one pass after it.
fn clean(world: &Rc<World>, retention: &Retention) -> usize {
    let mut removed = 0;
    for _ in 0..2 {
        for _ in 0..100 {
            removed += one_step(world, retention).map_or(0, |removed| removed.rows);
        }
        world.advance_ms(3_600_000);
    }
    removed
}

fn artifacts(world: &World) -> Vec<String> {
    let rows = world.sql("SELECT id FROM artifacts ORDER BY seq", &[]);
    rows.concat()
}

fn count(world: &World, table: &str) -> usize {
    world.sql(&format!("SELECT 1 FROM {table}"), &[]).len()
}

/// One release of each place a day.
fn release_daily(world: &Rc<World>, place: &'static str, versions: usize) -> Vec<String> {
    let released = (0..versions).map(|version| {
        let id = release_version(world, version, place);
        world.advance_ms(DAY);
        id
    });
    released.collect()
}

#[test]
fn nothing_goes_unless_it_is_asked_for() {
    let world = World::new(1, ONE);
    release_daily(&world, SHOP, 30);
    world.advance_ms(1_000 * DAY);
    assert_eq!(clean(&world, &Retention::default()), 0);
    assert_eq!(artifacts(&world).len(), 30);
}

#[test]
fn old_releases_go_with_their_artifacts_and_decisions_but_twenty_stay() {
    let world = World::new(1, ONE);
    let cart = release_version(&world, 900, CART);
    let shop = release_daily(&world, SHOP, 30);
    world.advance_ms(100 * DAY);
    clean(&world, &days(10));
    // The cart was released once, long ago, and stands there still.
    assert_eq!(artifacts(&world), [&[cart], &shop[10..]].concat());
    assert_eq!(
        (count(&world, "requests"), count(&world, "decisions")),
        (21, 21)
    );
    // The oldest that is left can be gone back to.
    let oldest = world.sql(
        "SELECT gitops_ref FROM requests WHERE env = 'staging' AND app = 'shop' ORDER BY landed LIMIT 1",
        &[],
    );
    let wish = RollbackWish {
        env: "staging".parse().unwrap(),
        app: "shop".parse().unwrap(),
        target: oldest[0][0].parse().unwrap(),
        triggered_by: "ann".parse().unwrap(),
        idempotency_key: None,
    };
    let db = Sqlite(Rc::clone(&world));
    let found = run(rollback_request(
        &Sql::new(&db),
        &Time(Rc::clone(&world)),
        &wish,
    ));
    assert!(found.is_ok());
}

#[test]
fn what_is_young_or_among_the_newest_stays() {
    let world = World::new(1, ONE);
    for number in 0..30 {
        // No policy asks for these.
        shipped_id(&world, &Shipment::new(number, &[]));
        tick(&world);
        world.advance_ms(DAY);
    }
    let of = |days, newest| Retention {
        days,
        newest,
        ..Retention::default()
    };
    clean(&world, &of(Some(25), None));
    let left = artifacts(&world).len();
    assert!((24..=26).contains(&left), "{left}");
    clean(&world, &of(Some(1), Some(15)));
    assert_eq!(
        artifacts(&world).len(),
        15,
        "what either limit keeps is kept"
    );
    clean(&world, &of(None, Some(5)));
    assert_eq!(artifacts(&world).len(), 5);
    clean(&world, &of(Some(1), None));
    assert_eq!(artifacts(&world).len(), 0);
}

#[test]
fn what_waits_or_ended_today_stays() {
    let world = World::new(1, ONE);
    let waiting = shipped_id(&world, &Shipment::new(1, &[SHOP]));
    world.advance_ms(100 * DAY);
    clean(&world, &days(1));
    assert_eq!(
        artifacts(&world),
        std::slice::from_ref(&waiting),
        "nobody has evaluated it yet"
    );
    tick(&world);
    ask_delete(&world, SHOP);
    clean(&world, &days(1));
    assert_eq!(artifacts(&world), [waiting]);
    tick(&world);
    // The deletion is the last word on the app: it is among its newest commits, and so is the release.
    world.advance_ms(100 * DAY);
    clean(&world, &days(1));
    assert_eq!(count(&world, "requests"), 2);
}

#[test]
fn what_a_rollback_went_back_to_stays_with_it() {
    let world = World::new(1, ONE);
    let first = release_version(&world, 1, SHOP);
    release_version(&world, 2, SHOP);
    let commit = world.sql(
        "SELECT gitops_ref FROM requests ORDER BY landed LIMIT 1",
        &[],
    );
    ask_rollback(&world, SHOP, &commit[0][0], None).unwrap();
    tick(&world);
    world.sql("UPDATE holds SET lifted = 1", &[]);
    // Twenty more: the rollback itself is among the newest no more, but it is young.
    let young = Retention {
        days: Some(50),
        ..Retention::default()
    };
    world.advance_ms(60 * DAY);
    let rollback = world.sql("SELECT ended FROM requests WHERE kind = 'rollback'", &[]);
    let ended: u64 = rollback[0][0].parse().unwrap();
    for version in 10..30 {
        release_version(&world, version, SHOP);
    }
    world.sql(
        "UPDATE requests SET ended = ?1 WHERE kind = 'rollback'",
        &[i64::try_from(ended + 55 * DAY).unwrap().into()],
    );
    clean(&world, &young);
    assert!(
        artifacts(&world).contains(&first),
        "the rollback's target stays"
    );
    assert_eq!(count(&world, "requests WHERE kind = 'rollback'"), 1);
    world.advance_ms(60 * DAY);
    clean(&world, &days(1));
    assert_eq!(count(&world, "requests"), 20);
    assert!(!artifacts(&world).contains(&first));
}

#[test]
fn a_branch_that_waits_for_its_cleanup_keeps_its_artifact() {
    let world = World::new(1, ONE);
    let id = shipped_id(&world, &Shipment::new(1, &[]));
    tick(&world);
    world.sql(
        "INSERT INTO branches (repository, branch, seen, due) SELECT repository, branch, created, 0 FROM artifacts",
        &[],
    );
    world.advance_ms(100 * DAY);
    clean(&world, &days(1));
    assert_eq!(artifacts(&world), [id]);
    world.sql("UPDATE branches SET deleted = 1", &[]);
    clean(&world, &days(1));
    assert!(artifacts(&world).is_empty());
}

/// Some CI systems name the branch of a pull request as its source alone.
#[test]
fn the_branch_of_a_pull_request_keeps_its_artifact_too() {
    let world = World::new(1, ONE);
    let mut json = Shipment::new(1, &["staging/shop"]).without_policy().json();
    json["version"]["branch"] = "".into();
    json["version"]["sourceBranch"] = "feature/one".into();
    json["version"]["event"] = "pr".into();
    json["environments"][0]["cleanup"] =
        serde_json::json!({ "app": "shop", "event": "branchDeleted", "branch": "feature/*" });
    let answer = ship(&world, shipped(&json), None).unwrap();
    tick(&world);
    assert_eq!(count(&world, "branches"), 1);
    world.advance_ms(100 * DAY);
    clean(&world, &days(1));
    assert_eq!(artifacts(&world), [id_of(&answer.body)]);
    world.sql("UPDATE branches SET deleted = 1", &[]);
    clean(&world, &days(1));
    assert!(artifacts(&world).is_empty());
}

#[test]
fn a_step_looks_at_few_rows_and_a_pass_rests() {
    let world = World::new(1, ONE);
    for number in 0..250 {
        shipped_id(&world, &Shipment::new(number, &[]));
        if number % 15 == 0 {
            tick(&world);
        }
    }
    tick(&world);
    world.advance_ms(100 * DAY);
    let removed: Vec<usize> = (0..20)
        .filter_map(|_| one_step(&world, &days(1)))
        .map(|removed| removed.rows)
        .collect();
    assert_eq!(removed, [100, 100, 50]);
    shipped_id(&world, &Shipment::new(999, &[]));
    tick(&world);
    world.advance_ms(3_000_000);
    assert_eq!(one_step(&world, &days(1)), None, "not within the hour");
}

fn record(world: &Rc<World>, times: usize) {
    let db = Sqlite(Rc::clone(world));
    for _ in 0..times {
        let time = Time(Rc::clone(world));
        run(audit::record_stranger(
            &Sql::new(&db),
            &time,
            "call",
            "no token",
        ))
        .unwrap();
        world.advance_ms(DAY);
    }
}

fn verdict(world: &Rc<World>, query: &str) -> Verdict {
    let db = Sqlite(Rc::clone(world));
    let time = Time(Rc::clone(world));
    let parameters = Parameters::parse(query);
    run(audit::verify(&Sql::new(&db), &time, &parameters, u64::MAX)).unwrap()
}

fn log_of_days(days: u32) -> Retention {
    Retention {
        audit_days: Some(days),
        ..Retention::default()
    }
}

#[test]
fn the_audit_log_is_cut_at_its_beginning_and_still_verifies() {
    let world = World::new(1, ONE);
    record(&world, 30);
    let noted = world.sql(
        "SELECT seq, hash FROM audit WHERE seq IN (5, 28) ORDER BY seq",
        &[],
    );
    clean(&world, &log_of_days(10));
    let left = world.sql("SELECT seq, action FROM audit ORDER BY seq", &[]);
    // The second pass came an hour later, and found one more row.
    assert_eq!(left.first().unwrap(), &["22", "call"], "{left:?}");
    assert_eq!(left.last().unwrap(), &["32", "retention"]);
    for noted in &noted {
        let query = format!("seq={}&hash={}", noted[0], noted[1]);
        let verdict = verdict(&world, &query);
        assert!(verdict.ok && verdict.complete, "{verdict:?}");
    }
    // Whoever takes more than the log says is found out.
    world.sql("DELETE FROM audit WHERE seq = 22", &[]);
    assert!(!verdict(&world, "").ok);
}

#[test]
fn a_log_that_only_says_that_it_was_cut_does_not_grow() {
    let world = World::new(1, ONE);
    record(&world, 3);
    for _ in 0..50 {
        clean(&world, &log_of_days(2));
        world.advance_ms(DAY);
        assert!(verdict(&world, "").ok);
    }
    assert!(count(&world, "audit") < 5, "{}", count(&world, "audit"));
}

/// Every schedule of deaths gives what an undisturbed run gives.
#[test]
fn a_process_may_die_between_any_two_statements_and_two_may_clean_at_once() {
    let keep = Retention {
        days: Some(5),
        newest: None,
        audit_days: Some(5),
    };
    let outcome = |disturbed: bool| {
        let world = World::new(7, ONE);
        release_daily(&world, SHOP, 30);
        record(&world, 20);
        if disturbed {
            for death in 0..300 {
                let start = || {
                    let (world, keep) = (Rc::clone(&world), keep);
                    let task: executor::Task = Box::pin(async move {
                        let db = Sqlite(Rc::clone(&world));
                        let time = Time(Rc::clone(&world));
                        step(&Sql::new(&db), &time, &keep).await.unwrap();
                    });
                    task
                };
                let (mut one, mut other) = (start(), start());
                // Both go on in turn; one of them dies on the way.
                for turn in 0..40 {
                    if turn < death % 12 {
                        executor::step(&mut one);
                    }
                    if executor::step(&mut other) {
                        break;
                    }
                }
            }
        }
        clean(&world, &keep);
        clean(&world, &keep);
        assert!(verdict(&world, "").ok);
        (
            artifacts(&world).len(),
            count(&world, "requests"),
            count(&world, "decisions"),
        )
    };
    assert_eq!(outcome(true), outcome(false));
    assert_eq!(outcome(true), (20, 20, 20));
}
