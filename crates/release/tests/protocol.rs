//! The property test of the release protocol: random schedules of replicas, clients, people, failing hosts and crashes.
//!
//! It bites. Each of these changes was made once, for a look, and failed in so many of the 1,000 seeds of then. What schedules draw
//! has changed since (rollbacks, holds and the notes of batches have joined them), so that other seeds would find them now:
//!
//! | change | failed | first seed |
//! |---|---|---|
//! | keys listed before the tip is read | 13 | 24 |
//! | no intent | 118 | 16 |
//! | no question after the listing which requests have ended | 1 | 941 |
//! | intents removed although the tip has not moved | 4 | 174 |
//! | a refused push removes an intent that stands for others too | 3 | 174 |
//!
//! An earlier draw of schedules caught more, each in 1,000 seeds: that question asked before the listing (1), rows without
//! keys not noticed (158), the intent removed before the rows are written (10), keys before rows in the evaluation (1).
//! The first of them is not caught by the seeds of today: run more of them before touching that order.
//!
//! One was not seen to fail here: letting a later request overtake one that waits for a passing cause. `flush.rs` holds that
//! in a test of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::duels::run_duels;
use crate::schedule::run_schedule;

const SEEDS: u64 = 1_000;

/// `RELEASE_SEEDS=50000` runs more of them, `RELEASE_SEED=17` one.
fn seeds() -> std::ops::Range<u64> {
    let number = |name| {
        std::env::var(name)
            .ok()
            .and_then(|text: String| text.parse().ok())
    };
    match number("RELEASE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("RELEASE_SEEDS").unwrap_or(SEEDS),
    }
}

/// One seed in five is spent on duels.
fn run_seed(seed: u64) {
    match seed % 5 {
        4 => run_duels(seed),
        _ => run_schedule(seed),
    }
}

#[test]
fn whatever_is_interleaved_or_dies_each_request_ends_once_and_in_order() {
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failed: Vec<u64> = std::thread::scope(|scope| {
        let work = || {
            let mut failed = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return failed;
                }
                if catch_unwind(AssertUnwindSafe(|| run_seed(seed))).is_err() {
                    eprintln!("RELEASE_SEED={seed} repeats what is said above");
                    failed.push(seed);
                }
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let failed = workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap());
        failed.collect()
    });
    assert!(
        failed.is_empty(),
        "{} of {} seeds fail: {failed:?}",
        failed.len(),
        seeds.end - seeds.start
    );
}
