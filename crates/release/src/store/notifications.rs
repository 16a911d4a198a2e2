//! Tables `notifications` and `notification_pauses`: what is on its way to which destination. One statement claims, one
//! records; between the two a process may die.

use serde::Serialize;

use crate::database::{Columns, Sql};
use crate::ports::{Database, DatabaseError, SqlValue};

/// An event on its way to one destination.
#[derive(Debug, Serialize)]
pub(crate) struct NewNotification<'a> {
    pub id: String,
    pub event: &'a str,
    pub destination: &'a str,
    pub channel: String,
    pub lane: String,
    pub env: &'a str,
    /// The event as JSON.
    pub body: &'a str,
}

/// Puts notifications on their way; those that are known stay as they are.
pub(crate) async fn add<D: Database>(
    sql: &Sql<'_, D>,
    rows: &[NewNotification<'_>],
    now_ms: i64,
) -> Result<(), DatabaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    let list = serde_json::to_string(rows).map_err(|error| DatabaseError(error.into()))?;
    sql.run(
        "INSERT INTO notifications (id, event, destination, channel, lane, env, created, state, due, body)
         SELECT j.value ->> '$.id', j.value ->> '$.event', j.value ->> '$.destination', j.value ->> '$.channel',
            j.value ->> '$.lane', j.value ->> '$.env', ?2, 'waiting', ?2, j.value ->> '$.body'
         FROM json_each(?1) AS j WHERE true ORDER BY j.key
         ON CONFLICT (id) DO NOTHING",
        &[list.into(), now_ms.into()],
    )
    .await
    .map(drop)
}

/// What there is to do.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Something happened that was not looked at.
    pub happened: bool,
    /// Destinations with something that is due.
    pub due: Vec<String>,
}

/// Looks for work, in one statement that reads what is new and what is due, and nothing else.
pub(crate) async fn work<D: Database>(
    sql: &Sql<'_, D>,
    now_ms: i64,
) -> Result<Work, DatabaseError> {
    let rows = sql
        .run(
            "SELECT NULL FROM (SELECT 1 FROM outbox LIMIT 1)
             UNION ALL SELECT DISTINCT destination FROM notifications WHERE due IS NOT NULL AND due <= ?1",
            &[now_ms.into()],
        )
        .await?;
    let mut work = Work::default();
    for row in rows {
        match Columns::new(row).optional_text() {
            None => work.happened = true,
            Some(destination) => work.due.push(destination),
        }
    }
    Ok(work)
}

/// How a destination wants to be served.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub destination: &'a str,
    /// What was in the hands of a process that died may be sent again.
    pub twice: bool,
    /// After so many tries one no longer holds up those behind it in its lane.
    pub patience: i64,
}

/// A notification in our hands.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub seq: i64,
    pub id: String,
    pub channel: String,
    pub attempts: i64,
    pub body: String,
}

/// Takes the first that is due into our hands until `lease_ms`. None while the destination is left alone, while somebody
/// else sends there, and for those that an earlier one of their lane holds up.
pub(crate) async fn claim<D: Database>(
    sql: &Sql<'_, D>,
    terms: Terms<'_>,
    lease: &str,
    now_ms: i64,
    lease_ms: i64,
) -> Result<Option<Claimed>, DatabaseError> {
    let rows = sql
        .run(
            "UPDATE notifications SET state = 'sending', due = ?3, lease = ?4, attempts = attempts + 1
             WHERE seq = (SELECT n.seq FROM notifications AS n
                WHERE n.due IS NOT NULL AND n.destination = ?1 AND n.due <= ?2 AND (n.state = 'waiting' OR ?5)
                    AND NOT EXISTS (SELECT 1 FROM notifications AS e
                        WHERE e.due IS NOT NULL AND e.destination = ?1 AND e.lane = n.lane AND e.seq < n.seq
                            AND e.attempts < ?6)
                ORDER BY n.seq LIMIT 1)
             AND NOT EXISTS (SELECT 1 FROM notifications AS s
                WHERE s.due IS NOT NULL AND s.destination = ?1 AND s.state = 'sending' AND s.due > ?2)
             AND NOT EXISTS (SELECT 1 FROM notification_pauses WHERE destination = ?1 AND until > ?2)
             RETURNING seq, id, channel, attempts, body",
            &[
                terms.destination.into(),
                now_ms.into(),
                lease_ms.into(),
                lease.into(),
                i64::from(terms.twice).into(),
                terms.patience.into(),
            ],
        )
        .await?;
    Ok(rows.into_iter().next().map(|row| {
        let mut row = Columns::new(row);
        Claimed {
            seq: row.integer().unwrap_or_default(),
            id: row.text(),
            channel: row.text(),
            attempts: row.integer().unwrap_or_default(),
            body: row.text(),
        }
    }))
}

/// What became of a notification.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    Sent,
    Failed(String),
    Unknown(String),
    /// To be sent again at this time, for this reason.
    Again(i64, String),
}

/// Records what became of one that was in our hands, if nobody else has taken it since. Whoever was thought dead may still
/// say how it went.
pub(crate) async fn record<D: Database>(
    sql: &Sql<'_, D>,
    claimed: &Claimed,
    lease: &str,
    ending: &Ending,
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let (state, due, reason) = match ending {
        Ending::Sent => ("sent", None, ""),
        Ending::Failed(reason) => ("failed", None, reason.as_str()),
        Ending::Unknown(reason) => ("unknown", None, reason.as_str()),
        Ending::Again(due_ms, reason) => ("waiting", Some(*due_ms), reason.as_str()),
    };
    let ended = due.is_none().then_some(now_ms);
    sql.run(
        "UPDATE notifications SET state = ?3, due = ?4, ended = ?5, reason = ?6, lease = NULL
         WHERE seq = ?1 AND lease = ?2",
        &[
            claimed.seq.into(),
            lease.into(),
            state.into(),
            due.into(),
            ended.into(),
            reason.into(),
        ],
    )
    .await
    .map(drop)
}

