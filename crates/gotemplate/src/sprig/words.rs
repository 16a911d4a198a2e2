//! Sprig's changes of letters and words: goutils' `wordutils.go` and xstrings' `convert.go`, whose ways with bytes and
//! runes are kept, odd as some are.

use super::args::{Answer, INT, STRING, TEXT, bytes, int};
use super::letters::{
    is_digit, is_letter, is_lower, is_number, is_punct, is_space, is_title, is_upper, lower, map,
    title, upper,
};
use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Functions, Signature};
use crate::unicode::{RUNE_ERROR, decode_rune, push_rune, runes};
use crate::value::Value;

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("upper", TEXT, |_, a| {
            Ok(Value::str(map(bytes(a, 0), upper)))
        })
        .add("lower", TEXT, |_, a| {
            Ok(Value::str(map(bytes(a, 0), lower)))
        })
        .add("title", TEXT, |_, a| {
            Ok(Value::str(title_words(bytes(a, 0))))
        })
        .add("untitle", TEXT, |_, a| Ok(Value::str(untitle(bytes(a, 0)))))
        .add("nospace", TEXT, |_, a| Ok(Value::str(nospace(bytes(a, 0)))))
        .add("initials", TEXT, |_, a| {
            Ok(Value::str(initials(bytes(a, 0))))
        })
        .add("swapcase", TEXT, |_, a| {
            Ok(Value::str(swap_case(bytes(a, 0))))
        })
        .add("snakecase", TEXT, |context, a| {
            charge_letters(context, a)?;
            Ok(Value::str(connected(bytes(a, 0), '_')))
        })
        .add("kebabcase", TEXT, |context, a| {
            charge_letters(context, a)?;
            Ok(Value::str(connected(bytes(a, 0), '-')))
        })
        .add("camelcase", TEXT, |context, a| {
            charge_letters(context, a)?;
            Ok(Value::str(pascal_case(bytes(a, 0))))
        })
        .add("shuffle", TEXT, shuffle)
        .add("wrap", Signature::fixed(&[INT, STRING]), |context, a| {
            wrap(context, bytes(a, 1), int(a, 0), b"\n", false)
        })
        .add(
            "wrapWith",
            Signature::fixed(&[INT, STRING, STRING]),
            |context, a| {
                let separator = if bytes(a, 1).is_empty() {
                    b"\n"
                } else {
                    bytes(a, 1)
                };
                wrap(context, bytes(a, 2), int(a, 0), separator, true)
            },
        );
}

// Each letter is looked up in several tables.
fn charge_letters(context: &mut Context<'_>, args: &[Value]) -> Result<(), FuncError> {
    Ok(context.step(2 * bytes(args, 0).len() as u64)?)
}

// `strings.Title`.
fn title_words(text: &[u8]) -> Vec<u8> {
    let mut previous = ' ';
    map(text, |rune| {
        let starts = is_separator(previous);
        previous = rune;
        if starts { title(rune) } else { rune }
    })
}

fn is_separator(rune: char) -> bool {
    if rune.is_ascii() {
        return !(rune.is_ascii_alphanumeric() || rune == '_');
    }
    !is_letter(rune) && !is_digit(rune) && is_space(rune)
}

fn untitle(text: &[u8]) -> Vec<u8> {
    let mut next = true;
    map(text, |rune| {
        if is_space(rune) {
            next = true;
            rune
        } else if std::mem::take(&mut next) {
            lower(rune)
        } else {
            rune
        }
    })
}

// goutils takes each byte for a rune, so that a letter of two bytes becomes two, and U+0085 and U+00A0 count as spaces.
fn nospace(text: &[u8]) -> Vec<u8> {
    let kept: Vec<char> = text
        .iter()
        .map(|byte| char::from(*byte))
        .filter(|rune| !is_space(*rune))
        .collect();
    if kept.len() == text.len() {
        return text.to_vec();
    }
    kept.into_iter().collect::<String>().into_bytes()
}

fn initials(text: &[u8]) -> Vec<u8> {
    let mut gap = true;
    let mut out = String::new();
    for byte in text {
        let rune = char::from(*byte);
        if is_space(rune) {
            gap = true;
        } else if std::mem::take(&mut gap) {
            out.push(rune);
        }
    }
    out.into_bytes()
}

fn swap_case(text: &[u8]) -> Vec<u8> {
    let mut space = true;
    map(text, |rune| {
        if is_upper(rune) || is_title(rune) {
            space = false;
            lower(rune)
        } else if is_lower(rune) {
            if std::mem::take(&mut space) {
                title(rune)
            } else {
                upper(rune)
            }
        } else {
            space = is_space(rune);
            rune
        }
    })
}

