//! Go's number texts: what `strconv` reads and prints. Never rounds otherwise than Go.

/// `strconv.FormatFloat(f, 'g', -1, 64)`: the shortest digits that read back as `f`, with an exponent below 1e-4 and from 1e6 on.
pub(crate) fn format_float(f: f64) -> String {
    format_digits(&format!("{f:e}"), f)
}

/// `strconv.FormatFloat(f, 'g', -1, 32)`, which go-yaml and `sigs.k8s.io/yaml` use for keys.
pub(crate) fn format_float32(f: f64) -> String {
    #[allow(clippy::cast_possible_truncation, reason = "Go rounds to float32 here")]
    let narrow = f as f32;
    format_digits(&format!("{narrow:e}"), f64::from(narrow))
}

fn format_digits(scientific: &str, f: f64) -> String {
    if f.is_nan() {
        return "NaN".to_owned();
    }
    if f.is_infinite() {
        return if f > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |m| ("-", m));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if !(-4..6).contains(&exponent) {
        let fraction = digits.get(1..).unwrap_or_default();
        let point = if fraction.is_empty() { "" } else { "." };
        let first = digits.get(..1).unwrap_or_default();
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!(
            "{sign}{first}{point}{fraction}e{exponent_sign}{:02}",
            exponent.abs()
        );
    }
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent + 1).unwrap_or(1);
    if digits.len() <= whole {
        return format!("{sign}{digits}{}", "0".repeat(whole - digits.len()));
    }
    format!(
        "{sign}{}.{}",
        digits.get(..whole).unwrap_or_default(),
        digits.get(whole..).unwrap_or_default()
    )
}

/// What a text of digits is to `strconv.ParseInt(s, 0, 64)`, then `ParseUint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Integer {
    Signed(i64),
    Unsigned(u64),
}

/// Reads an integer with Go's base prefixes (`0x`, `0o`, `0b`, and `0` for octal). Underscores must be gone already.
pub(crate) fn parse_integer(text: &str) -> Option<Integer> {
    let (negative, unsigned_text) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let signed = unsigned_text.len() != text.len();
    let lower = unsigned_text.get(..2).map(str::to_ascii_lowercase);
    let (base, digits) = match lower.as_deref() {
        Some("0x") => (16, unsigned_text.get(2..)?),
        Some("0o") => (8, unsigned_text.get(2..)?),
        Some("0b") => (2, unsigned_text.get(2..)?),
        _ if unsigned_text.len() > 1 && unsigned_text.starts_with('0') => {
            (8, unsigned_text.get(1..)?)
        }
        _ => (10, unsigned_text),
    };
    parse_magnitude(digits, base, negative, signed)
}

/// Reads digits of `base`; a signed text must fit `i64`.
pub(crate) fn parse_magnitude(
    digits: &str,
    base: u32,
    negative: bool,
    signed: bool,
) -> Option<Integer> {
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Integer::Signed);
    }
    match i64::try_from(magnitude) {
        Ok(i) => Some(Integer::Signed(i)),
        Err(_) if signed => None,
        Err(_) => Some(Integer::Unsigned(magnitude)),
    }
}

/// `strconv.ParseFloat(s, 64)` for texts that match go-yaml's `yamlStyleFloat`; out of range is no float, as in Go.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    if !is_decimal_float(text) {
        return None;
    }
    text.parse().ok().filter(|f: &f64| f.is_finite())
}

/// go-yaml's `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`.
fn is_decimal_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_is_good = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && all_digits(fraction),
        Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    mantissa_is_good
        && exponent.is_none_or(|e| {
            let digits = e.strip_prefix(['-', '+']).unwrap_or(e);
            !digits.is_empty() && all_digits(digits)
        })
}
