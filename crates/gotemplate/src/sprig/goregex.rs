//! Go's `regexp` on the `regex` crate: the syntax is checked and rewritten by `syntax`, matching is linear in the text, and
//! what is found, replaced and split follows Go's loops. Bad bytes match as U+FFFD does.

mod syntax;

use std::cell::RefCell;
use std::rc::Rc;

use crate::context::Context;
use crate::error::FuncError;
use crate::sprig::letters::{is_digit, is_letter};
use crate::strconv;
use crate::unicode::{RUNE_ERROR, decode_rune, push_rune, runes};

/// How many compiled patterns are kept: a chart uses few, and a loop uses the same.
const KEPT: usize = 16;
/// Bytes that one compiled pattern may take.
const SIZE_LIMIT: usize = 8 << 20;

/// The steps that compiling takes for each state of a pattern.
const STEPS_OF_STATE: u64 = 8;
/// States that a search passes over in one step: bytes of the text times states of the pattern, at worst.
const STATES_IN_STEP: u64 = 64;
/// Bytes that a search may pass over in one step and not find more: no states then, as in most patterns.
const BYTES_IN_STEP: u64 = 256;

thread_local! {
    static COMPILED: RefCell<Vec<Rc<Pattern>>> = const { RefCell::new(Vec::new()) };
}

/// A compiled pattern.
pub(super) struct Pattern {
    source: Vec<u8>,
    regex: ::regex::bytes::Regex,
    names: Vec<String>,
    size: usize,
    unbounded: bool,
}

/// Where the groups of a match are, the whole match first.
type Groups = Vec<Option<(usize, usize)>>;

/// `regexp.Compile`.
///
/// # Errors
/// Go's message, such as "error parsing regexp: missing closing ): `(`".
pub(super) fn compile(context: &mut Context<'_>, source: &[u8]) -> Result<Rc<Pattern>, FuncError> {
    if let Some(kept) =
        COMPILED.with_borrow(|all| all.iter().find(|pattern| pattern.source == source).cloned())
    {
        return Ok(kept);
    }
    let translated = syntax::translate(source)
        .map_err(|error| FuncError::new(format!("error parsing regexp: {error}")))?;
    context.step((translated.size as u64).saturating_mul(STEPS_OF_STATE))?;
    let regex = ::regex::bytes::RegexBuilder::new(&translated.pattern)
        .size_limit(SIZE_LIMIT)
        .nest_limit(1200)
        .build();
    let regex = regex.map_err(|_| {
        let source = String::from_utf8_lossy(source);
        FuncError::new(format!(
            "error parsing regexp: expression too large: `{source}`"
        ))
    })?;
    let pattern = Rc::new(Pattern {
        source: source.to_vec(),
        regex,
        names: translated.names,
        size: translated.size,
        unbounded: translated.unbounded,
    });
    COMPILED.with_borrow_mut(|all| {
        if all.len() >= KEPT {
            all.remove(0);
        }
        all.push(pattern.clone());
    });
    Ok(pattern)
}

/// `regexp.MustCompile`, whose panic quotes the pattern.
///
/// # Errors
/// As `compile`, worded as the panic is.
pub(super) fn must_compile(
    context: &mut Context<'_>,
    source: &[u8],
) -> Result<Rc<Pattern>, FuncError> {
    compile(context, source).map_err(|error| match error {
        FuncError::Message(message) => {
            let quoted = if strconv::can_backquote(source) {
                [b"`", source, b"`"].concat()
            } else {
                strconv::quote(source)
            };
            FuncError::new(format!(
                "regexp: Compile({}): {message}",
                String::from_utf8_lossy(&quoted)
            ))
        }
        limit => limit,
    })
}

/// `regexp.QuoteMeta`.
pub(super) fn quote_meta(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if b"\\.+*?()|[]{}^$".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}

/// A text as the engine reads it: bad bytes made U+FFFD, with the way back to the text's own offsets.
struct Haystack<'a> {
    own: &'a [u8],
    read: std::borrow::Cow<'a, [u8]>,
    // Offsets in `read` where each rune begins, with the offset in `own`; empty where both are the same.
    map: Vec<(usize, usize)>,
}

