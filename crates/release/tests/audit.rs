//! The audit log over real SQL: appended by many at once it stays one chain, refusals do not fill it, and whatever is done to
//! the table is found.

use std::path::Path;
use std::rc::Rc;
use std::sync::Barrier;

use access::audit::{Fault, Head};
use access::{Action, Grant, Limits, Principal, Role, Scope, Via, allowed};
use release::audit::{self, Act, Verdict};
use release::database::Sql;
use release::ports::Clock;
use release::query::Parameters;

use crate::migrations::Connection;
use crate::world::executor::run;
use crate::world::ports::{Sqlite, Time};
use crate::world::{ONE, World};

fn ann(role: Role) -> Principal {
    Principal {
        login: "ann".parse().unwrap(),
        via: Via::Token("t1".to_owned()),
        grants: vec![Grant {
            role,
            limits: Limits::of(&["acme/web"], &[], &[]).unwrap(),
        }],
    }
}

fn act(world: &Rc<World>, detail: &str) -> Head {
    let db = Sqlite(Rc::clone(world));
    let principal = ann(Role::Releaser);
    let act = Act {
        principal: &principal,
        action: Action::Release,
        scope: &Scope::new().environment("staging"),
        detail,
        request_id: "",
    };
    run(audit::record(&Sql::new(&db), &Time(Rc::clone(world)), &act)).unwrap()
}

fn refuse(world: &Rc<World>, action: Action, repository: &str) -> bool {
    let db = Sqlite(Rc::clone(world));
    let (sql, time) = (Sql::new(&db), Time(Rc::clone(world)));
    let scope = Scope::new().repository(repository);
    let principal = ann(Role::Shipper);
    let refusal = allowed(&principal, action, &scope).unwrap_err();
    let recorded = audit::record_refusal(&sql, &time, &principal, action, &scope, &refusal);
    run(recorded).unwrap().is_some()
}

fn verdict(world: &Rc<World>, query: &str) -> Verdict {
    let db = Sqlite(Rc::clone(world));
    let time = Time(Rc::clone(world));
    let parameters = Parameters::parse(query);
    run(audit::verify(&Sql::new(&db), &time, &parameters, u64::MAX)).unwrap()
}

/// Ten acts, and what was noted of the last.
fn ten_acts() -> (Rc<World>, Head) {
    let world = World::new(1, ONE);
    let mut last = Head::beginning();
    for number in 1..=10 {
        last = act(&world, &format!("release {number}"));
        assert_eq!(last.seq, number);
        world.advance_ms(1_000);
    }
    (world, last)
}

#[test]
fn what_is_recorded_is_a_chain_that_verifies() {
    let (world, last) = ten_acts();
    let verdict = verdict(&world, &format!("seq={}&hash={}", last.seq, last.hash));
    assert!(verdict.ok && verdict.complete);
    assert_eq!(verdict.verified, last);
    let rows = world.sql(
        "SELECT actor, via, action, outcome, scope, detail FROM audit WHERE seq = 3",
        &[],
    );
    let row = [
        "ann",
        "token t1",
        "release",
        "allowed",
        "environment=staging",
        "release 3",
    ];
    assert_eq!(rows, [row]);
}

#[test]
fn whatever_is_done_to_the_table_is_found() {
    let cases: &[(&str, Fault)] = &[
        (
            "UPDATE audit SET actor = 'bob' WHERE seq = 4",
            Fault::Altered { seq: 4 },
        ),
        (
            "UPDATE audit SET at = at + 1 WHERE seq = 10",
            Fault::Altered { seq: 10 },
        ),
        (
            "UPDATE audit SET detail = '' WHERE seq = 1",
            Fault::Altered { seq: 1 },
        ),
        (
            "UPDATE audit SET outcome = 'refused' WHERE seq = 7",
            Fault::Altered { seq: 7 },
        ),
        (
            "DELETE FROM audit WHERE seq = 5",
            Fault::Missing { from: 5, to: 5 },
        ),
        (
            "DELETE FROM audit WHERE seq <= 3",
            Fault::Missing { from: 1, to: 3 },
        ),
        (
            "DELETE FROM audit WHERE seq > 8",
            Fault::Missing { from: 9, to: 10 },
        ),
        ("DELETE FROM audit", Fault::Missing { from: 1, to: 10 }),
        (
            "UPDATE audit SET seq = seq - 100 WHERE seq > 5",
            Fault::Missing { from: 6, to: 10 },
        ),
        (
            "UPDATE audit SET detail = (SELECT detail FROM audit WHERE seq = 2) WHERE seq = 3",
            Fault::Altered { seq: 3 },
        ),
    ];
    for (statement, fault) in cases {
        let (world, _) = ten_acts();
        world.sql(statement, &[]);
        let verdict = verdict(&world, "");
        assert!(!verdict.ok, "{statement}");
        assert!(
            verdict.faults.contains(fault),
            "{statement}: {:?}",
            verdict.faults
        );
    }
}

#[test]
fn exchanged_rows_are_found() {
    let (world, _) = ten_acts();
    for statement in [
        "UPDATE audit SET seq = 99 WHERE seq = 4",
        "UPDATE audit SET seq = 4 WHERE seq = 6",
        "UPDATE audit SET seq = 6 WHERE seq = 99",
    ] {
        world.sql(statement, &[]);
    }
    let verdict = verdict(&world, "");
    for seq in [4, 6] {
        assert!(
            verdict.faults.contains(&Fault::Altered { seq }),
            "{:?}",
            verdict.faults
        );
    }
}

