//! What a server said in its own words: kept for the log, cut and escaped, and never a reason for anything.

use std::fmt;

/// Text of a server: at most 1,000 characters, control characters escaped, so that it is one harmless line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerText(String);

const MAX_CHARACTERS: usize = 1000;

impl ServerText {
    /// Takes what a server sent, in any bytes.
    pub fn new(bytes: &[u8]) -> Self {
        let head = bytes.get(..4 * MAX_CHARACTERS).unwrap_or(bytes);
        let text = String::from_utf8_lossy(head);
        let escaped = text
            .trim()
            .chars()
            .flat_map(|character| {
                let shown = if character.is_control() {
                    character.escape_default().collect::<String>()
                } else {
                    character.to_string()
                };
                shown.chars().collect::<Vec<_>>()
            })
            .take(MAX_CHARACTERS)
            .collect();
        Self(escaped)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
