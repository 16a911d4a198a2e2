//! Looks at what happened: each event is put on its way to every destination that wants it, and only then forgotten here.

use notify::{Event, Kind, Outcome};

use super::{Settings, now_ms};
use crate::database::Sql;
use crate::digest;
use crate::ports::{Clock, Database, DatabaseError};
use crate::store::notifications::{self as store, NewNotification};
use crate::store::outbox::{self, Happened};

/// Nobody wants to be told of yesterday's releases because notifications were configured, or the clock stood, today.
const TOO_OLD_MS: i64 = 86_400_000;

/// Rows of one statement: some hundred kilobytes.
const ROWS: usize = 100;

pub(super) struct Looked {
    pub(super) events: usize,
    pub(super) too_old: usize,
    /// There may be more.
    pub(super) more: bool,
}

pub(super) async fn look<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    settings: &Settings,
    step: i64,
) -> Result<Looked, DatabaseError> {
    let happened = outbox::oldest(sql, step).await?;
    let now_ms = now_ms(clock);
    let is_young = |one: &&Happened| one.at_ms.saturating_add(TOO_OLD_MS) >= now_ms;
    let events: Vec<(Event, String)> = happened
        .iter()
        .filter(is_young)
        .filter_map(|one| {
            let event = event_of(one)?;
            let body = serde_json::to_string(&event).ok()?;
            Some((event, body))
        })
        .collect();
    let mut rows = Vec::new();
    for (event, body) in &events {
        for destination in settings.destinations.all() {
            if let Some(place) = destination.place(event) {
                rows.push(NewNotification {
                    id: format!("msg_{}", digest(&[&event.id, destination.name()])),
                    event: &event.id,
                    destination: destination.name(),
                    channel: place.channel,
                    lane: place.lane,
                    env: &event.env,
                    body,
                });
            }
        }
    }
    for rows in rows.chunks(ROWS) {
        store::add(sql, rows, now_ms).await?;
    }
    let seqs: Vec<i64> = happened.iter().map(|one| one.seq).collect();
    if !seqs.is_empty() {
        outbox::forget(sql, &seqs).await?;
    }
    Ok(Looked {
        events: events.len(),
        too_old: happened.iter().filter(|one| !is_young(one)).count(),
        more: i64::try_from(happened.len()).is_ok_and(|count| count >= step),
    })
}

/// What happened as an event; none of a request whose row is gone.
fn event_of(happened: &Happened) -> Option<Event> {
    let is_request = happened.source == "request";
    let (kind, outcome) = match (is_request, happened.kind.as_str()) {
        (false, _) => {
            let outcome = Event::outcome_of_sync(&happened.status, &happened.description);
            (Kind::Sync, outcome)
        }
        (true, "release") => (Kind::Release, outcome(happened)),
        (true, "rollback") => (Kind::Rollback, outcome(happened)),
        (true, "delete") => (Kind::Delete, outcome(happened)),
        _ => return None,
    };
    let of_request = |text: &str| {
        if is_request {
            text.to_owned()
        } else {
            String::new()
        }
    };
    let seq = happened.seq.to_string();
    let at = happened.at_ms.to_string();
    let words = [
        &happened.source,
        &happened.subject,
        &happened.env,
        &happened.status,
        &seq,
        &at,
    ];
    Some(Event {
        id: format!("evt_{}", digest(&words.map(String::as_str))),
        kind,
        outcome,
        env: happened.env.clone(),
        app: of_request(&happened.app),
        triggered_by: of_request(&happened.triggered_by),
        request_id: is_request.then(|| happened.subject.clone()),
        repository: happened.repository.clone().filter(|_| is_request),
        sha: happened.sha.clone().filter(|_| is_request),
        version_url: happened.version_url.clone().filter(|_| is_request),
        gitops_repo: happened.gitops_repo.clone().filter(|name| !name.is_empty()),
        gitops_ref: happened.gitops_ref.clone(),
        target: happened.target.clone().filter(|_| is_request),
        status: (!is_request).then(|| happened.status.clone()),
        detail: happened.description.chars().take(4_000).collect(),
        at_ms: happened.at_ms,
    })
}

fn outcome(happened: &Happened) -> Outcome {
    match (happened.status.as_str(), &happened.gitops_ref) {
        ("error", _) => Outcome::Failed,
        (_, Some(_)) => Outcome::Succeeded,
        (_, None) => Outcome::Unchanged,
    }
}

/// 32 hexadecimal digits.
fn digest(words: &[&str]) -> String {
    let mut bytes = Vec::new();
    for word in words {
        bytes.extend_from_slice(word.as_bytes());
        bytes.push(0);
    }
    digest::short(&bytes)
}
