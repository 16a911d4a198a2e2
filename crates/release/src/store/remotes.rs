//! Table `git_remotes`: what a Git host said of itself, so that a flush need not ask again.

use crate::database::{Columns, Sql};
use crate::ports::{Database, DatabaseError};

/// What is known of one remote repository.
#[derive(Debug, Clone)]
pub(crate) struct KnownRemote {
    /// upload-pack's capabilities, as `gitwire` writes them.
    pub capabilities: String,
    /// The branch that `HEAD` names.
    pub default_branch: Option<String>,
    /// When this was read.
    pub read_ms: i64,
}

pub(crate) async fn get<D: Database>(
    sql: &Sql<'_, D>,
    url: &str,
) -> Result<Option<KnownRemote>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT capabilities, default_branch, read FROM git_remotes WHERE url = ?1",
            &[url.into()],
        )
        .await?;
    Ok(rows.into_iter().next().map(|row| {
        let mut row = Columns::new(row);
        KnownRemote {
            capabilities: row.text(),
            default_branch: row.optional_text(),
            read_ms: row.integer().unwrap_or_default(),
        }
    }))
}

pub(crate) async fn put<D: Database>(
    sql: &Sql<'_, D>,
    url: &str,
    known: &KnownRemote,
) -> Result<(), DatabaseError> {
    sql.run(
        "INSERT OR REPLACE INTO git_remotes (url, capabilities, default_branch, read) VALUES (?1, ?2, ?3, ?4)",
        &[url.into(), known.capabilities.as_str().into(), known.default_branch.as_deref().into(), known.read_ms.into()],
    )
    .await?;
    Ok(())
}

/// Forgets a remote, so that the next flush asks it again.
pub(crate) async fn forget<D: Database>(sql: &Sql<'_, D>, url: &str) -> Result<(), DatabaseError> {
    sql.run("DELETE FROM git_remotes WHERE url = ?1", &[url.into()])
        .await?;
    Ok(())
}
