//! Metrics in Prometheus' text format (exposition format 0.0.4): `GET /metrics`. Counters are rows, because no instance
//! outlives its request; a tick adds to them once, after its work, so that a crash loses a count and never a release.
//!
//! Labels hold names that the operator configured and words of this program alone, so that the series stay few.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::database::Sql;
use crate::evaluate::EvaluateReport;
use crate::flush::FlushReport;
use crate::health::Health;
use crate::ports::{Database, DatabaseError};
use crate::store::metrics;

/// The `Content-Type` of [`text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

const FLUSH: &str = "wimble_flush_duration_seconds";
/// Upper bounds of the histogram of flushes, in seconds. A flush takes no new work after 20.
const BUCKETS: [f64; 9] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0];

/// Name, type and meaning of each family that is kept as rows.
const COUNTED: [(&str, &str, &str); 7] = [
    (
        "wimble_artifacts_evaluated_total",
        "counter",
        "Artifacts whose policies decided.",
    ),
    (
        "wimble_decisions_total",
        "counter",
        "Decisions of policies, by what was decided and why.",
    ),
    (
        FLUSH,
        "histogram",
        "Duration of flushes that had something to do.",
    ),
    (
        "wimble_git_requests_total",
        "counter",
        "HTTP requests to the Git host.",
    ),
    (
        "wimble_push_conflicts_total",
        "counter",
        "Pushes that the Git host refused, mostly because the branch had moved.",
    ),
    (
        "wimble_pushes_total",
        "counter",
        "Pushes that the Git host accepted.",
    ),
    (
        "wimble_requests_ended_total",
        "counter",
        "Releases, rollbacks and deletions that ended, by outcome.",
    ),
];

/// Counts for rows, by series.
#[derive(Debug, Default)]
pub struct Counts(BTreeMap<String, f64>);

impl Counts {
    /// What an evaluation decided.
    #[must_use]
    pub fn evaluation(mut self, report: &EvaluateReport) -> Self {
        self.add(
            "wimble_artifacts_evaluated_total",
            &[],
            report.artifacts as f64,
        );
        for decided in &report.decisions {
            let released = if decided.released { "true" } else { "false" };
            let labels = [("released", released), ("reason", decided.code.as_str())];
            self.add("wimble_decisions_total", &labels, 1.0);
        }
        self
    }

    /// Requests to the Git host.
    #[must_use]
    pub fn git_requests(mut self, requests: u64) -> Self {
        self.add("wimble_git_requests_total", &[], requests as f64);
        self
    }

    /// What a flush did and how long it took. One that found nothing to do counts nothing.
    #[must_use]
    pub fn flush(mut self, report: &FlushReport, took_ms: u64) -> Self {
        for (url, repository) in &report.repositories {
            let labels = [("repository", url.as_str())];
            self.add("wimble_pushes_total", &labels, repository.pushes as f64);
            self.add(
                "wimble_push_conflicts_total",
                &labels,
                repository.refused as f64,
            );
        }
        for ended in &report.ended {
            let labels = [
                ("kind", ended.request.kind.as_str()),
                ("outcome", ended.outcome()),
            ];
            self.add("wimble_requests_ended_total", &labels, 1.0);
        }
        if !report.repositories.is_empty() {
            self.observe(took_ms as f64 / 1000.0);
        }
        self
    }

    fn observe(&mut self, seconds: f64) {
        for bound in BUCKETS {
            let within = f64::from(u8::from(seconds <= bound));
            let bucket = series(&format!("{FLUSH}_bucket"), &[("le", &bound.to_string())]);
            *self.0.entry(bucket).or_default() += within;
        }
        self.add(&format!("{FLUSH}_bucket"), &[("le", "+Inf")], 1.0);
        self.add(&format!("{FLUSH}_sum"), &[], seconds);
        self.add(&format!("{FLUSH}_count"), &[], 1.0);
    }

    fn add(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        if value > 0.0 {
            *self.0.entry(series(name, labels)).or_default() += value;
        }
    }

