//! Reading numbers as Go does, with its prefixes, underscores and hexadecimal floats.

/// Why a number was not read, as Go's `*strconv.NumError` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumError {
    /// It is no number.
    #[error("invalid syntax")]
    Syntax,
    /// It does not fit.
    #[error("value out of range")]
    Range,
}

/// `strconv.ParseInt(text, base, 64)`; base 0 takes Go's prefixes and underscores.
///
/// # Errors
/// As Go's.
pub fn parse_int(text: &[u8], base: u32) -> Result<i64, NumError> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let magnitude = parse_uint(digits, base)?;
    let signed = if negative {
        0i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    };
    signed.ok_or(NumError::Range)
}

/// `strconv.ParseUint(text, base, 64)`; base 0 takes Go's prefixes and underscores.
///
/// # Errors
/// As Go's.
pub fn parse_uint(text: &[u8], base: u32) -> Result<u64, NumError> {
    let (radix, digits) = if base == 0 {
        prefixed(text)
    } else {
        (base, text)
    };
    if digits.is_empty() || !(2..=36).contains(&radix) {
        return Err(NumError::Syntax);
    }
    let mut number: u64 = 0;
    let mut underscores = false;
    for byte in digits {
        if *byte == b'_' && base == 0 {
            underscores = true;
            continue;
        }
        let digit = char::from(*byte).to_digit(radix).ok_or(NumError::Syntax)?;
        // What follows an overflow is not looked at.
        number = number
            .checked_mul(u64::from(radix))
            .and_then(|number| number.checked_add(u64::from(digit)))
            .ok_or(NumError::Range)?;
    }
    if underscores && !underscores_ok(text) {
        return Err(NumError::Syntax);
    }
    Ok(number)
}

fn prefixed(text: &[u8]) -> (u32, &[u8]) {
    match text {
        [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty() => (16, rest),
        [b'0', b'o' | b'O', rest @ ..] if !rest.is_empty() => (8, rest),
        [b'0', b'b' | b'B', rest @ ..] if !rest.is_empty() => (2, rest),
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, text),
    }
}

/// Whether each underscore stands between digits, or between a base prefix and a digit.
fn underscores_ok(text: &[u8]) -> bool {
    let text = text
        .strip_prefix(b"-")
        .or_else(|| text.strip_prefix(b"+"))
        .unwrap_or(text);
    let (mut seen, hex, digits) = match text {
        [b'0', letter, rest @ ..] if matches!(letter.to_ascii_lowercase(), b'b' | b'o' | b'x') => {
            (b'0', letter.eq_ignore_ascii_case(&b'x'), rest)
        }
        _ => (b'^', false, text),
    };
    for byte in digits {
        let digit = byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit();
        seen = match (digit, byte) {
            (true, _) => b'0',
            (false, b'_') if seen == b'0' => b'_',
            (false, b'_') => return false,
            _ if seen == b'_' => return false,
            _ => b'!',
        };
    }
    seen != b'_'
}

/// `strconv.ParseFloat(text, 64)`: decimal and hexadecimal, `inf` and `nan`, underscores where Go takes them.
///
/// # Errors
/// As Go's.
pub fn parse_float(text: &[u8]) -> Result<f64, NumError> {
    let (negative, magnitude) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let signed = |value: f64| if negative { -value } else { value };
    if magnitude.eq_ignore_ascii_case(b"inf") || magnitude.eq_ignore_ascii_case(b"infinity") {
        return Ok(signed(f64::INFINITY));
    }
    if text.eq_ignore_ascii_case(b"nan") {
        return Ok(f64::NAN);
    }
    if magnitude.contains(&b'_') && !underscores_ok(text) {
        return Err(NumError::Syntax);
    }
    let plain: String = magnitude
        .iter()
        .filter(|byte| **byte != b'_')
        .map(|byte| char::from(*byte))
        .collect();
    let value = match plain
        .strip_prefix("0x")
        .or_else(|| plain.strip_prefix("0X"))
    {
        Some(hex) => parse_hex(hex)?,
        None => parse_decimal(&plain)?,
    };
    if value.is_infinite() {
        Err(NumError::Range)
    } else {
        Ok(signed(value))
    }
}

fn parse_decimal(text: &str) -> Result<f64, NumError> {
    // Rust reads `inf` and `nan` spellings that Go does not: only digits, a point and an exponent may pass.
    let allowed =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    if !text.bytes().all(allowed) || text.starts_with(['+', '-']) {
        return Err(NumError::Syntax);
    }
    text.parse().map_err(|_| NumError::Syntax)
}

/// A hexadecimal float without its prefix, such as `1.8p-3`; the exponent is required.
fn parse_hex(text: &str) -> Result<f64, NumError> {
    let (digits, exponent) = text.split_once(['p', 'P']).ok_or(NumError::Syntax)?;
    let exponent = exponent_of(exponent)?;
    let mut mantissa: u64 = 0;
    let mut sticky = false;
    let mut scale: i64 = 0;
    let mut point = false;
    let mut any = false;
    for letter in digits.chars() {
        if letter == '.' && !point {
            point = true;
            continue;
        }
        let digit = letter.to_digit(16).ok_or(NumError::Syntax)?;
        any = true;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            scale -= if point { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            scale += if point { 0 } else { 4 };
        }
    }
    if !any {
        return Err(NumError::Syntax);
    }
    Ok(assemble(mantissa, sticky, scale.saturating_add(exponent)))
}

fn exponent_of(text: &str) -> Result<i64, NumError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumError::Syntax);
    }
    // Far beyond what a float can hold, all exponents are alike.
    let magnitude = digits.parse::<i64>().unwrap_or(100_000).min(100_000);
    Ok(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

/// `mantissa · 2^exponent`, rounded half to even; `sticky` says that more bits followed the mantissa.
fn assemble(mantissa: u64, sticky: bool, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    // The highest bit's weight decides how many bits the result can keep: 53, fewer where it is subnormal.
    let top = 63 - i64::from(mantissa.leading_zeros()) + exponent;
    let lowest = (top - 52).max(-1074);
    let drop = lowest - exponent;
    let (kept, half, rest) = match u32::try_from(drop) {
        Ok(0) => (mantissa, false, sticky),
        Err(_) => (mantissa << (-drop).min(63), false, sticky),
        Ok(drop) if drop > 64 => (0, false, true),
        Ok(64) => (0, mantissa >> 63 == 1, mantissa << 1 != 0 || sticky),
        Ok(drop) => {
            let below = mantissa & ((1 << drop) - 1);
            let half = 1u64 << (drop - 1);
            (
                mantissa >> drop,
                below & half != 0,
                below & (half - 1) != 0 || sticky,
            )
        }
    };
    let rounded = kept + u64::from(half && (rest || kept & 1 == 1));
    if lowest > 971 {
        return f64::INFINITY;
    }
    // Both factors are exact: `rounded` has at most 54 bits and the power is split so that neither part is lost.
    let (first, second) = (lowest.max(-1000), lowest - lowest.max(-1000));
    rounded as f64 * 2f64.powi(second as i32) * 2f64.powi(first as i32)
}
