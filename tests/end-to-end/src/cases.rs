//! Runs the cases of a table side by side: most of a crash test is waiting.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// Runs every case, `at_once` at a time, and fails with the names of those that failed.
///
/// # Panics
/// A case did.
pub fn run<C: Send + Sync>(at_once: usize, cases: &[(&str, C)], test: impl Fn(&C) + Sync) {
    let waiting = Mutex::new(cases.iter());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("no panic here").next();
                    let Some((name, case)) = next else { return };
                    if catch_unwind(AssertUnwindSafe(|| test(case))).is_err() {
                        failed.lock().expect("no panic here").push(*name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic here");
    assert!(failed.is_empty(), "failed: {failed:?}");
}
