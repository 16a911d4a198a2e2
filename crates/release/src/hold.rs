//! Holds: what keeps policies from releasing an app, or a whole environment, until somebody lifts it. They never keep a
//! person from releasing.

use domain::{AppName, EnvName, HoldReason, RequestId, TriggeredBy};

use crate::database::Sql;
use crate::ingest::random_request_id;
use crate::ports::{Clock, Database, DatabaseError, now_ms};
use crate::query::{Parameters, QueryError};
pub use crate::store::holds::Hold;
use crate::store::holds::{self, MANUAL};

/// Holds in force at once: the flush reads them all.
const MOST: i64 = 1_000;

/// Why a hold was not placed or lifted.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// There are too many.
    #[error("there are {0} holds in force already: lift some with DELETE /api/holds/<id>")]
    TooMany(i64),
    /// The client's key placed a hold before, which is in force no more.
    #[error(
        "the hold {0}, which was placed with this Idempotency-Key, has been lifted: a new hold needs a new key"
    )]
    Lifted(RequestId),
    /// There is no such hold.
    #[error("there is no hold with id {0}")]
    Unknown(RequestId),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// A hold that somebody wants.
#[derive(Debug)]
pub struct HoldWish {
    /// The environment.
    pub env: EnvName,
    /// One app; absent for all apps of the environment.
    pub app: Option<AppName>,
    /// Why, for people.
    pub reason: HoldReason,
    /// Who wants it.
    pub owner: TriggeredBy,
    /// The client's key: the same wish with the same key is placed once.
    pub idempotency_key: Option<String>,
}

/// Places a hold.
///
/// # Errors
///
/// See [`HoldError`].
pub async fn place<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    wish: &HoldWish,
) -> Result<Hold, HoldError> {
    let id = match &wish.idempotency_key {
        Some(key) => RequestId::for_hold(&wish.env, wish.app.as_ref(), &wish.owner, key),
        None => random_request_id(clock),
    };
    let created_ms = clock.now_ms();
    let hold = Hold {
        id: id.as_str().to_owned(),
        env: wish.env.to_string(),
        app: wish.app.as_ref().map(AppName::to_string),
        kind: MANUAL.to_owned(),
        reason: wish.reason.to_string(),
        owner: wish.owner.to_string(),
        created: created_ms / 1000,
        created_ms,
        lifted: false,
    };
    match holds::place(sql, &hold, MOST).await? {
        Some(placed) if placed.lifted => Err(HoldError::Lifted(id)),
        Some(placed) => Ok(placed),
        None => Err(HoldError::TooMany(MOST)),
    }
}

/// Lifts a hold. Lifting it again changes nothing.
///
/// # Errors
///
/// See [`HoldError`].
pub async fn lift<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    id: &RequestId,
    by: &TriggeredBy,
) -> Result<(), HoldError> {
    let now_ms = now_ms(clock);
    match holds::lift(sql, id.as_str(), by.as_str(), now_ms).await? {
        true => Ok(()),
        false => Err(HoldError::Unknown(id.clone())),
    }
}

/// `GET /api/holds`: the holds in force, oldest first; of `env` and `app` where they are given.
///
/// # Errors
///
/// See [`QueryError`].
pub async fn list<D: Database>(
    sql: &Sql<'_, D>,
    parameters: &Parameters,
) -> Result<Vec<Hold>, QueryError> {
    let env = parameters.name::<EnvName>("env")?;
    let app = parameters.name::<AppName>("app")?;
    let (env, app) = (env.as_ref(), app.as_ref());
    Ok(holds::active(sql, env.map(EnvName::as_str), app.map(AppName::as_str)).await?)
}

/// One hold, lifted or not: what somebody who wants to lift it must be allowed to touch.
///
/// # Errors
///
/// See [`HoldError`].
pub async fn by_id<D: Database>(sql: &Sql<'_, D>, id: &RequestId) -> Result<Hold, HoldError> {
    let found = holds::by_id(sql, id.as_str()).await?;
    found.ok_or_else(|| HoldError::Unknown(id.clone()))
}