impl<'a> Haystack<'a> {
    fn new(context: &mut Context<'_>, own: &'a [u8]) -> Result<Haystack<'a>, FuncError> {
        context.step(own.len() as u64 / 64)?;
        if std::str::from_utf8(own).is_ok() {
            return Ok(Haystack {
                own,
                read: own.into(),
                map: Vec::new(),
            });
        }
        context.reserve(own.len().saturating_mul(3 + size_of::<(usize, usize)>()))?;
        let mut read = Vec::with_capacity(own.len() + 16);
        let mut map = Vec::new();
        for (at, rune, _) in runes(own) {
            map.push((read.len(), at));
            push_rune(&mut read, rune);
        }
        map.push((read.len(), own.len()));
        Ok(Haystack {
            own,
            read: read.into(),
            map,
        })
    }

    fn to_own(&self, at: usize) -> usize {
        if self.map.is_empty() {
            return at;
        }
        let found = self.map.binary_search_by_key(&at, |(read, _)| *read);
        let index = found.unwrap_or_else(|next| next.saturating_sub(1));
        self.map.get(index).map_or(self.own.len(), |(_, own)| *own)
    }

    fn width_at(&self, at: usize) -> usize {
        self.read.get(at..).map_or(0, |rest| decode_rune(rest).1)
    }
}

