//! The migration for notifications. Never edited once released.

/// `outbox` holds what happened and was not looked at yet. Triggers write it in the same durable write as what happened: an
/// end of a request, or a controller's word on a commit that differs from the one before. What had happened before this
/// migration is in no outbox, so nobody is told of it. AUTOINCREMENT: a number is never given again, so that deleting what
/// was looked at cannot delete what came since.
///
/// `notifications` are events on their way to destinations. `state` is `waiting`, `sending`, `sent`, `failed` or `unknown`.
/// `due` is when a waiting one is sent, and until when a sending one is in somebody's hands; NULL once it has ended. `lane` is
/// what keeps its order. Times are in milliseconds.
pub(super) const NOTIFICATIONS: &[&str] = &[
    "CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL,
        subject TEXT NOT NULL, env TEXT NOT NULL,
        status TEXT NOT NULL, description TEXT NOT NULL,
        gitops_ref TEXT, gitops_repo TEXT,
        at INTEGER NOT NULL)",
    // Where nobody ever looks, it grows no further than this.
    "CREATE TRIGGER outbox_is_bounded AFTER INSERT ON outbox BEGIN DELETE FROM outbox WHERE seq <= NEW.seq - 20000; END",
    "CREATE TRIGGER ends_are_told AFTER UPDATE OF status ON requests
     WHEN NEW.status <> 'new' AND NEW.status <> OLD.status BEGIN
        INSERT INTO outbox (source, subject, env, status, description, gitops_ref, gitops_repo, at)
        VALUES ('request', NEW.id, NEW.env, NEW.status, NEW.status_desc, NEW.gitops_ref, NEW.gitops_repo, coalesce(NEW.ended, 0));
     END",
    "CREATE TRIGGER ends_are_told_at_once AFTER INSERT ON requests WHEN NEW.status <> 'new' BEGIN
        INSERT INTO outbox (source, subject, env, status, description, gitops_ref, gitops_repo, at)
        VALUES ('request', NEW.id, NEW.env, NEW.status, NEW.status_desc, NEW.gitops_ref, NEW.gitops_repo, coalesce(NEW.ended, 0));
     END",
    // A report's own time is a stranger's, so the database's clock stands in.
    "CREATE TRIGGER reports_are_told AFTER INSERT ON reports BEGIN
        INSERT INTO outbox (source, subject, env, status, description, gitops_ref, at)
        VALUES ('report', NEW.sha, NEW.env, NEW.status, NEW.description, NEW.sha, unixepoch() * 1000);
     END",
    "CREATE TRIGGER reports_are_told_again AFTER UPDATE ON reports
     WHEN NEW.status <> OLD.status
        OR (NEW.description LIKE '%health check passed%') <> (OLD.description LIKE '%health check passed%') BEGIN
        INSERT INTO outbox (source, subject, env, status, description, gitops_ref, at)
        VALUES ('report', NEW.sha, NEW.env, NEW.status, NEW.description, NEW.sha, unixepoch() * 1000);
     END",
    "CREATE TABLE notifications (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        event TEXT NOT NULL,
        destination TEXT NOT NULL, channel TEXT NOT NULL, lane TEXT NOT NULL,
        env TEXT NOT NULL,
        created INTEGER NOT NULL,
        state TEXT NOT NULL,
        due INTEGER, lease TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        ended INTEGER, reason TEXT NOT NULL DEFAULT '',
        body TEXT NOT NULL)",
    "CREATE INDEX notifications_due ON notifications (due) WHERE due IS NOT NULL",
    "CREATE INDEX notifications_open ON notifications (destination, lane, seq) WHERE due IS NOT NULL",
    "CREATE INDEX notifications_ended ON notifications (ended) WHERE ended IS NOT NULL",
    "CREATE INDEX notifications_env ON notifications (env, seq)",
    "CREATE INDEX notifications_state ON notifications (state, seq)",
    // Destinations that are left alone as a whole.
    "CREATE TABLE notification_pauses (
        destination TEXT NOT NULL PRIMARY KEY,
        until INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID",
];
