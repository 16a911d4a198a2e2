//! Sprig's `strings.go`, without what changes letters and words (`words`) and Base64 (`encoding`). Texts are bytes
//! throughout, as Go's are: a cut may fall within a letter.

use std::collections::BTreeSet;

use memchr::memmem;

use super::args::{
    ANY, Answer, INT, MANY, ONE, STRING, TEXT, TEXTS, bytes, elements, int, slice, strval, value,
};
use super::letters::is_space;
use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Functions, Signature};
use crate::gofmt;
use crate::strconv;
use crate::types::Type;
use crate::unicode::{decode_last_rune, decode_rune, runes};
use crate::value::{Map, Str, Value};

const NUMBER_TEXT: Signature = Signature::fixed(&[INT, STRING]);
const TEXT_ANY: Signature = Signature::fixed(&[STRING, ANY]);

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("hello", Signature::fixed(&[]), |_, _| {
            Ok(Value::str("Hello!"))
        })
        .add("abbrev", NUMBER_TEXT, |_, a| {
            abbreviate(bytes(a, 1), 0, int(a, 0))
        })
        .add(
            "abbrevboth",
            Signature::fixed(&[INT, INT, STRING]),
            |_, a| abbrev_both(int(a, 0), int(a, 1), bytes(a, 2)),
        )
        .add("trunc", NUMBER_TEXT, |_, a| {
            Ok(trunc(int(a, 0), bytes(a, 1)))
        })
        .add("trim", TEXT, |_, a| {
            Ok(Value::str(trim(bytes(a, 0), is_space)))
        })
        .add("substr", Signature::fixed(&[INT, INT, STRING]), |_, a| {
            substring(int(a, 0), int(a, 1), bytes(a, 2))
        })
        .add("repeat", NUMBER_TEXT, |context, a| {
            repeat(context, int(a, 0), bytes(a, 1))
        })
        .add("trimall", TEXTS, trim_all)
        .add("trimAll", TEXTS, trim_all)
        .add("trimSuffix", TEXTS, |_, a| {
            Ok(Value::str(
                bytes(a, 1).strip_suffix(bytes(a, 0)).unwrap_or(bytes(a, 1)),
            ))
        })
        .add("trimPrefix", TEXTS, |_, a| {
            Ok(Value::str(
                bytes(a, 1).strip_prefix(bytes(a, 0)).unwrap_or(bytes(a, 1)),
            ))
        });
    add_tests(functions);
}

// What is asked of a text, printed of values, or laid out in lines.
fn add_tests(functions: &mut Functions) {
    functions
        .add("contains", TEXTS, |_, a| {
            Ok(memmem::find(bytes(a, 1), bytes(a, 0)).is_some().into())
        })
        .add("hasPrefix", TEXTS, |_, a| {
            Ok(bytes(a, 1).starts_with(bytes(a, 0)).into())
        })
        .add("hasSuffix", TEXTS, |_, a| {
            Ok(bytes(a, 1).ends_with(bytes(a, 0)).into())
        })
        .add("quote", MANY, quote)
        .add("squote", MANY, squote)
        .add("cat", MANY, cat)
        .add("indent", NUMBER_TEXT, |context, a| {
            indent(context, b"", int(a, 0), bytes(a, 1))
        })
        .add("nindent", NUMBER_TEXT, |context, a| {
            indent(context, b"\n", int(a, 0), bytes(a, 1))
        })
        .add(
            "replace",
            Signature::fixed(&[STRING, STRING, STRING]),
            |context, a| {
                Ok(Value::str(replace(
                    context,
                    bytes(a, 2),
                    bytes(a, 0),
                    bytes(a, 1),
                )?))
            },
        )
        .add(
            "plural",
            Signature::fixed(&[STRING, STRING, INT]),
            |_, a| Ok(value(a, usize::from(int(a, 2) != 1))),
        );
    add_lists(functions);
}

// Between texts and lists.
fn add_lists(functions: &mut Functions) {
    functions
        .add("toString", ONE, |context, a| {
            Ok(Value::Str(strval(context, &value(a, 0))?))
        })
        .add("toStrings", ONE, |context, a| {
            Ok(Value::strings(strings_of(context, &value(a, 0))?))
        })
        .add("join", TEXT_ANY, |context, a| {
            let parts = strings_of(context, &value(a, 1))?;
            join(context, bytes(a, 0), &parts)
        })
        .add("split", TEXTS, |context, a| {
            split_map(context, bytes(a, 0), -1, bytes(a, 1))
        })
        .add(
            "splitn",
            Signature::fixed(&[STRING, INT, STRING]),
            |context, a| split_map(context, bytes(a, 0), int(a, 1), bytes(a, 2)),
        )
        .add("splitList", TEXTS, |context, a| {
            Ok(Value::strings(split(
                context,
                bytes(a, 1),
                bytes(a, 0),
                -1,
            )?))
        })
        .add("sortAlpha", ONE, sort_alpha);
}

