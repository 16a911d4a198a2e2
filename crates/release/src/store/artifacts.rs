//! Table `artifacts`: what CI shipped, whole, beside the columns that the API searches.

use domain::ArtifactId;

use crate::database::{Columns, Sql};
use crate::page::{Place, Window};
use crate::ports::{Database, DatabaseError, Row, SqlValue};

/// What is stored of an artifact.
pub(crate) struct NewArtifact<'a> {
    pub id: &'a str,
    pub created_ms: i64,
    pub repository: &'a str,
    pub sha: &'a str,
    pub branch: Option<&'a str>,
    pub source_branch: Option<&'a str>,
    pub target_branch: Option<&'a str>,
    pub tag: Option<&'a str>,
    pub event: &'static str,
    pub digest: &'a str,
    pub idempotency_key: Option<&'a str>,
    pub body: &'a str,
}

/// An artifact that was shipped before with the same content or the same key.
pub(crate) struct Shipped {
    pub id: ArtifactId,
    pub created_ms: u64,
    /// Not evaluated yet.
    pub waiting: bool,
    pub repository: String,
    pub sha: String,
    pub digest: String,
    pub body: String,
}

/// Stores the artifact, unless it or its key is known. Says whether it was new. One statement, one durable write.
pub(crate) async fn insert<D: Database>(
    sql: &Sql<'_, D>,
    new: &NewArtifact<'_>,
) -> Result<bool, DatabaseError> {
    let inserted = sql
        .run(
            "INSERT INTO artifacts (id, created, repository, sha, branch, source_branch, target_branch, tag, event,
                digest, idempotency_key, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING RETURNING seq",
            &[
                new.id.into(),
                new.created_ms.into(),
                new.repository.into(),
                new.sha.into(),
                new.branch.into(),
                new.source_branch.into(),
                new.target_branch.into(),
                new.tag.into(),
                new.event.into(),
                new.digest.into(),
                new.idempotency_key.into(),
                new.body.into(),
            ],
        )
        .await?;
    Ok(!inserted.is_empty())
}

/// The artifact that stands in the way of [`insert`]: the one with this key, else the one with this content.
pub(crate) async fn shipped_before<D: Database>(
    sql: &Sql<'_, D>,
    digest: &str,
    idempotency_key: Option<&str>,
) -> Result<Option<Shipped>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT id, created, evaluated IS NULL, repository, sha, digest, body FROM artifacts WHERE idempotency_key = ?2
             UNION ALL SELECT id, created, evaluated IS NULL, repository, sha, digest, body FROM artifacts WHERE digest = ?1
             LIMIT 1",
            &[digest.into(), idempotency_key.into()],
        )
        .await?;
    Ok(rows.into_iter().next().and_then(|row| {
        let mut row = Columns::new(row);
        Some(Shipped {
            id: row.text().parse().ok()?,
            created_ms: row.milliseconds(),
            waiting: row.integer() == Some(1),
            repository: row.text(),
            sha: row.text(),
            digest: row.text(),
            body: row.text(),
        })
    }))
}

/// The stored JSON of one artifact.
pub(crate) async fn body<D: Database>(
    sql: &Sql<'_, D>,
    id: &str,
) -> Result<Option<String>, DatabaseError> {
    let rows = sql
        .run("SELECT body FROM artifacts WHERE id = ?1", &[id.into()])
        .await?;
    Ok(rows.into_iter().next().map(|row| Columns::new(row).text()))
}

/// An artifact as it is stored.
pub(crate) struct Stored {
    pub id: String,
    pub created_ms: u64,
    pub evaluated: bool,
    pub body: String,
}

/// Several artifacts by id, in one statement, oldest first.
pub(crate) async fn by_ids<D: Database>(
    sql: &Sql<'_, D>,
    ids: &[&str],
) -> Result<Vec<Stored>, DatabaseError> {
    let list = serde_json::Value::from(ids).to_string();
    let rows = sql
        .run(
            "SELECT id, created, evaluated IS NOT NULL, body FROM artifacts WHERE id IN (SELECT value FROM json_each(?1)) ORDER BY created, seq",
            &[list.into()],
        )
        .await?;
    Ok(stored(rows))
}

/// The artifacts of the latest commit of a branch that was shipped, oldest first. A pull request may name its branch as the
/// source alone; tags are of no branch.
pub(crate) async fn latest_of_branch<D: Database>(
    sql: &Sql<'_, D>,
    repository: &str,
    branch: &str,
) -> Result<Vec<Stored>, DatabaseError> {
    const OF_BRANCH: &str = "repository = ?1 AND event <> 'tag'
        AND (branch = ?2 OR (branch IS NULL AND source_branch IS NOT NULL AND source_branch = ?2))";
    let statement = format!(
        "SELECT id, created, evaluated IS NOT NULL, body FROM artifacts WHERE {OF_BRANCH}
            AND sha = (SELECT sha FROM artifacts WHERE {OF_BRANCH} ORDER BY created DESC, seq DESC LIMIT 1)
         ORDER BY created, seq LIMIT 200"
    );
    let rows = sql
        .run(&statement, &[repository.into(), branch.into()])
        .await?;
    Ok(stored(rows))
}

