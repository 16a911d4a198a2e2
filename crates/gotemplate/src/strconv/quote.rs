//! Go's string and character literals, written and read.

use crate::unicode::{RUNE_ERROR, decode_rune, is_print, push_rune};

/// `strconv.Quote`: a double-quoted Go string, with `\x` for bytes that are not UTF-8.
pub fn quote(text: &[u8]) -> Vec<u8> {
    quote_with(text, b'"', false)
}

/// `strconv.QuoteToASCII`: as `quote`, with escapes for everything outside ASCII.
pub fn quote_to_ascii(text: &[u8]) -> Vec<u8> {
    quote_with(text, b'"', true)
}

/// `strconv.QuoteRune` or `QuoteRuneToASCII`: a single-quoted Go character.
pub(crate) fn quote_rune(rune: char, ascii_only: bool) -> Vec<u8> {
    let mut out = vec![b'\''];
    push_escaped(&mut out, rune, b'\'', ascii_only);
    out.push(b'\'');
    out
}

fn quote_with(text: &[u8], delimiter: u8, ascii_only: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(delimiter);
    let mut rest = text;
    loop {
        let (rune, width) = decode_rune(rest);
        match (rest.first(), width) {
            (None, _) => break,
            (Some(byte), 1) if rune == RUNE_ERROR => push_hex(&mut out, b'x', u32::from(*byte), 2),
            _ => push_escaped(&mut out, rune, delimiter, ascii_only),
        }
        rest = rest.get(width..).unwrap_or_default();
    }
    out.push(delimiter);
    out
}

fn push_escaped(out: &mut Vec<u8>, rune: char, delimiter: u8, ascii_only: bool) {
    let simple = match rune {
        '\\' => b'\\',
        '\u{7}' => b'a',
        '\u{8}' => b'b',
        '\u{C}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{B}' => b'v',
        _ if rune == char::from(delimiter) => delimiter,
        _ if (rune.is_ascii() || !ascii_only) && is_print(rune) => return push_rune(out, rune),
        _ if rune < ' ' || rune == '\u{7F}' => return push_hex(out, b'x', rune.into(), 2),
        _ if u32::from(rune) < 0x1_0000 => return push_hex(out, b'u', rune.into(), 4),
        _ => return push_hex(out, b'U', rune.into(), 8),
    };
    out.extend_from_slice(&[b'\\', simple]);
}

fn push_hex(out: &mut Vec<u8>, letter: u8, number: u32, digits: u32) {
    out.extend_from_slice(&[b'\\', letter]);
    for place in (0..digits).rev() {
        let digit = (number >> (4 * place)) & 0xF;
        out.extend(char::from_digit(digit, 16).map(|digit| digit as u8));
    }
}

/// `strconv.CanBackquote`: whether a text can stand in backquotes unchanged.
pub(crate) fn can_backquote(text: &[u8]) -> bool {
    crate::unicode::runes(text).all(|(_, rune, width)| match width {
        1 => (rune >= ' ' || rune == '\t') && !matches!(rune, '`' | '\u{7F}' | RUNE_ERROR),
        _ => rune != '\u{FEFF}',
    })
}

/// `strconv.Unquote` of a string literal, raw or not: what it stands for; none if it is no such literal.
pub(crate) fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (&delimiter, rest) = literal.split_first()?;
    let (&last, mut body) = rest.split_last()?;
    if delimiter != last {
        return None;
    }
    if delimiter == b'`' {
        let plain = !body.contains(&b'`');
        return plain.then(|| body.iter().copied().filter(|byte| *byte != b'\r').collect());
    }
    if delimiter != b'"' || body.contains(&b'\n') {
        return None;
    }
    let mut out = Vec::with_capacity(body.len());
    while !body.is_empty() {
        let (unit, rest) = unquote_char(body, delimiter)?;
        match unit {
            Unit::Byte(byte) => out.push(byte),
            Unit::Rune(rune) => push_rune(&mut out, rune),
        }
        body = rest;
    }
    Some(out)
}

/// One element of a literal.
pub(crate) enum Unit {
    /// An octal or `\x` escape: one byte.
    Byte(u8),
    /// A character.
    Rune(char),
}

/// `strconv.UnquoteChar`: the first element of a literal's body, and the rest.
pub(crate) fn unquote_char(body: &[u8], delimiter: u8) -> Option<(Unit, &[u8])> {
    let (&first, rest) = body.split_first()?;
    if first == delimiter {
        return None;
    }
    if first != b'\\' {
        let (rune, width) = decode_rune(body);
        return Some((Unit::Rune(rune), body.get(width..)?));
    }
    let (&letter, rest) = rest.split_first()?;
    let plain = |rune| Some((Unit::Rune(rune), rest));
    match letter {
        b'a' => plain('\u{7}'),
        b'b' => plain('\u{8}'),
        b'f' => plain('\u{C}'),
        b'n' => plain('\n'),
        b'r' => plain('\r'),
        b't' => plain('\t'),
        b'v' => plain('\u{B}'),
        b'\\' => plain('\\'),
        b'\'' | b'"' if letter == delimiter => plain(char::from(letter)),
        b'x' => digits(rest, 2, 16).map(|(number, rest)| (Unit::Byte(number as u8), rest)),
        b'u' => digits(rest, 4, 16)
            .and_then(|(number, rest)| Some((Unit::Rune(char::from_u32(number)?), rest))),
        b'U' => digits(rest, 8, 16)
            .and_then(|(number, rest)| Some((Unit::Rune(char::from_u32(number)?), rest))),
        b'0'..=b'7' => {
            let (number, rest) = digits(body.get(1..)?, 3, 8)?;
            Some((Unit::Byte(u8::try_from(number).ok()?), rest))
        }
        _ => None,
    }
}

fn digits(text: &[u8], count: usize, radix: u32) -> Option<(u32, &[u8])> {
    let (head, rest) = text.split_at_checked(count)?;
    let mut number: u32 = 0;
    for byte in head {
        number = number
            .checked_mul(radix)?
            .checked_add(char::from(*byte).to_digit(radix)?)?;
    }
    Some((number, rest))
}
