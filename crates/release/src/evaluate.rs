//! Evaluation: each waiting artifact's deploy policies decide, and every yes becomes a queued request.
//!
//! Order of the durable writes: the requests' keys, then the rows of requests and decisions, then the mark on the
//! artifact, then the removal of its key. Whatever dies in between, the artifact is evaluated again; request ids are
//! derived from artifact, environment and app, so a second evaluation makes the same keys and rows.

use domain::{Artifact, ArtifactLimits, Request, TextTemplate, explain_with};
use serde::Serialize;

use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError};
use crate::queue::{Listing, evaluate_key, write_key};
use crate::store::artifacts::{self, Stored};
use crate::store::decisions::{self, DecisionRow, NewDecision};
use crate::store::requests::{self, NewRow};

/// Artifacts evaluated before anything is written to the database.
const BATCH: usize = 50;
/// A row that was not evaluated for so long has lost its key.
const LOST_AFTER_MS: i64 = 60_000;

/// The evaluation could not go on. What was not finished is evaluated again.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The key-value store failed.
    #[error(transparent)]
    KeyValue(#[from] KeyValueError),
}

/// What one evaluation did.
#[derive(Debug, Default, Serialize)]
pub struct EvaluateReport {
    /// Artifacts evaluated.
    pub artifacts: usize,
    /// Requests queued.
    pub queued: usize,
    /// Whether time ran out before all was evaluated.
    pub unfinished: bool,
}

/// Evaluates all that waits, until `deadline_ms`.
///
/// # Errors
///
/// See [`EvaluateError`].
pub async fn evaluate<K: KeyValue, D: Database, C: Clock>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
    template: &dyn TextTemplate,
    deadline_ms: u64,
) -> Result<EvaluateReport, EvaluateError> {
    let mut report = EvaluateReport::default();
    let keys = Listing::of(kv.keys().await?).evaluate;
    let mut waiting = Vec::with_capacity(keys.len());
    for key in keys {
        if let Some(value) = kv.get(&key).await? {
            waiting.push((key, String::from_utf8_lossy(&value).into_owned()));
        }
    }
    let now_ms = i64::try_from(clock.now_ms()).unwrap_or(i64::MAX);
    let lost = artifacts::never_evaluated(sql, now_ms.saturating_sub(LOST_AFTER_MS), 500).await?;
    for id in lost {
        if let Ok(parsed) = id.parse()
            && !waiting.iter().any(|(_, known)| *known == id)
        {
            waiting.push((evaluate_key(&parsed), id));
        }
    }
    for batch in waiting.chunks(BATCH) {
        if clock.now_ms() >= deadline_ms {
            report.unfinished = true;
            break;
        }
        let ids: Vec<&str> = batch.iter().map(|(_, id)| id.as_str()).collect();
        report.queued += evaluate_batch(kv, sql, clock, template, &ids).await?;
        for (key, _) in batch {
            kv.delete(key).await?;
        }
        report.artifacts += batch.len();
    }
    Ok(report)
}

async fn evaluate_batch<K: KeyValue, D: Database, C: Clock>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
    template: &dyn TextTemplate,
    ids: &[&str],
) -> Result<usize, EvaluateError> {
    let mut queued = Vec::new();
    let mut decided = Vec::new();
    for stored in artifacts::by_ids(sql, ids).await? {
        let (requests, rows) = decide(&stored, template);
        for request in &requests {
            let value = request.to_bytes().map_err(|error| KeyValueError {
                operation: "set",
                source: error.into(),
            })?;
            kv.set(&write_key(request), &value).await?;
        }
        queued.extend(requests);
        decided.extend(rows);
    }
    let now_ms = i64::try_from(clock.now_ms()).unwrap_or(i64::MAX);
    let rows: Vec<NewRow<'_>> = queued
        .iter()
        .map(|request| NewRow::waiting(request, None))
        .collect();
    requests::record(sql, &rows).await?;
    decisions::record(sql, &decided, now_ms).await?;
    artifacts::evaluated(sql, ids, now_ms).await?;
    Ok(queued.len())
}

/// Pure: what one artifact's policies release, and every decision.
fn decide(stored: &Stored, template: &dyn TextTemplate) -> (Vec<Request>, Vec<NewDecision>) {
    let artifact = match Artifact::from_stored(stored.body.as_bytes(), &ArtifactLimits::default()) {
        Ok(artifact) => artifact,
        Err(error) => return (Vec::new(), vec![unreadable(stored, error.to_string())]),
    };
    let mut queued: Vec<Request> = Vec::new();
    let mut decided = Vec::new();
    for (position, explanation) in explain_with(&artifact, template).into_iter().enumerate() {
        let mut request_id = None;
        if let Some(target) = explanation.target {
            let mut request = Request::for_policy(&artifact, target.env, target.app);
            request.created_ms = stored.created_ms;
            request_id = Some(request.id.as_str().to_owned());
            if !queued.contains(&request) {
                queued.push(request);
            }
        }
        let row = DecisionRow {
            app: explanation.app,
            env: explanation.env,
            released: explanation.decision.released,
            code: explanation.decision.reason.code().to_owned(),
            reason: explanation.message,
            request_id,
        };
        decided.push(NewDecision {
            artifact: stored.id.clone(),
            position,
            row,
        });
    }
    (queued, decided)
}

fn unreadable(stored: &Stored, reason: String) -> NewDecision {
    let row = DecisionRow {
        app: String::new(),
        env: String::new(),
        released: false,
        code: "artifactUnreadable".to_owned(),
        reason,
        request_id: None,
    };
    NewDecision {
        artifact: stored.id.clone(),
        position: 0,
        row,
    }
}
