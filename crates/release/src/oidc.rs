//! The keys of OIDC issuers: read by the tick, kept in the database, used by whoever has to verify a CI system's token. Only the
//! tick may reach out; everybody else asks it to, by a note in the database.

use access::Principal;
use access::oidc::{Issuer, Issuers, KeySet, LEEWAY_S, TokenError, Unverified};
use serde::Serialize;

use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError, HttpClient};
use crate::store::oidc::{self, KeysRow};

/// Keys are read again when they are this old.
const FRESH_MS: u64 = 3_600_000;
/// An issuer is asked once in this time at most, whatever it answers and whoever wants it.
const PAUSE_MS: u64 = 60_000;
/// Keys that could not be read again for this long are used no more: one of them may have been withdrawn.
const STALE_MS: u64 = 24 * 3_600_000;
/// Seconds after which a client should come again: the tick runs more often.
const RETRY_AFTER_S: u32 = 10;
/// Bytes of a discovery document.
const DISCOVERY_BYTES: usize = 64 << 10;
/// Bytes of a key set.
const KEYS_BYTES: usize = 128 << 10;

/// Why a CI system's token lets nobody in.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The token is not taken.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Whether it is sound cannot be said yet.
    #[error(
        "the keys of {issuer} are not known yet, or do not hold the token's: they will be read; try again in \
         {retry_after_s} s"
    )]
    KeysUnknown {
        /// The issuer.
        issuer: String,
        /// Seconds.
        retry_after_s: u32,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Finds who a CI system's token is.
///
/// # Errors
/// See [`OidcError`].
pub async fn authenticate<D: Database>(
    sql: &Sql<'_, D>,
    issuers: &Issuers,
    token: &str,
    now_ms: u64,
) -> Result<Principal, OidcError> {
    let token = Unverified::parse(token, issuers, now_ms / 1000)?;
    let (issuer, issued_s) = (token.issuer(), token.issued_s());
    let rows = oidc::all(sql).await?;
    let known = rows.into_iter().find(|row| row.issuer == issuer);
    let Some((keys, fetched_ms)) = known.and_then(|row| usable(row, now_ms)) else {
        return Err(ask_for_keys(sql, issuer, now_ms).await);
    };
    match token.verify(&keys) {
        Ok(principal) => Ok(principal),
        // Keys that were read after the token was made would hold its key, if it had one.
        Err(TokenError::UnknownKey) if fetched_ms / 1000 <= issued_s.saturating_add(LEEWAY_S) => {
            Err(ask_for_keys(sql, issuer, now_ms).await)
        }
        Err(error) => Err(error.into()),
    }
}

fn usable(row: KeysRow, now_ms: u64) -> Option<(KeySet, u64)> {
    if row.fetched_ms.saturating_add(STALE_MS) <= now_ms {
        return None;
    }
    let keys = KeySet::parse(row.keys?.as_bytes()).ok()?;
    Some((keys, row.fetched_ms))
}

async fn ask_for_keys<D: Database>(sql: &Sql<'_, D>, issuer: &str, now_ms: u64) -> OidcError {
    match oidc::want(sql, issuer, now_ms).await {
        Ok(()) => OidcError::KeysUnknown {
            issuer: issuer.to_owned(),
            retry_after_s: RETRY_AFTER_S,
        },
        Err(error) => error.into(),
    }
}

/// What became of one issuer's keys.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refreshed {
    /// The issuer.
    pub issuer: String,
    /// Why its keys could not be read; none if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Reads the keys of each issuer that is due: never read, an hour old, or asked for; each once a minute at most. The client
/// must bound the time. One that fails keeps its old keys.
///
/// # Errors
/// The database failed.
pub async fn refresh<D: Database, H: HttpClient, C: Clock>(
    sql: &Sql<'_, D>,
    http: &H,
    clock: &C,
    issuers: &Issuers,
    deadline_ms: u64,
) -> Result<Vec<Refreshed>, DatabaseError> {
    if issuers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = oidc::all(sql).await?;
    let mut refreshed = Vec::new();
    for issuer in issuers.urls() {
        let now_ms = clock.now_ms();
        let known = rows.iter().find(|row| row.issuer == issuer);
        if now_ms >= deadline_ms || !known.is_none_or(|row| is_due(row, now_ms)) {
            continue;
        }
        let before_ms = now_ms.saturating_sub(PAUSE_MS);
        if !oidc::claim(sql, issuer, now_ms, before_ms).await? {
            continue;
        }
        let problem = match fetch(http, issuer).await {
            Ok(keys) => {
                // The time before the request: what was withdrawn since may still be among them.
                oidc::keep(sql, issuer, &keys, now_ms).await?;
                None
            }
            Err(problem) => Some(problem),
        };
        refreshed.push(Refreshed {
            issuer: issuer.to_owned(),
            problem,
        });
    }
    Ok(refreshed)
}

fn is_due(row: &KeysRow, now_ms: u64) -> bool {
    let rested = row.attempted_ms.saturating_add(PAUSE_MS) <= now_ms;
    let old = row.keys.is_none() || row.fetched_ms.saturating_add(FRESH_MS) <= now_ms;
    // Who asks in the very millisecond of the reading may have found the keys from before it.
    rested && (old || row.wanted_ms >= row.fetched_ms)
}

/// The key set, checked.
async fn fetch<H: HttpClient>(http: &H, issuer: &str) -> Result<String, String> {
    let document = get(http, &Issuer::discovery_url(issuer), DISCOVERY_BYTES).await?;
    let keys_url = Issuer::keys_url(issuer, &document).map_err(|error| error.to_string())?;
    let keys = get(http, &keys_url, KEYS_BYTES).await?;
    KeySet::parse(&keys).map_err(|error| error.to_string())?;
    String::from_utf8(keys).map_err(|error| error.to_string())
}

async fn get<H: HttpClient>(http: &H, url: &str, limit: usize) -> Result<Vec<u8>, String> {
    let request = http::Request::get(url).header("accept", "application/json");
    let request = request
        .body(Vec::new())
        .map_err(|error| error.to_string())?;
    let answer = http
        .send(request, limit)
        .await
        .map_err(|error| error.to_string())?;
    match answer.status().as_u16() {
        200 => Ok(answer.into_body()),
        status => Err(format!("{url} answered {status}")),
    }
}
