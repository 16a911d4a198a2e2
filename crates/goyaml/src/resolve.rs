//! What a plain scalar means, by go-yaml's tables (`resolve.go`). Never looks at quoted text.

use crate::error::ParseError;
use crate::number::{self, Integer};
use crate::timestamp;

/// Whose tables to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// go-yaml v2, which `sigs.k8s.io/yaml` and with it Helm use: `yes`, `on` and `y` are booleans, timestamps are text, the last of
    /// two equal keys counts, and a merge overrides what stands before it.
    V2,
    /// go-yaml v3, which kustomize uses: only `true` and `false` are booleans, timestamps are brought to RFC 3339, equal keys are an
    /// error, and a merge never overrides.
    V3,
}

/// A resolved scalar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(String),
    /// A date, in RFC 3339.
    Timestamp(String),
}

const PREFIX: &str = "tag:yaml.org,2002:";

impl Scalar {
    fn tag(&self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::Uint(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Text(_) => "!!str",
            Self::Timestamp(_) => "!!timestamp",
        }
    }
}

/// Resolves `text` under `tag` (long form, empty for none), as `resolve(tag, in)`.
pub(crate) fn resolve(tag: &str, text: &str, schema: Schema) -> Result<Scalar, ParseError> {
    let wanted = match tag.strip_prefix(PREFIX) {
        None if tag.is_empty() => return Ok(resolve_plain(text, true, schema)),
        Some(name @ ("bool" | "int" | "float" | "null" | "timestamp")) => name,
        // "str", and tags that mean nothing to go-yaml.
        _ => return Ok(Scalar::Text(text.to_owned())),
    };
    let found = resolve_plain(text, wanted == "timestamp", schema);
    match (wanted, found) {
        #[allow(
            clippy::cast_precision_loss,
            reason = "Go rounds to the nearest float64 too"
        )]
        ("float", Scalar::Int(i)) => Ok(Scalar::Float(i as f64)),
        (_, found) if found.tag().trim_start_matches('!') == wanted => Ok(found),
        (_, found) => Err(ParseError::decode(format!(
            "cannot decode {} `{text}` as a !!{wanted}",
            found.tag()
        ))),
    }
}

/// Whether `text`, printed plain, would be read back as text by go-yaml `schema`.
pub(crate) fn is_plain_text(text: &str, schema: Schema) -> bool {
    matches!(resolve_plain(text, true, schema), Scalar::Text(_))
}

fn resolve_plain(text: &str, timestamps: bool, schema: Schema) -> Scalar {
    let as_text = || Scalar::Text(text.to_owned());
    match text.as_bytes().first() {
        None => Scalar::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => {
            keyword(text, schema).unwrap_or_else(as_text)
        }
        Some(b'.') => keyword(text, schema)
            .or_else(|| go_float(text))
            .unwrap_or_else(as_text),
        Some(b'0'..=b'9' | b'+' | b'-') => {
            if let Some(keyword) = keyword(text, schema) {
                return keyword;
            }
            if timestamps && let Some(time) = timestamp::parse(text) {
                return Scalar::Timestamp(time);
            }
            numeric(text, schema).unwrap_or_else(as_text)
        }
        Some(_) => as_text(),
    }
}

fn keyword(text: &str, schema: Schema) -> Option<Scalar> {
    Some(match text {
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if schema == Schema::V2 => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if schema == Schema::V2 => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// `strconv.ParseFloat` on a text that starts with a point.
fn go_float(text: &str) -> Option<Scalar> {
    number::parse_float(text).map(Scalar::Float)
}

fn numeric(text: &str, schema: Schema) -> Option<Scalar> {
    let plain = text.replace('_', "");
    if let Some(integer) = number::parse_integer(&plain) {
        return Some(integer.into());
    }
    if let Some(float) = number::parse_float(&plain) {
        return Some(Scalar::Float(float));
    }
    // What strconv does not know: `0b` and `0o` before another sign, which ParseInt takes after the prefix.
    let bases: &[(&str, u32)] = if schema == Schema::V3 {
        &[("0b", 2), ("0o", 8)]
    } else {
        &[("0b", 2)]
    };
    bases.iter().find_map(|&(prefix, base)| {
        let digits = plain.strip_prefix(prefix)?;
        let negative = digits.starts_with('-');
        let magnitude = digits.strip_prefix(['-', '+']).unwrap_or(digits);
        number::parse_magnitude(magnitude, base, negative, magnitude.len() != digits.len())
            .map(Scalar::from)
    })
}

impl From<Integer> for Scalar {
    fn from(integer: Integer) -> Self {
        match integer {
            Integer::Signed(i) => Self::Int(i),
            Integer::Unsigned(u) => Self::Uint(u),
        }
    }
}
