//! The migration for batches that are being built. Never edited once released.

/// `place` is a repository and branch; `ids` a JSON list of requests; `started` in milliseconds.
pub(super) const ATTEMPTS: &[&str] = &[
    "CREATE TABLE attempts (
        id TEXT NOT NULL PRIMARY KEY,
        place TEXT NOT NULL,
        ids TEXT NOT NULL,
        alone INTEGER NOT NULL,
        started INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX attempts_place ON attempts (place, started)",
];
