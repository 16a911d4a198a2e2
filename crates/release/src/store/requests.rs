//! Table `requests`: every request from the moment it is queued, and how it ended. A commit that landed is never
//! forgotten: nothing overwrites a row that has one.

use std::collections::BTreeSet;

use domain::{Request, RequestKind};
use serde::Serialize;

use crate::database::{Columns, Sql, integer};
use crate::ports::{Database, DatabaseError, SqlValue};

/// A request as a row, with its outcome if it has one.
#[derive(Debug, Serialize)]
pub(crate) struct NewRow<'a> {
    pub id: &'a str,
    pub group: Option<&'a str>,
    pub kind: &'static str,
    pub artifact: Option<&'a str>,
    pub env: &'a str,
    pub app: &'a str,
    pub by: &'a str,
    pub created: u64,
    pub status: &'static str,
    pub desc: &'a str,
    pub ended: Option<u64>,
    pub gitops_repo: Option<&'a str>,
    pub gitops_ref: Option<&'a str>,
    pub committed: Option<i64>,
    /// The app's folder as the commit left it.
    pub tree: Option<&'a str>,
    /// The commit that a rollback goes back to.
    pub target: Option<&'a str>,
    /// A stable word for why the request was not allowed.
    pub refusal: Option<&'static str>,
    pub body: String,
}

/// The [`NewRow::refusal`] of what a hold kept back.
pub(crate) const HELD: &str = "held";

impl<'a> NewRow<'a> {
    /// The row of a request that waits.
    pub(crate) fn waiting(request: &'a Request, group: Option<&'a str>) -> Self {
        let kind = &request.kind;
        Self {
            id: request.id.as_str(),
            group,
            kind: kind.as_str(),
            artifact: kind.artifact_id().map(|id| id.as_str()),
            env: kind.env().as_str(),
            app: kind.app().map_or("", |app| app.as_str()),
            by: kind.triggered_by().as_str(),
            created: request.created_ms,
            status: "new",
            desc: "",
            ended: None,
            gitops_repo: None,
            gitops_ref: None,
            committed: None,
            tree: None,
            target: match kind {
                RequestKind::Rollback(rollback) => Some(rollback.target.as_str()),
                _ => None,
            },
            refusal: None,
            body: request
                .to_bytes()
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .unwrap_or_default(),
        }
    }
}

/// The rows of a list in JSON, ready to be inserted. `landed` numbers the commits in their order.
const INSERT: &str = "INSERT INTO requests (id, group_id, kind, artifact_id, repository, env, app, triggered_by,
        created, status, status_desc, ended, gitops_repo, gitops_ref, committed, landed, tree, target, target_landed,
        refusal, body)
     SELECT j.value ->> '$.id', j.value ->> '$.group', j.value ->> '$.kind', j.value ->> '$.artifact', a.repository,
        j.value ->> '$.env', j.value ->> '$.app', j.value ->> '$.by', j.value ->> '$.created',
        j.value ->> '$.status', j.value ->> '$.desc', j.value ->> '$.ended', j.value ->> '$.gitops_repo',
        j.value ->> '$.gitops_ref', j.value ->> '$.committed',
        CASE WHEN j.value ->> '$.gitops_ref' IS NOT NULL
            THEN (SELECT coalesce(max(landed), 0) FROM requests WHERE landed IS NOT NULL) + j.key + 1 END,
        j.value ->> '$.tree', j.value ->> '$.target',
        CASE WHEN j.value ->> '$.target' IS NOT NULL THEN (SELECT t.landed FROM requests AS t
            WHERE t.gitops_ref = j.value ->> '$.target' AND t.env = j.value ->> '$.env' AND t.app = j.value ->> '$.app') END,
        j.value ->> '$.refusal', j.value ->> '$.body'
     FROM json_each(?1) AS j LEFT JOIN artifacts AS a ON a.id = j.value ->> '$.artifact' WHERE true
     ON CONFLICT (id) DO";

async fn insert<D: Database>(
    sql: &Sql<'_, D>,
    rows: &[NewRow<'_>],
    on_conflict: &str,
) -> Result<Vec<String>, DatabaseError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let list = serde_json::to_string(rows).map_err(|error| DatabaseError(error.into()))?;
    let statement = format!("{INSERT} {on_conflict}");
    Ok(texts(sql.run(&statement, &[list.into()]).await?))
}