/// goutils' `WrapCustom`.
fn wrap(
    context: &mut Context<'_>,
    text: &[u8],
    width: i64,
    separator: &[u8],
    long_words: bool,
) -> Answer {
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    // At most one separator for each `width` bytes, or for each space.
    let breaks =
        if long_words { text.len() / width } else { 0 } + memchr::memchr_iter(b' ', text).count();
    context.reserve(
        text.len()
            .saturating_add(breaks.saturating_mul(separator.len())),
    )?;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while rest.len() > width {
        if let Some(after) = rest.strip_prefix(b" ") {
            rest = after;
            continue;
        }
        let window = rest.get(..=width).unwrap_or(rest);
        let (line, after) = match memchr::memrchr(b' ', window) {
            Some(space) => (rest.get(..space), rest.get(space + 1..)),
            None if long_words => (rest.get(..width), rest.get(width..)),
            None => match memchr::memchr(b' ', rest.get(width..).unwrap_or_default()) {
                Some(space) => (rest.get(..width + space), rest.get(width + space + 1..)),
                None => break,
            },
        };
        out.extend_from_slice(line.unwrap_or_default());
        out.extend_from_slice(separator);
        rest = after.unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Ok(Value::str(out))
}

fn shuffle(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut letters: Vec<char> = runes(bytes(args, 0)).map(|(_, rune, _)| rune).collect();
    if letters.len() > 1 {
        for at in (1..letters.len()).rev() {
            let other = super::uuid::below(context, at as u64 + 1)?;
            letters.swap(at, usize::try_from(other).unwrap_or(at));
        }
    }
    Ok(Value::str(letters.into_iter().collect::<String>()))
}

fn is_connector(rune: char) -> bool {
    rune == '-' || rune == '_' || is_space(rune)
}

// xstrings' ToPascalCase.
fn pascal_case(text: &[u8]) -> Vec<u8> {
    let letters: Vec<char> = runes(text).map(|(_, rune, _)| rune).collect();
    let mut out = Vec::with_capacity(text.len());
    let lead = letters
        .iter()
        .take_while(|rune| is_connector(**rune))
        .count();
    let (connectors, body) = letters.split_at_checked(lead).unwrap_or((&letters, &[]));
    connectors
        .iter()
        .for_each(|rune| push_rune(&mut out, *rune));
    let Some((first, rest)) = body.split_first() else {
        // A text of connectors alone repeats its last one.
        if let Some(last) = connectors.last() {
            push_rune(&mut out, *last);
        }
        return out;
    };
    let mut first_upper = is_upper(*first);
    let mut current = upper(*first);
    for next in rest {
        let previous = current;
        current = *next;
        if is_connector(current) && is_connector(previous) {
            push_rune(&mut out, previous);
            continue;
        }
        if is_connector(previous) {
            first_upper = is_upper(current);
            current = upper(current);
        } else {
            if first_upper {
                if is_upper(current) {
                    current = lower(current);
                } else {
                    first_upper = false;
                }
            }
            push_rune(&mut out, previous);
        }
    }
    push_rune(&mut out, current);
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punct,
    Other,
}

// xstrings' camelCaseToLowerCase: words joined by a connector, capitals made small.
fn connected(text: &[u8], connector: char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 2);
    if text.is_empty() {
        return out;
    }
    let (mut kind, mut word, mut rest) = next_word(text);
    while !rest.is_empty() {
        if kind != Word::Connector {
            push_word(&mut out, kind, word, connector);
        }
        let (previous, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match previous {
            Word::Number => {
                (kind, word, rest) = push_numbered(&mut out, (kind, word, rest), connector);
                if !matches!(kind, Word::Invalid | Word::Punct | Word::Connector) {
                    push_rune(&mut out, connector);
                }
            }
            Word::Connector => push_word(&mut out, previous, last, connector),
            Word::Punct => {}
            _ if kind != Word::Number => {
                if !matches!(kind, Word::Connector | Word::Punct) {
                    push_rune(&mut out, connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word, rest) = next_word(rest);
                if kind != Word::Alphabet {
                    push_word(&mut out, Word::Number, number, connector);
                    if !matches!(kind, Word::Connector | Word::Punct) {
                        push_rune(&mut out, connector);
                    }
                    continue;
                }
                push_rune(&mut out, connector);
                push_word(&mut out, Word::Number, number, connector);
                (kind, word, rest) = push_numbered(&mut out, (kind, word, rest), connector);
                if !matches!(kind, Word::Invalid | Word::Connector | Word::Punct) {
                    push_rune(&mut out, connector);
                }
            }
        }
    }
    push_word(&mut out, kind, word, connector);
    out
}

type Words<'a> = (Word, &'a [u8], &'a [u8]);

// Letters and digits that follow a number belong to it.
fn push_numbered<'a>(out: &mut Vec<u8>, mut words: Words<'a>, connector: char) -> Words<'a> {
    while matches!(words.0, Word::Alphabet | Word::Number) {
        push_word(out, words.0, words.1, connector);
        words = next_word(words.2);
    }
    words
}

