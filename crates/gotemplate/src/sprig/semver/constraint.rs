//! Constraints as Masterminds/semver reads and checks them: operators, x-ranges, hyphen ranges, `~` and `^`, and
//! pre-releases only where the constraint names one.

use std::cmp::Ordering;

use super::version::{Version, compare_prereleases};
use crate::context::Context;
use crate::error::FuncError;
use crate::strconv::quote;

/// Alternatives of constraints that all must hold.
pub struct Constraints(Vec<Vec<Constraint>>);

struct Constraint {
    operator: &'static str,
    version: Version,
    // A part is missing or an x.
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

// The longer ones first, so that `>=` is not read as `>`.
const OPERATORS: [&str; 11] = ["!=", ">=", "=>", "<=", "=<", "~>", "=", ">", "<", "~", "^"];

impl Constraints {
    /// [`Constraints::read`] within a template, which pays for it.
    pub(super) fn parse(context: &mut Context<'_>, source: &str) -> Result<Constraints, FuncError> {
        context.step(4 * source.len() as u64)?;
        Constraints::read(source)
    }

    /// `semver.NewConstraint`. The length of the text is the caller's to bound.
    ///
    /// # Errors
    /// `improper constraint: …`.
    pub fn read(source: &str) -> Result<Constraints, FuncError> {
        let rewritten = rewrite_ranges(source);
        let alternatives: Result<Vec<Vec<Constraint>>, FuncError> =
            rewritten.split("||").map(parse_all).collect();
        Ok(Constraints(alternatives?))
    }

    /// `Constraints.Check`.
    pub fn allow(&self, version: &Version) -> bool {
        self.0.iter().any(|all| {
            let with_pre = all
                .iter()
                .any(|constraint| !constraint.version.pre.is_empty());
            all.iter().all(|constraint| {
                (with_pre || version.pre.is_empty()) && constraint.allows(version)
            })
        })
    }
}

// `1.2 - 1.4.5` is `>= 1.2, <= 1.4.5 `.
fn rewrite_ranges(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while !rest.is_empty() {
        if let Some((low, high, after)) = hyphen_range(rest) {
            out.push_str(&format!(">= {low}, <= {high} "));
            rest = after;
            continue;
        }
        let width = rest.chars().next().map_or(1, char::len_utf8);
        let (one, after) = rest.split_at_checked(width).unwrap_or((rest, ""));
        out.push_str(one);
        rest = after;
    }
    out
}

fn hyphen_range(text: &str) -> Option<(&str, &str, &str)> {
    let (low, rest) = version(space(text))?;
    let gap = space(rest);
    let tail = gap.strip_prefix('-')?;
    let high = space(tail);
    if gap.len() == rest.len() || high.len() == tail.len() {
        return None;
    }
    let (high, rest) = version(high)?;
    Some((low.text, high.text, space(rest)))
}

fn space(text: &str) -> &str {
    text.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' '])
}

fn parse_all(source: &str) -> Result<Vec<Constraint>, FuncError> {
    let improper = || {
        FuncError::new(format!(
            "improper constraint: {}",
            String::from_utf8_lossy(&quote(source.as_bytes()))
        ))
    };
    let mut constraints = Vec::new();
    let mut rest = space(source);
    loop {
        let (constraint, after) = parse_one(rest).ok_or_else(improper)?;
        constraints.push(constraint);
        // The next one stands behind a comma or a space.
        let next = space(after);
        if next.is_empty() {
            // Only what is well formed throughout is looked at closer.
            let constraints: Option<Vec<Constraint>> = constraints.into_iter().collect();
            return constraints.ok_or_else(|| FuncError::new("constraint parser error"));
        }
        rest = match next.strip_prefix(',') {
            Some(next) => space(next),
            None if next.len() < after.len() => next,
            None => return Err(improper()),
        };
    }
}

struct Parts<'a> {
    text: &'a str,
    numbers: [&'a str; 3],
    pre: &'a str,
}

// v?N(.N)?(.N)?(-pre)?(+metadata)?, where an N is digits and x's (and bars, by a slip in the library's expression).
fn version(text: &str) -> Option<(Parts<'_>, &str)> {
    let number = |text: &str| {
        text.bytes()
            .take_while(|byte| byte.is_ascii_digit() || b"|xX*".contains(byte))
            .count()
    };
    let body = text.strip_prefix('v').unwrap_or(text);
    let length = number(body);
    if length == 0 {
        return None;
    }
    let (first, mut rest) = body.split_at_checked(length)?;
    let mut numbers = [first, "", ""];
    for slot in numbers.iter_mut().skip(1) {
        let Some(tail) = rest.strip_prefix('.') else {
            break;
        };
        let length = number(tail);
        if length == 0 {
            break;
        }
        (*slot, rest) = tail.split_at_checked(length)?;
    }
    let mut pre = "";
    for mark in ['-', '+'] {
        if let Some(tail) = rest.strip_prefix(mark) {
            let length = identifiers(tail);
            if length > 0 {
                if mark == '-' {
                    pre = rest.get(..=length)?;
                }
                rest = tail.get(length..)?;
            }
        }
    }
    let text = text.get(..text.len() - rest.len())?;
    Some((Parts { text, numbers, pre }, rest))
}

