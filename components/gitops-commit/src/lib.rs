//! Queues releases that people ask for: `POST /api/releases`; and lists what was released: `GET /api/releases`, because Spin
//! routes by path alone. It can reach neither the network nor a Git token: the flush writes.

use platform::call::{Access, method_not_allowed};
use platform::{
    Answer, Call, Problem, SpinKeyValue, SpinSqlite, SystemClock, body, serve, settings, template,
};
use release::database::Sql;
use release::enqueue::{Wish, enqueue};
use release::query::{self, Parameters};
use serde_json::json;
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("gitops-commit", Access::Token, request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    match call.method.as_str() {
        "GET" => Ok(Answer::json(
            200,
            &query::releases(&sql, &Parameters::parse(&call.query)).await?,
        )),
        "POST" => post(call, &sql).await,
        _ => Err(method_not_allowed(&call, "GET, POST")),
    }
}

async fn post(call: Call, sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let idempotency_key = call.idempotency_key()?;
    let max_waiting = settings::max_waiting()?;
    let caller = call.caller.clone().ok_or_else(Problem::internal)?;
    let fields = body::object(&call.body().await?)?;
    let wish = Wish {
        env: fields.mandatory("env", "env")?,
        artifact_id: fields.mandatory("artifactId", "artifact")?,
        app: fields.optional("app")?,
        triggered_by: domain::TriggeredBy::Login(caller.login),
        idempotency_key,
    };
    let kv = SpinKeyValue::open()?;
    let id = enqueue(&kv, sql, &SystemClock, &template(), &wish, max_waiting).await?;
    Ok(Answer::json(
        201,
        &json!({ "id": id.as_str(), "type": "release" }),
    ))
}
