//! Two replicas that flush at once: one stands still at any of its steps while the other goes any number of steps on. Chance
//! alone seldom finds the narrow places between two of these steps.

use std::rc::Rc;

use crate::world::artifacts::Shipment;
use crate::world::executor::{Task, run, step};
use crate::world::{ONE, World, evaluate_all, flush, shipped_id, tick};

/// More steps than a flush takes here.
const STEPS: usize = 90;

const MOST_WAITING: usize = 8;

/// Runs the duels of one seed; panics where an invariant breaks.
pub(crate) fn run_duels(seed: u64) {
    let world = World::new(seed, ONE);
    world.lease_seen.set(false);
    let random = &world.random;
    for round in 0..12 {
        // Several of one app: written again behind the later ones, the first is another commit.
        for number in 0..2 + random.below(2) {
            shipped_id(
                &world,
                &Shipment::new(10 * round + number, &["staging/shop"]),
            );
            world.advance_ms(1);
        }
        run(evaluate_all(Rc::clone(&world))).unwrap();
        duel(&world);
        world.push_fate.set(Some((true, true)));
        // Whoever failed to reach the host is left alone for some seconds; now and then too much is left of what died.
        world.advance_ms(10_000);
        if waiting(&world).len() > MOST_WAITING {
            world.advance_ms(301_000);
            tick(&world);
        }
    }
    while world.open_intents() > 0 {
        world.server(|server| server.edit("docs/last.md", Some("last\n"), 1_790_000_000));
        tick(&world);
    }
    tick(&world);
    world.check_requests();
    let waiting = waiting(&world);
    assert!(waiting.is_empty(), "{waiting:?} after the duels");
}

/// What has not ended well.
fn waiting(world: &World) -> Vec<Vec<String>> {
    world.sql("SELECT id FROM requests WHERE status <> 'processed'", &[])
}

fn duel(world: &Rc<World>) {
    let random = &world.random;
    let fates = [(true, true), (true, true), (true, false), (false, false)];
    world.push_fate.set(Some(*random.pick(&fates)));
    let (mut one, mut other) = (flushing(world), flushing(world));
    let mut one_ended = steps(&mut one, random.below(STEPS));
    let other_ended = steps(&mut other, random.below(STEPS));
    one_ended = one_ended || steps(&mut one, random.below(STEPS));
    // Now and then one of them dies there.
    if !other_ended && !random.one_in(3) {
        steps(&mut other, usize::MAX);
    }
    if !one_ended && !random.one_in(4) {
        steps(&mut one, usize::MAX);
    }
}

fn flushing(world: &Rc<World>) -> Task {
    let world = Rc::clone(world);
    Box::pin(async move { drop(flush(world).await) })
}

/// Goes so many steps; says whether that was the end.
fn steps(task: &mut Task, most: usize) -> bool {
    (0..most.min(10_000)).any(|_| step(task))
}
