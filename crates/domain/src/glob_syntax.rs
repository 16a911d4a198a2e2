//! gobwas/glob's syntax read into plain alternatives for glob-match. Braces are multiplied out here, so that the matcher sees
//! only literals, `*`, `?` and classes, on which it takes at most pattern times subject steps; nothing here may recurse.

use crate::InvalidGlob;

/// Bytes of a pattern as written. Branch names may have 255.
pub(crate) const PATTERN_BYTES: usize = 512;
/// Alternatives that the braces of one pattern may make.
pub(crate) const ALTERNATIVES: usize = 64;
/// Pieces (characters, wildcards, classes) of all alternatives together.
pub(crate) const PIECES: usize = 2_048;

/// One piece of an alternative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Char(char),
    /// `?`
    One,
    /// `*`, and any run of them.
    Run,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// An open brace: the alternatives before it, those it has finished, and those being written.
struct Level {
    before: Vec<Vec<Piece>>,
    finished: Vec<Vec<Piece>>,
}

/// The alternatives of a pattern. `literal_brackets` makes `[` and `]` plain characters.
pub(crate) fn alternatives(
    pattern: &str,
    literal_brackets: bool,
) -> Result<Vec<Vec<Piece>>, InvalidGlob> {
    if pattern.len() > PATTERN_BYTES {
        return Err(InvalidGlob::TooLong {
            limit: PATTERN_BYTES,
        });
    }
    if pattern.chars().any(char::is_control) {
        return Err(InvalidGlob::ControlCharacter);
    }
    let mut open: Vec<Level> = Vec::new();
    let mut current: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '{' => open.push(Level {
                before: std::mem::replace(&mut current, vec![Vec::new()]),
                finished: Vec::new(),
            }),
            ',' if !open.is_empty() => {
                if let Some(level) = open.last_mut() {
                    level.finished.append(&mut current);
                    current.push(Vec::new());
                }
            }
            '}' if !open.is_empty() => {
                if let Some(level) = open.pop() {
                    current = close(level, current)?;
                }
            }
            '*' => append(&mut current, &Piece::Run),
            '?' => append(&mut current, &Piece::One),
            '[' if !literal_brackets => {
                let class = class(&mut chars)?;
                append(&mut current, &class);
            }
            // A lone backslash at the end is dropped, as gobwas does.
            '\\' => {
                if let Some(escaped) = chars.next() {
                    append(&mut current, &Piece::Char(escaped));
                }
            }
            _ => append(&mut current, &Piece::Char(c)),
        }
        check_size(&open, &current)?;
    }
    // gobwas takes the end of the pattern for the missing closing braces.
    while let Some(level) = open.pop() {
        current = close(level, current)?;
    }
    Ok(current)
}

fn append(alternatives: &mut [Vec<Piece>], piece: &Piece) {
    for alternative in alternatives {
        let run_on_run = *piece == Piece::Run && alternative.last() == Some(&Piece::Run);
        if !run_on_run {
            alternative.push(piece.clone());
        }
    }
}

fn close(level: Level, mut current: Vec<Vec<Piece>>) -> Result<Vec<Vec<Piece>>, InvalidGlob> {
    let mut ends = level.finished;
    ends.append(&mut current);
    // Checked before the product is made: two lists of 64 would give 4,096.
    if level.before.len().saturating_mul(ends.len()) > ALTERNATIVES {
        return Err(InvalidGlob::TooManyAlternatives {
            limit: ALTERNATIVES,
        });
    }
    let mut joined = Vec::new();
    for before in &level.before {
        for end in &ends {
            let mut whole = vec![before.clone()];
            for piece in end {
                append(&mut whole, piece);
            }
            joined.append(&mut whole);
        }
    }
    Ok(joined)
}

fn check_size(open: &[Level], current: &[Vec<Piece>]) -> Result<(), InvalidGlob> {
    let waiting = open
        .iter()
        .flat_map(|level| level.before.iter().chain(&level.finished));
    let (mut count, mut pieces) = (0, 0);
    for alternative in waiting.chain(current) {
        count += 1;
        pieces += alternative.len();
    }
    if open.len() > ALTERNATIVES || count > 2 * ALTERNATIVES || pieces > PIECES {
        return Err(InvalidGlob::TooManyAlternatives {
            limit: ALTERNATIVES,
        });
    }
    Ok(())
}

/// What follows `[`: an optional `!`, then characters and ranges, then `]`.
fn class(chars: &mut std::str::Chars<'_>) -> Result<Piece, InvalidGlob> {
    let mut negated = false;
    let mut ranges = Vec::new();
    let mut c = chars.next();
    if c == Some('!') {
        negated = true;
        c = chars.next();
    }
    loop {
        let low = match c.ok_or(InvalidGlob::UnclosedClass)? {
            ']' if ranges.is_empty() => return Err(InvalidGlob::EmptyClass),
            ']' => return Ok(Piece::Class { negated, ranges }),
            '\\' => chars.next().ok_or(InvalidGlob::UnclosedClass)?,
            plain => plain,
        };
        c = chars.next();
        let mut high = low;
        let mut ahead = chars.clone();
        if c == Some('-') && ahead.next().is_some_and(|next| next != ']') {
            high = match chars.next().ok_or(InvalidGlob::UnclosedClass)? {
                '\\' => chars.next().ok_or(InvalidGlob::UnclosedClass)?,
                plain => plain,
            };
            c = chars.next();
        }
        if high < low {
            return Err(InvalidGlob::BackwardRange);
        }
        if low != high && !(low.is_ascii() && high.is_ascii()) {
            return Err(InvalidGlob::RangeNotAscii);
        }
        ranges.push((low, high));
    }
}
