//! Integers and floats under their verbs.

use super::printer::Printer;
use crate::error::Limit;
use crate::strconv::format_float;
use crate::unicode::is_print;
use crate::value::Value;

type Result = std::result::Result<(), Limit>;

/// A hexadecimal digit.
pub(super) fn digit(value: u8, upper: bool) -> u8 {
    let digit = char::from_digit(u32::from(value), 16).unwrap_or('0') as u8;
    if upper {
        digit.to_ascii_uppercase()
    } else {
        digit
    }
}

impl Printer<'_> {
    /// An integer; `value` is what a bad verb shows.
    pub(super) fn integer(
        &mut self,
        value: &Value,
        magnitude: u64,
        negative: bool,
        signed: bool,
        verb: char,
    ) -> Result {
        // Characters are asked for the number as Go holds it in 64 bits.
        let bits = if negative {
            magnitude.wrapping_neg()
        } else {
            magnitude
        };
        match verb {
            'v' if self.flags.sharp_v && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                let result = self.digits(magnitude, negative, 16, verb);
                self.flags.sharp = sharp;
                result
            }
            'v' | 'd' => self.digits(magnitude, negative, 10, verb),
            'b' => self.digits(magnitude, negative, 2, verb),
            'o' | 'O' => self.digits(magnitude, negative, 8, verb),
            'x' | 'X' => self.digits(magnitude, negative, 16, verb),
            'c' => self.character(bits),
            'q' => self.quoted_character(bits),
            'U' => self.unicode(bits),
            _ => self.bad_verb(value, verb),
        }
    }

    fn digits(&mut self, magnitude: u64, negative: bool, base: u64, verb: char) -> Result {
        let flags = self.flags;
        let width = flags.width.unwrap_or_default();
        let has_sign = negative || flags.plus || flags.space;
        let least = match flags.precision {
            Some(0) if magnitude == 0 => {
                // Nothing but padding.
                self.flags.zero = false;
                let result = self.padding(width);
                self.flags.zero = flags.zero;
                return result;
            }
            Some(precision) => precision,
            None if flags.zero && !flags.minus && flags.width.is_some() => {
                width.saturating_sub(usize::from(has_sign))
            }
            None => 0,
        };
        self.room(least)?;
        let mut text = Vec::with_capacity(24);
        let mut rest = magnitude;
        loop {
            text.push(digit((rest % base) as u8, verb == 'X'));
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        if least > text.len() {
            text.resize(least, b'0');
        }
        if flags.sharp {
            match base {
                2 => text.extend_from_slice(b"b0"),
                8 if text.last() != Some(&b'0') => text.push(b'0'),
                16 => text.extend_from_slice(if verb == 'X' { b"X0" } else { b"x0" }),
                _ => {}
            }
        }
        if verb == 'O' {
            text.extend_from_slice(b"o0");
        }
        if negative {
            text.push(b'-');
        } else if flags.plus {
            text.push(b'+');
        } else if flags.space {
            text.push(b' ');
        }
        text.reverse();
        self.pad_with_space(&text)
    }

    /// `%U`: `U+0078`, with `#` also `U+0078 'x'`.
    fn unicode(&mut self, bits: u64) -> Result {
        let precision = self.flags.precision.unwrap_or_default().max(4);
        self.room(precision)?;
        let digits = format!("{bits:X}");
        let zeros = "0".repeat(precision.saturating_sub(digits.len()));
        let mut text = format!("U+{zeros}{digits}");
        if self.flags.sharp
            && let Some(rune) = u32::try_from(bits).ok().and_then(char::from_u32)
            && is_print(rune)
        {
            text.push_str(&format!(" '{rune}'"));
        }
        self.pad_with_space(text.as_bytes())
    }

    /// A float; a precision of the format goes before `precision`, and none means the shortest form.
    pub(super) fn float(&mut self, number: f64, verb: u8, precision: Option<usize>) -> Result {
        let flags = self.flags;
        let precision = flags
            .precision
            .or(precision)
            .map_or(-1, |precision| precision as i32);
        self.room(usize::try_from(precision).unwrap_or_default())?;
        let mut text = format_float(number, verb, precision);
        if !matches!(text.first(), Some(b'-' | b'+')) {
            text.insert(0, b'+');
        }
        if flags.space && !flags.plus && text.first() == Some(&b'+') {
            text.splice(..1, [b' ']);
        }
        if !number.is_finite() {
            // An infinity keeps its sign always, what is no number only where a flag asks.
            let unsigned = number.is_nan() && !flags.space && !flags.plus;
            return self.pad_with_space(text.get(usize::from(unsigned)..).unwrap_or_default());
        }
        if flags.sharp && verb != b'b' {
            text = with_point(text, verb, precision);
        }
        let Some((sign, magnitude)) = text.split_first() else {
            return Ok(());
        };
        if !flags.plus && *sign == b'+' {
            return self.pad(magnitude);
        }
        let width = flags.width.unwrap_or_default();
        if flags.zero && !flags.minus && width > text.len() {
            // The sign goes before the zeros.
            self.put(&[*sign])?;
            self.padding(width - text.len())?;
            return self.put(magnitude);
        }
        self.pad(&text)
    }
}

/// The flag `#` for floats: a decimal point always, and for `%g` the zeros that the precision asks for.
fn with_point(mut text: Vec<u8>, verb: u8, precision: i32) -> Vec<u8> {
    let hexadecimal = matches!(verb, b'x' | b'X');
    let mut digits = match verb {
        b'g' | b'G' | b'x' if precision < 0 => 6,
        b'g' | b'G' | b'x' => precision,
        _ => 0,
    };
    let tail_at = text
        .iter()
        .position(|byte| matches!(byte, b'p' | b'P') || !hexadecimal && matches!(byte, b'e' | b'E'))
        .unwrap_or(text.len());
    let tail = text.split_off(tail_at);
    let mut significant = false;
    let mut has_point = false;
    for byte in text.iter().skip(1) {
        match byte {
            b'.' => has_point = true,
            _ => {
                significant |= *byte != b'0';
                digits -= i32::from(significant);
            }
        }
    }
    if !has_point {
        if text.get(1..) == Some(b"0") {
            digits -= 1;
        }
        text.push(b'.');
    }
    let missing = usize::try_from(digits).unwrap_or_default();
    text.resize(text.len() + missing, b'0');
    text.extend(tail);
    text
}
