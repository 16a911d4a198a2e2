//! Evaluation: each waiting artifact's deploy policies decide, and every yes becomes a queued request.
//!
//! Order of the durable writes: the requests' rows, all in one statement, then their key, then the decisions, then the mark
//! on the artifact, then the removal of its key. Whatever dies in between, the artifact is evaluated again; request ids are
//! derived from artifact, environment and app, so a second evaluation queues nothing twice. The rows come first because a
//! store that lost some of the keys before there are rows would let later releases overtake.
//!
//! What waits is read from the rows, oldest first, and not from the keys: an artifact whose key is not set yet, or was
//! lost, must not be overtaken by a later one.

use std::collections::BTreeSet;

use domain::{Artifact, ArtifactId, Request, TextTemplate, explain_with};
use serde::Serialize;

use crate::cleanup::branch_to_watch;
use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError, now_ms};
use crate::queue::{Listing, announce, evaluate_key};
use crate::store::artifacts::{self, Stored};
use crate::store::branches::{self, Seen};
use crate::store::decisions::{self, DecisionRow, NewDecision};
use crate::store::requests::{self, NewRow};
use crate::suspects::{self, DEATHS, Suspect};
use crate::sweep;

/// Artifacts evaluated before anything is written to the database.
const BATCH: i64 = 50;
/// Where batches are noted.
const PLACE: &str = "evaluate";

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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Default, Serialize)]
pub struct EvaluateReport {
    /// Artifacts evaluated.
    pub artifacts: usize,
    /// Requests queued.
    pub queued: usize,
    /// Whether time ran out before all was evaluated.
    pub unfinished: bool,
    /// Every yes and no, for logs and metrics.
    #[serde(skip)]
    pub decisions: Vec<Decided>,
}

/// One manifest's decision.
#[derive(Debug)]
pub struct Decided {
    /// The artifact.
    pub artifact: String,
    /// Yes or no.
    pub released: bool,
    /// The reason's code, as in the decisions that `GET /api/policies/explain` shows.
    pub code: String,
    /// The request that was queued.
    pub request: Option<String>,
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
    let listed = Listing::of(kv.keys().await?).evaluate;
    let mut listed: BTreeSet<String> = listed.into_iter().collect();
    loop {
        let batch = artifacts::not_evaluated(sql, BATCH).await?;
        if batch.is_empty() {
            break;
        }
        if clock.now_ms() >= deadline_ms {
            report.unfinished = true;
            return Ok(report);
        }
        let attempts = suspects::known(sql, PLACE, &batch).await?;
        let plan = suspects::plan(batch, &attempts, clock.now_ms());
        if plan.batch.is_empty() && plan.deadly.is_empty() {
            // All that waits was at hand when the evaluation died, and waits for its minute.
            report.unfinished = true;
            return Ok(report);
        }
        give_up(sql, clock, &plan.deadly).await?;
        let attempt = suspects::begin(sql, clock, PLACE, &plan).await?;
        let done = evaluate_batch(kv, sql, clock, template, &plan.batch, deadline_ms).await;
        match done {
            Ok(_) => suspects::done(sql, attempt, attempts).await?,
            Err(_) => suspects::failed(sql, &attempt).await?,
        }
        let done = done?;
        report.queued += done.queued;
        report.artifacts += done.artifacts;
        report.decisions.extend(done.decisions);
        for stored in plan.batch.iter().take(done.artifacts).chain(&plan.deadly) {
            let key = stored
                .id
                .parse()
                .map(|id| evaluate_key(stored.created_ms, &id));
            if let Some(key) = key.ok().filter(|key| listed.remove(key)) {
                kv.delete(&key).await?;
            }
        }
    }
    // Nothing waits, so these were evaluated: whoever did it died before deleting them all.
    for key in listed {
        kv.delete(&key).await?;
    }
    Ok(report)
}

impl Suspect for Stored {
    fn id(&self) -> &str {
        &self.id
    }

    /// A repository's artifacts are evaluated in the order in which they came.
    fn line(&self) -> String {
        let id = self.id.parse::<ArtifactId>();
        id.map_or_else(|_| self.id.clone(), |id| id.repository().to_owned())
    }
}

