//! Go's `regexp/syntax` in Perl mode: reads a pattern, reports Go's errors, and writes the same pattern in the `regex` crate's
//! syntax with every flag resolved. Repetition counts, nesting and names are checked as Go checks them.

mod class;
mod property;

use std::fmt;

/// How deep groups may nest (`maxHeight` of regexp/syntax).
const MAX_DEPTH: usize = 1000;
/// How often the innermost of nested counted parts may be written out.
const MAX_REPEAT: u64 = 1000;

/// The states that one of Unicode's categories or scripts takes, at most.
const PROPERTY_SIZE: usize = 1000;

/// A pattern in the `regex` crate's syntax.
pub(super) struct Translated {
    pub(super) pattern: String,
    /// The names of the groups, the whole match first, unnamed ones empty.
    pub(super) names: Vec<String>,
    /// About how many states the compiled pattern has: its length with counted parts written out, and Unicode's classes with what
    /// they take.
    pub(super) size: usize,
    /// Whether a match may be of any length.
    pub(super) unbounded: bool,
}

/// Go's `syntax.Error`.
pub(super) struct Error {
    code: &'static str,
    part: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}`", self.code, self.part)
    }
}

const BAD_UTF8: &str = "invalid UTF-8";
const UNEXPECTED_CLOSE: &str = "unexpected )";
const TOO_DEEP: &str = "expression nests too deeply";
const MISSING_ARGUMENT: &str = "missing argument to repetition operator";
const BAD_REPEAT: &str = "invalid repeat count";
const NESTED_REPEAT: &str = "invalid nested repetition operator";
const BAD_ESCAPE: &str = "invalid escape sequence";
const BAD_RANGE: &str = "invalid character class range";
const BAD_PERL: &str = "invalid or unsupported Perl syntax";
const BAD_NAME: &str = "invalid named capture";

fn error(code: &'static str, part: &str) -> Error {
    Error {
        code,
        part: part.to_owned(),
    }
}

#[derive(Clone, Copy, Default)]
struct Flags {
    fold: bool,
    lines: bool,
    dot_all: bool,
    lazy: bool,
}

struct Group {
    flags: Flags,
    // What was written when the atom that the group makes began.
    start: usize,
    // The largest repetition within, when the group began.
    repeat: u64,
}

// The last thing that can be repeated: what was written before it, and how often its innermost part is repeated already.
#[derive(Clone, Copy)]
struct Atom {
    start: usize,
    repeat: u64,
}

struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
    flags: Flags,
    groups: Vec<Group>,
    // The largest repetition in the group being read.
    repeat: u64,
    atom: Option<Atom>,
    out: String,
    names: Vec<String>,
    // What the output takes beyond its length.
    extra: usize,
    unbounded: bool,
}

/// Rewrites a pattern.
///
/// # Errors
/// Go's.
pub(super) fn translate(source: &[u8]) -> Result<Translated, Error> {
    match std::str::from_utf8(source) {
        Ok(whole) => translate_text(whole),
        Err(_) => Err(first_error(source)),
    }
}

/// The error of a pattern that is not UTF-8. Go decodes it as it goes, so that an error before the first bad byte comes first.
fn first_error(source: &[u8]) -> Error {
    // Each bad byte becomes a rune that is nowhere else in the pattern.
    let Some(mark) = ('\u{F0000}'..='\u{FFFFD}')
        .find(|mark| memchr::memmem::find(source, mark.to_string().as_bytes()).is_none())
    else {
        return error(BAD_UTF8, "");
    };
    let mut marked = String::with_capacity(source.len());
    for chunk in source.utf8_chunks() {
        marked.push_str(chunk.valid());
        marked.extend(chunk.invalid().iter().map(|_| mark));
    }
    let shown = |text: &str| text.replace(mark, "\u{FFFD}");
    let from_mark = |text: &str| {
        let at = text.find(mark).unwrap_or(text.len());
        shown(text.get(at..).unwrap_or_default())
    };
    match translate_text(&marked) {
        Err(Error { code, part })
            if !part.contains(mark)
                || matches!(code, UNEXPECTED_CLOSE | TOO_DEEP)
                || part.starts_with("[:") =>
        {
            error(code, &shown(&part))
        }
        // A name is checked by itself.
        Err(Error {
            code: BAD_NAME | BAD_RANGE,
            part,
        }) if part.ends_with(['>', '}']) => {
            let name = part.get(..part.len() - 1).unwrap_or_default();
            error(BAD_UTF8, &from_mark(name))
        }
        _ => error(BAD_UTF8, &from_mark(up_to_quote(&marked, mark))),
    }
}

/// A pattern up to the end of the quoted part (`\Q…\E`) that holds the mark, or all of it.
fn up_to_quote(marked: &str, mark: char) -> &str {
    let (before, after) = marked.split_once(mark).unwrap_or((marked, ""));
    let is_quoted = before.rfind("\\Q") > before.rfind("\\E");
    match after.find("\\E").filter(|_| is_quoted) {
        Some(end) => marked
            .get(..marked.len() - after.len() + end)
            .unwrap_or(marked),
        None => marked,
    }
}

fn translate_text(whole: &str) -> Result<Translated, Error> {
    let mut reader = Reader {
        whole,
        rest: whole,
        flags: Flags::default(),
        groups: Vec::new(),
        repeat: 1,
        atom: None,
        out: String::with_capacity(whole.len() * 2),
        names: vec![String::new()],
        extra: 0,
        unbounded: false,
    };
    let mut last_repeat = "";
    while let Some(first) = reader.rest.chars().next() {
        let before = reader.rest;
        last_repeat = if reader.read(first, last_repeat)? {
            before
        } else {
            ""
        };
    }
    if !reader.groups.is_empty() {
        return Err(error("missing closing )", whole));
    }
    Ok(Translated {
        size: reader.written(),
        pattern: reader.out,
        names: reader.names,
        unbounded: reader.unbounded,
    })
}

impl<'a> Reader<'a> {
    // One element; whether it was a repetition.
    fn read(&mut self, first: char, last_repeat: &str) -> Result<bool, Error> {
        match first {
            '(' if self.rest.starts_with("(?") => self.perl_group()?,
            '(' => {
                self.names.push(String::new());
                self.advance(1);
                self.open("(")?;
            }
            '|' => {
                self.advance(1);
                self.out.push('|');
                self.atom = None;
            }
            ')' => self.close()?,
            '^' => self.operator(1, if self.flags.lines { "(?m:^)" } else { "\\A" }),
            '$' => self.operator(1, if self.flags.lines { "(?m:$)" } else { "\\z" }),
            '.' => self.operator(
                1,
                if self.flags.dot_all {
                    "(?s:.)"
                } else {
                    "[^\\n]"
                },
            ),
            '[' => {
                let (class, rest) = class::read(self.rest, self.flags.fold)?;
                self.rest = rest;
                self.operator(0, &class);
                self.weigh(&class);
            }
            '*' | '+' | '?' => {
                let before = self.rest;
                self.advance(1);
                self.repetition(before, &first.to_string(), None, last_repeat)?;
                return Ok(true);
            }
            '{' => match counts(self.rest) {
                None => {
                    self.advance(1);
                    self.literal('{');
                }
                Some((count, rest)) => {
                    let before = self.rest;
                    self.rest = rest;
                    let (min, max) = count.ok_or_else(|| error(BAD_REPEAT, part(before, rest)))?;
                    let text = part(before, rest).to_owned();
                    self.repetition(before, &text, Some((min, max)), last_repeat)?;
                    return Ok(true);
                }
            },
            '\\' => self.backslash()?,
            other => {
                self.advance(other.len_utf8());
                self.literal(other);
            }
        }
        Ok(false)
    }

    fn written(&self) -> usize {
        self.out.len().saturating_add(self.extra)
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    // Writes an atom that stands for itself.
    fn operator(&mut self, bytes: usize, text: &str) {
        self.advance(bytes);
        self.atom = Some(Atom {
            start: self.written(),
            repeat: 1,
        });
        self.out.push_str(text);
    }

    // Adds what the properties in a class take.
    fn weigh(&mut self, class: &str) {
        let properties = class.matches("\\p{").count() + class.matches("\\P{").count();
        self.extra = self.extra.saturating_add(properties * PROPERTY_SIZE);
    }

    fn literal(&mut self, rune: char) {
        let text = class::escaped(rune);
        let text = if self.flags.fold && rune.is_alphabetic() {
            format!("(?i:{text})")
        } else {
            text
        };
        self.operator(0, &text);
    }

    fn open(&mut self, text: &str) -> Result<(), Error> {
        if self.groups.len() >= MAX_DEPTH {
            return Err(error(TOO_DEEP, self.whole));
        }
        self.groups.push(Group {
            flags: self.flags,
            start: self.written(),
            repeat: self.repeat,
        });
        self.repeat = 1;
        self.out.push_str(text);
        self.atom = None;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        let group = self
            .groups
            .pop()
            .ok_or_else(|| error(UNEXPECTED_CLOSE, self.whole))?;
        self.advance(1);
        self.out.push(')');
        self.flags = group.flags;
        self.atom = Some(Atom {
            start: group.start,
            repeat: self.repeat,
        });
        self.repeat = self.repeat.max(group.repeat);
        Ok(())
    }

    fn repetition(
        &mut self,
        before: &str,
        operator: &str,
        counts: Option<(u32, Option<u32>)>,
        last_repeat: &str,
    ) -> Result<(), Error> {
        let mut lazy = self.flags.lazy;
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.rest = rest;
            lazy = !lazy;
        }
        if !last_repeat.is_empty() {
            return Err(error(NESTED_REPEAT, part(last_repeat, self.rest)));
        }
        let Some(atom) = self.atom else {
            return Err(error(MISSING_ARGUMENT, part(before, self.rest)));
        };
        let mut repeat = atom.repeat;
        if let Some((min, max)) = counts {
            let times = u64::from(max.unwrap_or(min));
            repeat = if times == 0 && max.is_some() {
                0
            } else {
                repeat.saturating_mul(times.max(1))
            };
            if (min >= 2 || max.is_some_and(|max| max >= 2)) && repeat > MAX_REPEAT {
                return Err(error(BAD_REPEAT, part(before, self.rest)));
            }
            let length = self.written() - atom.start;
            let more = length.saturating_mul(usize::try_from(times).unwrap_or(usize::MAX));
            self.extra = self.extra.saturating_add(more);
        }
        self.unbounded |= counts.is_none_or(|(_, max)| max.is_none()) && operator != "?";
        self.repeat = self.repeat.max(repeat);
        self.atom = Some(Atom {
            start: atom.start,
            repeat,
        });
        self.out.push_str(operator);
        if lazy {
            self.out.push('?');
        }
        // A repetition of a repetition is refused above, so nothing may follow but another element.
        Ok(())
    }

    // (?flags), (?flags:…), (?P<name>…), (?<name>…)
    fn perl_group(&mut self) -> Result<(), Error> {
        let text = self.rest;
        let named = if text.len() > 4 {
            text.strip_prefix("(?P<")
        } else {
            None
        };
        let named = named.or_else(|| {
            if text.len() > 3 {
                text.strip_prefix("(?<")
            } else {
                None
            }
        });
        if let Some(body) = named {
            let Some((name, rest)) = body.split_once('>') else {
                return Err(error(BAD_NAME, text));
            };
            if name.is_empty()
                || !name
                    .chars()
                    .all(|rune| rune == '_' || rune.is_ascii_alphanumeric())
            {
                return Err(error(BAD_NAME, part(text, rest)));
            }
            self.names.push(name.to_owned());
            self.rest = rest;
            return self.open("(");
        }
        let mut flags = self.flags;
        let (mut value, mut saw_flag) = (true, false);
        let runes = text.get(2..).unwrap_or_default().char_indices();
        let mut end = text.len();
        for (at, rune) in runes {
            end = 2 + at + rune.len_utf8();
            match rune {
                'i' => flags.fold = value,
                'm' => flags.lines = value,
                's' => flags.dot_all = value,
                'U' => flags.lazy = value,
                '-' if value => {
                    value = false;
                    saw_flag = false;
                    continue;
                }
                ':' | ')' if value || saw_flag => {
                    self.advance(end);
                    if rune == ':' {
                        // The group gives the flags from before it back when it closes.
                        self.open("(?:")?;
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            saw_flag = true;
        }
        Err(error(BAD_PERL, text.get(..end).unwrap_or(text)))
    }

    fn backslash(&mut self) -> Result<(), Error> {
        let text = self.rest;
        match text.as_bytes().get(1) {
            Some(b'A') => self.operator(2, "\\A"),
            Some(b'b') => self.operator(2, "(?-u:\\b)"),
            Some(b'B') => self.operator(2, "(?-u:\\B)"),
            Some(b'z') => self.operator(2, "\\z"),
            Some(b'C') => return Err(error(BAD_ESCAPE, "\\C")),
            Some(b'Q') => {
                let body = text.get(2..).unwrap_or_default();
                let (literal, rest) = body.split_once("\\E").unwrap_or((body, ""));
                self.rest = rest;
                literal.chars().for_each(|rune| self.literal(rune));
            }
            _ => {
                if let Some((class, rest)) = class::escape_class(text)? {
                    self.rest = rest;
                    let class = if self.flags.fold {
                        format!("(?i:{class})")
                    } else {
                        class
                    };
                    self.operator(0, &class);
                    self.weigh(&class);
                    return Ok(());
                }
                let (rune, rest) = class::escape(text)?;
                self.rest = rest;
                match char::from_u32(rune) {
                    Some(rune) => self.literal(rune),
                    // Half a surrogate pair is in no text.
                    None => self.operator(0, class::NOTHING),
                }
            }
        }
        Ok(())
    }
}

// What of `from` lies before `rest`, its own end.
fn part<'t>(from: &'t str, rest: &str) -> &'t str {
    from.get(..from.len() - rest.len()).unwrap_or(from)
}

type Counts = Option<(u32, Option<u32>)>;

// {n}, {n,} or {n,m}: none where the text is not of that form, none within where the numbers are too large.
fn counts(text: &str) -> Option<(Counts, &str)> {
    let (min, rest) = count(text.strip_prefix('{')?)?;
    let (max, rest) = match rest.strip_prefix(',') {
        None => (Some(min), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => count(rest).map(|(max, rest)| (Some(max), rest))?,
    };
    let rest = rest.strip_prefix('}')?;
    let fits = u64::from(min) <= MAX_REPEAT
        && max.is_none_or(|max| u64::from(max) <= MAX_REPEAT && min <= max);
    Some((fits.then_some((min, max)), rest))
}

fn count(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    if number.is_empty() || number.len() > 1 && number.starts_with('0') {
        return None;
    }
    Some((number.parse().unwrap_or(u32::MAX), rest))
}
