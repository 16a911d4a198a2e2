//! A CI system's token (JSON Web Token, RFC 7519, signed as RFC 7515 says; held to RFC 8725): parsed under limits, its times and
//! names checked, then its signature. It proves one repository, and gives the right to ship for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{JsonLimits, Login, RepositoryName, read_json};
use serde_json::Value;

use super::keys::{Algorithm, KeyError};
use super::{Issuer, Issuers, KeySet};
use crate::{Grant, Limits, Principal, Role, Via};

/// Bytes of a token; GitHub's and GitLab's have about 2,000.
pub const LONGEST_TOKEN: usize = 8 << 10;
/// Bytes of the header.
const HEADER: usize = 1_024;
/// Seconds by which two clocks may differ.
pub const LEEWAY_S: u64 = 60;
/// Audiences of one token.
const AUDIENCES: usize = 16;

/// Why a token is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of JSON and a signature, within the limits.
    #[error("the token is not a JWT that is accepted: {0}")]
    Malformed(&'static str),
    /// Not one of the two algorithms. `none` and the symmetric ones are never taken.
    #[error("the token must be signed with RS256 or ES256")]
    Algorithm,
    /// Nobody whose tokens are taken.
    #[error("the token's issuer is none of the variable oidc_issuers")]
    UnknownIssuer,
    /// Made for somebody else.
    #[error("the token was made for another audience")]
    Audience,
    /// Too old.
    #[error("the token has expired")]
    Expired,
    /// From the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// A claim is missing or is none.
    #[error("the token's claim '{0}' is missing or not what it must be")]
    Claim(&'static str),
    /// The keys that are known do not hold it.
    #[error("the token names a key that its issuer does not have")]
    UnknownKey,
    /// Several keys hold its id.
    #[error("the token names a key that its issuer has more than once")]
    AmbiguousKey,
    /// The key is for something else.
    #[error("the token names a key that is not made for its algorithm")]
    UnsuitableKey,
    /// Not signed by the issuer.
    #[error("the token's signature is wrong")]
    Signature,
}

/// A token whose claims would do, if its signature held. Nothing of it may be believed yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    issuer: &'a Issuer,
    repository: RepositoryName,
    issued_s: u64,
    key: String,
    algorithm: Algorithm,
    message: String,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Parses a token and checks its claims, all but the signature. `now_s` is in seconds since the Unix epoch.
    ///
    /// # Errors
    /// [`TokenError`] says what is wrong.
    pub fn parse(token: &str, issuers: &'a Issuers, now_s: u64) -> Result<Self, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::Malformed("it is too long"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Malformed("it does not have three parts"));
        };
        let (algorithm, key) = read_header(header)?;
        let claims = object(payload, LONGEST_TOKEN)?;
        let text = |name: &'static str| {
            let claim = claims.get(name).and_then(Value::as_str);
            claim.ok_or(TokenError::Claim(name))
        };
        let from = text("iss")?;
        let audiences = audiences(&claims)?;
        let mut of_issuer = issuers
            .entries()
            .iter()
            .filter(|issuer| issuer.url == from)
            .peekable();
        if of_issuer.peek().is_none() {
            return Err(TokenError::UnknownIssuer);
        }
        let mut of_audience = of_issuer
            .filter(|issuer| audiences.contains(&issuer.audience.as_str()))
            .peekable();
        let first = *of_audience.peek().ok_or(TokenError::Audience)?;
        let issued_s = check_times(&claims, now_s)?;
        // An entry for another repository says nothing of this one.
        let named = of_audience.find(|issuer| {
            let repository = text(issuer.provider.repository_claim());
            repository.is_ok_and(|name| issuer.limits.covers_repository(name))
        });
        let issuer = named.unwrap_or(first);
        let claim = issuer.provider.repository_claim();
        let repository = text(claim)?;
        Ok(Self {
            issuer,
            repository: repository.parse().map_err(|_| TokenError::Claim(claim))?,
            issued_s,
            key,
            algorithm,
            message: format!("{header}.{payload}"),
            signature: decode(signature)?,
        })
    }

    /// Whose keys verify it.
    pub fn issuer(&self) -> &'a str {
        &self.issuer.url
    }

    /// When it says that it was made, in seconds since the Unix epoch: keys that were read later must hold its key.
    pub fn issued_s(&self) -> u64 {
        self.issued_s
    }

    /// Verifies the signature with the issuer's keys. Whoever holds the token is then a shipper of its repository, within the
    /// limits of the issuer's entry.
    ///
    /// # Errors
    /// [`TokenError`] says what is wrong.
    pub fn verify(self, keys: &KeySet) -> Result<Principal, TokenError> {
        keys.verify(
            &self.key,
            self.algorithm,
            self.message.as_bytes(),
            &self.signature,
        )
        .map_err(|error| match error {
            KeyError::Unknown => TokenError::UnknownKey,
            KeyError::Ambiguous => TokenError::AmbiguousKey,
            KeyError::Unsuitable => TokenError::UnsuitableKey,
            KeyError::Signature => TokenError::Signature,
        })?;
        let claim = self.issuer.provider.repository_claim();
        let host = self.issuer.url.split("://").nth(1).unwrap_or_default();
        let host = host.split('/').next().unwrap_or_default();
        let login: Result<Login, _> = format!("{}@{host}", self.repository).parse();
        let grant = |limits: Limits| Grant {
            role: Role::Shipper,
            limits,
        };
        Ok(Principal {
            login: login.map_err(|_| TokenError::Claim(claim))?,
            via: Via::Oidc(self.issuer.url.clone()),
            grants: vec![
                grant(self.issuer.limits.clone()),
                grant(Limits::to_repository(&self.repository)),
            ],
        })
    }
}