/// Gives up those that were in the hands of a process that died, where they must not be sent twice. Gives their number.
pub(crate) async fn give_up_lost<D: Database>(
    sql: &Sql<'_, D>,
    destination: &str,
    now_ms: i64,
    reason: &str,
) -> Result<usize, DatabaseError> {
    let rows = sql
        .run(
            "UPDATE notifications SET state = 'unknown', due = NULL, ended = ?2, reason = ?3
             WHERE due IS NOT NULL AND destination = ?1 AND state = 'sending' AND due <= ?2 RETURNING seq",
            &[destination.into(), now_ms.into(), reason.into()],
        )
        .await?;
    Ok(rows.len())
}

/// Gives up what is for destinations that are configured no more.
pub(crate) async fn give_up_unconfigured<D: Database>(
    sql: &Sql<'_, D>,
    destinations: &[&str],
    now_ms: i64,
    reason: &str,
) -> Result<(), DatabaseError> {
    let list = serde_json::Value::from(destinations).to_string();
    sql.run(
        "UPDATE notifications SET state = 'failed', due = NULL, ended = ?2, reason = ?3, lease = NULL
         WHERE due IS NOT NULL AND due <= ?2 AND destination IN (SELECT value FROM json_each(?1))",
        &[list.into(), now_ms.into(), reason.into()],
    )
    .await
    .map(drop)
}

/// Leaves a destination alone; a longer pause stands.
pub(crate) async fn pause<D: Database>(
    sql: &Sql<'_, D>,
    destination: &str,
    until_ms: i64,
    reason: &str,
) -> Result<(), DatabaseError> {
    sql.run(
        "INSERT INTO notification_pauses (destination, until, reason) VALUES (?1, ?2, ?3)
         ON CONFLICT (destination) DO UPDATE SET until = excluded.until, reason = excluded.reason
         WHERE notification_pauses.until < excluded.until",
        &[destination.into(), until_ms.into(), reason.into()],
    )
    .await
    .map(drop)
}

/// Forgets some of those that ended before.
pub(crate) async fn forget<D: Database>(
    sql: &Sql<'_, D>,
    before_ms: i64,
) -> Result<(), DatabaseError> {
    sql.run(
        "DELETE FROM notifications WHERE seq IN (SELECT seq FROM notifications WHERE ended < ?1 LIMIT 500)",
        &[before_ms.into()],
    )
    .await
    .map(drop)
}

/// A notification as the API shows it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub id: String,
    pub destination: String,
    pub channel: String,
    pub created_ms: i64,
    pub state: String,
    pub due_ms: Option<i64>,
    pub attempts: i64,
    pub ended_ms: Option<i64>,
    pub reason: String,
    pub body: String,
}

/// What to show; absent means any.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub env: Option<String>,
    pub state: Option<String>,
    pub destination: Option<String>,
}

/// A page of notifications, newest first.
pub(crate) async fn list<D: Database>(
    sql: &Sql<'_, D>,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<Vec<Shown>, DatabaseError> {
    let mut statement =
        "SELECT id, destination, channel, created, state, due, attempts, ended, reason, body
        FROM notifications WHERE true"
            .to_owned();
    let mut params: Vec<SqlValue> = Vec::new();
    for (column, value) in [
        (" AND env = ?", &filter.env),
        (" AND state = ?", &filter.state),
        (" AND destination = ?", &filter.destination),
    ] {
        if let Some(value) = value {
            statement.push_str(column);
            params.push(value.as_str().into());
        }
    }
    statement.push_str(" ORDER BY seq DESC LIMIT ? OFFSET ?");
    params.extend([limit.into(), offset.into()]);
    let rows = sql.run(&statement, &params).await?.into_iter().map(|row| {
        let mut row = Columns::new(row);
        Shown {
            id: row.text(),
            destination: row.text(),
            channel: row.text(),
            created_ms: row.integer().unwrap_or_default(),
            state: row.text(),
            due_ms: row.integer(),
            attempts: row.integer().unwrap_or_default(),
            ended_ms: row.integer(),
            reason: row.text(),
            body: row.text(),
        }
    });
    Ok(rows.collect())
}

/// The state of a notification; none if there is none of this id.
pub(crate) async fn state<D: Database>(
    sql: &Sql<'_, D>,
    id: &str,
) -> Result<Option<String>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT state FROM notifications WHERE id = ?1",
            &[id.into()],
        )
        .await?;
    Ok(rows.into_iter().next().map(|row| Columns::new(row).text()))
}

/// Sends one that failed, or of which nobody knows, once more. False where it is neither.
pub(crate) async fn again<D: Database>(
    sql: &Sql<'_, D>,
    id: &str,
    now_ms: i64,
) -> Result<bool, DatabaseError> {
    let rows = sql
        .run(
            "UPDATE notifications SET state = 'waiting', due = ?2, ended = NULL, attempts = 0, lease = NULL
             WHERE id = ?1 AND state IN ('failed', 'unknown') RETURNING seq",
            &[id.into(), now_ms.into()],
        )
        .await?;
    Ok(!rows.is_empty())
}