    /// Adds them to the rows, in one statement; writes nothing where there is nothing to count.
    ///
    /// # Errors
    /// The database failed.
    pub async fn keep<D: Database>(self, sql: &Sql<'_, D>) -> Result<(), DatabaseError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let counts: Vec<(String, f64)> = self.0.into_iter().collect();
        metrics::add(sql, &counts).await
    }
}

fn series(name: &str, labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return name.to_owned();
    }
    let labels: Vec<String> = labels
        .iter()
        .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
        .collect();
    format!("{name}{{{}}}", labels.join(","))
}

/// A label's value: `\`, `"` and line ends are escaped.
fn escaped(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    value.replace('\n', "\\n")
}

/// Everything that is measured: what the rows hold, and how the application is now.
///
/// # Errors
/// The database failed.
pub async fn text<D: Database>(sql: &Sql<'_, D>, health: &Health) -> Result<String, DatabaseError> {
    let mut rows: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for (series, value) in metrics::all(sql).await? {
        let name = series.split('{').next().unwrap_or_default();
        let family = COUNTED.iter().map(|(family, _, _)| *family);
        // A histogram's rows bear its name and more.
        if let Some(family) = family.into_iter().find(|family| name.starts_with(family)) {
            rows.entry(family).or_default().push((series, value));
        }
    }
    let mut text = String::new();
    for (name, kind, help) in COUNTED {
        let mut samples = rows.remove(name).unwrap_or_default();
        if kind == "histogram" {
            samples.sort_by(|(one, _), (other, _)| bound(one).total_cmp(&bound(other)));
        }
        family(&mut text, (name, kind, help), &samples);
    }
    for (name, help, value) in gauges(health) {
        if let Some(value) = value {
            family(
                &mut text,
                (name, "gauge", help),
                &[(name.to_owned(), value)],
            );
        }
    }
    let build = series(
        "wimble_build_info",
        &[("version", env!("CARGO_PKG_VERSION"))],
    );
    let about = ("wimble_build_info", "gauge", "The version that runs.");
    family(&mut text, about, &[(build, "1".to_owned())]);
    Ok(text)
}

/// Buckets ascend; sum and count follow them.
fn bound(series: &str) -> f64 {
    let bound = series.split("le=\"").nth(1);
    let bound = bound.and_then(|rest| rest.split('"').next());
    match bound {
        Some("+Inf") => f64::MAX,
        Some(bound) => bound.parse().unwrap_or(f64::INFINITY),
        None => f64::INFINITY,
    }
}

fn family(text: &mut String, about: (&str, &str, &str), samples: &[(String, String)]) {
    let (name, kind, help) = about;
    if samples.is_empty() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    for (series, value) in samples {
        let _ = writeln!(text, "{series} {value}");
    }
}

fn gauges(health: &Health) -> [(&'static str, &'static str, Option<String>); 6] {
    let ok = |text: &str| Some(if text == "ok" { "1" } else { "0" }.to_owned());
    let known = health.database == "ok";
    let count = |value: i64| known.then(|| value.to_string());
    let oldest = health.oldest_write_age_seconds.unwrap_or_default();
    [
        (
            "wimble_key_value_up",
            "Whether the key-value store answers.",
            ok(&health.key_value),
        ),
        (
            "wimble_waiting_evaluations",
            "Artifacts that wait for evaluation.",
            count(health.waiting_evaluations),
        ),
        (
            "wimble_waiting_writes",
            "Requests that wait to be written to Git.",
            count(health.waiting_writes),
        ),
        (
            "wimble_oldest_waiting_write_seconds",
            "Age of the oldest waiting write; 0 if none waits.",
            known.then(|| oldest.to_string()),
        ),
        (
            "wimble_open_intents",
            "Pushes whose outcome is not recorded yet.",
            count(health.open_intents),
        ),
        (
            "wimble_paused_repositories",
            "GitOps repositories that are left alone for now, because their host failed.",
            Some(health.paused.len().to_string()),
        ),
    ]
}
