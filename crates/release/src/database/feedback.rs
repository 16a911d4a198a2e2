//! The migration for what GitOps controllers say of commits. Never edited once released.

/// `sync_status` and so on are what was last said of a request's commit, or of a later one of its repository and
/// environment: whoever applied that has applied this too. `sync_final` is 1 once nothing changes it any more.
///
/// Triggers carry reports to requests in the same durable write: when the report comes, and when the commit is recorded,
/// for a controller may be quicker than the flush.
pub(super) const FEEDBACK: &[&str] = &[
    "ALTER TABLE requests ADD COLUMN sync_status TEXT",
    "ALTER TABLE requests ADD COLUMN sync_desc TEXT",
    "ALTER TABLE requests ADD COLUMN sync_time INTEGER",
    "ALTER TABLE requests ADD COLUMN sync_final INTEGER",
    "CREATE TABLE reports (
        sha TEXT NOT NULL, env TEXT NOT NULL,
        status TEXT NOT NULL, description TEXT NOT NULL,
        created INTEGER NOT NULL,
        last_word INTEGER NOT NULL,
        PRIMARY KEY (sha, env)) WITHOUT ROWID",
    "CREATE INDEX reports_created ON reports (created)",
    "CREATE INDEX requests_unsettled ON requests (env, landed) WHERE landed IS NOT NULL AND sync_final IS NULL",
    "CREATE INDEX requests_applied ON requests (env, app, landed)
        WHERE landed IS NOT NULL AND sync_status = 'ReconciliationSucceeded'",
    "CREATE TRIGGER reports_settle AFTER INSERT ON reports BEGIN
        UPDATE requests SET sync_status = NEW.status, sync_desc = NEW.description, sync_time = NEW.created,
            sync_final = nullif(NEW.last_word, 0)
        WHERE env = NEW.env AND landed IS NOT NULL AND sync_final IS NULL
            AND landed <= (SELECT landed FROM requests WHERE gitops_ref = NEW.sha)
            AND gitops_repo = (SELECT gitops_repo FROM requests WHERE gitops_ref = NEW.sha);
     END",
    "CREATE TRIGGER reports_settle_again AFTER UPDATE ON reports BEGIN
        UPDATE requests SET sync_status = NEW.status, sync_desc = NEW.description, sync_time = NEW.created,
            sync_final = nullif(NEW.last_word, 0)
        WHERE env = NEW.env AND landed IS NOT NULL AND sync_final IS NULL
            AND landed <= (SELECT landed FROM requests WHERE gitops_ref = NEW.sha)
            AND gitops_repo = (SELECT gitops_repo FROM requests WHERE gitops_ref = NEW.sha);
     END",
    "CREATE TRIGGER commits_settle AFTER UPDATE OF gitops_ref ON requests
     WHEN NEW.gitops_ref IS NOT NULL AND EXISTS (SELECT 1 FROM reports WHERE sha = NEW.gitops_ref) BEGIN
        UPDATE requests SET (sync_status, sync_desc, sync_time, sync_final) =
            (SELECT status, description, created, nullif(last_word, 0) FROM reports
             WHERE sha = NEW.gitops_ref AND env = requests.env)
        WHERE env IN (SELECT env FROM reports WHERE sha = NEW.gitops_ref)
            AND landed IS NOT NULL AND sync_final IS NULL
            AND landed <= NEW.landed AND gitops_repo = NEW.gitops_repo;
     END",
    "CREATE TRIGGER commits_settle_at_once AFTER INSERT ON requests
     WHEN NEW.gitops_ref IS NOT NULL AND EXISTS (SELECT 1 FROM reports WHERE sha = NEW.gitops_ref) BEGIN
        UPDATE requests SET (sync_status, sync_desc, sync_time, sync_final) =
            (SELECT status, description, created, nullif(last_word, 0) FROM reports
             WHERE sha = NEW.gitops_ref AND env = requests.env)
        WHERE env IN (SELECT env FROM reports WHERE sha = NEW.gitops_ref)
            AND landed IS NOT NULL AND sync_final IS NULL
            AND landed <= NEW.landed AND gitops_repo = NEW.gitops_repo;
     END",
];
