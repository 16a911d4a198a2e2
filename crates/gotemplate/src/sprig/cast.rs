//! spf13/cast 1.7: what Sprig's arithmetic makes of any value. Never fails: what is no number is 0.

use crate::strconv;
use crate::types::Type;
use crate::value::Value;

/// `cast.ToInt64`, which is `cast.ToInt` too.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Int(number, _) => *number,
        Value::Uint(number, _) => *number as i64,
        Value::Float(number) => truncate(*number),
        Value::Bool(truth) => i64::from(*truth),
        Value::Str(text) => strconv::parse_int(trim_zero_decimal(text.as_bytes()), 0).unwrap_or(0),
        Value::Object(object) if is_calendar(object.go_type()) => {
            object.underlying().map_or(0, |number| to_int(&number))
        }
        _ => 0,
    }
}

/// `cast.ToFloat64`.
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(number, _) => *number as f64,
        Value::Uint(number, _) => *number as f64,
        Value::Float(number) => *number,
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Str(text) => strconv::parse_float(text.as_bytes()).unwrap_or(0.0),
        Value::Object(object) if is_calendar(object.go_type()) => {
            object.underlying().map_or(0.0, |number| to_float(&number))
        }
        _ => 0.0,
    }
}

// cast knows two named integers: time.Month and time.Weekday.
fn is_calendar(of: Type) -> bool {
    matches!(of, Type::Named("time.Month" | "time.Weekday", _))
}

/// `int64(f)` on amd64: what does not fit is the smallest number.
pub(super) fn truncate(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

// "1.00" is "1"; "1." and "1.5" stay as they are.
fn trim_zero_decimal(text: &[u8]) -> &[u8] {
    let zeros = text.iter().rev().take_while(|byte| **byte == b'0').count();
    let rest = text.get(..text.len() - zeros).unwrap_or_default();
    match rest.strip_suffix(b".") {
        Some(whole) if zeros > 0 => whole,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbers_as_go_writes_them() {
        for (text, number) in [
            ("0x1F", 31),
            ("010", 8),
            ("1.00", 1),
            ("1.5", 0),
            ("1.", 0),
            ("", 0),
            ("-5", -5),
            ("09", 0),
        ] {
            assert_eq!(to_int(&Value::str(text)), number, "{text}");
        }
        assert_eq!(to_int(&Value::Float(1e300)), i64::MIN);
    }
}
