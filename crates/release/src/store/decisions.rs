//! Table `decisions`: every yes and no of the policies, with its reason. Recorded once an artifact.

use serde::{Deserialize, Serialize};

use crate::database::{Columns, Sql};
use crate::ports::{Database, DatabaseError};

/// One manifest's decision, in the order of the artifact's manifests.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DecisionRow {
    /// The manifest's app, as far as it could be resolved.
    pub app: String,
    /// The manifest's environment.
    pub env: String,
    /// Whether the manifest was released by its policy.
    pub released: bool,
    /// A stable word for the reason.
    pub code: String,
    /// The reason, for people.
    pub reason: String,
    /// The request that writes the release.
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// A decision to record.
#[derive(Debug, Serialize)]
pub(crate) struct NewDecision {
    pub artifact: String,
    pub position: usize,
    #[serde(flatten)]
    pub row: DecisionRow,
}

/// Records decisions in one statement; those recorded before stay.
pub(crate) async fn record<D: Database>(
    sql: &Sql<'_, D>,
    decisions: &[NewDecision],
    now_ms: i64,
) -> Result<(), DatabaseError> {
    if decisions.is_empty() {
        return Ok(());
    }
    let list = serde_json::to_string(decisions).map_err(|error| DatabaseError(error.into()))?;
    sql.run(
        "INSERT INTO decisions (artifact_id, position, app, env, released, code, reason, request_id, created)
         SELECT value ->> '$.artifact', value ->> '$.position', value ->> '$.app', value ->> '$.env',
            value ->> '$.released', value ->> '$.code', value ->> '$.reason', value ->> '$.requestId', ?2
         FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
        &[list.into(), now_ms.into()],
    )
    .await?;
    Ok(())
}

/// What was decided for an artifact, in the order of its manifests. A yes that met a hold when it was to be written became a
/// no.
pub(crate) async fn of_artifact<D: Database>(
    sql: &Sql<'_, D>,
    artifact_id: &str,
) -> Result<Vec<DecisionRow>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT d.app, d.env, d.released AND r.refusal IS NULL, coalesce(r.refusal, d.code),
                CASE WHEN r.refusal IS NULL THEN d.reason ELSE r.status_desc END, d.request_id
             FROM decisions AS d LEFT JOIN requests AS r ON r.id = d.request_id
             WHERE d.artifact_id = ?1 ORDER BY d.position",
            &[artifact_id.into()],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let mut row = Columns::new(row);
            DecisionRow {
                app: row.text(),
                env: row.text(),
                released: row.integer() == Some(1),
                code: row.text(),
                reason: row.text(),
                request_id: row.optional_text(),
            }
        })
        .collect())
}
