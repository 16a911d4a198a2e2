//! Number and character literals, kept under every type that can hold them.

use std::rc::Rc;

use crate::lex::Kind;
use crate::node::Number;
use crate::strconv::{Unit, parse_float, parse_int, parse_uint, quote, unquote_char};

/// Reads a literal.
///
/// # Errors
/// Go's message. Complex numbers are refused: no value of theirs exists here.
pub(super) fn number(pos: usize, text: &[u8], kind: Kind) -> Result<Number, String> {
    let shown = || String::from_utf8_lossy(&quote(text)).into_owned();
    let mut number = Number {
        pos,
        text: Rc::from(text),
        int: None,
        uint: None,
        float: None,
    };
    if kind == Kind::CharConstant {
        let rune = character(text)?;
        number.int = Some(i64::from(rune));
        number.uint = Some(u64::from(rune));
        number.float = Some(f64::from(rune));
        return Ok(number);
    }
    if kind == Kind::Complex || text.ends_with(b"i") {
        return Err(format!("complex number {} is not supported", shown()));
    }
    number.uint = parse_uint(text, 0).ok();
    number.int = parse_int(text, 0).ok();
    if number.int == Some(0) {
        number.uint = Some(0);
    }
    match (number.int, number.uint) {
        (Some(int), _) => number.float = Some(int as f64),
        (None, Some(uint)) => number.float = Some(uint as f64),
        (None, None) => {
            let Ok(float) = parse_float(text) else {
                return Err(format!("illegal number syntax: {}", shown()));
            };
            if !text
                .iter()
                .any(|byte| matches!(byte, b'.' | b'e' | b'E' | b'p' | b'P'))
            {
                return Err(format!("integer overflow: {}", shown()));
            }
            number.float = Some(float);
            // The bounds are 2^63 and 2^64, which Rust's saturating conversion would take for equal.
            let int = float as i64 as f64 == float && float < 9_223_372_036_854_775_808.0;
            let uint = float as u64 as f64 == float && float < 18_446_744_073_709_551_616.0;
            number.int = int.then_some(float as i64);
            number.uint = uint.then_some(float as u64);
        }
    }
    Ok(number)
}

fn character(text: &[u8]) -> Result<u32, String> {
    let body = text.get(1..).unwrap_or_default();
    let Some((unit, rest)) = unquote_char(body, b'\'') else {
        return Err("invalid syntax".into());
    };
    if rest != b"'" {
        return Err(format!(
            "malformed character constant: {}",
            String::from_utf8_lossy(text)
        ));
    }
    Ok(match unit {
        Unit::Byte(byte) => u32::from(byte),
        Unit::Rune(rune) => u32::from(rune),
    })
}
