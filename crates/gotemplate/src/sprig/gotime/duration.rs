//! Go's `time.Duration`: nanoseconds, printed and parsed as Go does.

use std::any::Any;
use std::rc::Rc;

use super::parse::quote;
use super::{DURATION, ONE_DURATION, span};
use crate::context::Context;
use crate::error::FuncError;
use crate::func::Signature;
use crate::object::Object;
use crate::types::Type;
use crate::value::Value;

/// A span of time in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sprig) struct Duration(pub(in crate::sprig) i64);

impl Duration {
    pub(super) fn into_value(self) -> Value {
        Value::Object(Rc::new(self))
    }

    /// `Duration.String`: "72h3m0.5s", "1.5ms".
    pub(in crate::sprig) fn text(self) -> String {
        let total = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        if total == 0 {
            return "0s".to_owned();
        }
        if total < 1_000_000_000 {
            let (unit, digits, name) = match total {
                0..1_000 => (1, 0, "ns"),
                1_000..1_000_000 => (1_000, 3, "µs"),
                _ => (1_000_000, 6, "ms"),
            };
            return format!(
                "{sign}{}{}{name}",
                total / unit,
                fraction(total % unit, digits)
            );
        }
        let seconds = total / 1_000_000_000;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        let rest = format!("{}{}s", seconds % 60, fraction(total % 1_000_000_000, 9));
        match (hours, minutes) {
            (0, 0) => format!("{sign}{rest}"),
            (0, minutes) => format!("{sign}{minutes}m{rest}"),
            (hours, minutes) => format!("{sign}{hours}h{minutes}m{rest}"),
        }
    }

    /// `Duration.Round` to whole seconds.
    pub(in crate::sprig) fn round_to_seconds(self) -> Duration {
        self.round(1_000_000_000)
    }

    /// `Duration.Round`: to a multiple, the half away from zero; at the ends of the range to the last number there.
    fn round(self, multiple: i64) -> Duration {
        if multiple <= 0 {
            return self;
        }
        let rest = self.0 % multiple;
        let down = self.0 - rest;
        if rest.unsigned_abs() * 2 < multiple.unsigned_abs() {
            return Duration(down);
        }
        Duration(if rest < 0 {
            down.saturating_sub(multiple)
        } else {
            down.saturating_add(multiple)
        })
    }

    // `Hours` and its kin: whole units and the rest apart, so that large spans stay exact.
    fn in_units(self, unit: i64) -> f64 {
        (self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64
    }
}

fn fraction(rest: u64, digits: usize) -> String {
    if rest == 0 {
        return String::new();
    }
    let text = format!("{rest:0digits$}");
    format!(".{}", text.trim_end_matches('0'))
}

impl Object for Duration {
    fn go_type(&self) -> Type {
        DURATION
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::int64(self.0))
    }

    fn string(&self) -> Option<String> {
        Some(self.text())
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Hours" | "Minutes" | "Seconds" | "Milliseconds" | "Microseconds" | "Nanoseconds"
            | "Abs" | "String" => Some(Signature::fixed(&[])),
            "Truncate" | "Round" => Some(ONE_DURATION),
            _ => None,
        }
    }

    fn call(&self, _: &mut Context<'_>, name: &str, args: &[Value]) -> Result<Value, FuncError> {
        Ok(match name {
            "Abs" => Duration(self.0.saturating_abs()).into_value(),
            "Round" => self.round(span(args)).into_value(),
            "Truncate" => match span(args) {
                multiple @ 1.. => Duration(self.0 - self.0 % multiple).into_value(),
                _ => self.into_value(),
            },
            "Hours" => self.in_units(3_600_000_000_000).into(),
            "Minutes" => self.in_units(60_000_000_000).into(),
            "Seconds" => self.in_units(1_000_000_000).into(),
            "Milliseconds" => Value::int64(self.0 / 1_000_000),
            "Microseconds" => Value::int64(self.0 / 1_000),
            "Nanoseconds" => Value::int64(self.0),
            "String" => Value::str(self.text()),
            _ => return Err(FuncError::new(format!("no method {name}"))),
        })
    }
}

const LARGEST: u64 = 1 << 63;

/// `time.ParseDuration`: nanoseconds.
///
/// # Errors
/// Go's message.
pub(in crate::sprig) fn parse_duration(text: &[u8]) -> Result<i64, FuncError> {
    let invalid = || FuncError::new(format!("time: invalid duration {}", quote(text)));
    let (negative, mut rest) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let value = number(whole).ok_or_else(invalid)?;
        rest = after;
        let mut fraction: &[u8] = &[];
        if let Some(after) = rest.strip_prefix(b".") {
            (fraction, rest) = digits(after);
        }
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let length = rest
            .iter()
            .take_while(|byte| !matches!(byte, b'.' | b'0'..=b'9'))
            .count();
        let (name, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        rest = after;
        if name.is_empty() {
            return Err(FuncError::new(format!(
                "time: missing unit in duration {}",
                quote(text)
            )));
        }
        let unit = unit(name).ok_or_else(|| {
            FuncError::new(format!(
                "time: unknown unit {} in duration {}",
                quote(name),
                quote(text)
            ))
        })?;
        if value > LARGEST / unit {
            return Err(invalid());
        }
        let part = (value * unit).saturating_add(scaled(fraction, unit));
        total = total.saturating_add(part);
        if total > LARGEST {
            return Err(invalid());
        }
    }
    if negative {
        Ok(0i64.wrapping_sub_unsigned(total))
    } else {
        i64::try_from(total).map_err(|_| invalid())
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at_checked(length).unwrap_or((text, &[]))
}

fn number(digits: &[u8]) -> Option<u64> {
    let step =
        |number: u64, digit: &u8| number.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    digits
        .iter()
        .try_fold(0u64, step)
        .filter(|number| *number <= LARGEST)
}

fn unit(name: &[u8]) -> Option<u64> {
    Some(match std::str::from_utf8(name).ok()? {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

// The digits behind the point; those past what 63 bits hold do not count.
fn scaled(fraction: &[u8], unit: u64) -> u64 {
    let (mut number, mut scale) = (0u64, 1f64);
    for digit in fraction {
        if number > (LARGEST - 1) / 10 {
            break;
        }
        number = number * 10 + u64::from(digit - b'0');
        scale *= 10.0;
    }
    (number as f64 * (unit as f64 / scale)) as u64
}
