//! Decides which artifacts are released where, and says why: `POST /internal/evaluate`, `GET /api/policies/explain`.

use platform::call::{Access, method_not_allowed};
use platform::{Answer, Call, Problem, SpinKeyValue, SpinSqlite, SystemClock, serve, template};
use release::database::Sql;
use release::evaluate::evaluate;
use release::ports::Clock as _;
use release::query::{self, Parameters};
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

/// Hosted platforms end a request after 30 s.
const BUDGET_MS: u64 = 20_000;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("policy-evaluation", Access::Token, request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    match (call.path.as_str(), call.method.as_str()) {
        ("/api/policies/explain", "GET") => {
            let explained =
                query::explain(&sql, &template(), &Parameters::parse(&call.query)).await?;
            Ok(Answer::json(200, &explained))
        }
        ("/api/policies/explain", _) => Err(method_not_allowed(&call, "GET")),
        ("/internal/evaluate", "POST") => {
            let kv = SpinKeyValue::open()?;
            let deadline = SystemClock.now_ms().saturating_add(BUDGET_MS);
            Ok(Answer::json(
                200,
                &evaluate(&kv, &sql, &SystemClock, &template(), deadline).await?,
            ))
        }
        ("/internal/evaluate", _) => Err(method_not_allowed(&call, "POST")),
        _ => Err(Problem::not_found("there is no such route")),
    }
}
