//! What may have killed the process that worked on it. A render or an evaluation that traps, or that the platform ends, takes all of
//! the tick with it, at each tick anew: nothing would be released any more. So each batch is noted before the work on it begins,
//! and forgotten once that is done. What is left of a process that died accuses the batch: the next one is half of the
//! accused, until one is alone. One that is alone when the process dies twice waits for a minute while the others go on, and after
//! some deaths it is given up. Nothing that is not accused joins a batch of the accused: its deaths would be theirs.
//!
//! A note may also be of a process that is alive, on another replica, or was ended for another reason: then a smaller batch, or
//! a minute at the worst, is all that it costs.

use std::collections::BTreeSet;

use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError, new_uuid};
use crate::store::attempts::{self, Attempt};

/// Whoever began so long ago and is not done is dead: platforms end a request after 30 s.
const DEAD_MS: u64 = 60_000;
/// Deaths of one alone, after which it is given up.
pub(crate) const DEATHS: usize = 3;

/// What can be noted.
pub(crate) trait Suspect {
    /// Its id.
    fn id(&self) -> &str;

    /// Things of one line keep their order: none is taken before an earlier one.
    fn line(&self) -> String;
}

/// What a batch is made of.
#[derive(Debug)]
pub(crate) struct Plan<T> {
    /// In order. All of it is noted before the work begins.
    pub batch: Vec<T>,
    /// These are given up.
    pub deadly: Vec<T>,
    /// Whether the next batch can be taken at once.
    pub more: bool,
}

/// Pure: the batch of what waits, in its order, after what was noted before.
pub(crate) fn plan<T: Suspect>(waiting: Vec<T>, attempts: &[Attempt], now_ms: u64) -> Plan<T> {
    let mut plan = Plan {
        batch: Vec::new(),
        deadly: Vec::new(),
        more: false,
    };
    let mut quota = quota(&waiting, attempts);
    let mut innocent = Vec::new();
    // Behind what waits for its minute, behind what the next batch takes, and behind what nobody accuses.
    let (mut until_later, mut until_next, mut behind) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for suspect in waiting {
        let accused = |attempt: &&Attempt| attempt.ids.iter().any(|id| id == suspect.id());
        let accusing: Vec<&Attempt> = attempts.iter().filter(accused).collect();
        let alone = accusing.iter().filter(|attempt| attempt.alone);
        let (dead, alive): (Vec<&Attempt>, Vec<&Attempt>) = alone
            .copied()
            .partition(|attempt| attempt.started_ms.saturating_add(DEAD_MS) <= now_ms);
        let line = suspect.line();
        if dead.len() >= DEATHS {
            plan.deadly.push(suspect);
        } else if alive.len() > 1 || until_later.contains(&line) {
            until_later.insert(line);
        } else if until_next.contains(&line) {
            plan.more = true;
        } else if accusing.is_empty() {
            behind.insert(line);
            innocent.push(suspect);
        } else if quota > 0 && !behind.contains(&line) {
            quota -= 1;
            plan.batch.push(suspect);
        } else {
            plan.more = true;
            until_next.insert(line);
        }
    }
    if plan.batch.is_empty() {
        plan.batch = innocent;
    } else {
        plan.more |= !innocent.is_empty();
    }
    plan
}

/// How many of the accused one batch takes: half of the smallest batch that died.
fn quota<T: Suspect>(waiting: &[T], attempts: &[Attempt]) -> usize {
    if attempts.is_empty() {
        return 0;
    }
    let ids: BTreeSet<&str> = waiting.iter().map(Suspect::id).collect();
    let still = attempts
        .iter()
        .map(|attempt| attempt.ids.iter().filter(|id| ids.contains(id.as_str())));
    let smallest = still.map(Iterator::count).filter(|count| *count > 0).min();
    (smallest.unwrap_or_default() / 2).max(1)
}

/// What was begun in a place before and never done. Of what waits no more, nothing is remembered.
pub(crate) async fn known<T: Suspect, D: Database>(
    sql: &Sql<'_, D>,
    place: &str,
    waiting: &[T],
) -> Result<Vec<Attempt>, DatabaseError> {
    let known = attempts::of(sql, place).await?;
    if known.is_empty() {
        return Ok(known);
    }
    let ids: BTreeSet<&str> = waiting.iter().map(Suspect::id).collect();
    let waits = |attempt: &Attempt| attempt.ids.iter().any(|id| ids.contains(id.as_str()));
    let (known, gone): (Vec<Attempt>, Vec<Attempt>) = known.into_iter().partition(waits);
    let gone: Vec<&str> = gone.iter().map(|attempt| attempt.id.as_str()).collect();
    attempts::forget(sql, &gone).await?;
    Ok(known)
}

/// Notes a batch: should the process die, the next one knows what to suspect.
pub(crate) async fn begin<T: Suspect, D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    place: &str,
    plan: &Plan<T>,
) -> Result<Attempt, DatabaseError> {
    let attempt = Attempt {
        id: new_uuid(clock).to_string(),
        ids: plan.batch.iter().map(|one| one.id().to_owned()).collect(),
        alone: plan.batch.len() == 1,
        started_ms: clock.now_ms(),
    };
    attempts::begin(sql, place, &attempt).await?;
    Ok(attempt)
}

/// The work is done: nothing of this batch is suspected any more.
pub(crate) async fn done<D: Database>(
    sql: &Sql<'_, D>,
    attempt: Attempt,
    mut others: Vec<Attempt>,
) -> Result<(), DatabaseError> {
    let ids = attempt.ids.clone();
    others.push(attempt);
    clear(sql, &ids, &mut others).await
}

/// The work came to nothing, but nobody died of it: a host or the database did not do what was asked.
pub(crate) async fn failed<D: Database>(
    sql: &Sql<'_, D>,
    attempt: &Attempt,
) -> Result<(), DatabaseError> {
    attempts::forget(sql, &[&attempt.id]).await
}

/// These are suspected no more: should they ever wait again, they begin anew.
pub(crate) async fn clear<D: Database>(
    sql: &Sql<'_, D>,
    ids: &[String],
    attempts: &mut Vec<Attempt>,
) -> Result<(), DatabaseError> {
    let mut over = Vec::new();
    for attempt in attempts.iter_mut() {
        let before = attempt.ids.len();
        attempt.ids.retain(|id| !ids.contains(id));
        if attempt.ids.is_empty() {
            over.push(attempt.id.clone());
        } else if attempt.ids.len() < before {
            attempts::narrow(sql, &attempt.id, &attempt.ids).await?;
        }
    }
    attempts.retain(|attempt| !attempt.ids.is_empty());
    let over: Vec<&str> = over.iter().map(String::as_str).collect();
    attempts::forget(sql, &over).await
}
