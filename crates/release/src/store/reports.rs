//! Table `reports`: what GitOps controllers said of commits, once for each commit and environment. Triggers carry it to
//! `requests` (see [`crate::database`]).

use crate::database::Sql;
use crate::ports::{Database, DatabaseError};

/// What a controller says.
pub(crate) struct NewReport<'a> {
    pub env: &'a str,
    pub commit: &'a str,
    pub status: &'a str,
    pub description: &'a str,
    /// Seconds since the Unix epoch.
    pub created_s: i64,
    /// Nothing that comes later changes it.
    pub last_word: bool,
}

/// Records a report, unless the last word on the commit is known. One statement.
pub(crate) async fn record<D: Database>(
    sql: &Sql<'_, D>,
    report: &NewReport<'_>,
) -> Result<(), DatabaseError> {
    sql.run(
        "INSERT INTO reports (sha, env, status, description, created, last_word)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (sha, env) DO UPDATE SET status = excluded.status, description = excluded.description,
            created = excluded.created, last_word = excluded.last_word
         WHERE reports.last_word = 0",
        &[
            report.commit.into(),
            report.env.into(),
            report.status.into(),
            report.description.into(),
            report.created_s.into(),
            i64::from(report.last_word).into(),
        ],
    )
    .await?;
    Ok(())
}

/// Forgets some of the reports from before `before_s`.
pub(crate) async fn forget<D: Database>(
    sql: &Sql<'_, D>,
    before_s: i64,
) -> Result<(), DatabaseError> {
    sql.run(
        "DELETE FROM reports WHERE (sha, env) IN (SELECT sha, env FROM reports WHERE created < ?1 LIMIT 500)",
        &[before_s.into()],
    )
    .await?;
    Ok(())
}
