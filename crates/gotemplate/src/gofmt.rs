//! Go's `fmt`: `Sprint`, `Sprintf`, `Sprintln`. Never recurses deeper than `MAX_DEPTH`, whatever a value holds.

use crate::context::Context;
use crate::error::FuncError;
use crate::value::Value;

/// `fmt.Sprint`: operands with a space between two that are not strings.
///
/// # Errors
/// When the text would pass a limit.
pub fn sprint(context: &mut Context<'_>, args: &[Value]) -> Result<Vec<u8>, FuncError> {
    let _ = (context, args);
    Err(FuncError::new("the engine is being written"))
}

/// `fmt.Sprintln`: operands with spaces between, and a newline.
///
/// # Errors
/// When the text would pass a limit.
pub fn sprintln(context: &mut Context<'_>, args: &[Value]) -> Result<Vec<u8>, FuncError> {
    let _ = (context, args);
    Err(FuncError::new("the engine is being written"))
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
    let _ = (context, format, args);
    Err(FuncError::new("the engine is being written"))
}