/// Artifacts at which the evaluation died count as evaluated: their policies release nothing, and say why.
async fn give_up<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    deadly: &[Stored],
) -> Result<(), DatabaseError> {
    if deadly.is_empty() {
        return Ok(());
    }
    let reason = format!("the evaluation died {DEATHS} times at this artifact");
    let given_up = |stored| undecided(stored, "evaluationDied", reason.clone());
    let rows: Vec<NewDecision> = deadly.iter().map(given_up).collect();
    let ids: Vec<&str> = deadly.iter().map(Suspect::id).collect();
    let now_ms = now_ms(clock);
    decisions::record(sql, &rows, now_ms).await?;
    artifacts::evaluated(sql, &ids, now_ms).await
}

/// What one batch did.
struct Done {
    artifacts: usize,
    queued: usize,
    decisions: Vec<Decided>,
}

/// Evaluates the batch from its beginning until `deadline_ms`; at least one artifact, so that each call makes progress.
async fn evaluate_batch<K: KeyValue, D: Database, C: Clock>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
    template: &dyn TextTemplate,
    batch: &[Stored],
    deadline_ms: u64,
) -> Result<Done, EvaluateError> {
    let mut queued = Vec::new();
    let mut decided = Vec::new();
    let mut watched = Vec::new();
    let mut evaluated: Vec<&str> = Vec::new();
    for stored in batch {
        if !evaluated.is_empty() && clock.now_ms() >= deadline_ms {
            break;
        }
        evaluated.push(&stored.id);
        let decisions = decide(stored, template);
        queued.extend(decisions.requests);
        decided.extend(decisions.rows);
        watched.extend(decisions.watch.map(|watch| (watch, stored.created_ms)));
    }
    let now_ms = now_ms(clock);
    let rows: Vec<NewRow<'_>> = queued
        .iter()
        .map(|request| NewRow::waiting(request, None))
        .collect();
    let new: BTreeSet<String> = requests::queue(sql, &rows).await?.into_iter().collect();
    let announced: Vec<&Request> = queued
        .iter()
        .filter(|request| new.contains(request.id.as_str()))
        .collect();
    announce(kv, &announced).await?;
    decisions::record(sql, &decided, now_ms).await?;
    let seen = watched.iter().map(|((repository, branch), seen)| Seen {
        repository,
        branch,
        seen: *seen,
    });
    let seen: Vec<Seen<'_>> = seen.collect();
    branches::seen(sql, &seen, now_ms.saturating_add(sweep::EVERY_MS)).await?;
    artifacts::evaluated(sql, &evaluated, now_ms).await?;
    Ok(Done {
        artifacts: evaluated.len(),
        queued: new.len(),
        decisions: decided.into_iter().map(decided_of).collect(),
    })
}

fn decided_of(decision: NewDecision) -> Decided {
    Decided {
        artifact: decision.artifact,
        released: decision.row.released,
        code: decision.row.code,
        request: decision.row.request_id,
    }
}

/// What one artifact comes to.
struct Decisions {
    requests: Vec<Request>,
    rows: Vec<NewDecision>,
    /// Repository and branch, where a cleanup policy waits for its end.
    watch: Option<(String, String)>,
}

/// Pure: what one artifact's policies release, and every decision.
fn decide(stored: &Stored, template: &dyn TextTemplate) -> Decisions {
    let artifact = match Artifact::from_stored(stored.body.as_bytes()) {
        Ok(artifact) => artifact,
        Err(error) => {
            return Decisions {
                requests: Vec::new(),
                rows: vec![undecided(stored, "artifactUnreadable", error.to_string())],
                watch: None,
            };
        }
    };
    let mut queued: Vec<Request> = Vec::new();
    let mut decided = Vec::new();
    template.begin();
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
    let watch = branch_to_watch(&artifact);
    Decisions {
        requests: queued,
        rows: decided,
        watch: watch.map(|(repository, branch)| (repository.to_owned(), branch.to_owned())),
    }
}

fn undecided(stored: &Stored, code: &str, reason: String) -> NewDecision {
    let row = DecisionRow {
        app: String::new(),
        env: String::new(),
        released: false,
        code: code.to_owned(),
        reason,
        request_id: None,
    };
    NewDecision {
        artifact: stored.id.clone(),
        position: 0,
        row,
    }
}