// goutils' AbbreviateFull; its errors never reach a template, whose answer is then empty.
fn abbreviate(text: &[u8], offset: i64, width: i64) -> Answer {
    let length = text.len() as i64;
    if width < 4 || length <= width {
        return Ok(Value::str(text));
    }
    let kept = width - 3;
    let mut offset = offset.min(length);
    if length - offset < kept {
        offset = length - kept;
    }
    let part = if offset <= 4 {
        return Ok(Value::str([slice(text, 0, kept)?, b"..."].concat()));
    } else if width < 7 {
        return Ok(Value::str(""));
    } else if offset + kept < length {
        let rest = slice(text, offset, length)?;
        match (kept, rest.len() as i64 <= kept) {
            (_, true) => rest.to_vec(),
            (4.., false) => [slice(rest, 0, kept - 3)?, b"..."].concat(),
            _ => Vec::new(),
        }
    } else {
        slice(text, length - kept, length)?.to_vec()
    };
    Ok(Value::str([b"...", part.as_slice()].concat()))
}

fn abbrev_both(left: i64, right: i64, text: &[u8]) -> Answer {
    if right < 4 || left > 0 && right < 7 {
        return Ok(Value::str(text));
    }
    abbreviate(text, left, right)
}

fn trunc(count: i64, text: &[u8]) -> Value {
    let length = text.len() as i64;
    let kept = if count < 0 && length.wrapping_add(count) > 0 {
        slice(text, length + count, length)
    } else if count >= 0 && length > count {
        slice(text, 0, count)
    } else {
        Ok(text)
    };
    Value::str(kept.unwrap_or(text))
}

fn substring(start: i64, end: i64, text: &[u8]) -> Answer {
    let length = text.len() as i64;
    let part = if start < 0 {
        slice(text, 0, end)
    } else if end < 0 || end > length {
        let found = slice(text, start, length);
        found.map_err(|_| {
            FuncError::new(format!(
                "runtime error: slice bounds out of range [{start}:{length}]"
            ))
        })
    } else {
        slice(text, start, end)
    };
    part.map(Value::str)
}

/// A text trimmed at both ends of the runes that `cut` names.
pub(super) fn trim(mut text: &[u8], cut: impl Fn(char) -> bool) -> &[u8] {
    loop {
        let (rune, width) = decode_rune(text);
        if width == 0 || !cut(rune) {
            break;
        }
        text = text.get(width..).unwrap_or_default();
    }
    loop {
        let (rune, width) = decode_last_rune(text);
        if width == 0 || !cut(rune) {
            break;
        }
        text = text.get(..text.len() - width).unwrap_or_default();
    }
    text
}

fn trim_all(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let cutset: BTreeSet<char> = runes(bytes(args, 0)).map(|(_, rune, _)| rune).collect();
    Ok(Value::str(trim(bytes(args, 1), |rune| {
        cutset.contains(&rune)
    })))
}

fn repeat(context: &mut Context<'_>, count: i64, text: &[u8]) -> Answer {
    let count =
        usize::try_from(count).map_err(|_| FuncError::new("strings: negative Repeat count"))?;
    context.reserve(text.len().saturating_mul(count))?;
    Ok(Value::str(text.repeat(count)))
}

fn quote(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut parts = Vec::new();
    for arg in args.iter().filter(|arg| !matches!(arg, Value::Nil)) {
        let text = strval(context, arg)?;
        // The worst byte becomes \xNN.
        context.reserve(text.len())?;
        parts.push(strconv::quote(text.as_bytes()));
    }
    Ok(Value::str(parts.join(&b' ')))
}

fn squote(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut parts = Vec::new();
    for arg in args.iter().filter(|arg| !matches!(arg, Value::Nil)) {
        let text = gofmt::sprint(context, std::slice::from_ref(arg))?;
        parts.push([b"'", text.as_slice(), b"'"].concat());
    }
    Ok(Value::str(parts.join(&b' ')))
}

fn cat(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut parts = Vec::new();
    for arg in args.iter().filter(|arg| !matches!(arg, Value::Nil)) {
        parts.push(gofmt::sprint(context, std::slice::from_ref(arg))?);
    }
    Ok(Value::str(parts.join(&b' ')))
}

