//! What can go wrong, worded as Go words it. Never carries text of the document beyond the word at fault.

use thiserror::Error;

/// A document that cannot be read. The message is the one of `sigs.k8s.io/yaml` v1.6 without its prefix
/// `error converting YAML to JSON: `, so that a caller can print what Helm prints.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Text that is no YAML: what the scanner or the parser of go-yaml found, and the line where it says so.
    #[error("yaml: {}{problem}", line.map(|l| format!("line {l}: ")).unwrap_or_default())]
    Syntax {
        /// Line as go-yaml prints it, which is often the one before; absent where go-yaml names none.
        line: Option<usize>,
        /// Line of the problem, from 1.
        place: usize,
        /// The problem in go-yaml's words.
        problem: String,
    },
    /// YAML that go-yaml refuses to decode: unknown anchors, wrong tags, bad merges.
    #[error("yaml: {problem}")]
    Decode {
        /// Line of the node at fault, from 1, which go-yaml does not print; absent where no node is.
        line: Option<usize>,
        /// The problem in go-yaml's words.
        problem: String,
    },
    /// A key that stands twice in one mapping, which go-yaml v3 refuses and v2 takes.
    #[error(
        "yaml: unmarshal errors:\n  line {line}: mapping key {key:?} already defined at line {first}"
    )]
    Duplicate {
        /// The key.
        key: String,
        /// Line of the second one, from 1.
        line: usize,
        /// Line of the first one, from 1.
        first: usize,
    },
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

impl ParseError {
    /// The line at fault, from 1, where it is known.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Syntax { place, .. } => Some(*place),
            Self::Decode { line, .. } => *line,
            Self::Duplicate { line, .. } => Some(*line),
            Self::Json(_) | Self::Key(_) | Self::Limit { .. } => None,
        }
    }

    /// A problem of decoding whose place the caller knows.
    pub(crate) fn decode(problem: impl Into<String>) -> Self {
        Self::Decode {
            line: None,
            problem: problem.into(),
        }
    }

    /// The same at a line, counted from 0, unless it has one.
    pub(crate) fn at(mut self, at: usize) -> Self {
        if let Self::Decode { line, .. } = &mut self {
            line.get_or_insert(at + 1);
        }
        self
    }
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
