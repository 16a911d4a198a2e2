//! Sends what is due: each destination by itself, all at the same time.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use notify::{Destination, Event, NoAnswer, Sending, Verdict};

use super::{Delivered, Settings, now_ms, pace};
use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError, HttpClient, HttpError, new_uuid};
use crate::store::notifications::{self as store, Claimed, Ending, Terms};

/// For so long a notification is in the hands of whoever sends it. Longer than any exchange.
pub const LEASE_MS: u64 = 60_000;
/// Sent to one destination in one tick.
const MOST: usize = 50;
/// Bytes of an answer.
const ANSWER: usize = 64 << 10;
const LOST: &str =
    "whoever sent it did not say how it went: it may have been taken, so it is not sent again";
const UNCONFIGURED: &str = "there is no destination of this name any more";

/// Sends what is due to these destinations, and says what became of it.
pub(super) async fn deliver<D: Database, H: HttpClient, C: Clock>(
    sql: &Sql<'_, D>,
    http: &H,
    clock: &C,
    settings: &Settings,
    due: &[String],
    deadline_ms: u64,
) -> Result<BTreeMap<String, Delivered>, DatabaseError> {
    let named = |name: &String| settings.destinations.named(name);
    let gone: Vec<&str> = due
        .iter()
        .filter(|name| named(name).is_none())
        .map(String::as_str)
        .collect();
    if !gone.is_empty() {
        store::give_up_unconfigured(sql, &gone, now_ms(clock), UNCONFIGURED).await?;
    }
    let lanes = due.iter().filter_map(named).map(|destination| {
        let delivery = Delivery {
            sql,
            http,
            clock,
            settings,
            destination,
            deadline_ms,
        };
        Box::pin(delivery.run())
    });
    let mut delivered = BTreeMap::new();
    for (name, outcome) in together(lanes.collect()).await {
        let outcome = outcome?;
        if outcome != Delivered::default() {
            delivered.insert(name, outcome);
        }
    }
    Ok(delivered)
}

/// Runs futures side by side, each to its end.
async fn together<F: Future>(futures: Vec<Pin<Box<F>>>) -> Vec<F::Output> {
    let mut running: Vec<Option<Pin<Box<F>>>> = futures.into_iter().map(Some).collect();
    let mut ended = Vec::new();
    poll_fn(move |context| {
        for slot in &mut running {
            if let Some(future) = slot
                && let Poll::Ready(output) = future.as_mut().poll(context)
            {
                *slot = None;
                ended.push(output);
            }
        }
        match running.iter().all(Option::is_none) {
            true => Poll::Ready(std::mem::take(&mut ended)),
            false => Poll::Pending,
        }
    })
    .await
}

struct Delivery<'a, D, H, C> {
    sql: &'a Sql<'a, D>,
    http: &'a H,
    clock: &'a C,
    settings: &'a Settings,
    destination: &'a Destination,
    deadline_ms: u64,
}

