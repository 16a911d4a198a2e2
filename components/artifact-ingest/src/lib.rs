//! Takes release artifacts from CI: `POST /api/artifact`. Least privilege: it can neither release nor reach the network.

use domain::{Artifact, ArtifactLimits};
use platform::call::{Access, method_not_allowed};
use platform::{Answer, Call, Problem, SpinKeyValue, SpinSqlite, SystemClock, serve, settings};
use release::database::Sql;
use release::ingest::{IngestError, ingest};
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("artifact-ingest", Access::Token, request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    if call.method != "POST" {
        return Err(method_not_allowed(&call, "POST"));
    }
    let key = call.idempotency_key()?;
    let max_waiting = settings::max_waiting()?;
    let mut limits = ArtifactLimits::default();
    limits.json.bytes = settings::max_body_bytes()?;
    let body = call.body().await?;
    let shipped = Artifact::parse(&body, &limits).map_err(IngestError::from)?;
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
    Ok(Answer::json_text(
        if ingested.new { 201 } else { 200 },
        ingested.body,
    ))
}
