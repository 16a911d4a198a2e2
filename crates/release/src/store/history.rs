//! Table `requests` as the history of the GitOps repositories: what landed, what stands, what can be gone back to, and what
//! controllers say of it. Reads only.

use crate::database::{Columns, Sql};
use crate::page::{Place, Window};
use crate::ports::{Database, DatabaseError, SqlValue};
use crate::store::requests::{Sync, texts};

/// A release that landed.
#[derive(Debug, Clone)]
pub(crate) struct Landed {
    pub app: String,
    pub env: String,
    pub artifact_id: String,
    pub triggered_by: String,
    pub gitops_repo: String,
    pub gitops_ref: String,
    pub committed: i64,
    pub rolled_back: bool,
    pub sync: Sync,
    pub artifact: Option<String>,
    pub place: ReleasePlace,
    /// What is known to run; only of a status.
    pub applied: Option<Applied>,
}

/// Where a release stands among all that landed.
#[derive(Debug, Clone)]
pub(crate) struct ReleasePlace(i64);

impl Place for ReleasePlace {
    const LIST: &'static str = "releases";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

/// The last commit of an app that a controller said to be applied.
#[derive(Debug, Clone)]
pub(crate) struct Applied {
    pub gitops_ref: String,
    pub artifact_id: String,
    pub at: Option<i64>,
}

/// A rollback shows who released what it put back, as the restored record does. A release is rolled back if the last
/// rollback that reached it went back to an earlier one.
const LANDED_COLUMNS: &str =
    "SELECT r.app, r.env, r.artifact_id, coalesce(t.triggered_by, r.triggered_by), r.gitops_repo, r.gitops_ref, r.committed,
        (SELECT b.target_landed < r.landed FROM requests AS b
         WHERE b.kind = 'rollback' AND b.landed IS NOT NULL AND b.env = r.env AND b.app = r.app
            AND b.landed > r.landed AND b.target_landed <= r.landed ORDER BY b.landed DESC LIMIT 1),
        r.sync_status, r.sync_desc, r.sync_time, a.body, r.landed";
const LANDED_FROM: &str =
    "FROM requests AS r LEFT JOIN requests AS t ON r.kind = 'rollback' AND t.gitops_ref = r.target
        LEFT JOIN artifacts AS a ON a.id = r.artifact_id";

fn landed_rows(rows: Vec<Vec<SqlValue>>) -> Vec<Landed> {
    rows.into_iter()
        .map(|row| {
            let mut row = Columns::new(row);
            Landed {
                app: row.text(),
                env: row.text(),
                artifact_id: row.text(),
                triggered_by: row.text(),
                gitops_repo: row.text(),
                gitops_ref: row.text(),
                committed: row.integer().unwrap_or_default(),
                rolled_back: row.integer() == Some(1),
                sync: Sync::read(&mut row),
                artifact: row.optional_text(),
                place: ReleasePlace(row.integer().unwrap_or_default()),
                applied: row.optional_text().map(|gitops_ref| Applied {
                    gitops_ref,
                    artifact_id: row.text(),
                    at: row.integer(),
                }),
            }
        })
        .collect()
}

/// The repository of the last release of an app that landed; none where there is none.
pub(crate) async fn last_repository<D: Database>(
    sql: &Sql<'_, D>,
    env: &str,
    app: &str,
) -> Result<Option<String>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT repository FROM requests
             WHERE landed IS NOT NULL AND env = ?1 AND app = ?2 AND repository IS NOT NULL
             ORDER BY landed DESC LIMIT 1",
            &[env.into(), app.into()],
        )
        .await?;
    let row = rows.into_iter().next();
    Ok(row.and_then(|row| Columns::new(row).optional_text()))
}

/// What `GET /api/releases` filters by; absent means any.
#[derive(Debug, Default)]
pub(crate) struct ReleaseFilter {
    pub env: String,
    pub app: Option<String>,
    pub repository: Option<String>,
    pub since_s: Option<i64>,
    pub until_s: Option<i64>,
}

/// A page of releases, newest first, and one more if there is one.
pub(crate) async fn releases<D: Database>(
    sql: &Sql<'_, D>,
    filter: &ReleaseFilter,
    window: &Window<ReleasePlace>,
) -> Result<Vec<Landed>, DatabaseError> {
    let mut statement = format!(
        "{LANDED_COLUMNS} {LANDED_FROM} WHERE r.landed IS NOT NULL AND r.env = ? AND r.kind = 'release'"
    );
    let mut params: Vec<SqlValue> = vec![filter.env.as_str().into()];
    let mut push = |clause: &str, value: Option<SqlValue>| {
        if let Some(value) = value {
            statement.push_str(clause);
            params.push(value);
        }
    };
    push(" AND r.app = ?", filter.app.as_deref().map(Into::into));
    push(
        " AND r.repository = ?",
        filter.repository.as_deref().map(Into::into),
    );
    push(" AND r.committed >= ?", filter.since_s.map(Into::into));
    push(" AND r.committed < ?", filter.until_s.map(Into::into));
    let after = window.after.as_ref().map(|place| place.0);
    push(" AND r.landed < ?", after.map(Into::into));
    statement.push_str(" ORDER BY r.landed DESC LIMIT ? OFFSET ?");
    params.push(window.rows().into());
    params.push(window.offset.into());
    Ok(landed_rows(sql.run(&statement, &params).await?))
}

