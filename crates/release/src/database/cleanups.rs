//! The migration for cleanup policies. Never edited once released.

/// `branches` are those whose latest artifact has a cleanup policy. `seen` is when that artifact came, in milliseconds;
/// `due` when the host is asked next whether the branch is still there; `deleted` when it was found gone. `deliveries` are
/// the webhooks that were acted on.
pub(super) const CLEANUPS: &[&str] = &[
    "CREATE TABLE branches (
        repository TEXT NOT NULL, branch TEXT NOT NULL,
        seen INTEGER NOT NULL,
        due INTEGER NOT NULL, failures INTEGER NOT NULL DEFAULT 0,
        deleted INTEGER,
        PRIMARY KEY (repository, branch)) WITHOUT ROWID",
    "CREATE INDEX branches_due ON branches (due) WHERE deleted IS NULL",
    "CREATE TABLE deliveries (id TEXT NOT NULL PRIMARY KEY, received INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX deliveries_received ON deliveries (received)",
];
