//! Manages users and their tokens, and shows the audit log. It can neither release nor reach the network, and no token can
//! be read from it: one is told when it is made, and never again.

mod users;

use access::Route;
use platform::{Answer, Call, Problem, SpinSqlite, SystemClock, serve};
use release::audit;
use release::database::Sql;
use release::ports::Clock as _;
use release::query::Parameters;
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

/// Hosted platforms end a request after 30 s.
const BUDGET_MS: u64 = 20_000;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("access-control", request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    match call.route {
        Route::Users => users::list(&call, &sql).await,
        Route::CreateUser | Route::SaveUser => users::create(call, &sql).await,
        Route::User => users::show(&call, &sql).await,
        Route::DeleteUser => users::delete(&call, &sql).await,
        Route::DeleteUserByBody => users::delete_by_body(call, &sql).await,
        Route::Tokens => users::tokens(&call, &sql).await,
        Route::CreateToken => users::mint(call, &sql).await,
        Route::RevokeToken => users::revoke(&call, &sql).await,
        Route::RotateToken => users::rotate(call, &sql).await,
        Route::AuditLog => log(&call, &sql).await,
        Route::VerifyAuditLog => verify(&call, &sql).await,
        _ => Err(Problem::not_found("there is no such route")),
    }
}

async fn log(call: &Call, sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let parameters = Parameters::parse(&call.query);
    let page = audit::page(sql, &parameters).await?;
    let answer = Answer::json(200, &page);
    Ok(match page.next {
        None => answer,
        Some(after) => {
            let limit = parameters.get("limit").unwrap_or("50");
            let link = format!("</api/audit?after={after}&limit={limit}>; rel=\"next\"");
            answer.with("link", link)
        }
    })
}

async fn verify(call: &Call, sql: &Sql<'_, SpinSqlite>) -> Result<Answer, Problem> {
    let deadline = SystemClock.now_ms().saturating_add(BUDGET_MS);
    let parameters = Parameters::parse(&call.query);
    let verdict = audit::verify(sql, &SystemClock, &parameters, deadline).await?;
    Ok(Answer::json(200, &verdict))
}
