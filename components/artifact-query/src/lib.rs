//! Answers what was shipped and released, and how the application is. It writes nothing.

use access::{Route, Scope};
use domain::{ArtifactId, EnvName};
use platform::{Answer, Call, Problem, SpinKeyValue, SpinSqlite, SystemClock, serve, settings};
use release::database::Sql;
use release::health::health;
use release::query::{self, Parameters};
use release::{metrics, reach, track};
use serde_json::json;
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

/// Generated from the code by the crate `openapi`, whose tests hold it to be current.
const OPEN_API: &str = include_str!("../../../crates/openapi/openapi.json");

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("artifact-query", request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    if matches!(call.route, Route::Healthz) {
        return Ok(healthz().await);
    }
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    let parameters = Parameters::parse(&call.query);
    match call.route {
        Route::Root => Ok(Answer::empty(200)),
        Route::Metrics => {
            // Of everything: the queue's length tells of every app.
            call.permit(&Scope::everything()).await?;
            let kv = SpinKeyValue::open()?;
            let health = health(Ok(&kv), Ok(&db), &SystemClock).await;
            let text = metrics::text(&sql, &health).await?;
            Ok(Answer::text(200, metrics::CONTENT_TYPE, text))
        }
        Route::Artifacts => {
            let scope = Scope::new().repository(parameters.get("repository"));
            call.permit(&scope).await?;
            let page = query::artifacts(&sql, &parameters).await?;
            let answer = Answer::json_text(200, page.items);
            Ok(call.linked(answer, page.next.as_deref()))
        }
        Route::Artifact => artifact(&call, &sql).await,
        Route::Status => {
            let (env, app) = (parameters.get("env"), parameters.get("app"));
            call.permit(&reach::of_place(&sql, env, app).await?).await?;
            Ok(Answer::json(200, &query::status(&sql, &parameters).await?))
        }
        Route::Event => {
            let event = query::event(&sql, &parameters).await?;
            permit_each(&call, event.results.iter().map(reach::of_event)).await?;
            Ok(Answer::json(200, &event))
        }
        Route::TrackRelease => {
            let track = track::release(&sql, &parameters).await?;
            permit_each(&call, track.results.iter().map(reach::of_track)).await?;
            Ok(Answer::json(200, &track))
        }
        Route::TrackArtifact => {
            let id = parameters.mandatory::<ArtifactId>("artifactId")?;
            call.permit(&Scope::new().repository(id.repository()))
                .await?;
            let track = track::artifact(&sql, &parameters).await?;
            permit_each(&call, track.results.iter().map(reach::of_track)).await?;
            Ok(Answer::json(200, &track))
        }
        Route::GitopsCommits => {
            call.permit(&Scope::everything().environment(parameters.get("env")))
                .await?;
            let commits = track::gitops_commits(&sql, &parameters).await?;
            Ok(Answer::json(200, &commits))
        }
        // A request ends within seconds here, and no instance outlives it: nothing can be streamed.
        Route::Sink => Err(Problem::new(
            410,
            "gone",
            "Gone",
            "commits are not streamed here: ask GET /api/gitopsCommits, or GET /api/eventReleaseTrack?id=<id> for one release",
        )),
        Route::OpenApi => Ok(Answer::json_text(200, OPEN_API.to_owned())),
        Route::GitopsRepository => gitops_repository(&call, &parameters).await,
        _ => Err(Problem::not_found(
            "there is no such route; the README lists them",
        )),
    }
}

async fn permit_each(call: &Call, scopes: impl Iterator<Item = Scope>) -> Result<(), Problem> {
    for scope in scopes {
        call.permit(&scope).await?;
    }
    Ok(())
}

async fn artifact(call: &Call, sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let id = query::decode_path(call.parameters.get("id"));
    let repository = id.parse::<ArtifactId>().ok();
    let repository = repository.as_ref().map(ArtifactId::repository);
    call.permit(&Scope::new().repository(repository)).await?;
    Ok(Answer::json_text(200, query::artifact(sql, &id).await?))
}

/// The repository of an environment; without one, that of all which have none of their own, or else the first.
async fn gitops_repository(call: &Call, parameters: &Parameters) -> Result<Answer, Problem> {
    let env: Option<EnvName> = parameters.name("env")?;
    let scope = Scope::new().environment(env.as_ref().map(EnvName::as_str));
    call.permit(&scope).await?;
    let repositories = settings::gitops_repositories()?;
    let found = match env {
        Some(env) => repositories.repository_for(&env),
        None => {
            let mut all = repositories.all().iter();
            all.find(|one| one.env.is_none())
                .or(repositories.all().first())
        }
    };
    let repository = found.ok_or_else(|| {
        Problem::not_found("no GitOps repository is configured for this environment")
    })?;
    Ok(Answer::json(
        200,
        &json!({ "gitopsRepo": repository.name() }),
    ))
}

async fn healthz() -> Answer {
    let (kv, db) = (SpinKeyValue::open(), SpinSqlite::open());
    let health = health(kv.as_ref(), db.as_ref(), &SystemClock).await;
    let health = health.with_configuration(settings::problems());
    let status = if health.status == "error" { 503 } else { 200 };
    Answer::json(status, &health)
}
