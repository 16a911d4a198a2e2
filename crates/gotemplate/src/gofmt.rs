//! Go's `fmt`: `Sprint`, `Sprintf`, `Sprintln`. Never recurses deeper than `MAX_DEPTH`, whatever a value holds, and never
//! writes past the size it was given.

mod number;
mod printer;
mod printf;

use crate::context::Context;
use crate::error::{FuncError, Limit};
use crate::value::Value;
use printer::Printer;

/// How deep values may be nested to be printed. Go has no such bound and dies of a map that holds itself.
const MAX_DEPTH: usize = 200;
/// The bytes of a value that an error message shows.
const MAX_BRIEF: usize = 64 << 10;

/// `fmt.Sprint`: operands with a space between two that are not strings.
///
/// # Errors
/// When the text would pass a limit.
pub fn sprint(context: &mut Context<'_>, args: &[Value]) -> Result<Vec<u8>, FuncError> {
    bounded(context, |printer| {
        let mut after_string = true;
        for (index, arg) in args.iter().enumerate() {
            let is_string = matches!(arg, Value::Str(_));
            if index > 0 && !is_string && !after_string {
                printer.put(b" ")?;
            }
            printer.print(arg, 'v')?;
            after_string = is_string;
        }
        Ok(())
    })
}

/// `fmt.Sprintln`: operands with spaces between, and a newline.
///
/// # Errors
/// When the text would pass a limit.
pub fn sprintln(context: &mut Context<'_>, args: &[Value]) -> Result<Vec<u8>, FuncError> {
    bounded(context, |printer| {
        for (index, arg) in args.iter().enumerate() {
            if index > 0 {
                printer.put(b" ")?;
            }
            printer.print(arg, 'v')?;
        }
        printer.put(b"\n")
    })
}

/// `fmt.Sprintf`, with every verb, flag, width, precision and argument index that Go has for these values.
///
/// # Errors
/// When the text would pass a limit; a wrong format is no error but says so in the text, as in Go.
pub fn sprintf(
    context: &mut Context<'_>,
    format: &[u8],
    args: &[Value],
) -> Result<Vec<u8>, FuncError> {
    bounded(context, |printer| printf::printf(printer, format, args))
}

fn bounded(
    context: &mut Context<'_>,
    write: impl FnOnce(&mut Printer<'_>) -> Result<(), Limit>,
) -> Result<Vec<u8>, FuncError> {
    let mut out = Vec::new();
    let max = context.limits().value;
    write(&mut Printer::new(&mut out, max, Limit::Value(max)))?;
    // Printing is work that no result of the same size need follow from (`printf "%.0s"`). Digits of a large float cost most.
    context.step(1 + (out.len() / 8) as u64)?;
    Ok(out)
}

/// Prints a value as `%v` onto `out`, which must not grow past `max` bytes.
pub(crate) fn print_value(out: &mut Vec<u8>, max: usize, value: &Value) -> Result<(), Limit> {
    Printer::new(out, max, Limit::Output(max)).print_dereferenced(value)
}

/// As `sprint`, where a pointer to a struct shows as the struct and nil as no value, as the template itself prints them.
pub(crate) fn sprint_dereferenced(
    context: &mut Context<'_>,
    args: &[Value],
) -> Result<Vec<u8>, FuncError> {
    bounded(context, |printer| {
        let mut after_string = true;
        for (index, arg) in args.iter().enumerate() {
            let is_string = matches!(arg, Value::Str(_) | Value::Nil);
            if index > 0 && !is_string && !after_string {
                printer.put(b" ")?;
            }
            match arg {
                Value::Nil => printer.put(b"<no value>")?,
                other => printer.print_dereferenced(other)?,
            }
            after_string = is_string;
        }
        Ok(())
    })
}

/// A value under a verb, for an error message: cut off when it is very long.
pub(crate) fn brief(value: &Value, verb: char) -> String {
    brief_with(|printer| printer.print(value, verb))
}

/// As `brief` with `%v`, where a pointer to a struct shows as the struct.
pub(crate) fn brief_dereferenced(value: &Value) -> String {
    brief_with(|printer| printer.print_dereferenced(value))
}

fn brief_with(write: impl FnOnce(&mut Printer<'_>) -> Result<(), Limit>) -> String {
    let mut out = Vec::new();
    // Going over is no failure here: what was written until then is shown.
    let _ = write(&mut Printer::new(
        &mut out,
        MAX_BRIEF,
        Limit::Value(MAX_BRIEF),
    ));
    String::from_utf8_lossy(&out).into_owned()
}

/// The decimal digits of an integer, written into the end of a buffer.
pub(crate) fn decimal(mut magnitude: u64, negative: bool, buffer: &mut [u8; 20]) -> &[u8] {
    let mut start = buffer.len();
    for slot in buffer.iter_mut().rev() {
        *slot = b'0' + (magnitude % 10) as u8;
        start -= 1;
        magnitude /= 10;
        if magnitude == 0 {
            break;
        }
    }
    // Twenty digits and a sign never come together: an i64 has nineteen.
    if negative && let Some(slot) = start.checked_sub(1).and_then(|at| buffer.get_mut(at)) {
        *slot = b'-';
        start -= 1;
    }
    buffer.get(start..).unwrap_or_default()
}
