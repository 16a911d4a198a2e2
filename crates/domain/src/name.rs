//! Checked names, a type for each kind, so that one can never stand where another belongs. A value of these types has
//! passed its rule; nothing here may build one without the check.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why a text is not a name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is not valid: it must {rule}")]
pub struct InvalidName {
    /// The kind of name, in the words of the JSON (`app`, `env`, `version.repositoryName`, …).
    pub field: &'static str,
    /// The rule that was broken.
    pub rule: NameRule,
}

/// The rule that a text broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameRule {
    /// The text is empty.
    #[error("not be empty")]
    NotEmpty,
    /// The text is longer than this many bytes.
    #[error("be at most {0} bytes long")]
    AtMost(usize),
    /// Not a DNS-1123 label (Kubernetes object names).
    #[error(
        "be a Kubernetes name: lower-case letters, digits and '-', with a letter or digit at both ends"
    )]
    DnsLabel,
    /// Control characters are not allowed.
    #[error("hold no control characters")]
    NoControl,
    /// White space is not allowed.
    #[error("hold no white space")]
    NoSpace,
    /// Not `owner/name`, or a segment is empty, `.` or `..`.
    #[error("be 'owner/name' with no empty, '.' or '..' segment")]
    OwnerSlashName,
    /// Not a lower-case UUID with dashes.
    #[error("be a lower-case UUID with dashes")]
    Uuid,
    /// Not `<repositoryName>-<uuid>`.
    #[error("be '<repository name>-<uuid>'")]
    RepositoryDashUuid,
    /// Not 40 or 64 lower-case hexadecimal digits.
    #[error("be a full commit id: 40 or 64 lower-case hexadecimal digits")]
    FullHash,
    /// Not 4 to 64 lower-case hexadecimal digits.
    #[error("be a commit id or its beginning: 4 to 64 lower-case hexadecimal digits")]
    HashPrefix,
    /// Not a branch name by the rules of `git check-ref-format --branch`.
    #[error("be a branch name that git accepts")]
    Branch,
    /// `policy` stands for Wimble itself in release records.
    #[error("not be 'policy', which stands for releases made by a policy")]
    Reserved,
}

macro_rules! names {
    ($($(#[doc = $doc:literal])* $name:ident, $field:literal, $check:path;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The checked text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                match $check(&text) {
                    Ok(()) => Ok(Self(text)),
                    Err(rule) => Err(InvalidName { field: $field, rule }),
                }
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                match $check(text) {
                    Ok(()) => Ok(Self(text.to_owned())),
                    Err(rule) => Err(InvalidName { field: $field, rule }),
                }
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::schema::of_name($field, concat!($($doc,)*).trim())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// An app: Helm release name and folder name. A DNS-1123 label of at most 53 bytes (Helm's limit).
    AppName, "app", app;
    /// An environment: folder name and repository selector. A DNS-1123 label of at most 63 bytes.
    EnvName, "env", label_63;
    /// A Kubernetes namespace: a DNS-1123 label of at most 63 bytes.
    Namespace, "namespace", label_63;
    /// An application repository: `owner/name`, or deeper for GitLab's groups; at most 255 bytes.
    RepositoryName, "version.repositoryName", repository;
    /// An artifact: `<repositoryName>-<uuid>`. Holds `/`.
    ArtifactId, "artifactId", artifact_id;
    /// A queued request: a lower-case UUID with dashes.
    RequestId, "id", uuid_text;
    /// A commit of the application repository, as CI names it: any printable token of at most 255 bytes (GimletD never
    /// checked it, and not every CI speaks Git).
    Sha, "version.sha", token_255;
    /// A person or robot that holds a token: a printable token of at most 255 bytes, and not `policy`.
    Login, "login", login;
    /// A commit of the GitOps repository: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
    CommitId, "commit", full_hash;
    /// A commit of the GitOps repository, or the beginning of its id: 4 to 64 lower-case hexadecimal digits.
    CommitPrefix, "sha", hash_prefix;
    /// A branch of the GitOps repository, without `refs/heads/`; at most 255 bytes.
    BranchName, "branch", branch;
    /// Why something is held: one line for people, at most 500 bytes.
    HoldReason, "reason", line_500;
}

/// Bytes of the dash and the UUID that end an artifact's id.
const UUID_TAIL: usize = 37;

impl ArtifactId {
    /// The id of an artifact of this repository. The caller supplies the UUID (GimletD: version 4).
    pub fn new(repository: &RepositoryName, uuid: uuid::Uuid) -> Self {
        Self(format!("{repository}-{}", uuid.hyphenated()))
    }

    /// The repository whose artifact it is: what stands before the UUID.
    pub fn repository(&self) -> &str {
        let end = self.0.len().saturating_sub(UUID_TAIL);
        self.0.get(..end).unwrap_or_default()
    }
}

impl RequestId {
    /// The id with this UUID.
    pub fn new(uuid: uuid::Uuid) -> Self {
        Self(uuid.hyphenated().to_string())
    }
}

/// Who asked for a release: a deploy policy, or somebody with a token. In JSON: `policy` or the login.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TriggeredBy {
    /// The `deploy` policy of a manifest.
    Policy,
    /// A person or robot.
    Login(Login),
}

impl TriggeredBy {
    /// `policy` or the login.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Policy => POLICY,
            Self::Login(login) => login.as_str(),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for TriggeredBy {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TriggeredBy".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        crate::schema::of_name("login", "`policy`, or the login of who asked for it.")
    }
}

impl TryFrom<String> for TriggeredBy {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        match text.as_str() {
            POLICY => Ok(Self::Policy),
            _ => Login::try_from(text).map(Self::Login),
        }
    }
}