// How long the dotted identifiers at the start are.
fn identifiers(text: &str) -> usize {
    let word = |text: &str| {
        text.bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            .count()
    };
    let mut length = word(text);
    while length > 0 {
        let next = text
            .get(length..)
            .and_then(|rest| rest.strip_prefix('.'))
            .map_or(0, word);
        if next == 0 {
            break;
        }
        length += 1 + next;
    }
    length
}

// The constraint at the start of a text, none within where its numbers are no version.
fn parse_one(text: &str) -> Option<(Option<Constraint>, &str)> {
    let operator = OPERATORS
        .into_iter()
        .find(|operator| text.starts_with(operator))
        .unwrap_or("");
    let (parts, rest) = version(space(text.strip_prefix(operator)?))?;
    let [major, minor, patch] = parts.numbers;
    let is_x = |part: &str| matches!(part, "" | "x" | "X" | "*");
    let pre = parts.pre;
    let (minor_dirty, patch_dirty) = (
        !is_x(major) && is_x(minor),
        !is_x(major) && !is_x(minor) && is_x(patch),
    );
    let dirty = is_x(major) || minor_dirty || patch_dirty;
    let written = match () {
        () if is_x(major) => format!("0.0.0{pre}"),
        () if minor_dirty => format!("{major}.0.0{pre}"),
        () if patch_dirty => format!("{major}.{minor}.0{pre}"),
        () => parts.text.to_owned(),
    };
    let constraint = Version::parse(&written).ok().map(|version| Constraint {
        operator,
        version,
        dirty,
        minor_dirty,
        patch_dirty,
    });
    Some((constraint, rest))
}

impl Constraint {
    fn allows(&self, version: &Version) -> bool {
        let own = &self.version;
        let order = version.compare(own);
        match self.operator {
            "" | "=" if !self.dirty => order.is_eq(),
            "" | "=" | "~" | "~>" => order.is_ge() && self.is_near(version),
            "!=" => self.differs(version, order),
            ">" => self.is_below(version, order),
            "<" => order.is_lt(),
            ">=" | "=>" => order.is_ge(),
            "<=" | "=<" if !self.dirty => order.is_le(),
            "<=" | "=<" => {
                version.major < own.major
                    || version.major == own.major
                        && (version.minor <= own.minor || self.minor_dirty)
            }
            _ => order.is_ge() && self.is_compatible(version),
        }
    }

    fn differs(&self, version: &Version, order: Ordering) -> bool {
        let own = &self.version;
        if self.dirty {
            if own.major != version.major || own.minor != version.minor && !self.minor_dirty {
                return true;
            }
            if self.minor_dirty {
                return false;
            }
            if own.patch != version.patch && !self.patch_dirty {
                return true;
            }
            if self.patch_dirty {
                let any_pre = !version.pre.is_empty() || !own.pre.is_empty();
                return any_pre && compare_prereleases(&version.pre, &own.pre).is_ne();
            }
        }
        order.is_ne()
    }

    // `>11` means 12 and up, `>11.1` means 11.2 and up.
    fn is_below(&self, version: &Version, order: Ordering) -> bool {
        if !self.dirty {
            return order.is_gt();
        }
        match version.major.cmp(&self.version.major) {
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal if self.minor_dirty => false,
            Ordering::Equal if self.patch_dirty => version.minor > self.version.minor,
            Ordering::Equal => order.is_gt(),
        }
    }

    // `~`: the same major and, where one is given, minor part.
    fn is_near(&self, version: &Version) -> bool {
        let own = &self.version;
        let zero = (own.major, own.minor, own.patch) == (0, 0, 0);
        if zero && !self.minor_dirty && !self.patch_dirty {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.minor_dirty)
    }

    // `^`: nothing left of the first part that is not 0 may change.
    fn is_compatible(&self, version: &Version) -> bool {
        let own = &self.version;
        if own.major > 0 || self.minor_dirty {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.patch_dirty {
            return version.minor == own.minor;
        }
        version.minor == 0 && own.patch == version.patch
    }
}
