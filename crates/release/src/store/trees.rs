//! Table `git_trees`: the trees that the last push to a branch left behind, so that the next flush need not fetch them. One
//! row a branch; losing it costs a request, and the knowledge that the branch was pushed to.

use crate::database::{Sql, integer};
use crate::ports::{Database, DatabaseError, SqlValue};

/// The pack that was kept for this very tip.
pub(crate) async fn get<D: Database>(
    sql: &Sql<'_, D>,
    url: &str,
    branch: &str,
    tip: &str,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT pack FROM git_trees WHERE url = ?1 AND branch = ?2 AND tip = ?3",
            &[url.into(), branch.into(), tip.into()],
        )
        .await?;
    let value = rows.into_iter().flatten().next();
    Ok(value.and_then(|value| match value {
        SqlValue::Blob(pack) => Some(pack),
        _ => None,
    }))
}

/// Whether a pack was ever kept for this branch.
pub(crate) async fn are_kept<D: Database>(
    sql: &Sql<'_, D>,
    url: &str,
    branch: &str,
) -> Result<bool, DatabaseError> {
    let statement = "SELECT count(*) FROM git_trees WHERE url = ?1 AND branch = ?2";
    let rows = sql.run(statement, &[url.into(), branch.into()]).await?;
    Ok(integer(&rows) > 0)
}

/// Keeps the pack in place of what was kept for this branch.
pub(crate) async fn put<D: Database>(
    sql: &Sql<'_, D>,
    url: &str,
    branch: &str,
    tip: &str,
    pack: Vec<u8>,
) -> Result<(), DatabaseError> {
    sql.run(
        "INSERT OR REPLACE INTO git_trees (url, branch, tip, pack) VALUES (?1, ?2, ?3, ?4)",
        &[url.into(), branch.into(), tip.into(), SqlValue::Blob(pack)],
    )
    .await?;
    Ok(())
}