#[test]
fn a_gap_at_the_end_stays_when_the_log_goes_on() {
    let (world, _) = ten_acts();
    world.sql("DELETE FROM audit WHERE seq > 8", &[]);
    assert_eq!(act(&world, "later").seq, 11);
    let found = verdict(&world, "").faults;
    assert!(
        found.contains(&Fault::Missing { from: 9, to: 10 }),
        "{found:?}"
    );
}

#[test]
fn a_truncation_that_covers_its_tracks_is_found_by_what_was_noted() {
    let (world, last) = ten_acts();
    world.sql("DELETE FROM audit WHERE seq > 8", &[]);
    world.sql(
        "UPDATE sqlite_sequence SET seq = 8 WHERE name = 'audit'",
        &[],
    );
    assert!(verdict(&world, "").ok);
    let noted = verdict(&world, &format!("seq={}&hash={}", last.seq, last.hash));
    assert_eq!(noted.faults, [Fault::NotAsNoted { seq: 10 }]);
}

#[test]
fn the_same_refusal_is_recorded_once_a_minute() {
    let world = World::new(1, ONE);
    assert!(refuse(&world, Action::Ship, "acme/api"));
    for number in 0..50 {
        // Another name is no other refusal: names can be made up without end.
        assert!(!refuse(&world, Action::Ship, &format!("acme/api-{number}")));
        world.advance_ms(1_000);
    }
    assert!(refuse(&world, Action::Release, "acme/web"));
    world.advance_ms(11_000);
    assert!(refuse(&world, Action::Ship, "acme/api"));
    let db = Sqlite(Rc::clone(&world));
    let (sql, time) = (Sql::new(&db), Time(Rc::clone(&world)));
    let strangers = (0..20).filter(|_| {
        run(audit::record_stranger(&sql, &time, "ship", "no token"))
            .unwrap()
            .is_some()
    });
    assert_eq!(strangers.count(), 1);
    assert_eq!(world.sql("SELECT count(*) FROM audit", &[]), [["4"]]);
    assert!(verdict(&world, "").ok);
}

#[test]
fn acts_are_recorded_however_often() {
    let world = World::new(1, ONE);
    for _ in 0..5 {
        act(&world, "the same");
    }
    assert_eq!(world.sql("SELECT count(*) FROM audit", &[]), [["5"]]);
}

#[test]
fn pages_go_from_the_oldest_row_to_the_newest() {
    let (world, last) = ten_acts();
    let db = Sqlite(Rc::clone(&world));
    let sql = Sql::new(&db);
    let page = |query: &str| run(audit::page(&sql, &Parameters::parse(query)));
    let mut seen = Vec::new();
    let mut after = Some(0);
    while let Some(from) = after {
        let page = page(&format!("limit=4&after={from}")).unwrap();
        assert_eq!(page.head, last);
        seen.extend(page.rows.iter().map(|row| row.seq));
        after = page.next;
    }
    assert_eq!(seen, (1..=10).collect::<Vec<u64>>());
    for wrong in ["limit=1001", "limit=x", "after=-1"] {
        assert!(page(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_verification_that_runs_out_of_time_says_where_to_go_on() {
    let (world, last) = ten_acts();
    let db = Sqlite(Rc::clone(&world));
    let (sql, time) = (Sql::new(&db), Time(Rc::clone(&world)));
    let none = run(audit::verify(&sql, &time, &Parameters::default(), 0)).unwrap();
    assert!(none.ok && !none.complete);
    assert_eq!(none.verified, Head::beginning());
    let rows = world.sql("SELECT hash FROM audit WHERE seq = 6", &[]);
    let rest = verdict(&world, &format!("after=6&afterHash={}", rows[0][0]));
    assert!(rest.ok && rest.complete);
    assert_eq!(rest.verified, last);
    let lie = verdict(&world, &format!("after=6&afterHash={}", last.hash));
    assert_eq!(lie.faults, [Fault::Unlinked { seq: 7 }]);
}

struct WallClock;

impl Clock for WallClock {
    fn now_ms(&self) -> u64 {
        1_700_000_000_000
    }
    fn random(&self) -> [u8; 16] {
        [1; 16]
    }
    async fn sleep_ms(&self, ms: u64) {
        std::thread::sleep(std::time::Duration::from_millis(ms));
    }
}

fn append(path: &Path, start: &Barrier, thread: usize) {
    let connection = Connection::open(path);
    let sql = Sql::new(&connection);
    let principal = ann(Role::Releaser);
    start.wait();
    for number in 0..25 {
        let detail = format!("thread {thread} act {number}");
        let act = Act {
            principal: &principal,
            action: Action::Release,
            scope: &Scope::new(),
            detail: &detail,
            request_id: "",
        };
        run(audit::record(&sql, &WallClock, &act)).unwrap();
    }
}

#[test]
fn instances_that_append_at_once_make_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wimble.db");
    let start = Barrier::new(4);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (path, start) = (&path, &start);
            scope.spawn(move || append(path, start, thread));
        }
    });
    let connection = Connection::open(&path);
    let sql = Sql::new(&connection);
    let verdict = run(audit::verify(
        &sql,
        &WallClock,
        &Parameters::default(),
        u64::MAX,
    ))
    .unwrap();
    assert_eq!(verdict.faults, []);
    assert_eq!(verdict.verified.seq, 100);
}
