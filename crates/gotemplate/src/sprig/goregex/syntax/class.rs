//! Character classes and escapes of Go's syntax, written out as ranges where the `regex` crate means something else by
//! them: `\d`, `\w`, `\s` and the POSIX classes are ASCII in Go.

use super::property::property;
use super::{BAD_ESCAPE, BAD_RANGE, Error, error, part};

/// A rune written so that it means itself, in a class and outside.
pub(super) fn escaped(rune: char) -> String {
    if rune.is_ascii_alphanumeric() {
        rune.to_string()
    } else {
        format!("\\x{{{:X}}}", u32::from(rune))
    }
}

/// A class that holds nothing.
pub(super) const NOTHING: &str = "[a&&b]";

// The ASCII classes by their Go names, as the inside of a bracket.
const PERL: &[(char, &str)] = &[
    ('d', "0-9"),
    ('s', "\\t\\n\\x0C\\r\\x20"),
    ('w', "0-9A-Za-z_"),
];
const POSIX: &[(&str, &str)] = &[
    ("alnum", "0-9A-Za-z"),
    ("alpha", "A-Za-z"),
    ("ascii", "\\x00-\\x7F"),
    ("blank", "\\t\\x20"),
    ("cntrl", "\\x00-\\x1F\\x7F"),
    ("digit", "0-9"),
    ("graph", "\\x21-\\x7E"),
    ("lower", "a-z"),
    ("print", "\\x20-\\x7E"),
    ("punct", "\\x21-\\x2F\\x3A-\\x40\\x5B-\\x60\\x7B-\\x7E"),
    ("space", "\\t-\\r\\x20"),
    ("upper", "A-Z"),
    ("word", "0-9A-Za-z_"),
    ("xdigit", "0-9A-Fa-f"),
];

/// Reads `\d`, `\pL`, `\p{Greek}` and their like: the class, and what follows it.
///
/// # Errors
/// For a class of Unicode that does not exist.
pub(super) fn escape_class(text: &str) -> Result<Option<(String, &str)>, Error> {
    let mut runes = text.chars().skip(1);
    let Some(letter) = runes.next() else {
        return Ok(None);
    };
    let after = text.get(1 + letter.len_utf8()..).unwrap_or_default();
    if let Some((_, ranges)) = PERL
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&letter))
    {
        let negated = if letter.is_ascii_uppercase() { "^" } else { "" };
        return Ok(Some((format!("[{negated}{ranges}]"), after)));
    }
    if letter != 'p' && letter != 'P' {
        return Ok(None);
    }
    let (name, rest) = match after.strip_prefix('{') {
        Some(body) => body.split_once('}').ok_or_else(|| error(BAD_RANGE, text))?,
        None => {
            let width = after.chars().next().map_or(0, char::len_utf8);
            after.split_at_checked(width).unwrap_or((after, ""))
        }
    };
    let (flipped, bare) = match name.strip_prefix('^') {
        Some(bare) => (true, bare),
        None => (false, name),
    };
    let negated = (letter == 'P') != flipped;
    let property = property(bare).ok_or_else(|| error(BAD_RANGE, part(text, rest)))?;
    let class = match (property, negated) {
        // Halves of surrogate pairs are in no text.
        ("Cs", false) => NOTHING.to_owned(),
        ("Cs", true) => "\\p{Any}".to_owned(),
        (property, negated) => format!("\\{}{{{property}}}", if negated { 'P' } else { 'p' }),
    };
    Ok(Some((class, rest)))
}

/// Reads the escape of one rune (`parseEscape`): its number, which may be half a surrogate pair.
///
/// # Errors
/// For an escape that Go does not know.
pub(super) fn escape(text: &str) -> Result<(u32, &str), Error> {
    let body = text.get(1..).unwrap_or_default();
    let Some(letter) = body.chars().next() else {
        return Err(error("trailing backslash at end of expression", ""));
    };
    let rest = body.get(letter.len_utf8()..).unwrap_or_default();
    let octal = |rest: &str| {
        rest.bytes()
            .take_while(|byte| matches!(byte, b'0'..=b'7'))
            .count()
    };
    let plain = |rune: u32| Ok((rune, rest));
    match letter {
        'a' => plain(7),
        'f' => plain(12),
        'n' => plain(10),
        'r' => plain(13),
        't' => plain(9),
        'v' => plain(11),
        'x' => hexadecimal(text, rest),
        '0'..='7' if letter == '0' || octal(rest) > 0 => {
            let digits = 1 + octal(rest).min(2);
            let (number, rest) = body.split_at_checked(digits).unwrap_or((body, ""));
            Ok((u32::from_str_radix(number, 8).unwrap_or(0), rest))
        }
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => plain(u32::from(other)),
        _ => Err(error(BAD_ESCAPE, part(text, rest))),
    }
}

