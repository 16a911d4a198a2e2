//! The schema of the artifact store and the history, and the connection that keeps it current.
//!
//! A migration runs once, whichever instance comes first: each is applied under `BEGIN IMMEDIATE` after looking again
//! whether it is still to do. Nothing is asked on the happy path: where the first statement of a connection fails, the
//! connection looks for migrations and tries once more.

mod attempts;
mod cleanups;
mod feedback;
mod metrics;
mod notifications;
mod retention;
mod tokens;

use std::cell::Cell;

use crate::ports::{Database, DatabaseError, Row, SqlValue};

/// Every migration, in order; the number of one is its place here, from 1. Never edit one that was released.
const MIGRATIONS: &[&[&str]] = &[
    &[
        // `created` is in milliseconds; `seq` breaks ties, so that a page never shows an artifact twice.
        "CREATE TABLE artifacts (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        created INTEGER NOT NULL,
        repository TEXT NOT NULL,
        sha TEXT NOT NULL,
        branch TEXT, source_branch TEXT, target_branch TEXT, tag TEXT,
        event TEXT NOT NULL,
        digest TEXT NOT NULL UNIQUE,
        idempotency_key TEXT UNIQUE,
        evaluated INTEGER,
        body TEXT NOT NULL)",
        "CREATE INDEX artifacts_created ON artifacts (created)",
        "CREATE INDEX artifacts_repository ON artifacts (repository, created)",
        "CREATE INDEX artifacts_sha ON artifacts (sha, created)",
        "CREATE INDEX artifacts_branch ON artifacts (branch, created)",
        "CREATE INDEX artifacts_source_branch ON artifacts (source_branch, created) WHERE source_branch IS NOT NULL",
        // Pushes are nearly all: they are found by `created` alone.
        "CREATE INDEX artifacts_event ON artifacts (event, created) WHERE event <> 'push'",
        "CREATE INDEX artifacts_waiting ON artifacts (created) WHERE evaluated IS NULL",
        "CREATE TABLE decisions (
        artifact_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        app TEXT NOT NULL, env TEXT NOT NULL,
        released INTEGER NOT NULL,
        code TEXT NOT NULL, reason TEXT NOT NULL,
        request_id TEXT,
        created INTEGER NOT NULL,
        PRIMARY KEY (artifact_id, position)) WITHOUT ROWID",
        // `landed` orders the commits of all requests; it is set once, when the commit is known to be in the branch.
        "CREATE TABLE requests (
        id TEXT NOT NULL PRIMARY KEY,
        group_id TEXT,
        kind TEXT NOT NULL,
        artifact_id TEXT, repository TEXT,
        env TEXT NOT NULL, app TEXT NOT NULL,
        triggered_by TEXT NOT NULL,
        created INTEGER NOT NULL,
        status TEXT NOT NULL, status_desc TEXT NOT NULL DEFAULT '',
        attempts INTEGER NOT NULL DEFAULT 0,
        ended INTEGER,
        gitops_repo TEXT, gitops_ref TEXT, committed INTEGER, landed INTEGER,
        body TEXT NOT NULL) WITHOUT ROWID",
        "CREATE INDEX requests_group ON requests (group_id) WHERE group_id IS NOT NULL",
        "CREATE INDEX requests_artifact ON requests (artifact_id)",
        "CREATE INDEX requests_waiting ON requests (created) WHERE status = 'new'",
        "CREATE UNIQUE INDEX requests_landed ON requests (landed) WHERE landed IS NOT NULL",
        "CREATE INDEX requests_history ON requests (env, app, landed) WHERE landed IS NOT NULL",
        "CREATE INDEX requests_env_history ON requests (env, landed) WHERE landed IS NOT NULL",
        "CREATE INDEX requests_source_history ON requests (env, repository, landed) WHERE landed IS NOT NULL",
        // What pushes were about to do, whose outcome is not recorded yet.
        "CREATE TABLE intents (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL)",
        // What is known of a Git host's repository, so that a flush need not ask again.
        "CREATE TABLE git_remotes (
        url TEXT NOT NULL PRIMARY KEY,
        capabilities TEXT NOT NULL,
        default_branch TEXT,
        read INTEGER NOT NULL) WITHOUT ROWID",
    ],
    // The trees of the tip that the last push made, as a pack: a flush that finds the branch there need not fetch them.
    &["CREATE TABLE git_trees (
        url TEXT NOT NULL,
        branch TEXT NOT NULL,
        tip TEXT NOT NULL,
        pack BLOB NOT NULL,
        PRIMARY KEY (url, branch))"],
    ROLLBACKS,
    CHARTS,
    ACCESS,
    feedback::FEEDBACK,
    cleanups::CLEANUPS,
    metrics::METRICS,
    retention::RETENTION,
    notifications::NOTIFICATIONS,
    attempts::ATTEMPTS,
    tokens::TOKENS,
];

