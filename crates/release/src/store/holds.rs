//! Table `holds`: what keeps policies from releasing an app. Rollbacks place theirs, and releases by hand lift them, by
//! triggers (see [`crate::database`]); a lifted hold stays in the table.

use domain::{AppName, EnvName};
use serde::Serialize;

use crate::database::{Columns, Sql, integer};
use crate::ports::{Database, DatabaseError, Row};

/// A hold in force.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Its identity; a rollback's hold has the id of the rollback.
    pub id: String,
    /// The environment.
    pub env: String,
    /// The app; absent for all apps of the environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// `rollback` or `manual`.
    pub kind: String,
    /// Why, for people.
    pub reason: String,
    /// Who placed it.
    pub owner: String,
    /// When, in seconds since the Unix epoch.
    pub created: u64,
    #[serde(skip)]
    pub(crate) created_ms: u64,
    #[serde(skip)]
    pub(crate) lifted: bool,
}

impl Hold {
    /// Whether it keeps policies from this app.
    pub(crate) fn covers(&self, env: &EnvName, app: &AppName) -> bool {
        self.env == env.as_str() && self.app.as_ref().is_none_or(|held| held == app.as_str())
    }

    /// Whether a release of this app by hand, queued then, lifts it. What somebody placed on purpose stays.
    pub(crate) fn is_lifted_by(&self, env: &EnvName, app: &AppName, queued_ms: u64) -> bool {
        self.kind == ROLLBACK
            && self.app.is_some()
            && self.covers(env, app)
            && self.created_ms < queued_ms
    }
}

/// Placed by a rollback.
const ROLLBACK: &str = "rollback";
/// Placed by somebody.
pub(crate) const MANUAL: &str = "manual";

fn holds(rows: Vec<Row>) -> Vec<Hold> {
    let rows = rows.into_iter().map(|row| {
        let mut row = Columns::new(row);
        let mut hold = Hold {
            id: row.text(),
            env: row.text(),
            app: row.optional_text().filter(|app| !app.is_empty()),
            kind: row.text(),
            reason: row.text(),
            owner: row.text(),
            created: 0,
            created_ms: row.milliseconds(),
            lifted: row.integer() == Some(1),
        };
        hold.created = hold.created_ms / 1000;
        hold
    });
    rows.collect()
}

/// Holds in force, oldest first: of one environment and app, where they are given.
pub(crate) async fn active<D: Database>(
    sql: &Sql<'_, D>,
    env: Option<&str>,
    app: Option<&str>,
) -> Result<Vec<Hold>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT id, env, app, kind, reason, owner, created, false FROM holds
             WHERE lifted IS NULL AND (?1 IS NULL OR env = ?1) AND (?2 IS NULL OR app IN (?2, '')) ORDER BY created, id",
            &[env.into(), app.into()],
        )
        .await?;
    Ok(holds(rows))
}

/// Places a hold unless it is known, or there are `most` already; gives it as it stands, if it does.
pub(crate) async fn place<D: Database>(
    sql: &Sql<'_, D>,
    hold: &Hold,
    most: i64,
) -> Result<Option<Hold>, DatabaseError> {
    sql.run(
        "INSERT INTO holds (id, env, app, kind, reason, owner, created) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
         WHERE (SELECT count(*) FROM holds WHERE lifted IS NULL) < ?8 ON CONFLICT DO NOTHING",
        &[
            hold.id.as_str().into(),
            hold.env.as_str().into(),
            hold.app.as_deref().unwrap_or_default().into(),
            hold.kind.as_str().into(),
            hold.reason.as_str().into(),
            hold.owner.as_str().into(),
            i64::try_from(hold.created_ms).unwrap_or(i64::MAX).into(),
            most.into(),
        ],
    )
    .await?;
    by_id(sql, &hold.id).await
}

/// A hold, lifted or not.
pub(crate) async fn by_id<D: Database>(
    sql: &Sql<'_, D>,
    id: &str,
) -> Result<Option<Hold>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT id, env, app, kind, reason, owner, created, lifted IS NOT NULL FROM holds WHERE id = ?1",
            &[id.into()],
        )
        .await?;
    Ok(holds(rows).into_iter().next())
}

/// Lifts a hold; one that is lifted stays as it was. Says whether there is such a hold.
pub(crate) async fn lift<D: Database>(
    sql: &Sql<'_, D>,
    id: &str,
    by: &str,
    now_ms: i64,
) -> Result<bool, DatabaseError> {
    sql.run(
        "UPDATE holds SET lifted = ?2, lifted_by = ?3 WHERE id = ?1 AND lifted IS NULL",
        &[id.into(), now_ms.into(), by.into()],
    )
    .await?;
    let rows = sql
        .run("SELECT count(*) FROM holds WHERE id = ?1", &[id.into()])
        .await?;
    Ok(integer(&rows) > 0)
}