/// Marks artifacts as evaluated: the last durable word of an evaluation.
pub(crate) async fn evaluated<D: Database>(
    sql: &Sql<'_, D>,
    ids: &[&str],
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let list = serde_json::Value::from(ids).to_string();
    sql.run(
        "UPDATE artifacts SET evaluated = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND evaluated IS NULL",
        &[list.into(), now_ms.into()],
    )
    .await?;
    Ok(())
}

/// Artifacts that were never evaluated, in order of arrival.
pub(crate) async fn not_evaluated<D: Database>(
    sql: &Sql<'_, D>,
    limit: i64,
) -> Result<Vec<Stored>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT id, created, false, body FROM artifacts WHERE evaluated IS NULL ORDER BY created, seq LIMIT ?1",
            &[limit.into()],
        )
        .await?;
    Ok(stored(rows))
}

fn stored(rows: Vec<Row>) -> Vec<Stored> {
    rows.into_iter()
        .map(|row| {
            let mut row = Columns::new(row);
            Stored {
                id: row.text(),
                created_ms: row.milliseconds(),
                evaluated: row.integer() == Some(1),
                body: row.text(),
            }
        })
        .collect()
}

/// What `GET /api/artifacts` filters by; absent means any.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub since_ms: Option<i64>,
    pub until_ms: Option<i64>,
    pub repository: Option<String>,
    pub branch: Option<String>,
    pub source_branch: Option<String>,
    pub sha: Vec<String>,
    pub event: Option<&'static str>,
}

/// Where an artifact stands among all, newest first.
#[derive(Debug)]
pub(crate) struct ArtifactPlace {
    created_ms: i64,
    seq: i64,
}

impl Place for ArtifactPlace {
    const LIST: &'static str = "artifacts";

    fn read(text: &str) -> Option<Self> {
        let (created_ms, seq) = text.split_once(' ')?;
        Some(Self {
            created_ms: created_ms.parse().ok()?,
            seq: seq.parse().ok()?,
        })
    }

    fn write(&self) -> String {
        format!("{} {}", self.created_ms, self.seq)
    }
}

/// An artifact of a page.
pub(crate) struct Found {
    pub place: ArtifactPlace,
    /// Its JSON.
    pub body: String,
}

/// A page of artifacts, newest first, and one more if there is one.
pub(crate) async fn search<D: Database>(
    sql: &Sql<'_, D>,
    filter: &Filter,
    window: &Window<ArtifactPlace>,
) -> Result<Vec<Found>, DatabaseError> {
    let mut wheres: Vec<&str> = Vec::new();
    let mut params: Vec<SqlValue> = Vec::new();
    let mut push = |clause: &'static str, value: SqlValue| {
        wheres.push(clause);
        params.push(value);
    };
    if let Some(since) = filter.since_ms {
        push("created >= ?", since.into());
    }
    if let Some(until) = filter.until_ms {
        push("created < ?", until.into());
    }
    if let Some(repository) = &filter.repository {
        push("repository = ?", repository.as_str().into());
    }
    if let Some(branch) = &filter.branch {
        push("branch = ?", branch.as_str().into());
    }
    if let Some(branch) = &filter.source_branch {
        push("source_branch = ?", branch.as_str().into());
    }
    if !filter.sha.is_empty() {
        let list = serde_json::Value::from(filter.sha.as_slice()).to_string();
        push("sha IN (SELECT value FROM json_each(?))", list.into());
    }
    if let Some(event) = filter.event {
        // Said twice, so that the partial index on what is not a push applies.
        let clause = if event == "push" {
            "event = ?"
        } else {
            "event <> 'push' AND event = ?"
        };
        push(clause, event.into());
    }
    if let Some(place) = &window.after {
        wheres.push("(created, seq) < (?, ?)");
        params.extend([place.created_ms.into(), place.seq.into()]);
    }
    let mut statement = String::from("SELECT created, seq, body FROM artifacts");
    if !wheres.is_empty() {
        statement.push_str(" WHERE ");
        statement.push_str(&wheres.join(" AND "));
    }
    statement.push_str(" ORDER BY created DESC, seq DESC LIMIT ? OFFSET ?");
    params.push(window.rows().into());
    params.push(window.offset.into());
    let rows = sql.run(&statement, &params).await?.into_iter();
    let found = rows.map(|row| {
        let mut row = Columns::new(row);
        Found {
            place: ArtifactPlace {
                created_ms: row.integer().unwrap_or_default(),
                seq: row.integer().unwrap_or_default(),
            },
            body: row.text(),
        }
    });
    Ok(found.collect())
}