/// Records requests that wait; those that are known stay as they are. Gives the ids of the new ones.
pub(crate) async fn queue<D: Database>(
    sql: &Sql<'_, D>,
    rows: &[NewRow<'_>],
) -> Result<Vec<String>, DatabaseError> {
    insert(sql, rows, "NOTHING RETURNING id").await
}

/// Records requests that wait; those that ended as errors wait again. Gives the ids of those that did not wait before.
pub(crate) async fn queue_again<D: Database>(
    sql: &Sql<'_, D>,
    rows: &[NewRow<'_>],
) -> Result<Vec<String>, DatabaseError> {
    insert(
        sql,
        rows,
        "UPDATE SET status = 'new', status_desc = '', refusal = NULL, attempts = 0, ended = NULL, created = excluded.created,
            body = excluded.body WHERE requests.status = 'error' RETURNING id",
    )
    .await
}

/// Records how requests ended. A commit that landed is never forgotten: it replaces an end without one, and nothing
/// replaces it.
pub(crate) async fn end<D: Database>(
    sql: &Sql<'_, D>,
    rows: &[NewRow<'_>],
) -> Result<(), DatabaseError> {
    insert(
        sql,
        rows,
        "UPDATE SET status = excluded.status, status_desc = excluded.status_desc, ended = excluded.ended,
            gitops_repo = excluded.gitops_repo, gitops_ref = excluded.gitops_ref, committed = excluded.committed,
            landed = excluded.landed, tree = excluded.tree, refusal = excluded.refusal
         WHERE requests.gitops_ref IS NULL AND (requests.status = 'new' OR excluded.gitops_ref IS NOT NULL)",
    )
    .await
    .map(drop)
}

/// What the database says of the requests of one listing.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Listed ones that have ended.
    pub ended: BTreeSet<String>,
    /// Id and body of each request that waits; no body where it is known.
    pub waiting: Vec<(String, String)>,
}

/// Which requests wait, and which of the listed ones have ended, at one moment.
pub(crate) async fn standing<D: Database>(
    sql: &Sql<'_, D>,
    listed: &[&str],
    known: &[&str],
) -> Result<Standing, DatabaseError> {
    let listed = serde_json::Value::from(listed).to_string();
    let known = serde_json::Value::from(known).to_string();
    let rows = sql
        .run(
            "SELECT id, NULL FROM requests WHERE id IN (SELECT value FROM json_each(?1)) AND status <> 'new'
             UNION ALL
             SELECT id, CASE WHEN id IN (SELECT value FROM json_each(?2)) THEN '' ELSE body END FROM requests
             WHERE status = 'new'",
            &[listed.into(), known.into()],
        )
        .await?;
    let mut standing = Standing::default();
    for row in rows {
        let mut row = Columns::new(row);
        let id = row.text();
        match row.optional_text() {
            Some(body) => standing.waiting.push((id, body)),
            None => drop(standing.ended.insert(id)),
        }
    }
    Ok(standing)
}

pub(crate) fn texts(rows: Vec<Vec<SqlValue>>) -> Vec<String> {
    let rows = rows.into_iter();
    rows.map(|row| Columns::new(row).text()).collect()
}

/// How much waits.
#[derive(Debug, Default)]
pub(crate) struct Depth {
    /// Artifacts that wait for evaluation.
    pub evaluations: i64,
    /// Requests that wait for the flush.
    pub writes: i64,
    /// When the oldest of these was queued, in milliseconds since the Unix epoch.
    pub oldest_write_ms: Option<i64>,
}

/// Counts what waits, by the indexes of what waits.
pub(crate) async fn depth<D: Database>(sql: &Sql<'_, D>) -> Result<Depth, DatabaseError> {
    let rows = sql
        .run(
            "SELECT (SELECT count(*) FROM artifacts WHERE evaluated IS NULL), count(*), min(created)
             FROM requests WHERE status = 'new'",
            &[],
        )
        .await?;
    let mut row = Columns::new(rows.into_iter().next().unwrap_or_default());
    Ok(Depth {
        evaluations: row.integer().unwrap_or_default(),
        writes: row.integer().unwrap_or_default(),
        oldest_write_ms: row.integer(),
    })
}

/// Counts artifacts that wait for evaluation and requests that wait for the flush; stops counting at `limit`.
pub(crate) async fn waiting<D: Database>(
    sql: &Sql<'_, D>,
    limit: i64,
) -> Result<i64, DatabaseError> {
    let rows = sql
        .run(
            "SELECT count(*) FROM (SELECT 1 FROM artifacts WHERE evaluated IS NULL
             UNION ALL SELECT 1 FROM requests WHERE status = 'new' LIMIT ?1)",
            &[limit.into()],
        )
        .await?;
    Ok(integer(&rows))
}

/// One more failure for a passing cause; gives their number.
pub(crate) async fn failed_once_more<D: Database>(
    sql: &Sql<'_, D>,
    request: &Request,
    reason: &str,
) -> Result<i64, DatabaseError> {
    queue(sql, &[NewRow::waiting(request, None)]).await?;
    let rows = sql
        .run(
            "UPDATE requests SET attempts = attempts + 1, status_desc = ?2 WHERE id = ?1 AND status = 'new'
             RETURNING attempts",
            &[request.id.as_str().into(), reason.into()],
        )
        .await?;
    Ok(integer(&rows))
}

/// A request as the API shows it.
#[derive(Debug, Clone)]
pub(crate) struct Tracked {
    pub id: String,
    pub app: String,
    pub env: String,
    pub status: String,
    pub status_desc: String,
    pub gitops_ref: Option<String>,
    pub repository: Option<String>,
    pub kind: String,
    /// The commit that stands there, where the request made none.
    pub stands: Option<String>,
    /// What was last said of its commit, or of the one that stands there.
    pub sync: Sync,
}

/// What a GitOps controller last said of a commit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sync {
    /// None if nothing.
    pub status: Option<String>,
    pub description: String,
    /// Seconds since the Unix epoch.
    pub at: Option<i64>,
}

