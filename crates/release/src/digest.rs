//! SHA-256 in hexadecimal digits: what names and compares things that are too long, or too foreign, to stand in a key.

use sha2::{Digest, Sha256};

/// All 64 digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The first 32 digits.
pub(crate) fn short(bytes: &[u8]) -> String {
    let mut digits = sha256(bytes);
    digits.truncate(32);
    digits
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
