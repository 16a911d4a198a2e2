//! Decides which artifacts are released where, and says why: `POST /internal/evaluate`, `GET /api/policies/explain`.

use access::{Route, Scope};
use domain::ArtifactId;
use platform::{
    Answer, Call, Problem, SpinKeyValue, SpinSqlite, SystemClock, journal, serve, template,
};
use release::database::Sql;
use release::evaluate::evaluate;
use release::metrics::Counts;
use release::ports::Clock as _;
use release::query::{self, Parameters};
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

/// Hosted platforms end a request after 30 s.
const BUDGET_MS: u64 = 20_000;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("policy-evaluation", request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    match call.route {
        Route::Explain => {
            let parameters = Parameters::parse(&call.query);
            let id = parameters.get("artifact");
            let id = id.and_then(|id| id.parse::<ArtifactId>().ok());
            let repository = id.as_ref().map(ArtifactId::repository);
            call.permit(&Scope::new().repository(repository)).await?;
            let explained = query::explain(&sql, &template(), &parameters).await?;
            Ok(Answer::json(200, &explained))
        }
        Route::Evaluate => {
            let kv = SpinKeyValue::open()?;
            let deadline = SystemClock.now_ms().saturating_add(BUDGET_MS);
            let report = evaluate(&kv, &sql, &SystemClock, &template(), deadline).await?;
            journal::evaluated("policy-evaluation", &report);
            Counts::default().evaluation(&report).keep(&sql).await?;
            Ok(Answer::json(200, &report))
        }
        _ => Err(Problem::not_found("there is no such route")),
    }
}
