//! Every schedule of some small worlds: two replicas, two or three requests of one app, a death at any step, a push or an answer that is lost,
//! a person who pushes, at every place between any two durable steps. The code is that of production, over the world in which random
//! schedules run; chance seldom comes to the narrow places that are all gone through here.
//!
//! What may come between two steps: whatever another process could notice. A step that nobody else can notice is one with the
//! step before it. Deaths, losses and flushes are bounded; that every state within these bounds was met is certain, but for two
//! states of which 64 bits of a hash are the same.
//!
//! It bites. Each of these changes of `mutations/run.py --seeds 0` is noticed in the worlds of these numbers; where one stands in brackets, no other
//! was asked:
//!
//! | change | worlds |
//! |---|---|
//! | the intents read before the tips | (1) |
//! | the rows asked before the intents are read | (1) |
//! | the intent written after the push | 1, 2, 3, 4, 7 |
//! | intents removed although the tip has not moved | (1) |
//! | a refused push removes an intent that stands for others too | 1, 2, 3, 4, 7 |
//! | what a settled push landed stays in the batch | 1, 2, 3, 4, 7 |
//! | a chain of which a part landed counts as the whole | 2, 4 |
//! | a row that ended is written over | 4 |
//! | keys before rows in the evaluation | (1) |
//! | an artifact marked as evaluated before its requests have rows | 5 |
//! | a later request overtakes one that waits for a passing cause | (6) |
//! | holds not asked for when a batch is built | (7) |
//! | a rollback places no hold | (7) |
//! | a release by hand lifts no hold | (7) |
//! | a release by hand lifts no hold for the rest of its batch | (7) |
//! | a batch not noted before it is built | (9) |
//! | a batch's note forgotten before it is built | (9) |
//! | nothing is ever given up that kills the flush | (9) |
//! | all of a batch that died is given up | (9) |
//! | what nobody accuses joins a batch of the accused | none (8) |

mod course;
mod process;
mod search;

use std::io::Write;
use std::rc::Rc;

use self::course::{Bounds, Setup};
use self::search::search;
use crate::world::artifacts::{Shipment, Sort};
use crate::world::executor::run;
use crate::world::{World, ask_for, ask_rollback, evaluate_all, release_version, shipped_id};

const SHOP: &str = "staging/shop";

/// Nothing happens.
const PEACE: Bounds = Bounds {
    name: "",
    setup: |_| Setup::default(),
    flushes: 0,
    evaluations: 0,
    at_once: 2,
    deaths: 0,
    losses: 0,
    edits: 0,
    notes: false,
    takes_minutes: false,
};

/// Ships versions of one app, which its policy releases.
fn versions(world: &Rc<World>, sorts: &[Sort]) -> Setup {
    let mut ends = Vec::new();
    for (number, sort) in sorts.iter().enumerate() {
        let shipment = Shipment::new(number, &[SHOP]).sort(*sort);
        ends.push((shipped_id(world, &shipment), sort.status()));
        world.advance_ms(1);
    }
    Setup {
        ends,
        ..Setup::default()
    }
}

fn evaluated(world: &Rc<World>, sorts: &[Sort]) -> Setup {
    let setup = versions(world, sorts);
    run(evaluate_all(Rc::clone(world))).unwrap();
    setup
}

fn two_versions(world: &Rc<World>) -> Setup {
    evaluated(world, &[Sort::Good; 2])
}

/// One version waits, and somebody asks for another meanwhile.
fn one_and_one_more(world: &Rc<World>) -> Setup {
    let other = Shipment::new(7, &[SHOP]).without_policy();
    let other = shipped_id(world, &other);
    let mut setup = evaluated(world, &[Sort::Good]);
    setup.asks = Some((other, SHOP));
    setup
}

/// A rollback, a policy behind it, a release by hand, and a policy behind that.
fn held_and_lifted(world: &Rc<World>) -> Setup {
    for number in 20..22 {
        release_version(world, number, SHOP);
    }
    let first = world.sql("SELECT gitops_ref FROM requests ORDER BY landed", &[]);
    let by_hand = Shipment::new(22, &[SHOP]).without_policy();
    let by_hand = shipped_id(world, &by_hand);
    let rollback = ask_rollback(world, SHOP, &first[0][0], None).unwrap();
    world.advance_ms(1);
    let held = shipped_id(world, &Shipment::new(23, &[SHOP]));
    world.advance_ms(1);
    let lifting = ask_for(world, &by_hand, SHOP, None).unwrap();
    world.advance_ms(1);
    let free = shipped_id(world, &Shipment::new(24, &[SHOP]));
    run(evaluate_all(Rc::clone(world))).unwrap();
    let ends = [
        (rollback, "processed"),
        (held, "error"),
        (lifting, "processed"),
        (free, "processed"),
    ];
    Setup {
        ends: ends.to_vec(),
        ..Setup::default()
    }
}