impl Sync {
    pub(crate) fn read(row: &mut Columns) -> Self {
        Self {
            status: row.optional_text(),
            description: row.text(),
            at: row.integer(),
        }
    }
}

/// The commit of a request that changed nothing is the one that stands there.
const TRACKED: &str = "SELECT r.id, r.app, r.env, r.status, r.status_desc, r.gitops_ref, r.repository, r.kind, s.gitops_ref,
        coalesce(r.sync_status, s.sync_status), coalesce(r.sync_desc, s.sync_desc), coalesce(r.sync_time, s.sync_time)
     FROM requests AS r LEFT JOIN requests AS s ON r.gitops_ref IS NULL AND r.status = 'processed' AND s.landed =
        (SELECT max(l.landed) FROM requests AS l WHERE l.landed IS NOT NULL AND l.env = r.env AND l.app = r.app)";

fn tracked(rows: Vec<Vec<SqlValue>>) -> Vec<Tracked> {
    let rows = rows.into_iter().map(|row| {
        let mut row = Columns::new(row);
        Tracked {
            id: row.text(),
            app: row.text(),
            env: row.text(),
            status: row.text(),
            status_desc: row.text(),
            gitops_ref: row.optional_text(),
            repository: row.optional_text(),
            kind: row.text(),
            stands: row.optional_text(),
            sync: Sync::read(&mut row),
        }
    });
    rows.collect()
}

/// What policies queued for an artifact.
pub(crate) async fn track_artifact<D: Database>(
    sql: &Sql<'_, D>,
    artifact_id: &str,
) -> Result<Vec<Tracked>, DatabaseError> {
    let statement = format!(
        "{TRACKED} WHERE r.artifact_id = ?1 AND r.kind = 'release' AND r.triggered_by = 'policy' ORDER BY r.env, r.app"
    );
    Ok(tracked(sql.run(&statement, &[artifact_id.into()]).await?))
}

/// The request with this id, or all of the group with this id.
pub(crate) async fn track<D: Database>(
    sql: &Sql<'_, D>,
    id: &str,
) -> Result<Vec<Tracked>, DatabaseError> {
    let statement = format!(
        "{TRACKED} WHERE r.id = ?1 OR (r.group_id IS NOT NULL AND r.group_id = ?1) ORDER BY r.env, r.app"
    );
    Ok(tracked(sql.run(&statement, &[id.into()]).await?))
}
