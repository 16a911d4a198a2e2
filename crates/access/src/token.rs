//! Tokens: made from random bytes, told once, kept as a digest alone.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// What every token begins with, so that secret scanners and people know one.
const PREFIX: &str = "wimble_";

/// A token. It is shown to the client that it was made for and to nobody else: it has no `Display`, and `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token of 256 bits. `random` must come from a cryptographic source, and hold 256 bits of chance or more: what is
    /// fixed in it (the version bits of a UUID) does no harm, for the token is a digest of all of it.
    pub fn from_random(random: &[[u8; 16]; 3]) -> Self {
        let mut hasher = Sha256::new_with_prefix(b"wimble token");
        for part in random {
            hasher.update(part);
        }
        Self(format!(
            "{PREFIX}{}",
            URL_SAFE_NO_PAD.encode(hasher.finalize())
        ))
    }

    /// The token itself, for the answer to the client that it was made for.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// The SHA-256 digest of a token: what is stored and looked up. Tokens have 256 bits of chance, so no salt is needed.
#[derive(Clone, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of what a client sent as a token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex(&self.0)
    }
}

/// A digest is no secret, but whoever has a dump of it and a list of leaked tokens could match them: hidden all the same.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(hidden)")
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Whether a client's token has the form of a JWT (RFC 7519, section 3: three parts with dots between). Ours never have.
pub fn looks_like_jwt(token: &str) -> bool {
    !token.starts_with(PREFIX) && token.bytes().filter(|byte| *byte == b'.').count() == 2
}
