//! The audit log: who was let do what, and who was not. A row is appended before the act, so that nothing that was done is
//! missing; an act that then fails, or that a crash prevents, has its row all the same.

use access::audit::{BEGINNING, Entry, Fault, Head, Outcome, Row, Verifier};
use access::{Action, Principal, Refusal, Scope};
use serde::Serialize;

use crate::database::Sql;
use crate::page::LARGEST_PAGE;
use crate::ports::{Clock, Database, DatabaseError};
use crate::query::{InvalidParameter, Parameters, QueryError};
use crate::store::audit;

/// The same refusal of the same principal is recorded once in this time: refusals must not fill the table.
const REFUSAL_MS: u64 = 60_000;
/// Bytes of what a row says.
const DETAIL: usize = 1_000;
/// Instances that append at once make one another start anew; one of them gets on each time.
const ATTEMPTS: usize = 200;
/// Rows of one page, where none is asked for.
const PAGE: i64 = 50;

/// An act that was allowed.
#[derive(Debug)]
pub struct Act<'a> {
    /// Who.
    pub principal: &'a Principal,
    /// What.
    pub action: Action,
    /// Where.
    pub scope: &'a Scope,
    /// What exactly, for people: `create user ci`.
    pub detail: &'a str,
    /// The request to follow; empty if there is none.
    pub request_id: &'a str,
}

/// Records an act, before it is done. Gives the row's number and hash.
///
/// # Errors
/// The database failed: the act must not be done.
pub async fn record<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    act: &Act<'_>,
) -> Result<Head, DatabaseError> {
    let entry = Entry {
        at_ms: clock.now_ms(),
        actor: act.principal.login.to_string(),
        via: act.principal.via.to_string(),
        action: act.action.as_str().to_owned(),
        outcome: Outcome::Allowed.as_str().to_owned(),
        code: String::new(),
        scope: act.scope.to_string(),
        detail: cut(act.detail),
        request_id: act.request_id.to_owned(),
    };
    let appended = append(sql, clock, entry, false).await?;
    appended.ok_or_else(|| DatabaseError("the audit log did not take the row".into()))
}

/// Records that somebody was refused; not again within a minute for the same somebody, action and kind. Gives the row's number
/// and hash if there is one.
///
/// # Errors
/// The database failed.
pub async fn record_refusal<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    principal: &Principal,
    action: Action,
    scope: &Scope,
    refusal: &Refusal,
) -> Result<Option<Head>, DatabaseError> {
    let entry = Entry {
        at_ms: clock.now_ms(),
        actor: principal.login.to_string(),
        via: principal.via.to_string(),
        action: action.as_str().to_owned(),
        outcome: Outcome::Refused.as_str().to_owned(),
        code: refusal.code().to_owned(),
        scope: scope.to_string(),
        detail: cut(&refusal.to_string()),
        request_id: String::new(),
    };
    append(sql, clock, entry, true).await
}

/// Records that somebody came without a token that is known; not again within a minute for the same action.
///
/// # Errors
/// The database failed.
pub async fn record_stranger<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    action: &str,
    detail: &str,
) -> Result<Option<Head>, DatabaseError> {
    let entry = Entry {
        at_ms: clock.now_ms(),
        actor: String::new(),
        via: String::new(),
        action: action.to_owned(),
        outcome: Outcome::Refused.as_str().to_owned(),
        code: "unauthorized".to_owned(),
        scope: String::new(),
        detail: cut(detail),
        request_id: String::new(),
    };
    append(sql, clock, entry, true).await
}

/// Appends a row; none where it is `bounded` and the same was recorded less than a minute ago.
async fn append<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    entry: Entry,
    bounded: bool,
) -> Result<Option<Head>, DatabaseError> {
    let since_ms = entry.at_ms.saturating_sub(REFUSAL_MS);
    for attempt in 0..ATTEMPTS {
        let end = audit::end(sql, &entry, since_ms).await?;
        if bounded && end.repeated {
            return Ok(None);
        }
        let previous = end.hash.as_deref().unwrap_or(BEGINNING);
        let seq = end.highest.max(end.last).saturating_add(1);
        let row = Row::following(previous, seq, entry.clone());
        if audit::insert(sql, &row, &end).await? {
            return Ok(Some(Head {
                seq,
                hash: row.hash,
            }));
        }
        if attempt > 3 {
            clock
                .sleep_ms(u64::from(clock.random().first().copied().unwrap_or(1) >> 4))
                .await;
        }
    }
    Err(DatabaseError(
        "too many instances append to the audit log at once; try again".into(),
    ))
}

/// The action and the means of a row that says up to where the log is removed.
pub(crate) const RETENTION: &str = "retention";
const REMOVED: &str = "removed through ";