impl<D: Database, H: HttpClient, C: Clock> Delivery<'_, D, H, C> {
    async fn run(self) -> (String, Result<Delivered, DatabaseError>) {
        let name = self.destination.name().to_owned();
        (name, self.send_all().await)
    }

    async fn send_all(&self) -> Result<Delivered, DatabaseError> {
        let mut delivered = Delivered::default();
        let terms = Terms {
            destination: self.destination.name(),
            twice: self.destination.takes_repetitions(),
            patience: self.destination.patience(),
        };
        if !terms.twice {
            let lost =
                store::give_up_lost(self.sql, terms.destination, now_ms(self.clock), LOST).await?;
            if lost > 0 {
                delivered.unknown += lost;
                delivered.problem = Some(LOST.to_owned());
            }
        }
        for _ in 0..MOST {
            if self.clock.now_ms() >= self.deadline_ms {
                break;
            }
            let lease = new_uuid(self.clock).to_string();
            let now_ms = now_ms(self.clock);
            let until_ms = now_ms.saturating_add_unsigned(LEASE_MS);
            let Some(claimed) = store::claim(self.sql, terms, &lease, now_ms, until_ms).await?
            else {
                break;
            };
            let verdict = self.send(&claimed).await;
            let (ending, pause) = self.ending(&claimed, verdict);
            // First, lest a death in between leaves open what is known.
            store::record(
                self.sql,
                &claimed,
                &lease,
                &ending,
                super::now_ms(self.clock),
            )
            .await?;
            delivered.note(&ending);
            if let Some((until_ms, reason)) = &pause {
                store::pause(self.sql, terms.destination, *until_ms, reason).await?;
                break;
            }
        }
        Ok(delivered)
    }

    async fn send(&self, claimed: &Claimed) -> Verdict {
        let event: Event = match serde_json::from_str(&claimed.body) {
            Ok(event) => event,
            Err(error) => {
                return Verdict::Failed {
                    reason: format!("its event cannot be read: {error}"),
                };
            }
        };
        let now_s = self.clock.now_ms() / 1_000;
        let sending = Sending {
            id: &claimed.id,
            channel: &claimed.channel,
            event: &event,
            now_s,
        };
        let request = match self.destination.request(&sending, &self.settings.links) {
            Ok(request) => request,
            Err(reason) => return Verdict::Failed { reason },
        };
        // What such an error says of the platform may hold anything, so only its kind is kept.
        match self.http.send(request, ANSWER).await {
            Ok(answer) => self
                .destination
                .verdict(&answer, self.clock.now_ms() / 1_000),
            Err(HttpError::NotAllowed { origin, .. }) => {
                let why = NoAnswer::NotAllowed { origin };
                self.destination.verdict_without_answer(&why)
            }
            Err(HttpError::Unreachable { .. }) => self
                .destination
                .verdict_without_answer(&NoAnswer::Unreachable),
            Err(HttpError::Network { .. } | HttpError::TooLarge { .. }) => {
                self.destination.verdict_without_answer(&NoAnswer::Lost)
            }
        }
    }

    /// What to record, and until when and why the destination is left alone.
    fn ending(&self, claimed: &Claimed, verdict: Verdict) -> (Ending, Option<(i64, String)>) {
        let (reason, asked_ms, whole) = match verdict {
            Verdict::Sent => return (Ending::Sent, None),
            Verdict::Failed { reason } => return (Ending::Failed(reason), None),
            // Whatever else waits would be lost like this one.
            Verdict::Unknown { reason } => {
                let until_ms = now_ms(self.clock).saturating_add_unsigned(pace::LONGEST_PAUSE_MS);
                return (Ending::Unknown(reason.clone()), Some((until_ms, reason)));
            }
            Verdict::Again {
                reason,
                pause_ms,
                whole,
            } => (reason, pause_ms, whole),
        };
        let [chance, ..] = self.clock.random();
        let wait_ms = pace::wait_ms(claimed.attempts, chance).max(asked_ms.unwrap_or_default());
        let now_ms = now_ms(self.clock);
        let pause = whole.then(|| {
            let pause_ms = asked_ms.unwrap_or_else(|| wait_ms.min(pace::LONGEST_PAUSE_MS));
            (now_ms.saturating_add_unsigned(pause_ms), reason.clone())
        });
        if claimed.attempts >= pace::MOST_TRIES {
            let reason = format!("{reason} (tried {} times)", claimed.attempts);
            return (Ending::Failed(reason), pause);
        }
        (
            Ending::Again(now_ms.saturating_add_unsigned(wait_ms), reason),
            pause,
        )
    }
}

impl Delivered {
    fn note(&mut self, ending: &Ending) {
        let (count, problem) = match ending {
            Ending::Sent => (&mut self.sent, None),
            Ending::Again(_, reason) => (&mut self.postponed, Some(reason)),
            Ending::Failed(reason) => (&mut self.failed, Some(reason)),
            Ending::Unknown(reason) => (&mut self.unknown, Some(reason)),
        };
        *count += 1;
        if let Some(problem) = problem {
            self.problem = Some(problem.clone());
        }
    }
}