fn push_word(out: &mut Vec<u8>, kind: Word, word: &[u8], connector: char) {
    if !matches!(kind, Word::Upper | Word::Connector) {
        out.extend_from_slice(word);
        return;
    }
    for (_, rune, _) in runes(word) {
        push_rune(
            out,
            if is_connector(rune) {
                connector
            } else if is_upper(rune) {
                lower(rune)
            } else {
                rune
            },
        );
    }
}

// xstrings' isAlphabet.
fn is_alphabet(rune: char) -> bool {
    if !is_letter(rune) {
        return false;
    }
    !matches!(rune, '\u{4E00}'..='\u{9FCC}' | '\u{3400}'..='\u{4D85}' | '\u{20000}'..='\u{2B81D}')
}

fn next_word(text: &[u8]) -> Words<'_> {
    let (first, width) = next_valid(text, RUNE_ERROR);
    if text.is_empty() || first == RUNE_ERROR {
        let (word, rest) = text.split_at_checked(width).unwrap_or((text, &[]));
        return (Word::Invalid, word, rest);
    }
    let kind = match first {
        _ if is_connector(first) => Word::Connector,
        _ if is_punct(first) => Word::Punct,
        _ if is_upper(first) => Word::Upper,
        _ if is_alphabet(first) => Word::Alphabet,
        _ if is_number(first) => Word::Number,
        _ => Word::Other,
    };
    let end = match kind {
        Word::Connector => run(text, width, first, is_connector),
        Word::Punct => run(text, width, first, is_punct),
        Word::Upper => upper_end(text, width, first),
        Word::Alphabet => run(text, width, first, |rune| {
            is_alphabet(rune) && !is_upper(rune)
        }),
        Word::Number => run(text, width, first, is_number),
        _ => run(text, width, first, |rune| {
            !(is_connector(rune) || is_alphabet(rune) || is_number(rune) || is_punct(rune))
        }),
    };
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    (kind, word, rest)
}

// Where the runes that belong end, from `at` on.
fn run(text: &[u8], mut at: usize, mut rune: char, belongs: impl Fn(char) -> bool) -> usize {
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let width;
        (rune, width) = next_valid(rest, rune);
        if !belongs(rune) || width == 0 {
            break;
        }
        at += width;
    }
    at
}

// "HTTPStatus" is "HTTP" and "Status"; "Status" is one word.
fn upper_end(text: &[u8], width: usize, first: char) -> usize {
    let Some(rest) = text.get(width..).filter(|rest| !rest.is_empty()) else {
        return width;
    };
    let (second, second_width) = next_valid(rest, first);
    if is_upper(second) {
        let mut at = width + second_width;
        let mut last_width = second_width;
        let mut rune = second;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let next_width;
            (rune, next_width) = next_valid(rest, rune);
            if !is_upper(rune) {
                break;
            }
            last_width = next_width;
            at += next_width;
        }
        return if at < text.len() && is_alphabet(rune) {
            at - last_width
        } else {
            at
        };
    }
    if is_alphabet(second) {
        return run(text, width + second_width, second, |rune| {
            is_alphabet(rune) && !is_upper(rune)
        });
    }
    width
}

// xstrings' nextValidRune: bad bytes are passed over; at the end the one before stands again.
fn next_valid(text: &[u8], previous: char) -> (char, usize) {
    let mut width = 0;
    while let Some(rest) = text.get(width..).filter(|rest| !rest.is_empty()) {
        let (rune, size) = decode_rune(rest);
        width += size;
        if rune != RUNE_ERROR {
            return (rune, width);
        }
    }
    (previous, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_join_as_xstrings_joins_them() {
        for (text, snake) in [
            ("HTTPServer", "http_server"),
            ("Bld4Floor3rd", "bld4_floor_3rd"),
            ("http2xx", "http_2xx"),
            ("GO PATH", "go_path"),
        ] {
            assert_eq!(
                String::from_utf8(connected(text.as_bytes(), '_')).unwrap(),
                snake
            );
        }
    }
}