/// What stands of each app of an environment, or of one app: its last release, or what a rollback put back. Walks from app to app by the index, so that the work
/// grows with the apps, not with their releases.
pub(crate) async fn current<D: Database>(
    sql: &Sql<'_, D>,
    env: &str,
    app: Option<&str>,
) -> Result<Vec<Landed>, DatabaseError> {
    let statement = format!(
        "WITH RECURSIVE apps(app) AS (
            SELECT min(app) FROM requests WHERE landed IS NOT NULL AND env = ?1 AND (?2 IS NULL OR app = ?2)
            UNION ALL
            SELECT (SELECT min(app) FROM requests WHERE landed IS NOT NULL AND env = ?1 AND app > apps.app)
            FROM apps WHERE apps.app IS NOT NULL AND ?2 IS NULL)
         {LANDED_COLUMNS}, p.gitops_ref, p.artifact_id, p.sync_time
         {LANDED_FROM} LEFT JOIN requests AS p ON p.kind <> 'delete' AND p.landed =
            (SELECT max(q.landed) FROM requests AS q WHERE q.landed IS NOT NULL
                AND q.sync_status = 'ReconciliationSucceeded' AND q.env = r.env AND q.app = r.app)
         WHERE r.landed IN (
            SELECT (SELECT max(landed) FROM requests WHERE landed IS NOT NULL AND env = ?1 AND app = apps.app)
            FROM apps WHERE apps.app IS NOT NULL)
            AND r.kind <> 'delete'
         ORDER BY r.app"
    );
    Ok(landed_rows(
        sql.run(&statement, &[env.into(), app.into()]).await?,
    ))
}

/// A commit of an app to which a rollback may go.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// The commit that was looked for.
    pub commit: String,
    pub kind: String,
    /// When it was committed, in seconds since the Unix epoch.
    pub committed: i64,
    /// The release that it wrote; for a rollback the one that it put back.
    pub target: String,
    pub artifact_id: String,
    /// Whether the app's folder was noted.
    pub has_tree: bool,
}

/// The commits of an app whose ids begin so, newest first.
pub(crate) async fn commits_of_app<D: Database>(
    sql: &Sql<'_, D>,
    (env, app): (&str, &str),
    prefix: &str,
    limit: i64,
) -> Result<Vec<Candidate>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT r.gitops_ref, r.kind, r.committed, coalesce(t.gitops_ref, r.gitops_ref),
                coalesce(t.artifact_id, r.artifact_id), coalesce(t.tree, r.tree) IS NOT NULL
             FROM requests AS r LEFT JOIN requests AS t ON r.kind = 'rollback' AND t.gitops_ref = r.target
             WHERE r.gitops_ref >= ?1 AND r.gitops_ref < ?2 AND r.env = ?3 AND r.app = ?4
             ORDER BY r.landed DESC LIMIT ?5",
            // After every hexadecimal digit.
            &[prefix.into(), format!("{prefix}g").into(), env.into(), app.into(), limit.into()],
        )
        .await?;
    let rows = rows.into_iter().map(|row| {
        let mut row = Columns::new(row);
        Candidate {
            commit: row.text(),
            kind: row.text(),
            committed: row.integer().unwrap_or_default(),
            target: row.text(),
            artifact_id: row.text(),
            has_tree: row.integer() == Some(1),
        }
    });
    Ok(rows.collect())
}

/// Which environments and apps have commits whose ids begin so.
pub(crate) async fn places_of_commit<D: Database>(
    sql: &Sql<'_, D>,
    prefix: &str,
) -> Result<Vec<String>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT DISTINCT env || '/' || app FROM requests WHERE gitops_ref >= ?1 AND gitops_ref < ?2 LIMIT 5",
            &[prefix.into(), format!("{prefix}g").into()],
        )
        .await?;
    Ok(texts(rows))
}

/// What a commit wrote.
pub(crate) struct Committed {
    pub commit: String,
    pub env: String,
    pub app: String,
    pub gitops_repo: String,
    pub tree: Option<String>,
}

/// What these commits wrote, in one statement.
pub(crate) async fn by_commits<D: Database>(
    sql: &Sql<'_, D>,
    commits: &[&str],
) -> Result<Vec<Committed>, DatabaseError> {
    let list = serde_json::Value::from(commits).to_string();
    let rows = sql
        .run(
            "SELECT gitops_ref, env, app, gitops_repo, tree FROM requests
             WHERE gitops_ref IN (SELECT value FROM json_each(?1)) AND kind <> 'delete'",
            &[list.into()],
        )
        .await?;
    let rows = rows.into_iter().map(|row| {
        let mut row = Columns::new(row);
        Committed {
            commit: row.text(),
            env: row.text(),
            app: row.text(),
            gitops_repo: row.text(),
            tree: row.optional_text(),
        }
    });
    Ok(rows.collect())
}

/// A commit of a GitOps repository, and how it stands.
#[derive(Debug)]
pub(crate) struct Commit {
    pub gitops_ref: String,
    pub env: String,
    pub committed: i64,
    pub sync: Sync,
}

/// The newest commits, of one environment where it is given.
pub(crate) async fn commits<D: Database>(
    sql: &Sql<'_, D>,
    env: Option<&str>,
    limit: i64,
) -> Result<Vec<Commit>, DatabaseError> {
    let columns = "SELECT gitops_ref, env, committed, sync_status, sync_desc, sync_time FROM requests WHERE landed IS NOT NULL";
    let newest = "ORDER BY landed DESC LIMIT";
    let rows = match env {
        Some(env) => {
            let statement = format!("{columns} AND env = ?1 {newest} ?2");
            sql.run(&statement, &[env.into(), limit.into()]).await?
        }
        None => {
            sql.run(&format!("{columns} {newest} ?1"), &[limit.into()])
                .await?
        }
    };
    let rows = rows.into_iter().map(|row| {
        let mut row = Columns::new(row);
        Commit {
            gitops_ref: row.text(),
            env: row.text(),
            committed: row.integer().unwrap_or_default(),
            sync: Sync::read(&mut row),
        }
    });
    Ok(rows.collect())
}
