//! Writes queued releases to the Git host, in batches: on every tick of the cron trigger, and on `POST /internal/flush`
//! where there is no such trigger. A tick evaluates first, so that one call moves an artifact all the way.
//!
//! This is the only component that may reach a Git host and that knows the Git token.

mod sandbox;

use std::cell::{Cell, RefCell};

use platform::call::{Access, method_not_allowed};
use platform::log::{self, Level};
use platform::{
    Answer, Call, OutboundHttp, Problem, SpinKeyValue, SpinSqlite, SystemClock, serve, settings,
    template,
};
use release::charts::ChartSources;
use release::database::Sql;
use release::evaluate::evaluate;
use release::flush::remote::RemoteHosts;
use release::flush::{Flush, FlushReport};
use release::ports::Clock as _;
use serde_json::{Value, json};
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

use crate::sandbox::Sandbox;

/// Evaluation may take this much of a request's 30 s; the flush has a budget of its own.
const EVALUATION_MS: u64 = 5_000;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("release-flush", Access::Token, request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    if call.method != "POST" {
        return Err(method_not_allowed(&call, "POST"));
    }
    let tick = tick().await?;
    Ok(Answer::json(200, &tick))
}

/// Evaluates what waits, then flushes what waits.
async fn tick() -> Result<Value, Problem> {
    let flush_settings = settings::flush()?;
    let kv = SpinKeyValue::open()?;
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    let template = template();
    let deadline = SystemClock.now_ms().saturating_add(EVALUATION_MS);
    let evaluated = evaluate(&kv, &sql, &SystemClock, &template, deadline).await?;
    let hosts = RemoteHosts {
        http: &OutboundHttp,
        sql: Sql::new(&db),
        clock: &SystemClock,
        credentials: settings::git_credentials()?,
        max_fetch: settings::max_fetch_bytes()?,
        requests: Cell::new(0),
    };
    let chart_settings = settings::charts()?;
    let sandbox = Sandbox {
        charts: ChartSources {
            http: &OutboundHttp,
            sql: Sql::new(&db),
            clock: &SystemClock,
            settings: &chart_settings,
        },
        kubernetes: settings::kubernetes()?,
        fetched: RefCell::default(),
    };
    let flush = Flush {
        kv: &kv,
        sql,
        git: &&hosts,
        clock: &SystemClock,
        renderer: &sandbox,
        template: &template,
        settings: &flush_settings,
    };
    let report = flush.run().await?;
    report_problems(&report);
    Ok(json!({ "evaluation": evaluated, "flush": report, "gitRequests": hosts.requests.get() }))
}

fn report_problems(report: &FlushReport) {
    for (url, repository) in &report.repositories {
        let level = if repository.problem.is_some() {
            Level::Error
        } else {
            Level::Info
        };
        let value = serde_json::to_value(repository).unwrap_or_default();
        log::write(
            level,
            "release-flush",
            "flushed",
            &[("repository", url.as_str().into()), ("report", value)],
        );
    }
}

mod cron {
    //! The cron trigger's export. The stock trigger drops errors silently, so they are logged here.

    #![allow(missing_docs, unreachable_pub)]

    wit_bindgen::generate!({ world: "spin-cron", path: "../../wit/spin-cron" });

    struct Tick;

    impl Guest for Tick {
        fn handle_cron_event(_: Metadata) -> Result<(), Error> {
            match spin_sdk::http::run(super::tick()) {
                Ok(_) => Ok(()),
                Err(problem) => {
                    let detail = problem.detail().to_owned();
                    super::log::write(
                        super::Level::Error,
                        "release-flush",
                        "tick failed",
                        &[("error", detail.as_str().into())],
                    );
                    Err(Error::Other(detail))
                }
            }
        }
    }

    export!(Tick);
}
