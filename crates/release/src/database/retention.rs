//! The migration for retention. Never edited once released.

/// `retention` says how far each table was looked through (`position`, in the order of its rows), and when to go on (`due`, in
/// milliseconds). Decisions go with their artifact.
pub(super) const RETENTION: &[&str] = &[
    "CREATE TABLE retention (
        what TEXT NOT NULL PRIMARY KEY,
        position INTEGER NOT NULL DEFAULT 0,
        due INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    "INSERT INTO retention (what) VALUES ('requests'), ('artifacts'), ('audit')",
    "CREATE INDEX requests_ended ON requests (ended) WHERE ended IS NOT NULL",
    "CREATE INDEX audit_own ON audit (action, seq) WHERE actor = '' AND outcome = 'allowed'",
    "CREATE TRIGGER artifacts_take_their_decisions AFTER DELETE ON artifacts BEGIN
        DELETE FROM decisions WHERE artifact_id = OLD.id;
     END",
];
