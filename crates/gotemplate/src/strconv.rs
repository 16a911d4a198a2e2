//! Go's `strconv`: quoting and numbers, byte for byte.

/// `strconv.Quote`: a double-quoted Go string, with `\x` for bytes that are not UTF-8.
pub fn quote(text: &[u8]) -> Vec<u8> {
    text.to_vec()
}

/// `strconv.FormatFloat(value, verb, precision, 64)`; `verb` is one of `e E f F g G b x X`, and a precision of -1 means the
/// fewest digits that read back as the same number.
pub fn format_float(value: f64, verb: u8, precision: i32) -> Vec<u8> {
    let _ = (verb, precision);
    value.to_string().into_bytes()
}

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
    let _ = (text, base);
    Err(NumError::Syntax)
}

/// `strconv.ParseUint(text, base, 64)`; base 0 takes Go's prefixes and underscores.
///
/// # Errors
/// As Go's.
pub fn parse_uint(text: &[u8], base: u32) -> Result<u64, NumError> {
    let _ = (text, base);
    Err(NumError::Syntax)
}

/// `strconv.ParseFloat(text, 64)`: decimal and hexadecimal, `inf` and `nan`, underscores where Go takes them.
///
/// # Errors
/// As Go's.
pub fn parse_float(text: &[u8]) -> Result<f64, NumError> {
    let _ = text;
    Err(NumError::Syntax)
}

/// `strconv.Unquote`: what a Go string or character literal stands for; none if it is no such literal.
pub fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    let _ = text;
    None
}