fn indent(context: &mut Context<'_>, before: &[u8], spaces: i64, text: &[u8]) -> Answer {
    let spaces =
        usize::try_from(spaces).map_err(|_| FuncError::new("strings: negative Repeat count"))?;
    let lines = memchr::memchr_iter(b'\n', text).count() + 1;
    context.reserve(text.len().saturating_add(lines.saturating_mul(spaces)))?;
    let pad = b" ".repeat(spaces);
    let mut out = before.to_vec();
    out.extend_from_slice(&pad);
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if at > 0 {
            out.push(b'\n');
            out.extend_from_slice(&pad);
        }
        out.extend_from_slice(line);
    }
    Ok(Value::str(out))
}

/// `strings.ReplaceAll`.
pub(super) fn replace(
    context: &mut Context<'_>,
    text: &[u8],
    old: &[u8],
    new: &[u8],
) -> Result<Vec<u8>, FuncError> {
    let places: Vec<usize> = if old.is_empty() {
        runes(text)
            .map(|(at, _, _)| at)
            .chain([text.len()])
            .collect()
    } else {
        memmem::find_iter(text, old).collect()
    };
    context.reserve(
        text.len()
            .saturating_add(places.len().saturating_mul(new.len())),
    )?;
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in places {
        out.extend_from_slice(text.get(from..at).unwrap_or_default());
        out.extend_from_slice(new);
        from = at + old.len();
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
    Ok(out)
}

/// Sprig's `strslice`: the elements of any slice as strings, nil ones left out; anything else as a list of one.
pub(super) fn strings_of(context: &mut Context<'_>, value: &Value) -> Result<Vec<Str>, FuncError> {
    let Some(items) = elements(value) else {
        return match value {
            Value::Nil => Ok(Vec::new()),
            other => Ok(vec![strval(context, other)?]),
        };
    };
    let items = items.iter().filter(|item| !matches!(item, Value::Nil));
    items.map(|item| strval(context, item)).collect()
}

fn join(context: &mut Context<'_>, separator: &[u8], parts: &[Str]) -> Answer {
    let length: usize = parts.iter().map(Str::len).sum();
    context.reserve(length.saturating_add(separator.len().saturating_mul(parts.len())))?;
    let parts: Vec<&[u8]> = parts.iter().map(Str::as_bytes).collect();
    Ok(Value::str(parts.join(separator)))
}

/// `strings.SplitN`: at most `limit` parts where it is positive, none where it is 0.
pub(super) fn split(
    context: &mut Context<'_>,
    text: &[u8],
    separator: &[u8],
    limit: i64,
) -> Result<Vec<Str>, FuncError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit == 0 {
        return Ok(Vec::new());
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    let mut rest = text;
    if separator.is_empty() {
        while !rest.is_empty() && parts.len() + 1 < limit {
            let (part, after) = rest
                .split_at_checked(decode_rune(rest).1)
                .unwrap_or((rest, &[]));
            parts.push(part);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(rest);
        }
    } else {
        while let Some(at) = memmem::find(rest, separator).filter(|_| parts.len() + 1 < limit) {
            parts.push(rest.get(..at).unwrap_or_default());
            rest = rest.get(at + separator.len()..).unwrap_or_default();
        }
        parts.push(rest);
    }
    // A part costs a value and a string of its own.
    context.reserve(
        parts
            .len()
            .saturating_mul(size_of::<Value>())
            .saturating_add(text.len()),
    )?;
    Ok(parts.into_iter().map(Str::from).collect())
}

fn split_map(context: &mut Context<'_>, separator: &[u8], limit: i64, text: &[u8]) -> Answer {
    let parts = split(context, text, separator, limit)?;
    let entries = parts
        .into_iter()
        .enumerate()
        .map(|(at, part)| (format!("_{at}"), Value::Str(part)));
    Ok(Value::Map(Map::of(Type::STRING_MAP, entries)))
}

fn sort_alpha(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let list = value(args, 0);
    let mut strings = match elements(&list) {
        Some(_) => strings_of(context, &list)?,
        None => vec![strval(context, &list)?],
    };
    // Equal strings are compared to their end, each about as often as the list can be halved.
    let bytes: usize = strings.iter().map(|text| 64 + text.len()).sum();
    context
        .step((bytes as u64 / 64).saturating_mul(u64::from(strings.len().max(1).ilog2() + 1)))?;
    strings.sort();
    Ok(Value::strings(strings))
}

/// `atoi`: the number, 0 where it is none; a number too large is the largest, as `strconv.Atoi` returns beside its error.
pub(super) fn atoi(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let digits = bytes(args, 0);
    let number = match strconv::parse_int(digits, 10) {
        Ok(number) => number,
        Err(strconv::NumError::Range) if digits.starts_with(b"-") => i64::MIN,
        Err(strconv::NumError::Range) => i64::MAX,
        Err(strconv::NumError::Syntax) => 0,
    };
    Ok(Value::int(number))
}
