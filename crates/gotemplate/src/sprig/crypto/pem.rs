//! PEM as Go's `encoding/pem` reads and writes it: lines of 64 characters, and texts around the block that do not matter.

use crate::sprig::encoding::{base64, decode_base64};

/// A block: its type and content.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) der: Vec<u8>,
}

/// The first block in a text (`pem.Decode`).
pub(super) fn decode(text: &[u8]) -> Option<Block> {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines();
    loop {
        let label = lines.find_map(|line| {
            line.trim_end()
                .strip_prefix("-----BEGIN ")?
                .strip_suffix("-----")
        })?;
        let end = format!("-----END {label}-----");
        let mut body = String::new();
        let mut rest = lines.clone();
        let ended = rest.find(|line| {
            let line = line.trim();
            // Headers such as `Proc-Type: 4,ENCRYPTED` are no content.
            if line != end && !line.contains(':') {
                body.push_str(line);
            }
            line == end
        });
        if ended.is_some()
            && let Ok(der) = decode_base64(body.as_bytes())
        {
            return Some(Block {
                label: label.to_owned(),
                der,
            });
        }
    }
}

/// A block as text (`pem.Encode`).
pub(super) fn encode(label: &str, der: &[u8]) -> String {
    let body = base64(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in body.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}
