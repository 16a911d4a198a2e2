//! Globs in GimletD's dialect (gobwas/glob without separators): `*` and `?` match `/` too. A pattern is checked and bounded
//! before it is used; matching must never panic, nor take more steps than pattern times subject.

use crate::glob_syntax::{Piece, alternatives};

/// A checked glob: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`, `{a,b}` (also nested and empty), `\` escapes; whole text, case
/// counts. A leading `!` is a plain character: callers that negate take it off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    alphabet: Alphabet,
    /// In glob-match's syntax and our alphabet; one of them must match.
    patterns: Vec<String>,
}

/// Why a pattern is not a glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidGlob {
    /// Longer than the limit.
    #[error("the glob is longer than {limit} bytes")]
    TooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// The braces make too many alternatives.
    #[error(
        "the braces of the glob make too many or too long alternatives: at most {limit} short ones"
    )]
    TooManyAlternatives {
        /// Alternatives allowed.
        limit: usize,
    },
    /// `[` without `]`.
    #[error("the glob has a '[' without its ']': close it, or write '\\[' for the character")]
    UnclosedClass,
    /// `[]` or `[!]`.
    #[error(
        "the glob has an empty '[]': put characters in it, or write '\\[\\]' for the characters"
    )]
    EmptyClass,
    /// `[z-a]`.
    #[error("the glob has a range whose end comes before its start")]
    BackwardRange,
    /// A range such as `[а-я]`.
    #[error("the glob has a range of letters outside ASCII: list them one by one")]
    RangeNotAscii,
    /// Too many different letters outside ASCII.
    #[error("the glob has more than {limit} different letters outside ASCII")]
    TooManyLetters {
        /// Letters allowed.
        limit: usize,
    },
    /// A control character.
    #[error("the glob has a control character, which no branch, tag or pattern may hold")]
    ControlCharacter,
    /// Nothing but the `!`, or nothing at all.
    #[error("the glob is empty: write what it should match")]
    Empty,
}

impl Glob {
    /// Checks a pattern.
    ///
    /// # Errors
    /// [`InvalidGlob`] names the fault.
    pub fn new(pattern: &str) -> Result<Self, InvalidGlob> {
        Self::compile(pattern, false)
    }

    /// Checks a pattern in which `[` and `]` are plain characters, as in commit message patterns.
    ///
    /// # Errors
    /// [`InvalidGlob`] names the fault.
    pub fn with_literal_brackets(pattern: &str) -> Result<Self, InvalidGlob> {
        Self::compile(pattern, true)
    }

    fn compile(pattern: &str, literal_brackets: bool) -> Result<Self, InvalidGlob> {
        let pieces = alternatives(pattern, literal_brackets)?;
        let alphabet = Alphabet::of(pieces.iter().flatten())?;
        let patterns = pieces
            .iter()
            .map(|alternative| alphabet.pattern(alternative))
            .collect();
        Ok(Self { alphabet, patterns })
    }

    /// Does the whole subject match?
    pub fn matches(&self, subject: &str) -> bool {
        let subject = self.alphabet.subject(subject);
        self.patterns.iter().any(|pattern| match pattern.as_str() {
            "" => subject.is_empty(),
            pattern => glob_match::glob_match(pattern, &subject),
        })
    }
}

/// glob-match counts bytes and treats `/` apart. So each character becomes one byte: ASCII stays, `/` is U+0001, a letter
/// outside ASCII that the pattern names has a control byte of its own, and every other character is U+0002, which no
/// pattern names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alphabet {
    named: Vec<char>,
}

const SLASH: char = '\u{1}';
const OTHER: char = '\u{2}';
const FIRST_NAMED: u8 = 3;
/// Control bytes left for named letters: 0x03 to 0x1f.
const NAMED: usize = 0x1f - FIRST_NAMED as usize + 1;

impl Alphabet {
    fn of<'a>(pieces: impl Iterator<Item = &'a Piece>) -> Result<Self, InvalidGlob> {
        let mut named = Vec::new();
        let mut name = |c: char| {
            if !c.is_ascii() && !named.contains(&c) {
                named.push(c);
            }
        };
        for piece in pieces {
            match piece {
                Piece::Char(c) => name(*c),
                Piece::Class { ranges, .. } => ranges.iter().for_each(|(low, _)| name(*low)),
                Piece::One | Piece::Run => {}
            }
        }
        if named.len() > NAMED {
            return Err(InvalidGlob::TooManyLetters { limit: NAMED });
        }
        Ok(Self { named })
    }

    fn byte(&self, c: char) -> char {
        match c {
            '/' => SLASH,
            ' '..='~' => c,
            _ => (FIRST_NAMED..)
                .zip(&self.named)
                .find(|(_, n)| **n == c)
                .map_or(OTHER, |(byte, _)| char::from(byte)),
        }
    }

    fn subject(&self, subject: &str) -> String {
        subject.chars().map(|c| self.byte(c)).collect()
    }

    fn pattern(&self, pieces: &[Piece]) -> String {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Char(c) => self.literal(*c, &mut out),
                Piece::One => out.push('?'),
                Piece::Run => out.push('*'),
                Piece::Class { negated, ranges } => self.class(*negated, ranges, &mut out),
            }
        }
        out
    }

    fn class(&self, negated: bool, ranges: &[(char, char)], out: &mut String) {
        out.push_str(if negated { "[!" } else { "[" });
        for (low, high) in ranges {
            self.literal(*low, out);
            if high != low {
                out.push('-');
                self.literal(*high, out);
            }
            // `/` lies between '.' and '0': a range over it holds its stand-in too.
            if low < high && (*low..=*high).contains(&'/') {
                out.push(SLASH);
            }
        }
        out.push(']');
    }

    fn literal(&self, c: char, out: &mut String) {
        let byte = self.byte(c);
        // glob-match reads a backslash and a letter as a control character, so only punctuation is escaped.
        if byte.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(byte);
    }
}
