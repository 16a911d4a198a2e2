//! Whether the caller may, and what the audit log says of it. The decision is `access`'s; nothing is decided here.

use access::audit::Head;
use access::{Action, Principal, Refusal, Scope, allowed, allowed_somewhere};
use release::audit::{self, Act};
use release::database::Sql;
use release::ports::DatabaseError;

use crate::answer::Problem;
use crate::log::{self, Level};
use crate::{SpinSqlite, SystemClock};

/// What can be said before the request has been read: whether the role has the action, and for acts that always touch
/// everything, whether the caller has no limits.
pub(crate) async fn at_the_door(principal: &Principal, action: Action) -> Result<(), Problem> {
    let everything = matches!(action, Action::Users | Action::Audit | Action::Webhooks);
    let scope = match everything {
        true => Scope::everything(),
        false => Scope::new(),
    };
    let decided = match everything {
        true => allowed(principal, action, &scope),
        false => allowed_somewhere(principal, action),
    };
    match decided {
        Ok(()) => Ok(()),
        Err(refusal) => Err(refused(principal, action, &scope, &refusal).await),
    }
}

/// Whether the caller may do this there.
pub(crate) async fn permit(
    principal: &Principal,
    action: Action,
    scope: &Scope,
) -> Result<(), Problem> {
    match allowed(principal, action, scope) {
        Ok(()) => Ok(()),
        Err(refusal) => Err(refused(principal, action, scope, &refusal).await),
    }
}

/// Records an act before it is done.
pub(crate) async fn record(act: &Act<'_>) -> Result<(), Problem> {
    let db = SpinSqlite::open()?;
    let head = audit::record(&Sql::new(&db), &SystemClock, act).await?;
    tell(&head);
    Ok(())
}

/// Records that somebody came without a token that is known.
pub(crate) async fn record_stranger(action: &str, problem: &Problem) {
    let recorded = match SpinSqlite::open() {
        Ok(db) => {
            let sql = Sql::new(&db);
            audit::record_stranger(&sql, &SystemClock, action, problem.detail()).await
        }
        Err(error) => Err(error),
    };
    settle(recorded);
}

async fn refused(
    principal: &Principal,
    action: Action,
    scope: &Scope,
    refusal: &Refusal,
) -> Problem {
    let recorded = match SpinSqlite::open() {
        Ok(db) => {
            let sql = Sql::new(&db);
            audit::record_refusal(&sql, &SystemClock, principal, action, scope, refusal).await
        }
        Err(error) => Err(error),
    };
    settle(recorded);
    let detail = format!("Forbidden: {refusal}");
    Problem::new(403, "forbidden", "Forbidden", detail).member("reason", refusal.code())
}

/// A refusal stands whether or not it could be recorded.
fn settle(recorded: Result<Option<Head>, DatabaseError>) {
    match recorded {
        Ok(None) => {}
        Ok(Some(head)) => tell(&head),
        Err(error) => log::write(
            Level::Error,
            "platform",
            "a refusal could not be recorded",
            &[("error", error.to_string().into())],
        ),
    }
}

/// The log of the platform is a second place where the head of the audit log stands.
fn tell(head: &Head) {
    log::write(
        Level::Info,
        "platform",
        "audited",
        &[
            ("seq", head.seq.into()),
            ("hash", head.hash.as_str().into()),
        ],
    );
}
