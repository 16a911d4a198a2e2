//! The migration for metrics. Never edited once released.

/// One row a time series: `wimble_pushes_total{repository="…"}`. Counters only; what can be counted in the other tables is
/// not kept here.
pub(super) const METRICS: &[&str] = &["CREATE TABLE metrics (
        series TEXT NOT NULL PRIMARY KEY,
        value REAL NOT NULL) WITHOUT ROWID"];