/// So many apps, of which this one kills whoever renders it.
fn deadly(world: &Rc<World>, count: usize, deadly: usize) -> Setup {
    const PLACES: [&str; 9] = [
        "staging/a",
        "staging/b",
        "staging/c",
        "staging/d",
        "staging/e",
        "staging/f",
        "staging/g",
        "staging/h",
        "staging/i",
    ];
    let mut ends = Vec::new();
    for (number, place) in PLACES.into_iter().take(count).enumerate() {
        let sort = if number == deadly {
            Sort::Deadly
        } else {
            Sort::Good
        };
        let shipment = Shipment::new(number, &[place]).sort(sort);
        ends.push((shipped_id(world, &shipment), sort.status()));
        world.advance_ms(1);
    }
    run(evaluate_all(Rc::clone(world))).unwrap();
    Setup {
        ends,
        ..Setup::default()
    }
}

const WORLDS: &[Bounds] = &[
    Bounds {
        name: "two replicas, and one dies",
        setup: two_versions,
        flushes: 2,
        deaths: 1,
        ..PEACE
    },
    Bounds {
        name: "one replica after another, a person pushes, one dies, and a push or its answer is lost",
        setup: two_versions,
        flushes: 2,
        at_once: 1,
        edits: 1,
        deaths: 1,
        losses: 1,
        ..PEACE
    },
    Bounds {
        name: "two replicas, and a push or its answer is lost",
        setup: two_versions,
        flushes: 2,
        losses: 1,
        ..PEACE
    },
    Bounds {
        name: "two replicas, and somebody asks for another release",
        setup: one_and_one_more,
        flushes: 2,
        ..PEACE
    },
    Bounds {
        name: "two replicas evaluate, and one dies",
        setup: |world| versions(world, &[Sort::Good; 2]),
        evaluations: 2,
        deaths: 1,
        ..PEACE
    },
    Bounds {
        name: "two replicas, and the first release fails to render once",
        setup: |world| evaluated(world, &[Sort::Failing(1), Sort::Good]),
        flushes: 2,
        ..PEACE
    },
    Bounds {
        name: "two replicas, a rollback, and a release that lifts its hold",
        setup: held_and_lifted,
        flushes: 2,
        ..PEACE
    },
    Bounds {
        name: "two replicas, and a release that kills them",
        setup: |world| deadly(world, 2, 1),
        flushes: 2,
        notes: true,
        ..PEACE
    },
    Bounds {
        name: "nine releases, and the first kills",
        setup: |world| deadly(world, 9, 0),
        flushes: 1,
        notes: true,
        ..PEACE
    },
    Bounds {
        name: "two replicas, and a person pushes",
        setup: two_versions,
        flushes: 2,
        edits: 1,
        takes_minutes: true,
        ..PEACE
    },
    Bounds {
        name: "three replicas, of which two at once, and one dies",
        setup: two_versions,
        flushes: 3,
        deaths: 1,
        takes_minutes: true,
        ..PEACE
    },
];

/// `RELEASE_WORLD=10` searches one world, and those that take minutes only so.
#[test]
fn in_every_schedule_each_request_ends_once_and_in_order() {
    let (mut courses, mut broken) = (0, Vec::new());
    let only: Option<usize> = std::env::var("RELEASE_WORLD")
        .ok()
        .and_then(|text| text.parse().ok());
    for (index, world) in WORLDS.iter().enumerate() {
        let (number, name) = (index + 1, world.name);
        let wanted = only.map_or(!world.takes_minutes, |only| only == number);
        if !wanted {
            continue;
        }
        match search(*world) {
            Ok(covered) => {
                courses += covered.courses;
                eprintln!("world {number}, {name}: {covered:?}");
            }
            Err(events) => {
                eprintln!("world {number}, {name}, is broken after {events:?}");
                broken.push(number);
            }
        }
    }
    assert!(broken.is_empty(), "worlds {broken:?} are broken");
    // Said whether or not somebody listens.
    writeln!(std::io::stderr(), "exhaustive: {courses} schedules").unwrap();
}