impl FromStr for TriggeredBy {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::try_from(text.to_owned())
    }
}

impl From<TriggeredBy> for String {
    fn from(who: TriggeredBy) -> String {
        who.as_str().to_owned()
    }
}

impl fmt::Display for TriggeredBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const POLICY: &str = "policy";

fn length(text: &str, limit: usize) -> Result<(), NameRule> {
    match text.len() {
        0 => Err(NameRule::NotEmpty),
        n if n > limit => Err(NameRule::AtMost(limit)),
        _ => Ok(()),
    }
}

/// RFC 1123 label as Kubernetes reads it: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`.
fn dns_label(text: &str, limit: usize) -> Result<(), NameRule> {
    length(text, limit)?;
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let dash_at_end = text.starts_with('-') || text.ends_with('-');
    if dash_at_end || !text.bytes().all(inside) {
        return Err(NameRule::DnsLabel);
    }
    Ok(())
}

fn app(text: &str) -> Result<(), NameRule> {
    dns_label(text, 53)
}

fn label_63(text: &str) -> Result<(), NameRule> {
    dns_label(text, 63)
}

/// Invisible characters that reorder or hide text count as control characters too: these names stand in commit
/// messages and log lines that people read.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn token_255(text: &str) -> Result<(), NameRule> {
    length(text, 255)?;
    if text.chars().any(is_control) {
        return Err(NameRule::NoControl);
    }
    if text.chars().any(char::is_whitespace) {
        return Err(NameRule::NoSpace);
    }
    Ok(())
}

fn line_500(text: &str) -> Result<(), NameRule> {
    length(text.trim(), 500)?;
    length(text, 500)?;
    if text.chars().any(is_control) {
        return Err(NameRule::NoControl);
    }
    Ok(())
}

fn login(text: &str) -> Result<(), NameRule> {
    token_255(text)?;
    // Compared without case: `Policy` beside `policy` in a release record would deceive a reader.
    if text.eq_ignore_ascii_case(POLICY) {
        return Err(NameRule::Reserved);
    }
    Ok(())
}

fn repository(text: &str) -> Result<(), NameRule> {
    token_255(text)?;
    let bad = |segment: &str| matches!(segment, "" | "." | "..");
    if !text.contains('/') || text.contains('\\') || text.split('/').any(bad) {
        return Err(NameRule::OwnerSlashName);
    }
    Ok(())
}

fn uuid_text(text: &str) -> Result<(), NameRule> {
    length(text, 36)?;
    let dash = |i: usize| matches!(i, 8 | 13 | 18 | 23);
    let good = |(i, b): (usize, u8)| match b {
        b'-' => dash(i),
        b'0'..=b'9' | b'a'..=b'f' => !dash(i),
        _ => false,
    };
    if text.len() != 36 || !text.bytes().enumerate().all(good) {
        return Err(NameRule::Uuid);
    }
    Ok(())
}

fn artifact_id(text: &str) -> Result<(), NameRule> {
    length(text, 255 + UUID_TAIL)?;
    let parts = text
        .len()
        .checked_sub(UUID_TAIL)
        .and_then(|at| text.split_at_checked(at));
    let Some((name, tail)) = parts else {
        return Err(NameRule::RepositoryDashUuid);
    };
    let is_uuid = tail
        .strip_prefix('-')
        .is_some_and(|id| uuid_text(id).is_ok());
    if !is_uuid || repository(name).is_err() {
        return Err(NameRule::RepositoryDashUuid);
    }
    Ok(())
}

fn is_hex(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

/// Git takes no shorter abbreviation than four digits (`core.abbrev`).
fn hash_prefix(text: &str) -> Result<(), NameRule> {
    if !(4..=64).contains(&text.len()) || !is_hex(text) {
        return Err(NameRule::HashPrefix);
    }
    Ok(())
}

fn full_hash(text: &str) -> Result<(), NameRule> {
    if !matches!(text.len(), 40 | 64) || !is_hex(text) {
        return Err(NameRule::FullHash);
    }
    Ok(())
}

/// The rules of `git help check-ref-format`, for a branch.
fn branch(text: &str) -> Result<(), NameRule> {
    token_255(text)?;
    let bad_segment =
        |s: &str| s.is_empty() || s.starts_with('.') || s.ends_with('.') || s.ends_with(".lock");
    let bad = text.starts_with('-')
        || text == "@"
        || text == "HEAD"
        || text.contains("..")
        || text.contains("@{")
        || text.contains(['~', '^', ':', '?', '*', '[', '\\'])
        || text.split('/').any(bad_segment);
    if bad { Err(NameRule::Branch) } else { Ok(()) }
}
