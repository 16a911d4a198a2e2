//! Takes what GitOps controllers say of commits: `POST /api/flux-events`, `POST /api/argocd-events`. It can change nothing else:
//! its token stands in the cluster.

use access::{Route, Scope};
use domain::{EnvName, InvalidFeedback, read_argocd_event, read_flux_event};
use platform::{Answer, Call, Problem, SpinSqlite, SystemClock, serve};
use release::database::Sql;
use release::feedback::report;
use release::query::Parameters;
use serde_json::json;
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("gitops-feedback", request, route).await
}

async fn route(mut call: Call) -> Result<Answer, Problem> {
    let read = match call.route {
        Route::FluxEvent => read_flux_event,
        Route::ArgocdEvent => read_argocd_event,
        _ => return Err(Problem::not_found("there is no such route")),
    };
    let env: EnvName = Parameters::parse(&call.query).mandatory("env")?;
    call.permit(&Scope::new().environment(env.as_str())).await?;
    let body = call.body().await?;
    let feedback = read(&body).map_err(|InvalidFeedback { pointer, message }| {
        Problem::bad_request(&pointer, format!("Bad Request: {message}"))
    })?;
    let Some(feedback) = feedback else {
        return Ok(Answer::json(200, &json!({ "outcome": "ignored" })));
    };
    let db = SpinSqlite::open()?;
    report(&Sql::new(&db), &SystemClock, &env, &feedback).await?;
    Ok(Answer::json(200, &json!({ "outcome": "stored" })))
}
