//! Who calls. Tokens are compared as SHA-256 digests, the admin's in constant time; none is ever stored, logged or answered.

use access::oidc::LONGEST_TOKEN as LONGEST_JWT;
use access::{Digest, Grant, Limits, Principal, Role, Via, looks_like_jwt};
use release::database::Sql;
use release::oidc;
use release::ports::Clock as _;
use release::users;
use subtle::ConstantTimeEq as _;

use crate::answer::Problem;
use crate::failures::unauthorized;
use crate::{SpinSqlite, SystemClock, settings};

/// A shorter admin token could be guessed.
pub(crate) const SHORTEST_ADMIN_TOKEN: usize = 16;

/// Finds the caller by the `Authorization` header, or by `access_token` in the query, which GimletD's Flux set-ups use.
///
/// # Errors
///
/// 401 without a known token, 503 while the keys of a CI system's token are not known, and while the application has no admin token.
pub async fn principal(authorization: Option<&str>, query: &str) -> Result<Principal, Problem> {
    let admin = configured_admin()?;
    let parameters = release::query::Parameters::parse(query);
    let token = match authorization {
        Some(header) => strip_bearer(header),
        None => parameters.get("access_token").unwrap_or_default(),
    };
    if token.is_empty() || token.len() > LONGEST_JWT {
        return Err(nobody());
    }
    let digest = Digest::of(token);
    if bool::from(digest.as_bytes().ct_eq(admin.as_bytes())) {
        return built_in_admin().ok_or_else(nobody);
    }
    // Never by the query: proxies log it, and CI systems have no need of it.
    if authorization.is_some() && looks_like_jwt(token) {
        return ci_system(token).await;
    }
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    users::authenticate(&sql, &digest, SystemClock.now_ms())
        .await?
        .ok_or_else(nobody)
}

/// Whoever has a token of a CI system.
async fn ci_system(token: &str) -> Result<Principal, Problem> {
    let issuers = settings::oidc_issuers()?;
    if issuers.is_empty() {
        return Err(nobody());
    }
    let db = SpinSqlite::open()?;
    let sql = Sql::new(&db);
    Ok(oidc::authenticate(&sql, &issuers, token, SystemClock.now_ms()).await?)
}

/// The digest of the admin's token.
fn configured_admin() -> Result<Digest, Problem> {
    let admin = settings::admin_token()?;
    if admin.len() >= SHORTEST_ADMIN_TOKEN {
        return Ok(Digest::of(&admin));
    }
    let detail = if admin.is_empty() {
        "the variable admin_token is not set: the application serves nobody until it is"
    } else {
        "the variable admin_token is shorter than 16 characters: the application serves nobody until it is longer"
    };
    Err(Problem::new(
        503,
        "not-configured",
        "Service Unavailable",
        detail,
    ))
}

fn built_in_admin() -> Option<Principal> {
    Some(Principal {
        login: users::ADMIN.parse().ok()?,
        via: Via::AdminToken,
        grants: vec![Grant {
            role: Role::Admin,
            limits: Limits::default(),
        }],
    })
}

/// GimletD takes a header without `Bearer` as the token itself.
fn strip_bearer(header: &str) -> &str {
    let header = header.trim();
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => header,
    }
}

fn nobody() -> Problem {
    unauthorized("a valid token is needed: send it as 'Authorization: Bearer <token>'")
}