/// Rollbacks and holds. `tree` is the app's folder as a commit left it; `target` is the commit that a rollback goes back to,
/// and `target_landed` its place in the history; `refusal` is a stable word for why a request was not allowed.
///
/// Triggers place and lift holds, so that a rollback without its hold, or a release by hand beside the hold that it lifts,
/// cannot be seen by anybody, whenever a process dies.
const ROLLBACKS: &[&str] = &[
    "ALTER TABLE requests ADD COLUMN tree TEXT",
    "ALTER TABLE requests ADD COLUMN target TEXT",
    "ALTER TABLE requests ADD COLUMN target_landed INTEGER",
    "ALTER TABLE requests ADD COLUMN refusal TEXT",
    "CREATE INDEX requests_ref ON requests (gitops_ref) WHERE gitops_ref IS NOT NULL",
    "CREATE INDEX requests_rollbacks ON requests (env, app, landed, target_landed)
        WHERE kind = 'rollback' AND landed IS NOT NULL",
    // `app` is empty for all apps of the environment; `lifted` is NULL while the hold is in force.
    "CREATE TABLE holds (
        id TEXT NOT NULL PRIMARY KEY,
        env TEXT NOT NULL, app TEXT NOT NULL,
        kind TEXT NOT NULL, reason TEXT NOT NULL, owner TEXT NOT NULL,
        created INTEGER NOT NULL,
        lifted INTEGER, lifted_by TEXT) WITHOUT ROWID",
    "CREATE INDEX holds_active ON holds (env, app, created) WHERE lifted IS NULL",
    "CREATE TRIGGER rollback_holds AFTER INSERT ON requests WHEN NEW.kind = 'rollback' BEGIN
        INSERT INTO holds (id, env, app, kind, reason, owner, created)
        VALUES (NEW.id, NEW.env, NEW.app, 'rollback', 'rolled back to ' || NEW.target, NEW.triggered_by, NEW.created)
        ON CONFLICT DO NOTHING;
     END",
    "CREATE TRIGGER rollback_holds_again AFTER UPDATE OF status ON requests
     WHEN NEW.kind = 'rollback' AND NEW.status = 'new' AND OLD.status = 'error' BEGIN
        UPDATE holds SET lifted = NULL, lifted_by = NULL, created = NEW.created WHERE id = NEW.id;
     END",
    "CREATE TRIGGER hand_lifts_holds AFTER UPDATE OF status ON requests
     WHEN NEW.kind = 'release' AND NEW.triggered_by <> 'policy' AND NEW.status = 'processed' BEGIN
        UPDATE holds SET lifted = NEW.ended, lifted_by = NEW.triggered_by
        WHERE env = NEW.env AND app = NEW.app AND kind = 'rollback' AND lifted IS NULL AND created < NEW.created;
     END",
    "CREATE TRIGGER hand_lifts_holds_at_once AFTER INSERT ON requests
     WHEN NEW.kind = 'release' AND NEW.triggered_by <> 'policy' AND NEW.status = 'processed' BEGIN
        UPDATE holds SET lifted = NEW.ended, lifted_by = NEW.triggered_by
        WHERE env = NEW.env AND app = NEW.app AND kind = 'rollback' AND lifted IS NULL AND created < NEW.created;
     END",
];

/// A cache of charts, bounded by the code that fills it; all of it may be lost.
const CHARTS: &[&str] = &[
    // A `.tgz` by its SHA-256, or the pack of a folder in Git by its tree. The content stands last: SQLite reads a row from
    // its beginning.
    "CREATE TABLE charts (
    digest TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    fetched INTEGER NOT NULL,
    used INTEGER NOT NULL,
    content BLOB NOT NULL)",
    // What was asked for, in its own words, and the chart that it was when it was checked.
    "CREATE TABLE chart_versions (
    source TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
    digest TEXT NOT NULL,
    checked INTEGER NOT NULL,
    PRIMARY KEY (source, name, version)) WITHOUT ROWID",
    // What a chart repository lists of one chart.
    "CREATE TABLE chart_indexes (
    source TEXT NOT NULL, name TEXT NOT NULL,
    versions TEXT NOT NULL,
    etag TEXT, modified TEXT,
    checked INTEGER NOT NULL,
    PRIMARY KEY (source, name)) WITHOUT ROWID",
];

/// Users, tokens, the audit log, and the keys of OIDC issuers.
const ACCESS: &[&str] = &[
    // A user has an id of its own, so that a login that is given again does not bring old tokens back.
    "CREATE TABLE users (
        id TEXT NOT NULL PRIMARY KEY,
        login TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL, limits TEXT NOT NULL,
        created INTEGER NOT NULL) WITHOUT ROWID",
    // `expires` is in milliseconds. A token without its user opens nothing.
    "CREATE TABLE tokens (
        digest TEXT NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        user_id TEXT NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL, limits TEXT NOT NULL,
        created INTEGER NOT NULL, expires INTEGER) WITHOUT ROWID",
    "CREATE INDEX tokens_user ON tokens (user_id, id)",
    // AUTOINCREMENT remembers the highest number ever given out: rows taken off the end leave a gap that stays.
    "CREATE TABLE audit (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL, via TEXT NOT NULL,
        action TEXT NOT NULL, outcome TEXT NOT NULL, code TEXT NOT NULL,
        scope TEXT NOT NULL, detail TEXT NOT NULL, request_id TEXT NOT NULL,
        previous TEXT NOT NULL, hash TEXT NOT NULL)",
    "CREATE INDEX audit_refusals ON audit (actor, via, action, code, at) WHERE outcome = 'refused'",
    // The key sets of OIDC issuers. Times are in milliseconds.
    "CREATE TABLE oidc_keys (
        issuer TEXT NOT NULL PRIMARY KEY,
        keys TEXT,
        fetched INTEGER, wanted INTEGER, attempted INTEGER)",
];

