//! What happens to a value on the way through JSON text that go-yaml v2 reads back, as `sigs.k8s.io/yaml` Marshal does. Never prints.
//!
//! The library turns the value into JSON, reads that as YAML to get its integers back, and prints the result. Most values come through
//! unchanged; this module is the list of those that do not.

use crate::PRINT_DEPTH;
use crate::error::PrintError;
use crate::value::Value;

/// Keys whose JSON text is longer than a simple key may be are lost in flow mappings.
const SIMPLE_KEY_LENGTH: usize = 1024;

/// Whether go-yaml's reader takes `c`.
pub(crate) fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// The value as it comes out of the round trip.
pub(crate) fn through_json(value: &Value, depth: usize) -> Result<Value, PrintError> {
    if depth > PRINT_DEPTH {
        return Err(PrintError::Depth(PRINT_DEPTH));
    }
    Ok(match value {
        Value::Float(f) => number(*f)?,
        Value::String(text) => Value::String(string(text)?),
        Value::Sequence(items) => Value::Sequence(
            items
                .iter()
                .map(|item| through_json(item, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Value::Mapping(map) => {
            let entry = |(key, value): (&String, &Value)| {
                if json_length(key) > SIMPLE_KEY_LENGTH {
                    return Err(PrintError::LongKey);
                }
                Ok((string(key)?, through_json(value, depth + 1)?))
            };
            Value::Mapping(map.iter().map(entry).collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

/// JSON writes whole floats below 1e21 without a point, so they come back as integers if they fit.
fn number(f: f64) -> Result<Value, PrintError> {
    if f.is_nan() {
        return Err(PrintError::Number("NaN"));
    }
    if f.is_infinite() {
        return Err(PrintError::Number(if f > 0.0 { "+Inf" } else { "-Inf" }));
    }
    if f.fract() != 0.0 || f.abs() >= 1e21 {
        return Ok(Value::Float(f));
    }
    // JSON prints the shortest digits and fills up with zeros, which is not the exact value of the float.
    let digits = format!("{f:e}");
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
    let fraction = mantissa
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    let zeros = exponent
        .parse::<usize>()
        .unwrap_or(0)
        .saturating_sub(fraction);
    let text = format!("{}{}", mantissa.replace('.', ""), "0".repeat(zeros));
    Ok(if let Ok(i) = text.parse() {
        Value::Int(i)
    } else if let Ok(u) = text.parse() {
        Value::Uint(u)
    } else {
        Value::Float(f)
    })
}

/// JSON leaves DEL, C1 controls and U+FFFE as they are, which YAML refuses; NEL is a line break for YAML, and is folded.
fn string(text: &str) -> Result<String, PrintError> {
    if text.chars().any(|c| c >= '\u{7F}' && !is_allowed(c)) {
        return Err(PrintError::ControlCharacter);
    }
    if !text.contains('\u{85}') {
        return Ok(text.to_owned());
    }
    let pieces: Vec<&str> = text.split('\u{85}').collect();
    let last = pieces.len() - 1;
    let mut folded = String::with_capacity(text.len());
    let mut breaks = 0;
    for (n, piece) in pieces.into_iter().enumerate() {
        let piece = if n > 0 {
            piece.trim_start_matches(' ')
        } else {
            piece
        };
        let piece = if n < last {
            piece.trim_end_matches(' ')
        } else {
            piece
        };
        if n > 0 {
            breaks += 1;
        }
        if piece.is_empty() && n > 0 && n < last {
            continue;
        }
        match breaks {
            0 => {}
            1 => folded.push(' '),
            more => folded.extend(std::iter::repeat_n('\n', more - 1)),
        }
        breaks = 0;
        folded.push_str(piece);
    }
    Ok(folded)
}

/// Characters of `text` as `encoding/json` writes it, with its quotes.
fn json_length(text: &str) -> usize {
    let width = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{C}' => 2,
        '<' | '>' | '&' | '\0'..='\u{1F}' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    };
    text.chars().map(width).sum::<usize>() + 2
}
