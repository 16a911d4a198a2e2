//! Writes queued releases to the Git host, in batches: on every tick of the cron trigger, and on `POST /internal/flush`
//! where there is no such trigger. A tick evaluates first, so that one call moves an artifact all the way.
//!
//! This is the only component that may reach a Git host and that knows the Git token.

mod sandbox;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use access::Route;
use access::oidc::Issuers;
use platform::log::{self, Level};
use platform::{
    Answer, BoundedHttp, Call, OutboundHttp, Problem, SpinKeyValue, SpinSqlite, SystemClock,
    journal, serve, settings, template,
};
use release::charts::ChartSources;
use release::database::Sql;
use release::evaluate::evaluate;
use release::flush::remote::RemoteHosts;
use release::flush::{Flush, FlushReport};
use release::metrics::Counts;
use release::oidc::{Refreshed, refresh};
use release::ports::{Clock as _, DatabaseError};
use release::retention;
use release::source_host::SourceRepositories;
use release::sweep::{SweepReport, sweep};
use serde_json::{Value, json};
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

use crate::sandbox::Sandbox;

const NAME: &str = "release-flush";

/// Evaluation may take this much of a request's 30 s; the flush has a budget of its own.
const EVALUATION_MS: u64 = 5_000;
/// A host may be silent for 20 s: after a longer flush there is no time to ask one.
const SWEEP_WITHIN_MS: u64 = 8_000;

/// A tick must have ended before hosted platforms end it.
const TICK_MS: u64 = 28_000;
/// All OIDC issuers together may take this much of it.
const KEYS_MS: u64 = 5_000;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve(NAME, request, route).await
}

async fn route(call: Call) -> Result<Answer, Problem> {
    match call.route {
        Route::Flush => Ok(Answer::json(200, &tick().await?)),
        _ => Err(Problem::not_found("there is no such route")),
    }
}

/// Evaluates what waits, flushes what waits, then reads the keys of OIDC issuers that are due. Whatever they answer, the
/// flush is done by then and its outcome stands.
async fn tick() -> Result<Value, Problem> {
    let began_ms = SystemClock.now_ms();
    let flushed = flush().await;
    let refreshed = refresh_keys(began_ms).await;
    let mut report = flushed?;
    if let (Value::Object(report), false) = (&mut report, refreshed.is_empty()) {
        report.insert("oidc".to_owned(), json!(refreshed));
    }
    Ok(report)
}

/// Evaluates what waits, flushes what waits, then looks for branches that are gone and removes what is kept no longer, if that is
/// due.
async fn flush() -> Result<Value, Problem> {
    let flush_settings = settings::flush()?;
    let keep_what = settings::retention()?;
    let kv = SpinKeyValue::open()?;
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    let template = template();
    let started_ms = SystemClock.now_ms();
    let deadline = started_ms.saturating_add(EVALUATION_MS);
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
    let mut counts = Counts::default().evaluation(&evaluated);
    journal::evaluated(NAME, &evaluated);
    let flush_began_ms = SystemClock.now_ms();
    let report = flush.run().await;
    if let Ok(report) = &report {
        let took_ms = SystemClock.now_ms().saturating_sub(flush_began_ms);
        counts = counts.flush(report, took_ms);
        journal::flushed(NAME, report);
        report_problems(report);
    }
    // What it finds goes with the next tick: a source host that hangs must not keep releases waiting.
    let swept = if SystemClock.now_ms() < started_ms.saturating_add(SWEEP_WITHIN_MS) {
        let git_host = settings::git_host()?;
        let sources = SourceRepositories {
            git_host: &git_host,
            hosts: &hosts,
        };
        sweep(&kv, &Sql::new(&db), &SystemClock, &template, &sources).await
    } else {
        Ok(SweepReport::default())
    };
    let requests = hosts.requests.get();
    keep(&Sql::new(&db), counts.git_requests(requests)).await;
    let (report, swept) = (report?, swept?);
    report_sweep(&swept);
    if let Some(removed) = retention::step(&Sql::new(&db), &SystemClock, &keep_what).await? {
        let value = serde_json::to_value(removed).unwrap_or_default();
        log::write(Level::Info, NAME, "removed", &[("report", value)]);
    }
    Ok(json!({ "evaluation": evaluated, "sweep": swept, "flush": report, "gitRequests": requests }))
}

/// A count that is lost must not fail the tick.
async fn keep(sql: &Sql<'_, SpinSqlite>, counts: Counts) {
    if let Err(error) = counts.keep(sql).await {
        let fields = [("error", error.to_string().into())];
        log::write(Level::Error, NAME, "metrics not kept", &fields);
    }
}

fn report_sweep(report: &SweepReport) {
    if report.repository.is_some() {
        let level = match report.problems.is_empty() {
            true => Level::Info,
            false => Level::Error,
        };
        let value = serde_json::to_value(report).unwrap_or_default();
        log::write(level, NAME, "swept", &[("report", value)]);
    }
}

/// Reads the keys of OIDC issuers that are due, in what is left of the time. Failures are logged and nothing else.
async fn refresh_keys(began_ms: u64) -> Vec<Refreshed> {
    let took_ms = SystemClock.now_ms().saturating_sub(began_ms);
    let left_ms = TICK_MS.saturating_sub(took_ms).min(KEYS_MS);
    let refreshed = match settings::oidc_issuers() {
        Ok(issuers) if issuers.is_empty() => return Vec::new(),
        Ok(issuers) => read_keys(&issuers, left_ms).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    let failed = |detail: &str, issuer: &str| {
        let fields = [("issuer", issuer.into()), ("error", detail.into())];
        log::write(Level::Error, NAME, "keys not read", &fields);
    };
    match refreshed {
        Err(problem) => {
            failed(problem.detail(), "");
            Vec::new()
        }
        Ok(refreshed) => {
            for one in &refreshed {
                if let Some(problem) = &one.problem {
                    failed(problem, &one.issuer);
                }
            }
            refreshed
        }
    }
}

async fn read_keys(issuers: &Issuers, left_ms: u64) -> Result<Vec<Refreshed>, DatabaseError> {
    let http = BoundedHttp::lasting(Duration::from_millis(left_ms));
    let deadline_ms = SystemClock.now_ms().saturating_add(left_ms);
    let db = SpinSqlite::open()?;
    refresh(&Sql::new(&db), &http, &SystemClock, issuers, deadline_ms).await
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
            NAME,
            "flushed",
            &[("repository", url.as_str().into()), ("report", value)],
        );
    }
}

mod cron {
    //! The cron trigger's export.

    #![allow(missing_docs, unreachable_pub)]

    wit_bindgen::generate!({ world: "spin-cron", path: "../../wit/spin-cron" });

    struct Tick;

    impl Guest for Tick {
        fn handle_cron_event(_: Metadata) -> Result<(), Error> {
            platform::cron::run(super::NAME, super::tick()).map_err(Error::Other)
        }
    }

    export!(Tick);
}