/// How many migrations there are, which is the version of the schema.
pub const SCHEMA_VERSION: usize = MIGRATIONS.len();

/// A connection whose schema is current.
pub struct Sql<'a, D> {
    connection: &'a D,
    /// A statement went well, or the migrations were looked for.
    current: Cell<bool>,
}

impl<'a, D: Database> Sql<'a, D> {
    /// Wraps an open connection; asks nothing of it yet.
    pub fn new(connection: &'a D) -> Self {
        Self {
            connection,
            current: Cell::new(false),
        }
    }

    /// Runs one statement; where it fails, perhaps for want of a migration, migrates and runs it again.
    pub async fn run(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, DatabaseError> {
        let done = self.connection.execute(sql, params).await;
        if done.is_ok() || self.current.replace(true) {
            self.current.set(true);
            return done;
        }
        // Whether there was something to migrate does not matter: another instance may have just done it.
        match self.migrate().await {
            Ok(_) => self.connection.execute(sql, params).await,
            Err(_) => done,
        }
    }

    /// Applies the migrations that are missing and says how many those were.
    ///
    /// # Errors
    ///
    /// When the database refuses a statement; what was applied before stays.
    pub async fn migrate(&self) -> Result<usize, DatabaseError> {
        let mut applied = self.version().await?;
        if applied >= MIGRATIONS.len() {
            return Ok(0);
        }
        // Readers do not wait for the writer. A server that has its own journal refuses this, which is fine.
        let _ = self
            .connection
            .execute("PRAGMA journal_mode = WAL", &[])
            .await;
        let mut count = 0;
        while applied < MIGRATIONS.len() {
            count += usize::from(self.apply(applied).await?);
            applied += 1;
        }
        Ok(count)
    }

    async fn apply(&self, index: usize) -> Result<bool, DatabaseError> {
        self.connection.execute("BEGIN IMMEDIATE", &[]).await?;
        let done = self.apply_locked(index).await;
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.connection.execute(end, &[]).await;
        let applied = done?;
        ended?;
        Ok(applied)
    }

    async fn apply_locked(&self, index: usize) -> Result<bool, DatabaseError> {
        if self.version().await? > index {
            return Ok(false);
        }
        self.connection
            .execute(
                "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY)",
                &[],
            )
            .await?;
        for statement in MIGRATIONS.get(index).copied().unwrap_or_default() {
            self.connection.execute(statement, &[]).await?;
        }
        let number = i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1);
        self.connection
            .execute(
                "INSERT INTO migrations (number) VALUES (?)",
                &[number.into()],
            )
            .await?;
        Ok(true)
    }

    async fn version(&self) -> Result<usize, DatabaseError> {
        let tables = self
            .connection
            .execute(
                "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migrations'",
                &[],
            )
            .await?;
        if integer(&tables) == 0 {
            return Ok(0);
        }
        let rows = self
            .connection
            .execute("SELECT coalesce(max(number), 0) FROM migrations", &[])
            .await?;
        Ok(usize::try_from(integer(&rows)).unwrap_or(0))
    }
}

/// The first value of the first row as a number, or 0.
pub(crate) fn integer(rows: &[Row]) -> i64 {
    match rows.first().and_then(|row| row.first()) {
        Some(SqlValue::Integer(number)) => *number,
        _ => 0,
    }
}

/// Reads a row's columns in order.
pub(crate) struct Columns(std::vec::IntoIter<SqlValue>);

impl Columns {
    pub(crate) fn new(row: Row) -> Self {
        Self(row.into_iter())
    }

    /// The next column as text; empty when it is NULL.
    pub(crate) fn text(&mut self) -> String {
        self.optional_text().unwrap_or_default()
    }

    /// The next column as text, or none when it is NULL.
    pub(crate) fn optional_text(&mut self) -> Option<String> {
        match self.0.next() {
            Some(SqlValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The next column as bytes; empty when it is no blob.
    pub(crate) fn blob(&mut self) -> Vec<u8> {
        match self.0.next() {
            Some(SqlValue::Blob(bytes)) => bytes,
            _ => Vec::new(),
        }
    }

    /// The next column as a time in milliseconds since the Unix epoch; 0 when it is NULL.
    pub(crate) fn milliseconds(&mut self) -> u64 {
        self.integer()
            .and_then(|ms| u64::try_from(ms).ok())
            .unwrap_or_default()
    }

    /// The next column as a number, or none when it is NULL.
    pub(crate) fn integer(&mut self) -> Option<i64> {
        match self.0.next() {
            Some(SqlValue::Integer(number)) => Some(number),
            _ => None,
        }
    }
}