fn hexadecimal<'a>(text: &'a str, rest: &'a str) -> Result<(u32, &'a str), Error> {
    let mut runes = rest.char_indices();
    // What is quoted ends with the rune that was wrong.
    let wrong = |rune: Option<(usize, char)>| {
        let end = rune.map_or(rest.len(), |(at, rune)| at + rune.len_utf8());
        error(BAD_ESCAPE, part(text, rest.get(end..).unwrap_or_default()))
    };
    let Some((_, first)) = runes.next() else {
        return Err(wrong(None));
    };
    if first != '{' {
        let second = runes.next();
        let digits = (
            first.to_digit(16),
            second.and_then(|(_, second)| second.to_digit(16)),
        );
        return match (digits, second) {
            ((Some(high), Some(low)), Some((at, _))) => {
                Ok((high * 16 + low, rest.get(at + 1..).unwrap_or_default()))
            }
            _ => Err(wrong(second)),
        };
    }
    let (mut number, mut digits) = (0u32, 0);
    loop {
        let next = runes.next();
        match next.map(|(_, rune)| (rune, rune.to_digit(16))) {
            Some(('}', _)) if digits > 0 => return Ok((number, runes.as_str())),
            Some((_, Some(digit))) if number * 16 + digit <= 0x10_FFFF => {
                number = number * 16 + digit;
                digits += 1;
            }
            _ => return Err(wrong(next)),
        }
    }
}

/// Reads a class in brackets: the same class for the `regex` crate, and what follows it.
///
/// # Errors
/// Go's.
pub(super) fn read(text: &str, fold: bool) -> Result<(String, &str), Error> {
    let mut rest = text.get(1..).unwrap_or_default();
    let mut out = String::from("[");
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    let mut first = true;
    // Classes of halves of surrogate pairs alone hold nothing.
    let mut any = false;
    while first || !rest.starts_with(']') {
        first = false;
        if let Some(found) = posix(rest)? {
            out.push_str(&found.0);
            rest = found.1;
            any = true;
            continue;
        }
        if rest.starts_with('\\')
            && let Some((class, after)) = escape_class(rest)?
        {
            out.push_str(&class);
            rest = after;
            any = true;
            continue;
        }
        let start = rest;
        let (low, after) = rune(rest, text)?;
        let (mut high, mut after) = (low, after);
        if let Some(tail) = after
            .strip_prefix('-')
            .filter(|tail| !tail.is_empty() && !tail.starts_with(']'))
        {
            (high, after) = rune(tail, text)?;
            if high < low {
                return Err(error(BAD_RANGE, part(start, after)));
            }
        }
        rest = after;
        any |= push_range(&mut out, low, high);
    }
    let rest = rest.get(1..).unwrap_or_default();
    if !any {
        out.push_str("a&&b");
    }
    out.push(']');
    Ok((if fold { format!("(?i:{out})") } else { out }, rest))
}

fn rune<'a>(text: &'a str, class: &str) -> Result<(u32, &'a str), Error> {
    if text.starts_with('\\') {
        return escape(text);
    }
    let rune = text
        .chars()
        .next()
        .ok_or_else(|| error("missing closing ]", class))?;
    Ok((
        u32::from(rune),
        text.get(rune.len_utf8()..).unwrap_or_default(),
    ))
}

fn posix(text: &str) -> Result<Option<(String, &str)>, Error> {
    let Some((name, rest)) = text
        .strip_prefix("[:")
        .and_then(|body| body.split_once(":]"))
    else {
        return Ok(None);
    };
    let (negated, bare) = match name.strip_prefix('^') {
        Some(bare) => ("^", bare),
        None => ("", name),
    };
    let found = POSIX.iter().find(|(name, _)| *name == bare);
    let (_, ranges) = found.ok_or_else(|| error(BAD_RANGE, part(text, rest)))?;
    Ok(Some((format!("[{negated}{ranges}]"), rest)))
}

// Adds a range without the surrogates, which no text holds; whether there was anything to add.
fn push_range(out: &mut String, low: u32, high: u32) -> bool {
    let mut any = false;
    for (low, high) in [(low, high.min(0xD7FF)), (low.max(0xE000), high)] {
        if let (true, Some(low), Some(high)) =
            (low <= high, char::from_u32(low), char::from_u32(high))
        {
            out.push_str(&escaped(low));
            out.push('-');
            out.push_str(&escaped(high));
            any = true;
        }
    }
    any
}
