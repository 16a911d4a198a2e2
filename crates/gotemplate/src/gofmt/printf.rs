//! The format language: `%[flags][width][.precision][[index]]verb`, and what Go prints where it is broken.

use super::printer::{Flags, Printer};
use crate::error::Limit;
use crate::unicode::decode_rune;
use crate::value::Value;

/// Widths and precisions beyond this are bad, as in Go.
const MAX_NUMBER: usize = 1_000_000;

struct Format<'f> {
    text: &'f [u8],
    at: usize,
    args: &'f [Value],
    /// The next operand.
    arg: usize,
    /// Whether any index was given: extra operands are not reported then.
    reordered: bool,
    /// Whether the index of the current verb was good.
    good_index: bool,
    /// Whether the item before was an index.
    after_index: bool,
}

/// `fmt.Fprintf`.
pub(super) fn printf(printer: &mut Printer<'_>, text: &[u8], args: &[Value]) -> Result<(), Limit> {
    let mut format = Format {
        text,
        at: 0,
        args,
        arg: 0,
        reordered: false,
        good_index: true,
        after_index: false,
    };
    while format.at < text.len() {
        let rest = text.get(format.at..).unwrap_or_default();
        let plain = memchr::memchr(b'%', rest).unwrap_or(rest.len());
        printer.put(rest.get(..plain).unwrap_or_default())?;
        format.at += plain;
        if format.at < text.len() {
            format.at += 1;
            format.directive(printer)?;
        }
    }
    format.extra(printer)
}

impl Format<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// One directive, the `%` read.
    fn directive(&mut self, printer: &mut Printer<'_>) -> Result<(), Limit> {
        printer.flags = Flags::default();
        self.good_index = true;
        self.after_index = false;
        self.read_flags(&mut printer.flags);
        self.read_index();
        self.read_width(printer)?;
        self.read_precision(printer)?;
        if !self.after_index {
            self.read_index();
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (verb, size) = decode_rune(rest);
        if size == 0 {
            return printer.put(b"%!(NOVERB)");
        }
        self.at += size;
        match (verb, self.args.get(self.arg)) {
            ('%', _) => printer.put(b"%"),
            _ if !self.good_index => report(printer, verb, b"(BADINDEX)"),
            (_, None) => report(printer, verb, b"(MISSING)"),
            (_, Some(arg)) => {
                let flags = &mut printer.flags;
                // `%w`, which belongs to `Errorf` alone, is read as `%v` before it is reported.
                if matches!(verb, 'v' | 'w') {
                    flags.sharp_v = std::mem::take(&mut flags.sharp);
                    flags.plus_v = std::mem::take(&mut flags.plus);
                }
                printer.print(arg, verb)?;
                self.arg += 1;
                Ok(())
            }
        }
    }

    fn read_flags(&mut self, flags: &mut Flags) {
        while let Some(byte) = self.byte() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.at += 1;
        }
    }

    fn read_width(&mut self, printer: &mut Printer<'_>) -> Result<(), Limit> {
        if self.byte() == Some(b'*') {
            self.at += 1;
            self.after_index = false;
            match self.take_number() {
                Some(width) => {
                    printer.flags.minus |= width < 0;
                    printer.flags.width = Some(width.unsigned_abs() as usize);
                }
                None => printer.put(b"%!(BADWIDTH)")?,
            }
            return Ok(());
        }
        printer.flags.width = self.number();
        if self.after_index && printer.flags.width.is_some() {
            self.good_index = false;
        }
        Ok(())
    }

    fn read_precision(&mut self, printer: &mut Printer<'_>) -> Result<(), Limit> {
        if self.byte() != Some(b'.') || self.at + 1 >= self.text.len() {
            return Ok(());
        }
        self.at += 1;
        if self.after_index {
            self.good_index = false;
        }
        self.read_index();
        if self.byte() == Some(b'*') {
            self.at += 1;
            self.after_index = false;
            // A negative precision counts as none given.
            printer.flags.precision = self
                .take_number()
                .and_then(|precision| usize::try_from(precision).ok());
            if printer.flags.precision.is_none() {
                printer.put(b"%!(BADPREC)")?;
            }
        } else {
            printer.flags.precision = Some(self.number().unwrap_or_default());
        }
        Ok(())
    }

    /// A decimal number in the text. One that is too large takes the rest of the text with it, as in Go.
    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(byte) = self.byte().filter(u8::is_ascii_digit) {
            let so_far = number.unwrap_or(0);
            if so_far > MAX_NUMBER {
                self.at = self.text.len();
                return None;
            }
            number = Some(so_far * 10 + usize::from(byte - b'0'));
            self.at += 1;
        }
        number
    }

    /// The next operand as a width or precision; none if it is no integer or too large.
    fn take_number(&mut self) -> Option<i64> {
        let arg = self.args.get(self.arg)?;
        let underlying = match arg {
            Value::Object(object) => object.underlying(),
            _ => None,
        };
        let number = match underlying.as_ref().unwrap_or(arg) {
            Value::Int(number, _) => Some(*number),
            Value::Uint(number, _) => i64::try_from(*number).ok(),
            _ => None,
        };
        self.arg += 1;
        number.filter(|number| number.unsigned_abs() <= MAX_NUMBER as u64)
    }

    /// An index such as `[2]`, if one stands here.
    fn read_index(&mut self) {
        self.after_index = false;
        if self.byte() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = self.text.get(self.at..).unwrap_or_default();
        let close = memchr::memchr(b']', rest).filter(|_| rest.len() >= 3);
        let Some(close) = close else {
            self.good_index = false;
            self.at += 1;
            return;
        };
        let digits = rest.get(1..close).unwrap_or_default();
        self.at += close + 1;
        let number = match digits.iter().all(u8::is_ascii_digit) {
            true => std::str::from_utf8(digits)
                .ok()
                .and_then(|digits| digits.parse::<usize>().ok()),
            false => None,
        };
        let readable = number.filter(|number| *number <= 10 * MAX_NUMBER + 9);
        self.after_index = readable.is_some();
        match readable
            .and_then(|number| number.checked_sub(1))
            .filter(|index| *index < self.args.len())
        {
            Some(index) => self.arg = index,
            None => self.good_index = false,
        }
    }

    /// Operands that no verb took.
    fn extra(&self, printer: &mut Printer<'_>) -> Result<(), Limit> {
        let extra = self.args.get(self.arg..).unwrap_or_default();
        if self.reordered || extra.is_empty() {
            return Ok(());
        }
        printer.flags = Flags::default();
        printer.put(b"%!(EXTRA ")?;
        for (index, arg) in extra.iter().enumerate() {
            if index > 0 {
                printer.put(b", ")?;
            }
            match arg.go_type() {
                None => printer.put(b"<nil>")?,
                Some(go_type) => {
                    printer.put(go_type.to_string().as_bytes())?;
                    printer.put(b"=")?;
                    printer.print(arg, 'v')?;
                }
            }
        }
        printer.put(b")")
    }
}

fn report(printer: &mut Printer<'_>, verb: char, what: &[u8]) -> Result<(), Limit> {
    printer.put(b"%!")?;
    printer.put_rune(verb)?;
    printer.put(what)
}
