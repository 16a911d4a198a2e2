//! The glob patterns of `.Files.Glob`: `github.com/gobwas/glob` with `/` as separator. Bounded in work; never recurses deeper than the pattern's braces.

use gotemplate::{Context, Limit};

/// Braces in braces.
const MAX_DEPTH: usize = 20;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Glob(Vec<Part>);

#[derive(Debug)]
enum Part {
    Char(char),
    /// `?`: any character but a separator.
    One,
    /// `*`: any number of characters but separators.
    Star,
    /// `**`: any number of characters.
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    Alternatives(Vec<Vec<Part>>),
}

impl Glob {
    /// None for a bad pattern, which Helm takes for `**`.
    pub(crate) fn compile(pattern: &str) -> Option<Glob> {
        let chars: Vec<char> = pattern.chars().collect();
        let mut rest = chars.as_slice();
        let parts = parts(&mut rest, 0)?;
        rest.is_empty().then_some(Glob(parts))
    }

    /// Whether the whole path matches.
    pub(crate) fn matches(&self, context: &mut Context<'_>, path: &str) -> Result<bool, Limit> {
        let path: Vec<char> = path.chars().collect();
        let ends = ends(context, &self.0, &path, vec![0])?;
        Ok(ends.contains(&path.len()))
    }
}

fn parts(rest: &mut &[char], depth: usize) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    while let Some((&first, tail)) = rest.split_first() {
        if depth > 0 && matches!(first, ',' | '}') {
            break;
        }
        *rest = tail;
        parts.push(match first {
            '?' => Part::One,
            '*' => match rest.split_first() {
                Some((&'*', tail)) => {
                    *rest = tail;
                    Part::Any
                }
                _ => Part::Star,
            },
            '[' => class(rest)?,
            '{' => alternatives(rest, depth + 1)?,
            '\\' => {
                let (&escaped, tail) = rest.split_first()?;
                *rest = tail;
                Part::Char(escaped)
            }
            c => Part::Char(c),
        });
    }
    Some(parts)
}

fn alternatives(rest: &mut &[char], depth: usize) -> Option<Part> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut all = Vec::new();
    loop {
        all.push(parts(rest, depth)?);
        let (&end, tail) = rest.split_first()?;
        *rest = tail;
        if end == '}' {
            return Some(Part::Alternatives(all));
        }
    }
}

/// A class after its `[`: one range (`[a-z]`) or a list of characters (`[abc]`), as gobwas has it.
fn class(rest: &mut &[char]) -> Option<Part> {
    let end = rest.iter().position(|&c| c == ']')?;
    let (body, tail) = rest.split_at_checked(end)?;
    *rest = tail.get(1..)?;
    let (negated, body) = match body.split_first() {
        Some((&'!', body)) => (true, body),
        _ => (false, body),
    };
    let ranges = match *body {
        [] => return None,
        [low, '-', high] if low <= high => vec![(low, high)],
        [_, '-', _] => return None,
        _ => body.iter().map(|&c| (c, c)).collect(),
    };
    Some(Part::Class { negated, ranges })
}

/// Where matches of the parts can end that start at one of `starts`; all are indices into `path`, in order.
fn ends(
    context: &mut Context<'_>,
    parts: &[Part],
    path: &[char],
    starts: Vec<usize>,
) -> Result<Vec<usize>, Limit> {
    let mut at = starts;
    for part in parts {
        context.step(1 + at.len() as u64 / 8)?;
        let mut next = Vec::new();
        match part {
            Part::Star | Part::Any => {
                // Starts are in order, so that what an earlier one reached need not be walked again.
                let mut reached = 0;
                for start in at {
                    let mut end = start.max(reached);
                    if start >= reached {
                        next.push(start);
                    }
                    while let Some(&c) = path.get(end) {
                        if c == '/' && matches!(part, Part::Star) {
                            break;
                        }
                        end += 1;
                        next.push(end);
                    }
                    reached = reached.max(end + 1);
                }
            }
            Part::Alternatives(all) => {
                for parts in all {
                    next.extend(ends(context, parts, path, at.clone())?);
                }
            }
            one => next.extend(at.into_iter().filter_map(|start| {
                let c = *path.get(start)?;
                one.takes(c).then_some(start + 1)
            })),
        }
        next.sort_unstable();
        next.dedup();
        at = next;
    }
    Ok(at)
}

impl Part {
    /// Whether a part that stands for one character takes this one.
    fn takes(&self, c: char) -> bool {
        match self {
            Part::Char(own) => *own == c,
            Part::One => c != '/',
            Part::Class { negated, ranges } => {
                let within = ranges.iter().any(|&(low, high)| (low..=high).contains(&c));
                within != *negated
            }
            Part::Star | Part::Any | Part::Alternatives(_) => false,
        }
    }
}
