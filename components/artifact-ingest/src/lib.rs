//! Takes release artifacts from CI: `POST /api/artifact`. Least privilege: it can neither release nor reach the network.

use access::{Dimension, Scope};
use domain::{Artifact, ArtifactLimits, ShippedArtifact};
use platform::{
    Answer, Call, Problem, SpinKeyValue, SpinSqlite, SystemClock, serve, settings, template,
};
use release::database::Sql;
use release::ingest::{IngestError, ingest};
use release::reach;
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("artifact-ingest", request, route).await
}

async fn route(mut call: Call) -> Result<Answer, Problem> {
    let key = call.idempotency_key()?;
    let max_waiting = settings::max_waiting()?;
    let mut limits = ArtifactLimits::default();
    limits.json.bytes = settings::max_body_bytes()?;
    let body = call.body().await?;
    let shipped = Artifact::parse(&body, &limits).map_err(IngestError::from)?;
    for scope in reached(&call, &shipped)? {
        call.permit(&scope).await?;
    }
    let db = SpinSqlite::open()?;
    let kv = SpinKeyValue::open()?;
    let sql = Sql::new(&db);
    let ingested = ingest(
        &kv,
        &sql,
        &SystemClock,
        shipped,
        key.as_deref(),
        max_waiting,
    )
    .await?;
    call.log("shipped", &[("artifactId", ingested.id.as_str())]);
    Ok(Answer::json_text(
        if ingested.new { 201 } else { 200 },
        ingested.body,
    ))
}

/// Most callers are not limited to apps or environments: for them no template is rendered.
fn reached(call: &Call, shipped: &ShippedArtifact) -> Result<Vec<Scope>, Problem> {
    let principal = call.principal()?;
    let limited =
        principal.is_limited(Dimension::App) || principal.is_limited(Dimension::Environment);
    Ok(match limited {
        true => reach::of_artifact(shipped, &template()),
        false => vec![Scope::new().repository(shipped.version.repository_name.as_str())],
    })
}
