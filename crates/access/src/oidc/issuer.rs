//! The variable `oidc_issuers`: whose tokens are taken, for whom they must be made, and which repositories may use them.

use url::Url;

use crate::{Dimension, InvalidLimits, Limits};

/// Entries that one variable may have.
const ENTRIES: usize = 20;
/// Bytes of an issuer or an audience.
const LENGTH: usize = 255;
/// GitHub's own issuer; an enterprise may have one below it.
const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// How the issuer of a GitHub Enterprise Server ends.
const GITHUB_SERVER: &str = "/_services/token";
/// Bytes of a discovery document.
const DISCOVERY_BYTES: usize = 64 << 10;

/// Which system it is: they name the repository differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// GitHub Actions: the claim `repository`.
    GitHub,
    /// GitLab CI: the claim `project_path`.
    GitLab,
}

impl Provider {
    /// The claim that holds the repository.
    pub(crate) fn repository_claim(self) -> &'static str {
        match self {
            Self::GitHub => "repository",
            Self::GitLab => "project_path",
        }
    }
}

/// One configured issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The issuer, as the claim `iss` has it.
    pub url: String,
    /// For whom the token must be made: the claim `aud`.
    pub audience: String,
    /// Which system it is.
    pub provider: Provider,
    /// Which repositories may use such tokens, and where.
    pub limits: Limits,
}

/// The configured issuers; may be none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Issuers(Vec<Issuer>);

/// Why `oidc_issuers` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIssuers {
    /// More entries than are sensible.
    #[error("has more than {ENTRIES} entries")]
    TooMany,
    /// A key that has no meaning.
    #[error("entry {0}: only issuer, audience, repository, app, env and provider have a meaning")]
    UnknownKey(usize),
    /// A key that must stand there once.
    #[error("entry {0}: '{1}' must stand there once, with at most {LENGTH} bytes")]
    NotOnce(usize, &'static str),
    /// An issuer that nobody could trust.
    #[error("entry {0}: the issuer must be an https URL without query, such as https://gitlab.com")]
    Issuer(usize),
    /// Neither of the known systems.
    #[error("entry {0}: the provider must be github or gitlab")]
    Provider(usize),
    /// Nobody is named: anybody at all has an account there.
    #[error(
        "entry {0}: 'repository' is missing: name the repositories that may ship, such as repository=acme/*, for \
         everybody else with an account there can get a token for your audience"
    )]
    NoRepository(usize),
    /// Limits that say nothing.
    #[error("entry {entry}: '{key}' {source}")]
    Limits {
        /// Which entry, from 1.
        entry: usize,
        /// The key.
        key: &'static str,
        /// What is wrong.
        source: InvalidLimits,
    },
}

/// Why a discovery document is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// Not JSON, or too large.
    #[error("the discovery document is not JSON that is accepted")]
    NotJson,
    /// It speaks for somebody else.
    #[error("the discovery document names another issuer")]
    OtherIssuer,
    /// The keys are elsewhere.
    #[error("the discovery document names keys at another origin than the issuer's")]
    OtherOrigin,
}

impl Issuers {
    /// Reads the variable: entries separated by `;`, each a query string with `issuer`, `audience`, one or more `repository`
    /// (names or globs) and, if wanted, `app`, `env` and `provider` (`github` or `gitlab`).
    ///
    /// # Errors
    /// [`InvalidIssuers`] names the entry and the key.
    pub fn parse(text: &str) -> Result<Self, InvalidIssuers> {
        let mut issuers = Vec::new();
        let entries = text.split(';').map(str::trim);
        for (entry, number) in entries.filter(|entry| !entry.is_empty()).zip(1..) {
            if number > ENTRIES {
                return Err(InvalidIssuers::TooMany);
            }
            issuers.push(issuer(entry, number)?);
        }
        Ok(Self(issuers))
    }

    /// Whether any is configured.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every entry.
    pub fn entries(&self) -> &[Issuer] {
        &self.0
    }

