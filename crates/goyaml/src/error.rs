//! What can go wrong, worded as Go words it. Never carries text of the document beyond the word at fault.

use thiserror::Error;

/// A document that cannot be read. The message is the one of `sigs.k8s.io/yaml` v1.6 without its prefix
/// `error converting YAML to JSON: `, so that a caller can print what Helm prints.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Text that is no YAML: what the scanner or the parser of go-yaml found, and the line where it says so.
    #[error("yaml: {}{problem}", line.map(|l| format!("line {l}: ")).unwrap_or_default())]
    Syntax {
        /// Line as go-yaml counts it, absent where go-yaml names none.
        line: Option<usize>,
        /// The problem in go-yaml's words.
        problem: String,
    },
    /// YAML that go-yaml refuses to decode: unknown anchors, wrong tags, bad merges.
    #[error("yaml: {0}")]
    Decode(String),
    /// A value that JSON, through which `sigs.k8s.io/yaml` sends everything, does not have.
    #[error("json: unsupported value: {0}")]
    Json(&'static str),
    /// A map key that is neither string, number nor boolean.
    #[error("unsupported map key of type: {0}")]
    Key(String),
    /// The document goes past a limit of [`crate::Limits`].
    #[error("yaml: document exceeds the limit of {limit} {unit}")]
    Limit {
        /// The limit that was passed.
        limit: usize,
        /// What was counted: `levels`, `nodes` or `bytes`.
        unit: &'static str,
    },
}

/// A value that go-yaml cannot print.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PrintError {
    /// NaN and infinities have no JSON form.
    #[error("json: unsupported value: {0}")]
    Number(&'static str),
    /// `sigs.k8s.io/yaml` reads its own JSON back as YAML, which has no room for these characters.
    #[error("yaml: control characters are not allowed")]
    ControlCharacter,
    /// The same round trip loses keys of more than 1,024 characters.
    #[error("yaml: did not find expected ',' or '}}'")]
    LongKey,
    /// Nested deeper than any document of Kubernetes.
    #[error("yaml: value exceeds the limit of {0} levels")]
    Depth(usize),
}
