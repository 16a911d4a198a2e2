//! Table `outbox`: what happened and was not looked at yet. Triggers write it (see [`crate::database`]); here it is read and
//! emptied.

use crate::database::{Columns, Sql, integer};
use crate::ports::{Database, DatabaseError};

/// Something that happened, with what is known of the request that it is about.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    pub seq: i64,
    /// `request` or `report`.
    pub source: String,
    /// The request, or the commit.
    pub subject: String,
    pub env: String,
    pub status: String,
    pub description: String,
    pub gitops_ref: Option<String>,
    pub gitops_repo: Option<String>,
    pub at_ms: i64,
    pub kind: String,
    pub app: String,
    pub triggered_by: String,
    pub repository: Option<String>,
    pub target: Option<String>,
    pub sha: Option<String>,
    pub version_url: Option<String>,
}

/// The oldest of what happened.
pub(crate) async fn oldest<D: Database>(
    sql: &Sql<'_, D>,
    limit: i64,
) -> Result<Vec<Happened>, DatabaseError> {
    // A report is about a commit; of its request only the repository is wanted, and a commit has but one request.
    let rows = sql
        .run(
            "SELECT o.seq, o.source, o.subject, o.env, o.status, o.description, o.gitops_ref,
                coalesce(o.gitops_repo, r.gitops_repo), o.at,
                r.kind, r.app, r.triggered_by, r.repository, r.target, a.sha, substr(a.body ->> '$.version.url', 1, 2000)
             FROM outbox AS o
                LEFT JOIN requests AS r ON r.id = CASE o.source WHEN 'request' THEN o.subject
                    ELSE (SELECT q.id FROM requests AS q WHERE q.gitops_ref = o.subject LIMIT 1) END
                LEFT JOIN artifacts AS a ON a.id = r.artifact_id
             ORDER BY o.seq LIMIT ?1",
            &[limit.into()],
        )
        .await?;
    let rows = rows.into_iter().map(|row| {
        let mut row = Columns::new(row);
        Happened {
            seq: row.integer().unwrap_or_default(),
            source: row.text(),
            subject: row.text(),
            env: row.text(),
            status: row.text(),
            description: row.text(),
            gitops_ref: row.optional_text(),
            gitops_repo: row.optional_text(),
            at_ms: row.integer().unwrap_or_default(),
            kind: row.text(),
            app: row.text(),
            triggered_by: row.text(),
            repository: row.optional_text(),
            target: row.optional_text(),
            sha: row.optional_text(),
            version_url: row.optional_text(),
        }
    });
    Ok(rows.collect())
}

/// Forgets what was looked at.
pub(crate) async fn forget<D: Database>(
    sql: &Sql<'_, D>,
    seqs: &[i64],
) -> Result<(), DatabaseError> {
    let seqs = serde_json::Value::from(seqs).to_string();
    sql.run(
        "DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(?1))",
        &[seqs.into()],
    )
    .await
    .map(drop)
}

/// Forgets the oldest unseen, where nobody is to be told; writes nothing where there is nothing.
pub(crate) async fn discard<D: Database>(
    sql: &Sql<'_, D>,
    limit: i64,
) -> Result<(), DatabaseError> {
    let any = sql
        .run("SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT 1)", &[])
        .await?;
    if integer(&any) == 0 {
        return Ok(());
    }
    sql.run(
        "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT ?1)",
        &[limit.into()],
    )
    .await
    .map(drop)
}