/// What a row says that tells up to where the log is removed: `removed through <seq> <hash>`.
pub(crate) fn removal_detail(last: &Head) -> String {
    format!("{REMOVED}{} {}", last.seq, last.hash)
}

/// Up to where the log was removed on purpose, by the last row that says so; the beginning if none does. That row stands in
/// the chain itself.
pub(crate) async fn removed_through<D: Database>(sql: &Sql<'_, D>) -> Result<Head, DatabaseError> {
    let said = audit::last_detail(sql, RETENTION).await?;
    let head = said.as_deref().and_then(|said| {
        let (seq, hash) = said.strip_prefix(REMOVED)?.split_once(' ')?;
        let (seq, hash) = (seq.parse().ok()?, hash.to_owned());
        Some(Head { seq, hash })
    });
    Ok(head.unwrap_or_else(Head::beginning))
}

/// Appends a row of the application's own.
pub(crate) async fn append_own<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    entry: Entry,
) -> Result<(), DatabaseError> {
    append(sql, clock, entry, false).await.map(drop)
}

fn cut(text: &str) -> String {
    let mut end = text.len().min(DETAIL);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// `GET /api/audit`: a page of the log, oldest first.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "AuditPage")
)]
#[derive(Debug, Serialize)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// The end of the log: note it where the application cannot write, and have it compared.
    pub head: Head,
    /// What `after` must be for the next page; none on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// Reads a page: `after` (a row's number, 0 for the beginning), `limit` (50, at most 1,000).
///
/// # Errors
/// See [`QueryError`].
pub async fn page<D: Database>(
    sql: &Sql<'_, D>,
    parameters: &Parameters,
) -> Result<Page, QueryError> {
    let after = unsigned(parameters.number("after")?);
    let limit = parameters.limit()?.unwrap_or(PAGE);
    let mut rows = audit::after(sql, after, limit.saturating_add(1)).await?;
    let (head, _) = audit::head(sql).await?;
    let size = usize::try_from(limit).unwrap_or_default();
    let more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().map(|row| row.seq).filter(|_| more);
    Ok(Page { rows, head, next })
}

/// `GET /api/audit/verify`: what is wrong with the log.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "AuditVerdict")
)]
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// Nothing is wrong with what was looked at.
    pub ok: bool,
    /// Whether the end of the log was reached; else go on with `after` = `verified.seq` and `hash` = `verified.hash`.
    pub complete: bool,
    /// How far it was looked.
    pub verified: Head,
    /// What was found.
    pub faults: Vec<Fault>,
}

/// Verifies the log in pages until `deadline_ms`, from where retention has left it. Parameters: `seq` and `hash`, a head that was noted before; `after` and
/// `afterHash`, where an earlier verification stopped.
///
/// # Errors
/// See [`QueryError`].
pub async fn verify<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    parameters: &Parameters,
    deadline_ms: u64,
) -> Result<Verdict, QueryError> {
    let noted = noted_head(parameters, "seq", "hash")?;
    let trusted = noted_head(parameters, "after", "afterHash")?;
    let removed = removed_through(sql).await?;
    // Rows that are to be removed, and are still there, are as good as gone.
    let trusted = trusted.filter(|trusted| trusted.seq >= removed.seq);
    let mut verifier = Verifier::after(trusted.unwrap_or(removed), noted);
    // What is appended meanwhile is not looked at: the highest number is read first.
    let (_, highest) = audit::head(sql).await?;
    let mut complete = false;
    while !complete && clock.now_ms() < deadline_ms {
        let rows = audit::after(sql, verifier.last().seq, LARGEST_PAGE).await?;
        complete = rows.is_empty();
        for row in rows.iter() {
            verifier.check(row);
        }
    }
    if complete {
        verifier.end(highest);
    }
    Ok(Verdict {
        ok: verifier.faults().is_empty(),
        complete,
        verified: verifier.last().clone(),
        faults: verifier.faults().to_vec(),
    })
}

/// A row's number and hash as two parameters; both or none.
fn noted_head(
    parameters: &Parameters,
    seq: &'static str,
    hash: &'static str,
) -> Result<Option<Head>, InvalidParameter> {
    let number = parameters.number(seq)?;
    match (number, parameters.get(hash)) {
        (None, None) => Ok(None),
        (Some(number), Some(text))
            if text.len() == BEGINNING.len()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) =>
        {
            Ok(Some(Head {
                seq: unsigned(Some(number)),
                hash: text.to_owned(),
            }))
        }
        _ => Err(InvalidParameter {
            parameter: hash,
            problem: format!(
                "must be the 64 hexadecimal digits that stand beside the number in {seq}"
            ),
        }),
    }
}

fn unsigned(number: Option<i64>) -> u64 {
    number
        .and_then(|number| u64::try_from(number).ok())
        .unwrap_or_default()
}
