//! Answers what was shipped and released, and how the application is. It writes nothing.

use platform::call::{Access, method_not_allowed};
use platform::{Answer, Call, Problem, SpinKeyValue, SpinSqlite, SystemClock, serve};
use release::database::Sql;
use release::health::health;
use release::query::{self, Parameters};
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

/// What comes before an artifact's id in a path.
const ARTIFACT: &str = "/api/artifacts/";

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    let target = request.path_with_query().unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let access = if matches!(path, "/" | "/healthz") {
        Access::Open
    } else {
        Access::Token
    };
    serve("artifact-query", access, request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    if call.method != "GET" {
        return Err(method_not_allowed(&call, "GET"));
    }
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    let parameters = Parameters::parse(&call.query);
    match call.path.as_str() {
        // GimletD's health probe.
        "/" => Ok(Answer::empty(200)),
        "/healthz" => healthz(&sql).await,
        "/api/artifacts" => Ok(Answer::json_text(
            200,
            query::artifacts(&sql, &parameters).await?,
        )),
        "/api/status" => Ok(Answer::json(200, &query::status(&sql, &parameters).await?)),
        "/api/event" => Ok(Answer::json(200, &query::event(&sql, &parameters).await?)),
        path => match path.strip_prefix(ARTIFACT) {
            Some(id) => Ok(Answer::json_text(
                200,
                query::artifact(&sql, &query::decode_path(id)).await?,
            )),
            None => Err(Problem::not_found(
                "there is no such route; the README lists them",
            )),
        },
    }
}

async fn healthz(sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let kv = SpinKeyValue::open()?;
    let health = health(&kv, sql, &SystemClock).await;
    Ok(Answer::json(
        if health.status == "ok" { 200 } else { 503 },
        &health,
    ))
}
