//! Tells chats, webhooks and Git hosts what was released and how it stands: on every tick of the cron trigger, and on
//! `POST /internal/notify` where there is no such trigger. Shows what was told, and sends again what was not taken.
//!
//! This is the only component that may reach those services and that knows their secrets. It can neither release nor ask for
//! anything, and no release waits for it.

use std::time::Duration;

use access::{Route, Scope};
use platform::log::{self, Level};
use platform::{Answer, BoundedHttp, Call, Problem, SpinSqlite, SystemClock, serve, settings};
use release::database::Sql;
use release::notifications::{self, LEASE_MS, Report};
use release::ports::{Clock as _, HttpClient, HttpError};
use release::query::{Parameters, decode_path};
use serde_json::json;
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

/// Hosted platforms end a request after 30 s: nothing is begun after this.
const BUDGET_MS: u64 = 15_000;
/// One exchange may take so long.
const EXCHANGE: Duration = Duration::from_secs(10);
const _: () = assert!(EXCHANGE.as_millis() < LEASE_MS as u128);

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("notifications", request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    match call.route {
        Route::Notify => Ok(Answer::json(200, &tick().await?)),
        Route::Notifications => {
            let db = SpinSqlite::open()?;
            let listed =
                notifications::list(&Sql::new(&db), &Parameters::parse(&call.query)).await?;
            Ok(Answer::json(200, &listed))
        }
        Route::RetryNotification => retry(&call).await,
        _ => Err(Problem::not_found("there is no such route")),
    }
}

async fn retry(call: &Call) -> Result<Answer, Problem> {
    let id = decode_path(call.parameters.get("id"));
    let printable: String = id.chars().filter(|c| !c.is_control()).take(100).collect();
    let detail = format!("send notification {printable} again");
    call.record(&Scope::everything(), &detail, "").await?;
    let db = SpinSqlite::open()?;
    notifications::again(&Sql::new(&db), &SystemClock, &id).await?;
    Ok(Answer::json(202, &json!({ "id": id, "status": "waiting" })))
}

/// Each exchange has its own end: a service that is silent costs its own time, not the others'.
struct Exchanges;

impl HttpClient for Exchanges {
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        limit: usize,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        BoundedHttp::lasting(EXCHANGE).send(request, limit).await
    }
}

async fn tick() -> Result<Report, Problem> {
    let settings = settings::notifications()?;
    let deadline_ms = SystemClock.now_ms().saturating_add(BUDGET_MS);
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    let report =
        notifications::tick(&sql, &Exchanges, &SystemClock, &settings, deadline_ms).await?;
    for (name, delivered) in &report.destinations {
        let level = match delivered.problem {
            None => Level::Info,
            Some(_) => Level::Error,
        };
        let value = serde_json::to_value(delivered).unwrap_or_default();
        let fields = [("destination", name.as_str().into()), ("report", value)];
        log::write(level, "notifications", "notified", &fields);
    }
    Ok(report)
}

mod cron {
    //! The cron trigger's export.

    #![allow(missing_docs, unreachable_pub)]

    wit_bindgen::generate!({ world: "spin-cron", path: "../../wit/spin-cron" });

    struct Tick;

    impl Guest for Tick {
        fn handle_cron_event(_: Metadata) -> Result<(), Error> {
            platform::cron::run("notifications", super::tick()).map_err(Error::Other)
        }
    }

    export!(Tick);
}
