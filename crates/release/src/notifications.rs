//! Tells people and machines what happened: looks at what is new, puts it on its way to each destination, and sends what is
//! due. It must never hold up a release: it runs by itself, and what it needs is written by triggers anyway.
//!
//! # Invariants
//!
//! 1. The id of a notification is derived from its event and destination, so that an event that is looked at twice, by two
//!    replicas or after a death, is on its way once.
//! 2. It is written down that one is being sent before it is sent. Of what a dead process left so, nobody knows whether it
//!    was taken: those that must not come twice end as `unknown`, the others are sent again.
//! 3. At most one is being sent to a destination at a time, by whichever replica, in the order of its lane. Destinations
//!    wait for nobody but themselves.

mod delivery;
mod list;
mod look;
mod pace;

use std::collections::BTreeMap;

use notify::{Destinations, Links};
use serde::Serialize;

use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError, HttpClient, now_ms};
use crate::store::{notifications as store, outbox};

pub use list::{RetryError, again, list};

/// Events that are looked at in one step.
const STEP: i64 = 200;
/// Steps of one tick.
const STEPS: usize = 5;
/// What ended is remembered for so long.
const REMEMBERED_MS: i64 = 30 * 86_400_000;

/// What notifications need to know.
#[derive(Debug)]
pub struct Settings {
    /// Where events are told.
    pub destinations: Destinations,
    /// Where commits can be seen.
    pub links: Links,
}

/// What one tick did.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "NotificationReport")
)]
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Events that were looked at.
    pub events: usize,
    /// Events that were too old to be told.
    pub too_old: usize,
    /// What became of notifications, by destination.
    pub destinations: BTreeMap<String, Delivered>,
}

/// What became of a destination's notifications.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    /// Taken.
    pub sent: usize,
    /// To be sent again later.
    pub postponed: usize,
    /// Given up.
    pub failed: usize,
    /// Perhaps taken; not sent again.
    pub unknown: usize,
    /// Why the last one was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Looks at what happened, and sends what is due. No new work is begun after `deadline_ms`; each exchange must be bounded in
/// time by the client, to less than [`LEASE_MS`].
///
/// # Errors
/// The database failed; what was recorded before stays.
pub async fn tick<D: Database, H: HttpClient, C: Clock>(
    sql: &Sql<'_, D>,
    http: &H,
    clock: &C,
    settings: &Settings,
    deadline_ms: u64,
) -> Result<Report, DatabaseError> {
    let mut report = Report::default();
    if settings.destinations.all().is_empty() {
        outbox::discard(sql, STEP * 5).await?;
        return Ok(report);
    }
    let mut work = store::work(sql, now_ms(clock)).await?;
    if work.happened {
        for _ in 0..STEPS {
            let looked = look::look(sql, clock, settings, STEP).await?;
            report.events += looked.events;
            report.too_old += looked.too_old;
            if !looked.more || clock.now_ms() >= deadline_ms {
                break;
            }
        }
        // Seldom enough here, and in small steps.
        store::forget(sql, now_ms(clock).saturating_sub(REMEMBERED_MS)).await?;
        work = store::work(sql, now_ms(clock)).await?;
    }
    report.destinations =
        delivery::deliver(sql, http, clock, settings, &work.due, deadline_ms).await?;
    Ok(report)
}

pub use delivery::LEASE_MS;