    /// Each issuer's URL, once.
    pub fn urls(&self) -> Vec<&str> {
        let mut urls: Vec<&str> = self.0.iter().map(|issuer| issuer.url.as_str()).collect();
        urls.sort_unstable();
        urls.dedup();
        urls
    }
}

fn issuer(entry: &str, number: usize) -> Result<Issuer, InvalidIssuers> {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(entry.as_bytes())
        .into_owned()
        .collect();
    let known = ["issuer", "audience", "repository", "app", "env", "provider"];
    if pairs.iter().any(|(key, _)| !known.contains(&key.as_str())) {
        return Err(InvalidIssuers::UnknownKey(number));
    }
    let values = |key: &str| -> Vec<&str> {
        let of_key = pairs.iter().filter(|(name, _)| name == key);
        of_key.map(|(_, value)| value.as_str()).collect()
    };
    let once = |key: &'static str| match values(key).as_slice() {
        [value] if !value.is_empty() && value.len() <= LENGTH => Ok((*value).to_owned()),
        _ => Err(InvalidIssuers::NotOnce(number, key)),
    };
    let url = once("issuer")?;
    if !is_trustworthy(&url) {
        return Err(InvalidIssuers::Issuer(number));
    }
    let provider = match values("provider").as_slice() {
        [] => guess(&url),
        ["github"] => Provider::GitHub,
        ["gitlab"] => Provider::GitLab,
        _ => return Err(InvalidIssuers::Provider(number)),
    };
    if values("repository").is_empty() {
        return Err(InvalidIssuers::NoRepository(number));
    }
    let mut limits = Limits::default();
    for (dimension, key) in [
        (Dimension::Repository, "repository"),
        (Dimension::App, "app"),
        (Dimension::Environment, "env"),
    ] {
        let names = values(key);
        if !names.is_empty() {
            let limited = limits.limited(dimension, &names);
            limits = limited.map_err(|source| InvalidIssuers::Limits {
                entry: number,
                key,
                source,
            })?;
        }
    }
    Ok(Issuer {
        audience: once("audience")?,
        url,
        provider,
        limits,
    })
}

fn guess(url: &str) -> Provider {
    let github = url == GITHUB
        || url
            .strip_prefix(GITHUB)
            .is_some_and(|rest| rest.starts_with('/'));
    match github || url.ends_with(GITHUB_SERVER) {
        true => Provider::GitHub,
        false => Provider::GitLab,
    }
}

/// https; or http to this machine, which nobody can listen in on.
fn is_trustworthy(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    let plain = url.username().is_empty() && url.password().is_none();
    scheme && plain && url.query().is_none() && url.fragment().is_none()
}

impl Issuer {
    /// Where an issuer's discovery document is (OpenID Connect Discovery 1.0, section 4).
    pub fn discovery_url(issuer: &str) -> String {
        let issuer = issuer.trim_end_matches('/');
        format!("{issuer}/.well-known/openid-configuration")
    }

    /// Where the keys are, as the discovery document says: at the issuer's own origin, or nowhere.
    ///
    /// # Errors
    /// [`DiscoveryError`] says what is wrong with it.
    pub fn keys_url(issuer: &str, document: &[u8]) -> Result<String, DiscoveryError> {
        if document.len() > DISCOVERY_BYTES {
            return Err(DiscoveryError::NotJson);
        }
        let limits = domain::JsonLimits {
            bytes: DISCOVERY_BYTES,
            depth: 8,
            nodes: 2_000,
            text: 4_096,
            key: 255,
        };
        let document = domain::read_json(document, &limits).map_err(|_| DiscoveryError::NotJson)?;
        let text = |name: &str| document.get(name).and_then(serde_json::Value::as_str);
        if text("issuer") != Some(issuer) {
            return Err(DiscoveryError::OtherIssuer);
        }
        let keys = text("jwks_uri").and_then(|keys| Url::parse(keys).ok());
        let own = Url::parse(issuer).map_err(|_| DiscoveryError::OtherOrigin)?;
        match keys {
            Some(keys) if keys.origin() == own.origin() => Ok(keys.into()),
            _ => Err(DiscoveryError::OtherOrigin),
        }
    }
}
