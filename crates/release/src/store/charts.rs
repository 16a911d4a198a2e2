//! Tables `charts`, `chart_versions` and `chart_indexes`: charts that were fetched, which of them a version is, and what chart
//! repositories list. A cache: losing any of it costs requests.

use crate::database::{Columns, Sql};
use crate::ports::{Database, DatabaseError, SqlValue};

/// Rows of `chart_versions` and of `chart_indexes` that are kept; the ones checked longest ago go first.
const ROWS: i64 = 5_000;
const INDEXES: i64 = 100;

/// Where a chart's version was asked for, and in which words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// The repository, registry or Git address.
    pub source: String,
    /// The chart's name there, or its folder in Git.
    pub name: String,
    /// A version, a range, a revision; empty for the newest.
    pub version: String,
}

/// A chart that is kept.
pub(crate) struct KeptChart {
    pub digest: String,
    pub content: Vec<u8>,
    /// When the version was last known to be this chart.
    pub checked_ms: u64,
    /// When the chart was last used, not newer than an hour.
    pub used_ms: u64,
}

pub(crate) async fn get<D: Database>(
    sql: &Sql<'_, D>,
    key: &Key,
) -> Result<Option<KeptChart>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT charts.digest, checked, used, content FROM chart_versions JOIN charts USING (digest)
             WHERE source = ?1 AND name = ?2 AND version = ?3",
            &[key.source.as_str().into(), key.name.as_str().into(), key.version.as_str().into()],
        )
        .await?;
    Ok(rows.into_iter().next().map(|row| {
        let mut row = Columns::new(row);
        KeptChart {
            digest: row.text(),
            checked_ms: row.milliseconds(),
            used_ms: row.milliseconds(),
            content: row.blob(),
        }
    }))
}

/// Notes that a kept chart was used.
pub(crate) async fn touch<D: Database>(
    sql: &Sql<'_, D>,
    digest: &str,
    now_ms: i64,
) -> Result<(), DatabaseError> {
    sql.run(
        "UPDATE charts SET used = ?2 WHERE digest = ?1",
        &[digest.into(), now_ms.into()],
    )
    .await?;
    Ok(())
}

/// Keeps a chart.
pub(crate) async fn put<D: Database>(
    sql: &Sql<'_, D>,
    digest: &str,
    content: &[u8],
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
    sql.run(
        "INSERT OR REPLACE INTO charts (digest, size, fetched, used, content) VALUES (?1, ?2, ?3, ?3, ?4)",
        &[digest.into(), size.into(), now_ms.into(), SqlValue::Blob(content.to_vec())],
    )
    .await?;
    Ok(())
}

/// Notes which chart a version is.
pub(crate) async fn put_version<D: Database>(
    sql: &Sql<'_, D>,
    key: &Key,
    digest: &str,
    now_ms: i64,
) -> Result<(), DatabaseError> {
    sql.run(
        "INSERT OR REPLACE INTO chart_versions (source, name, version, digest, checked) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            key.source.as_str().into(),
            key.name.as_str().into(),
            key.version.as_str().into(),
            digest.into(),
            now_ms.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Forgets a chart whose content is not what its digest says.
pub(crate) async fn forget<D: Database>(
    sql: &Sql<'_, D>,
    digest: &str,
) -> Result<(), DatabaseError> {
    sql.run("DELETE FROM charts WHERE digest = ?1", &[digest.into()])
        .await?;
    Ok(())
}

/// Deletes what is beyond the bounds: charts used longest ago, then versions of charts that are gone, and the oldest rows.
pub(crate) async fn evict<D: Database>(
    sql: &Sql<'_, D>,
    max_charts: i64,
    max_bytes: i64,
) -> Result<(), DatabaseError> {
    sql.run(
        "DELETE FROM charts WHERE digest IN (SELECT digest FROM (
             SELECT digest, row_number() OVER newest AS place, sum(size) OVER newest AS bytes FROM charts
             WINDOW newest AS (ORDER BY used DESC, fetched DESC, digest ROWS UNBOUNDED PRECEDING))
         WHERE place > ?1 OR bytes > ?2)",
        &[max_charts.into(), max_bytes.into()],
    )
    .await?;
    sql.run(
        "DELETE FROM chart_versions WHERE digest NOT IN (SELECT digest FROM charts) OR (source, name, version) IN
             (SELECT source, name, version FROM chart_versions ORDER BY checked DESC LIMIT -1 OFFSET ?1)",
        &[ROWS.into()],
    )
    .await?;
    Ok(())
}

/// What a repository's index says of one chart.
pub(crate) struct KeptIndex {
    /// The versions, in the words of `charts::index`.
    pub versions: String,
    /// The answer's `ETag`.
    pub etag: Option<String>,
    /// The answer's `Last-Modified`.
    pub modified: Option<String>,
    /// When the repository last said that it is so.
    pub checked_ms: u64,
}

pub(crate) async fn index<D: Database>(
    sql: &Sql<'_, D>,
    source: &str,
    name: &str,
) -> Result<Option<KeptIndex>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT versions, etag, modified, checked FROM chart_indexes WHERE source = ?1 AND name = ?2",
            &[source.into(), name.into()],
        )
        .await?;
    Ok(rows.into_iter().next().map(|row| {
        let mut row = Columns::new(row);
        KeptIndex {
            versions: row.text(),
            etag: row.optional_text(),
            modified: row.optional_text(),
            checked_ms: row.milliseconds(),
        }
    }))
}

/// Keeps what a repository lists of one chart.
pub(crate) async fn put_index<D: Database>(
    sql: &Sql<'_, D>,
    source: &str,
    name: &str,
    index: &KeptIndex,
) -> Result<(), DatabaseError> {
    sql.run(
        "INSERT OR REPLACE INTO chart_indexes (source, name, versions, etag, modified, checked) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[
            source.into(),
            name.into(),
            index.versions.as_str().into(),
            index.etag.as_deref().into(),
            index.modified.as_deref().into(),
            i64::try_from(index.checked_ms).unwrap_or(i64::MAX).into(),
        ],
    )
    .await?;
    sql.run(
        "DELETE FROM chart_indexes WHERE (source, name) IN
             (SELECT source, name FROM chart_indexes ORDER BY checked DESC LIMIT -1 OFFSET ?1)",
        &[INDEXES.into()],
    )
    .await?;
    Ok(())
}
