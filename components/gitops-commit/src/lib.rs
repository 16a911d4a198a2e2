//! Queues what people ask for: releases, rollbacks, deletions; places and lifts holds; and lists what was released, because
//! Spin routes by path alone. It can reach neither the network nor a Git token: the flush writes.

use domain::{Login, RequestId, TriggeredBy};
use platform::call::{Access, method_not_allowed};
use platform::{
    Answer, Call, Problem, SpinKeyValue, SpinSqlite, SystemClock, body, serve, settings, template,
};
use release::database::Sql;
use release::delete::{DeleteWish, delete};
use release::enqueue::{Wish, enqueue};
use release::hold::{self, HoldWish};
use release::query::{self, Parameters};
use release::rollback::{RollbackWish, roll_back};
use serde_json::json;
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

/// What comes before a hold's id in a path.
const HOLD: &str = "/api/holds/";

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("gitops-commit", Access::Token, request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    let parameters = Parameters::parse(&call.query);
    match (call.path.as_str(), call.method.as_str()) {
        ("/api/releases", "GET") => {
            let releases = query::releases(&sql, &parameters).await?;
            Ok(Answer::json(200, &releases))
        }
        ("/api/releases", "POST") => release(call, &sql).await,
        ("/api/releases", _) => Err(method_not_allowed(&call, "GET, POST")),
        ("/api/rollback", "POST") => rollback(&call, &sql, &parameters).await,
        ("/api/delete", "POST") => deletion(&call, &sql, &parameters).await,
        ("/api/rollback" | "/api/delete", _) => Err(method_not_allowed(&call, "POST")),
        ("/api/holds", "GET") => {
            let holds = hold::list(&sql, &parameters).await?;
            Ok(Answer::json(200, &holds))
        }
        ("/api/holds", "POST") => place_hold(call, &sql).await,
        ("/api/holds", _) => Err(method_not_allowed(&call, "GET, POST")),
        (path, method) => match path.strip_prefix(HOLD) {
            Some(id) if method == "DELETE" => lift_hold(&call, &sql, id).await,
            Some(_) => Err(method_not_allowed(&call, "DELETE")),
            None => Err(Problem::not_found("there is no such route")),
        },
    }
}

fn login(call: &Call) -> Result<Login, Problem> {
    let caller = call.caller.as_ref().ok_or_else(Problem::internal)?;
    Ok(caller.login.clone())
}

fn queued(id: &RequestId, kind: &str) -> Answer {
    Answer::json(201, &json!({ "id": id.as_str(), "type": kind }))
}

async fn release(call: Call, sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let idempotency_key = call.idempotency_key()?;
    let max_waiting = settings::max_waiting()?;
    let triggered_by = TriggeredBy::Login(login(&call)?);
    let fields = body::object(&call.body().await?)?;
    let wish = Wish {
        env: fields.mandatory("env", "env")?,
        artifact_id: fields.mandatory("artifactId", "artifact")?,
        app: fields.optional("app")?,
        triggered_by,
        idempotency_key,
    };
    let kv = SpinKeyValue::open()?;
    let id = enqueue(&kv, sql, &SystemClock, &template(), &wish, max_waiting).await?;
    Ok(queued(&id, "release"))
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
        triggered_by: TriggeredBy::Login(login(call)?),
        idempotency_key: call.idempotency_key()?,
    };
    let kv = SpinKeyValue::open()?;
    let id = roll_back(&kv, sql, &SystemClock, &wish, settings::max_waiting()?).await?;
    Ok(queued(&id, "rollback"))
}

async fn deletion(
    call: &Call,
    sql: &Sql<'_, SpinSqlite>,
    parameters: &Parameters,
) -> Result<Answer, Problem> {
    let wish = DeleteWish {
        env: parameters.mandatory("env")?,
        app: parameters.mandatory("app")?,
        triggered_by: TriggeredBy::Login(login(call)?),
        idempotency_key: call.idempotency_key()?,
    };
    let kv = SpinKeyValue::open()?;
    let id = delete(&kv, sql, &SystemClock, &wish, settings::max_waiting()?).await?;
    Ok(queued(&id, "delete"))
}

async fn place_hold(call: Call, sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let idempotency_key = call.idempotency_key()?;
    let owner = TriggeredBy::Login(login(&call)?);
    let fields = body::object(&call.body().await?)?;
    let wish = HoldWish {
        env: fields.mandatory("env", "env")?,
        app: fields.optional("app")?,
        reason: fields.mandatory("reason", "reason")?,
        owner,
        idempotency_key,
    };
    let hold = hold::place(sql, &SystemClock, &wish).await?;
    Ok(Answer::json(201, &hold))
}

async fn lift_hold(call: &Call, sql: &Sql<'_, SpinSqlite>, id: &str) -> Result<Answer, Problem> {
    let id: RequestId = id
        .parse()
        .map_err(|_| Problem::not_found("there is no hold with such an id"))?;
    let by = TriggeredBy::Login(login(call)?);
    hold::lift(sql, &SystemClock, &id, &by).await?;
    Ok(Answer::empty(204))
}
