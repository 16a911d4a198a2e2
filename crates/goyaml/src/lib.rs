//! YAML parsed and printed byte for byte as Go's `sigs.k8s.io/yaml` and `go.yaml.in/yaml/v3` do. Never reads files, never panics on input.
//!
//! Helm and kustomize commit what these libraries print, so one byte of other style is a difference on every release.
//!
//! ```
//! use goyaml::{Limits, Value};
//!
//! let value = goyaml::from_str("b: yes\na: [0o17, 1e3, 1_000]\n", &Limits::default())?;
//! // `toYaml` of Helm: sorted keys, list items not indented.
//! assert_eq!(goyaml::to_string(&value)?, "a:\n- 15\n- 1000\n- 1000\nb: true\n");
//! // `toYamlPretty` of Helm: go-yaml v3 with an indentation of 2.
//! assert_eq!(goyaml::to_string_pretty(&value)?, "a:\n  - 15\n  - 1000\n  - 1000\nb: true\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```
//! use goyaml::{Limits, Schema};
//!
//! let bomb = "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n\
//!             d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n";
//! let error = goyaml::documents(bomb, Schema::V3, &Limits { nodes: 500, ..Limits::default() }).unwrap_err();
//! assert_eq!(error.to_string(), "yaml: document exceeds the limit of 500 nodes");
//! ```

mod analyze;
mod compose;
mod cursor;
mod decode;
mod emit;
mod error;
mod number;
mod order;
mod parse;
mod resolve;
mod round_trip;
mod scan;
mod timestamp;
mod value;

pub use error::{ParseError, PrintError};
pub use resolve::Schema;
pub use value::{Map, Value};

use compose::Document;
use decode::Decoder;
use emit::{Emitter, Style};
use parse::Parser;

/// How much a text may ask for. The length of the text itself is the caller's to bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Collections and aliases inside one another.
    pub depth: usize,
    /// Nodes of the stream, and nodes decoded once aliases are followed.
    pub nodes: usize,
    /// Bytes of scalars once aliases are followed.
    pub bytes: usize,
    /// Documents in one stream.
    pub documents: usize,
}

impl Default for Limits {
    /// 200 levels, a million nodes, 64 MiB, 10,000 documents: far beyond any chart or cluster.
    fn default() -> Self {
        Self {
            depth: 200,
            nodes: 1_000_000,
            bytes: 64 << 20,
            documents: 10_000,
        }
    }
}

/// Deepest value that is printed. Values made by [`from_str`] within the default limits are below it.
const PRINT_DEPTH: usize = 250;

/// The first document of `text`, as `sigs.k8s.io/yaml` unmarshals it: [`Schema::V2`], the last of two equal keys counts, what follows
/// the first document is not read. An empty text is [`Value::Null`].
///
/// # Errors
/// Text that go-yaml refuses, in its words, or that passes a limit.
pub fn from_str(text: &str, limits: &Limits) -> Result<Value, ParseError> {
    let text = checked(text)?;
    let mut parser = Parser::new(text);
    Document::read(&mut parser, limits)?.map_or(Ok(Value::Null), |document| {
        Decoder::new(&document, Schema::V2, limits).document()
    })
}

/// All documents of `text` in order; a document without content is [`Value::Null`].
///
/// # Errors
/// As [`from_str`], for the first document that is refused.
pub fn documents(text: &str, schema: Schema, limits: &Limits) -> Result<Vec<Value>, ParseError> {
    documents_with_texts(text, schema, limits, &[])
}

/// As [`documents`], with the scalars of the mappings at `paths` (`["metadata", "annotations"]`) as they are written: `1.50`, `0x1F` and
/// `null` become such texts.
///
/// # Errors
/// As [`documents`].
pub fn documents_with_texts(
    text: &str,
    schema: Schema,
    limits: &Limits,
    paths: &[&[&str]],
) -> Result<Vec<Value>, ParseError> {
    let text = checked(text)?;
    let mut parser = Parser::new(text);
    let mut values = Vec::new();
    let mut left = *limits;
    while let Some(document) = Document::read(&mut parser, &left)? {
        if values.len() >= limits.documents {
            return Err(ParseError::Limit {
                limit: limits.documents,
                unit: "documents",
            });
        }
        let mut decoder = Decoder::new(&document, schema, &left);
        let mut value = decoder.document()?;
        for path in paths {
            decode::restore_texts(&document, &mut value, path);
        }
        let (nodes, bytes) = decoder.spent();
        let past = |unit, limit| move || ParseError::Limit { limit, unit };
        left.nodes = left
            .nodes
            .checked_sub(nodes)
            .ok_or_else(past("nodes", limits.nodes))?;
        left.bytes = left
            .bytes
            .checked_sub(bytes)
            .ok_or_else(past("bytes", limits.bytes))?;
        values.push(value);
    }
    Ok(values)
}

/// Drops a byte order mark, and refuses the characters that YAML has no room for, as go-yaml's reader.
fn checked(text: &str) -> Result<&str, ParseError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    if text.as_bytes().iter().all(plain) {
        return Ok(text);
    }
    let Some(at) = text.find(|c| !round_trip::is_allowed(c)) else {
        return Ok(text);
    };
    let before = text.bytes().take(at).filter(|byte| *byte == b'\n');
    Err(ParseError::Syntax {
        line: None,
        place: before.count() + 1,
        problem: "control characters are not allowed".to_owned(),
    })
}

/// Prints `value` as `sigs.k8s.io/yaml` marshals it (Helm's `toYaml` before it cuts the last line break, `kubectl kustomize`): a trip
/// through JSON, then go-yaml v2: natural key order, list items not indented, lines folded after 80 columns, floats that are whole
/// printed as integers.
///
/// # Errors
/// Values that the Go library refuses too, see [`PrintError`].
pub fn to_string(value: &Value) -> Result<String, PrintError> {
    Emitter::new(Style::V2).document(&round_trip::through_json(value, 0)?)
}

/// Prints `value` as go-yaml v3 encodes it with `SetIndent(2)`, which is Helm's `toYamlPretty`: list items indented, no folding, floats
/// in Go's `%g` form (`1e+06`).
///
/// # Errors
/// A value nested too deep.
pub fn to_string_pretty(value: &Value) -> Result<String, PrintError> {
    Emitter::new(Style::V3).document(value)
}
