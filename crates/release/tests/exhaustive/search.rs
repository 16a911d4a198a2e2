//! Tries every course of events of a world, depth first. A course cannot be taken back, so each branch begins anew and repeats what led
//! to it; a state that was met before is not gone on from.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex};

use super::course::{Bounds, Course, Event, Stage};

/// What a search went through.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Covered {
    /// States that differ.
    pub(crate) states: usize,
    /// Courses of events that were tried: each begins anew.
    pub(crate) courses: usize,
    /// Courses that came to a new end.
    pub(crate) ends: usize,
}

#[derive(Default)]
struct Frontier {
    /// What leads to states from which to go on.
    branches: Vec<Vec<Event>>,
    met: HashSet<u64>,
    /// Workers that may still add branches.
    busy: usize,
    covered: Covered,
    /// What led to a broken promise.
    broken: Option<Vec<Event>>,
}

struct Search {
    bounds: Bounds,
    frontier: Mutex<Frontier>,
    changed: Condvar,
}

/// Tries all; gives what led to a broken promise, if anything does.
pub(crate) fn search(bounds: Bounds) -> Result<Covered, Vec<Event>> {
    let search = Search {
        bounds,
        frontier: Mutex::new(Frontier {
            branches: vec![Vec::new()],
            ..Frontier::default()
        }),
        changed: Condvar::new(),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| search.work());
        }
    });
    let mut frontier = search.frontier.into_inner().unwrap();
    frontier.covered.states = frontier.met.len();
    match frontier.broken {
        None => Ok(frontier.covered),
        Some(events) => Err(events),
    }
}

impl Search {
    fn work(&self) {
        let mut stage = None;
        while let Some(branch) = self.next_branch() {
            let mut events = branch;
            let followed = catch_unwind(AssertUnwindSafe(|| {
                let stage = stage.get_or_insert_with(|| Stage::new(self.bounds));
                self.follow(stage, &mut events)
            }));
            let mut frontier = self.frontier.lock().unwrap();
            frontier.busy -= 1;
            frontier.covered.courses += 1;
            match followed {
                Ok(new_end) => frontier.covered.ends += usize::from(new_end),
                Err(_) => {
                    frontier.broken.get_or_insert(events);
                    frontier.branches.clear();
                }
            }
            self.changed.notify_all();
        }
    }

    fn next_branch(&self) -> Option<Vec<Event>> {
        let mut frontier = self.frontier.lock().unwrap();
        loop {
            if frontier.broken.is_some() {
                return None;
            }
            if let Some(branch) = frontier.branches.pop() {
                frontier.busy += 1;
                return Some(branch);
            }
            if frontier.busy == 0 {
                return None;
            }
            frontier = self.changed.wait(frontier).unwrap();
        }
    }

    /// Repeats what led to a branch, then goes on with the first of what may happen, leaving the rest for later, until it comes
    /// to an end or to a state that was met before. Says whether it was an end.
    fn follow(&self, stage: &Stage, events: &mut Vec<Event>) -> bool {
        let mut course = Course::new(stage);
        for event in events.iter() {
            course.happens(*event);
        }
        loop {
            let state = course.state();
            let next = course.events();
            let Some((first, rest)) = next.split_first() else {
                let new = self.frontier.lock().unwrap().met.insert(state);
                if new {
                    course.ends_well();
                }
                return new;
            };
            let mut frontier = self.frontier.lock().unwrap();
            if !frontier.met.insert(state) || frontier.broken.is_some() {
                return false;
            }
            for event in rest.iter().rev() {
                let mut branch = events.clone();
                branch.push(*event);
                frontier.branches.push(branch);
            }
            self.changed.notify_all();
            drop(frontier);
            events.push(*first);
            course.happens(*first);
        }
    }
}