/// The algorithm and the key's id.
fn read_header(part: &str) -> Result<(Algorithm, String), TokenError> {
    let header = object(part, HEADER)?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    // RFC 7515, section 4.1.11: what is critical and not understood must be refused. Nothing critical is understood.
    if header.get("crit").is_some() {
        return Err(TokenError::Malformed("it has critical extensions"));
    }
    let typed = header.get("typ").is_none()
        || text("typ").is_some_and(|kind| kind.eq_ignore_ascii_case("jwt"));
    if !typed {
        return Err(TokenError::Malformed("its type is not JWT"));
    }
    let algorithm = text("alg").and_then(Algorithm::from_name);
    let algorithm = algorithm.ok_or(TokenError::Algorithm)?;
    let key = text("kid").filter(|key| !key.is_empty());
    let key = key.ok_or(TokenError::Malformed("it names no key"))?;
    Ok((algorithm, key.to_owned()))
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    let decoded = URL_SAFE_NO_PAD.decode(part);
    decoded.map_err(|_| TokenError::Malformed("a part is not base64url"))
}

fn object(part: &str, bytes: usize) -> Result<Value, TokenError> {
    let limits = JsonLimits {
        bytes,
        depth: 4,
        nodes: 200,
        text: 4_096,
        key: 255,
    };
    let value = read_json(&decode(part)?, &limits);
    match value {
        Ok(value) if value.is_object() => Ok(value),
        _ => Err(TokenError::Malformed("a part is not a small JSON object")),
    }
}

/// One audience or several (RFC 7519, section 4.1.3).
fn audiences(claims: &Value) -> Result<Vec<&str>, TokenError> {
    match claims.get("aud") {
        Some(Value::String(audience)) => Ok(vec![audience]),
        Some(Value::Array(list)) if list.len() <= AUDIENCES => list
            .iter()
            .map(|audience| audience.as_str().ok_or(TokenError::Claim("aud")))
            .collect(),
        _ => Err(TokenError::Claim("aud")),
    }
}

/// `exp` and `iat` must be there, `nbf` may be; gives `iat`.
fn check_times(claims: &Value, now_s: u64) -> Result<u64, TokenError> {
    let seconds = |name: &'static str| {
        let claim = claims.get(name).and_then(Value::as_u64);
        claim.ok_or(TokenError::Claim(name))
    };
    let (expires, issued) = (seconds("exp")?, seconds("iat")?);
    let latest = now_s.saturating_add(LEEWAY_S);
    let not_before = match claims.get("nbf") {
        None => issued,
        Some(_) => seconds("nbf")?,
    };
    if issued > latest || not_before > latest {
        return Err(TokenError::NotYet);
    }
    if expires.saturating_add(LEEWAY_S) <= now_s || expires <= issued {
        return Err(TokenError::Expired);
    }
    Ok(issued)
}
