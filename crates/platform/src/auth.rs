//! Who calls. Tokens are compared as SHA-256 digests in constant time; none is ever stored, logged or answered.

use domain::Login;
use release::ports::KeyValue as _;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use crate::answer::Problem;
use crate::log::{self, Level};
use crate::settings;
use crate::{SpinKeyValue, SystemClock};

/// Tokens are 32 random bytes or so; what is far longer is no token.
const LONGEST_TOKEN: usize = 1024;
/// A shorter admin token could be guessed.
const SHORTEST_ADMIN_TOKEN: usize = 16;

/// Somebody with a token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name that releases and logs show.
    pub login: Login,
}

/// What `token.<digest>` holds.
#[derive(Deserialize)]
struct StoredToken {
    login: Login,
    /// Seconds since the Unix epoch; none for a token that does not expire.
    #[serde(default)]
    expires: Option<u64>,
}

/// Finds the caller by the `Authorization` header, or by `access_token` in the query, which GimletD's Flux set-ups use.
///
/// # Errors
///
/// 401 without a known token, 503 while the application has no admin token.
pub async fn caller(authorization: Option<&str>, query: &str) -> Result<Caller, Problem> {
    let admin = settings::admin_token()?;
    if admin.len() < SHORTEST_ADMIN_TOKEN {
        let detail = if admin.is_empty() {
            "the variable admin_token is not set: the application serves nobody until it is"
        } else {
            "the variable admin_token is shorter than 16 characters: the application serves nobody until it is longer"
        };
        return Err(Problem::new(
            503,
            "not-configured",
            "Service Unavailable",
            detail,
        ));
    }
    let parameters = release::query::Parameters::parse(query);
    let token = match authorization {
        Some(header) => strip_bearer(header),
        None => parameters.get("access_token").unwrap_or_default(),
    };
    if token.is_empty() || token.len() > LONGEST_TOKEN {
        return Err(unauthorized());
    }
    let digest = Sha256::digest(token.as_bytes());
    if bool::from(
        digest
            .as_slice()
            .ct_eq(Sha256::digest(admin.as_bytes()).as_slice()),
    ) {
        return "admin"
            .parse()
            .map(|login| Caller { login })
            .map_err(|_| unauthorized());
    }
    stored(digest.as_slice()).await
}

/// GimletD takes a header without `Bearer` as the token itself.
fn strip_bearer(header: &str) -> &str {
    let header = header.trim();
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => header,
    }
}

async fn stored(digest: &[u8]) -> Result<Caller, Problem> {
    let mut key = String::from("token.");
    for byte in digest {
        key.push_str(&format!("{byte:02x}"));
    }
    let value = match SpinKeyValue::open() {
        Ok(kv) => kv.get(&key).await,
        Err(error) => Err(error),
    };
    let value = value.map_err(|error| {
        log::write(
            Level::Error,
            "auth",
            "the token could not be looked up",
            &[("error", error.to_string().into())],
        );
        Problem::internal()
    })?;
    let token: StoredToken = value
        .and_then(|value| serde_json::from_slice(&value).ok())
        .ok_or_else(unauthorized)?;
    let now = release::ports::Clock::now_ms(&SystemClock) / 1000;
    if token.expires.is_some_and(|expires| expires <= now) {
        return Err(unauthorized());
    }
    Ok(Caller { login: token.login })
}

fn unauthorized() -> Problem {
    let detail = "a valid token is needed: send it as 'Authorization: Bearer <token>'";
    Problem::new(401, "unauthorized", "Unauthorized", detail).header("www-authenticate", "Bearer")
}
