//! Requests whose rendering may have killed the flush. A render that traps, or that the platform ends, takes the whole process with
//! it, at each tick anew: nothing would be released any more. So each batch is noted before it is built, and forgotten once it
//! is built. What is left of a flush that died accuses its requests: the next batch takes half of them, until one is alone. One
//! that is alone when the flush dies waits for a minute while the others go on, and after some deaths it ends as an error.
//!
//! A note may also be of a flush that is alive, on another replica, or was ended for another reason: then a smaller batch, or
//! a minute, is all that it costs.

use std::collections::BTreeSet;

use domain::Request;

use super::memory::Stuck;
use crate::store::attempts::Attempt;

/// A flush whose note is so old is dead: platforms end a request after 30 s.
const DEAD_MS: u64 = 60_000;
/// Deaths with a request alone, after which it ends as an error.
const DEATHS: usize = 3;

/// What a batch is made of.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In order.
    pub batch: Vec<Request>,
    /// What to note before they are built: the accused among them, or all.
    pub noted: Vec<String>,
    /// These end as errors.
    pub deadly: Vec<Request>,
    /// Whether the rest can be tried in the same flush.
    pub more: bool,
}

/// Pure: the batch for what waits, in its order, after what was noted before.
pub(super) fn plan(waiting: Vec<Request>, attempts: &[Attempt], now_ms: u64) -> Plan {
    if attempts.is_empty() {
        let noted = waiting.iter().map(id_of).collect();
        return Plan {
            batch: waiting,
            noted,
            ..Plan::default()
        };
    }
    let ids: BTreeSet<&str> = waiting.iter().map(|one| one.id.as_str()).collect();
    let still = |attempt: &Attempt| {
        attempt
            .ids
            .iter()
            .filter(|id| ids.contains(id.as_str()))
            .count()
    };
    let smallest = attempts.iter().map(still).filter(|count| *count > 0).min();
    let mut quota = (smallest.unwrap_or_default() / 2).max(1);
    let mut plan = Plan::default();
    // Behind what waits for its minute, and behind what the next batch takes.
    let (mut until_later, mut until_next) = (Stuck::default(), Stuck::default());
    for request in waiting {
        let accused = |attempt: &&Attempt| attempt.ids.iter().any(|id| id == request.id.as_str());
        let accusing: Vec<&Attempt> = attempts.iter().filter(accused).collect();
        let alone = accusing.iter().filter(|attempt| attempt.alone);
        let (dead, alive): (Vec<&Attempt>, Vec<&Attempt>) = alone
            .copied()
            .partition(|attempt| attempt.started_ms.saturating_add(DEAD_MS) <= now_ms);
        if dead.len() >= DEATHS {
            plan.deadly.push(request);
        } else if !alive.is_empty() || until_later.holds(&request) {
            until_later.add(&request);
        } else if until_next.holds(&request) {
            plan.more = true;
        } else if accusing.is_empty() {
            plan.batch.push(request);
        } else if quota > 0 {
            quota -= 1;
            plan.noted.push(id_of(&request));
            plan.batch.push(request);
        } else {
            plan.more = true;
            until_next.add(&request);
        }
    }
    if plan.noted.is_empty() {
        plan.noted = plan.batch.iter().map(id_of).collect();
    }
    plan
}

fn id_of(request: &Request) -> String {
    request.id.as_str().to_owned()
}

/// Why a request ends that killed the flush so often.
pub(super) fn reason() -> String {
    format!(
        "the flush died {DEATHS} times while it rendered this release: its chart or templates need more memory or time than there is, \
         or hit a fault of the renderer; mend the artifact, or ask for the release again"
    )
}
