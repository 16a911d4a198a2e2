//! Answers what was shipped and released, and how the application is. It writes nothing.

use access::{Route, Scope};
use domain::ArtifactId;
use platform::{Answer, Call, Problem, SpinKeyValue, SpinSqlite, SystemClock, serve};
use release::database::Sql;
use release::health::health;
use release::query::{self, Parameters};
use release::reach;
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("artifact-query", request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    let parameters = Parameters::parse(&call.query);
    match call.route {
        Route::Root => Ok(Answer::empty(200)),
        Route::Healthz => healthz(&sql).await,
        Route::Artifacts => {
            let scope = Scope::new().repository(parameters.get("repository"));
            call.permit(&scope).await?;
            let artifacts = query::artifacts(&sql, &parameters).await?;
            Ok(Answer::json_text(200, artifacts))
        }
        Route::Artifact => artifact(&call, &sql).await,
        Route::Status => {
            let (env, app) = (parameters.get("env"), parameters.get("app"));
            call.permit(&reach::of_place(&sql, env, app).await?).await?;
            Ok(Answer::json(200, &query::status(&sql, &parameters).await?))
        }
        Route::Event => {
            let event = query::event(&sql, &parameters).await?;
            for scope in reach::of_event(&event) {
                call.permit(&scope).await?;
            }
            Ok(Answer::json(200, &event))
        }
        _ => Err(Problem::not_found(
            "there is no such route; the README lists them",
        )),
    }
}

async fn artifact(call: &Call, sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let id = query::decode_path(call.parameters.get("id"));
    let repository = id.parse::<ArtifactId>().ok();
    let repository = repository.as_ref().map(ArtifactId::repository);
    call.permit(&Scope::new().repository(repository)).await?;
    Ok(Answer::json_text(200, query::artifact(sql, &id).await?))
}

async fn healthz(sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let kv = SpinKeyValue::open()?;
    let health = health(&kv, sql, &SystemClock).await;
    Ok(Answer::json(
        if health.status == "ok" { 200 } else { 503 },
        &health,
    ))
}