impl Pattern {
    // The text as the engine reads it. All that its matches pass over is charged now, since a single search may take long.
    fn read<'t>(
        &self,
        context: &mut Context<'_>,
        text: &'t [u8],
    ) -> Result<Haystack<'t>, FuncError> {
        let states = (text.len() as u64).saturating_mul(self.size as u64);
        context.step(states / STATES_IN_STEP)?;
        Haystack::new(context, text)
    }

    // Charges a match that ends at `to`. One that may be of any length can have been looked for up to the end of the text, for each
    // match anew.
    fn charge(
        &self,
        context: &mut Context<'_>,
        haystack: &Haystack<'_>,
        to: usize,
    ) -> Result<(), FuncError> {
        let beyond = match self.unbounded {
            true => haystack.read.len().saturating_sub(to) as u64,
            false => 0,
        };
        Ok(context.step(1 + beyond / BYTES_IN_STEP)?)
    }

    // The first match from `at` on. `\B` also holds within a letter of several bytes, where Go never looks: an empty match
    // there is none.
    fn next_match(&self, haystack: &Haystack<'_>, mut at: usize) -> Option<(usize, usize)> {
        loop {
            let found = self.regex.find_at(&haystack.read, at)?;
            let inside = |byte: &u8| found.is_empty() && (0x80..0xC0).contains(byte);
            let rest = haystack.read.get(found.start()..).unwrap_or_default();
            match rest.iter().take_while(|byte| inside(byte)).count() {
                0 => return Some((found.start(), found.end())),
                bytes => at = found.start() + bytes,
            }
        }
    }

    /// `MatchString`.
    pub(super) fn is_match(
        &self,
        context: &mut Context<'_>,
        text: &[u8],
    ) -> Result<bool, FuncError> {
        let haystack = self.read(context, text)?;
        Ok(self.next_match(&haystack, 0).is_some())
    }

    /// `FindString`: the first match, or nothing.
    pub(super) fn find<'t>(
        &self,
        context: &mut Context<'_>,
        text: &'t [u8],
    ) -> Result<&'t [u8], FuncError> {
        let found = self.find_all(context, text, 1)?;
        Ok(found
            .first()
            .and_then(|(start, end)| text.get(*start..*end))
            .unwrap_or_default())
    }

    /// `FindAllStringIndex`: at most `limit` matches, all where it is negative.
    pub(super) fn find_all(
        &self,
        context: &mut Context<'_>,
        text: &[u8],
        limit: i64,
    ) -> Result<Vec<(usize, usize)>, FuncError> {
        let haystack = self.read(context, text)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let end = haystack.read.len();
        let mut found = Vec::new();
        let (mut at, mut previous) = (0, None);
        while found.len() < limit && at <= end {
            let Some((from, to)) = self.next_match(&haystack, at) else {
                break;
            };
            self.charge(context, &haystack, to)?;
            let mut accepted = true;
            if to == at {
                // An empty match right after another is none.
                accepted = previous != Some(from);
                at = match haystack.width_at(at) {
                    0 => end + 1,
                    width => at + width,
                };
            } else {
                at = to;
            }
            previous = Some(to);
            if accepted {
                found.push((haystack.to_own(from), haystack.to_own(to)));
            }
        }
        Ok(found)
    }

    /// `ReplaceAllString`, or `ReplaceAllLiteralString` where the replacement is no template.
    pub(super) fn replace_all(
        &self,
        context: &mut Context<'_>,
        text: &[u8],
        with: &[u8],
        literal: bool,
    ) -> Result<Vec<u8>, FuncError> {
        let haystack = self.read(context, text)?;
        let end = haystack.read.len();
        let mut out = Vec::new();
        let (mut done, mut at) = (0, 0);
        let mut captures = self.regex.capture_locations();
        while at <= end {
            let Some((from, to)) = self.next_match(&haystack, at) else {
                break;
            };
            self.charge(context, &haystack, to)?;
            self.regex
                .captures_read_at(&mut captures, &haystack.read, from);
            let before = out.len();
            out.extend_from_slice(
                haystack
                    .own
                    .get(haystack.to_own(done)..haystack.to_own(from))
                    .unwrap_or_default(),
            );
            if to > done || from == 0 {
                if literal {
                    out.extend_from_slice(with);
                } else {
                    let groups: Groups = (0..captures.len())
                        .map(|group| {
                            captures
                                .get(group)
                                .map(|(from, to)| (haystack.to_own(from), haystack.to_own(to)))
                        })
                        .collect();
                    self.expand(context, &mut out, with, text, &groups)?;
                }
            }
            context.reserve(out.len() - before)?;
            done = to;
            let width = haystack.width_at(at);
            at = if at + width > to {
                at + width
            } else {
                to.max(if width == 0 { at + 1 } else { at })
            };
        }
        out.extend_from_slice(
            haystack
                .own
                .get(haystack.to_own(done)..)
                .unwrap_or_default(),
        );
        Ok(out)
    }

    /// `Split`: none where `limit` is 0, at most `limit` parts where it is positive.
    pub(super) fn split<'t>(
        &self,
        context: &mut Context<'_>,
        text: &'t [u8],
        limit: i64,
    ) -> Result<Vec<&'t [u8]>, FuncError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        if !self.source.is_empty() && text.is_empty() {
            return Ok(vec![text]);
        }
        let mut parts = Vec::new();
        let (mut begin, mut end) = (0, 0);
        for (from, to) in self.find_all(context, text, limit)? {
            if limit > 0 && parts.len() as i64 == limit - 1 {
                break;
            }
            end = from;
            if to != 0 {
                parts.push(text.get(begin..end).unwrap_or_default());
            }
            begin = to;
        }
        if end != text.len() {
            parts.push(text.get(begin..).unwrap_or_default());
        }
        context.reserve(parts.len().saturating_mul(size_of::<crate::value::Value>()))?;
        Ok(parts)
    }

    // `Regexp.expand`: $1, ${1}, $name, ${name}, $$.
    fn expand(
        &self,
        context: &mut Context<'_>,
        out: &mut Vec<u8>,
        template: &[u8],
        text: &[u8],
        groups: &Groups,
    ) -> Result<(), FuncError> {
        let mut rest = template;
        while let Some(dollar) = memchr::memchr(b'$', rest) {
            context.step(1)?;
            out.extend_from_slice(rest.get(..dollar).unwrap_or_default());
            rest = rest.get(dollar + 1..).unwrap_or_default();
            if let Some(after) = rest.strip_prefix(b"$") {
                out.push(b'$');
                rest = after;
                continue;
            }
            let Some((name, after)) = reference(rest) else {
                out.push(b'$');
                continue;
            };
            rest = after;
            let group = match number(name) {
                Some(number) => groups.get(number).copied().flatten(),
                None => {
                    let same = |(at, own): (usize, &String)| {
                        (own.as_bytes() == name)
                            .then(|| groups.get(at).copied().flatten())
                            .flatten()
                    };
                    self.names.iter().enumerate().find_map(same)
                }
            };
            if let Some((from, to)) = group {
                let found = text.get(from..to).unwrap_or_default();
                if out.len() + found.len() > context.limits().value {
                    context.reserve(out.len() + found.len())?;
                }
                out.extend_from_slice(found);
            }
        }
        out.extend_from_slice(rest);
        Ok(())
    }
}

// The name after a dollar, bare or in braces, and what follows it.
fn reference(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (braced, body) = match text.strip_prefix(b"{") {
        Some(body) => (true, body),
        None => (false, text),
    };
    let in_name =
        |rune: char| rune == '_' || rune != RUNE_ERROR && (is_letter(rune) || is_digit(rune));
    let length: usize = runes(body)
        .take_while(|(_, rune, _)| in_name(*rune))
        .map(|(_, _, width)| width)
        .sum();
    let (name, rest) = body.split_at_checked(length)?;
    if name.is_empty() {
        return None;
    }
    if braced {
        rest.strip_prefix(b"}").map(|rest| (name, rest))
    } else {
        Some((name, rest))
    }
}

fn number(name: &[u8]) -> Option<usize> {
    let plain = name.iter().all(u8::is_ascii_digit)
        && name.len() <= 9
        && (name.len() == 1 || !name.starts_with(b"0"));
    plain
        .then(|| String::from_utf8_lossy(name).parse().ok())
        .flatten()
}
