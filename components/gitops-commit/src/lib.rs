//! Queues what people ask for: releases, rollbacks, deletions; places and lifts holds; and lists what was released, because
//! Spin routes by path alone. It can reach neither the network nor a Git token: the flush writes. Every act is allowed, then
//! recorded, then done.

use access::{Dimension, Route, Scope};
use domain::{AppName, Request, RequestId, TriggeredBy};
use platform::{
    Answer, Call, Problem, SpinKeyValue, SpinSqlite, SystemClock, body, serve, settings, template,
};
use release::ask;
use release::database::Sql;
use release::delete::{DeleteWish, delete_request};
use release::enqueue::{Wish, enqueue};
use release::hold::{self, HoldWish};
use release::query::{self, Parameters};
use release::reach;
use release::rollback::{RollbackWish, rollback_request};
use serde_json::json;
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("gitops-commit", request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    let parameters = Parameters::parse(&call.query);
    match call.route {
        Route::Releases => {
            let scope = Scope::new()
                .environment(parameters.get("env"))
                .app(parameters.get("app"))
                .repository(parameters.get("git-repo"));
            call.permit(&scope).await?;
            let page = query::releases(&sql, &parameters).await?;
            Ok(call.linked(Answer::json(200, &page.items), page.next.as_deref()))
        }
        Route::AskForRelease => release(call, &sql).await,
        Route::Rollback => rollback(&call, &sql, &parameters).await,
        Route::Delete => deletion(&call, &sql, &parameters).await,
        Route::Holds => {
            let (env, app) = (parameters.get("env"), parameters.get("app"));
            call.permit(&reach::of_place(&sql, env, app).await?).await?;
            let holds = hold::list(&sql, &parameters).await?;
            Ok(Answer::json(200, &holds))
        }
        Route::PlaceHold => place_hold(call, &sql).await,
        Route::LiftHold => lift_hold(&call, &sql).await,
        _ => Err(Problem::not_found("there is no such route")),
    }
}

fn queued(call: &Call, id: &RequestId, kind: &str) -> Answer {
    call.log("queued", &[("releaseId", id.as_str()), ("kind", kind)]);
    Answer::json(201, &json!({ "id": id.as_str(), "type": kind }))
}

async fn release(mut call: Call, sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let idempotency_key = call.idempotency_key()?;
    let max_waiting = settings::max_waiting()?;
    let triggered_by = TriggeredBy::Login(call.login()?);
    let fields = body::object(&call.body().await?)?;
    let wish = Wish {
        env: fields.mandatory("env", "env")?,
        artifact_id: fields.mandatory("artifactId", "artifact")?,
        app: fields.optional("app")?,
        triggered_by,
        idempotency_key,
    };
    let scope = reach::of_release(
        &wish.artifact_id,
        &wish.env,
        wish.app.as_ref().map(AppName::as_str),
    );
    call.permit(&scope).await?;
    let id = wish.new_id(&SystemClock);
    let detail = format!("release {}", wish.artifact_id);
    call.record(&scope, &detail, id.as_str()).await?;
    let kv = SpinKeyValue::open()?;
    let template = template();
    enqueue(&kv, sql, &SystemClock, &template, &wish, &id, max_waiting).await?;
    Ok(queued(&call, &id, "release"))
}

async fn rollback(
    call: &Call,
    sql: &Sql<'_, SpinSqlite>,
    parameters: &Parameters,
) -> Result<Answer, Problem> {
    let wish = RollbackWish {
        env: parameters.mandatory("env")?,
        app: parameters.mandatory("app")?,
        target: parameters.mandatory("sha")?,
        triggered_by: TriggeredBy::Login(call.login()?),
        idempotency_key: call.idempotency_key()?,
    };
    let scope = reach::of_place(sql, parameters.get("env"), parameters.get("app")).await?;
    call.permit(&scope).await?;
    let detail = format!("roll back to {}", wish.target);
    let found = rollback_request(sql, &SystemClock, &wish).await;
    let limited = is_limited(call)?;
    let request = found.map_err(|error| {
        if limited {
            error.without_elsewhere()
        } else {
            error
        }
    })?;
    ask_for(call, sql, &scope, &detail, &request).await
}

fn is_limited(call: &Call) -> Result<bool, Problem> {
    let principal = call.principal()?;
    let mut dimensions = Dimension::ALL.into_iter();
    Ok(dimensions.any(|dimension| principal.is_limited(dimension)))
}

async fn deletion(
    call: &Call,
    sql: &Sql<'_, SpinSqlite>,
    parameters: &Parameters,
) -> Result<Answer, Problem> {
    let wish = DeleteWish {
        env: parameters.mandatory("env")?,
        app: parameters.mandatory("app")?,
        triggered_by: TriggeredBy::Login(call.login()?),
        idempotency_key: call.idempotency_key()?,
    };
    let scope = reach::of_place(sql, parameters.get("env"), parameters.get("app")).await?;
    call.permit(&scope).await?;
    let request = delete_request(&SystemClock, &wish);
    ask_for(call, sql, &scope, "delete", &request).await
}

/// Recorded, then queued.
async fn ask_for(
    call: &Call,
    sql: &Sql<'_, SpinSqlite>,
    scope: &Scope,
    detail: &str,
    request: &Request,
) -> Result<Answer, Problem> {
    call.record(scope, detail, request.id.as_str()).await?;
    let kv = SpinKeyValue::open()?;
    ask::queue(&kv, sql, request, settings::max_waiting()?).await?;
    Ok(queued(call, &request.id, request.kind.as_str()))
}

async fn place_hold(mut call: Call, sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let idempotency_key = call.idempotency_key()?;
    let owner = TriggeredBy::Login(call.login()?);
    let fields = body::object(&call.body().await?)?;
    let wish = HoldWish {
        env: fields.mandatory("env", "env")?,
        app: fields.optional("app")?,
        reason: fields.mandatory("reason", "reason")?,
        owner,
        idempotency_key,
    };
    let app = wish.app.as_ref().map(AppName::as_str);
    let scope = reach::of_place(sql, Some(wish.env.as_str()), app).await?;
    call.permit(&scope).await?;
    call.record(&scope, "place a hold", "").await?;
    let hold = hold::place(sql, &SystemClock, &wish).await?;
    Ok(Answer::json(201, &hold))
}

async fn lift_hold(call: &Call, sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let id: RequestId = call
        .parameters
        .get("id")
        .parse()
        .map_err(|_| Problem::not_found("there is no hold with such an id"))?;
    let hold = hold::by_id(sql, &id).await?;
    let scope = reach::of_place(sql, Some(&hold.env), hold.app.as_deref()).await?;
    call.permit(&scope).await?;
    call.record(&scope, "lift a hold", id.as_str()).await?;
    let by = TriggeredBy::Login(call.login()?);
    hold::lift(sql, &SystemClock, &id, &by).await?;
    Ok(Answer::empty(204))
}
