//! Go's `filepath.Match`, which `.helmignore` uses. Never backtracks further than to the last star.

/// Whether the pattern is well formed: brackets closed, no escape at the end.
pub(crate) fn is_valid(pattern: &str) -> bool {
    let mut rest: &[char] = &pattern.chars().collect::<Vec<_>>();
    while let Some((&first, tail)) = rest.split_first() {
        rest = match first {
            '\\' => match tail.split_first() {
                Some((_, tail)) => tail,
                None => return false,
            },
            '[' => match class(tail, None) {
                Some((_, tail)) => tail,
                None => return false,
            },
            _ => tail,
        };
    }
    true
}

/// Whether the whole of `name` matches. A star and a question mark do not match `/`. A bad pattern matches nothing.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let mut pattern_left: &[char] = &pattern;
    let mut name_left: &[char] = &name;
    // What follows the last star, and where in the name it was tried last.
    let mut star: Option<(&[char], &[char])> = None;
    loop {
        if let Some((&'*', tail)) = pattern_left.split_first() {
            pattern_left = tail;
            star = Some((tail, name_left));
            continue;
        }
        if pattern_left.is_empty() && name_left.is_empty() {
            return true;
        }
        if let Some((next_pattern, next_name)) = one(pattern_left, name_left) {
            (pattern_left, name_left) = (next_pattern, next_name);
            continue;
        }
        match star {
            Some((after, tried)) => match tried.split_first() {
                Some((&c, rest)) if c != '/' => {
                    star = Some((after, rest));
                    (pattern_left, name_left) = (after, rest);
                }
                _ => return false,
            },
            None => return false,
        }
    }
}

/// Matches one character; the rest of both.
fn one<'p, 'n>(pattern: &'p [char], name: &'n [char]) -> Option<(&'p [char], &'n [char])> {
    let (&first, pattern) = pattern.split_first()?;
    let (&c, name) = name.split_first()?;
    match first {
        '?' => (c != '/').then_some((pattern, name)),
        '[' => {
            let (matched, pattern) = class(pattern, Some(c))?;
            (matched && c != '/').then_some((pattern, name))
        }
        '\\' => {
            let (&escaped, pattern) = pattern.split_first()?;
            (escaped == c).then_some((pattern, name))
        }
        _ => (first == c).then_some((pattern, name)),
    }
}

/// A class after its `[`: whether it holds the character, and the pattern after its `]`. None for a bad class.
fn class(pattern: &[char], c: Option<char>) -> Option<(bool, &[char])> {
    let (negated, mut rest) = match pattern.split_first() {
        Some((&'^', tail)) => (true, tail),
        _ => (false, pattern),
    };
    let mut matched = false;
    let mut ranges = 0;
    loop {
        if let Some((&']', tail)) = rest.split_first()
            && ranges > 0
        {
            return Some((matched != negated, tail));
        }
        let (low, tail) = bound(rest)?;
        let (high, tail) = match tail.split_first() {
            Some((&'-', tail)) => bound(tail)?,
            _ => (low, tail),
        };
        matched |= c.is_some_and(|c| low <= c && c <= high);
        ranges += 1;
        rest = tail;
    }
}

/// An end of a range in a class.
fn bound(pattern: &[char]) -> Option<(char, &[char])> {
    match pattern.split_first()? {
        (&('-' | ']'), _) => None,
        (&'\\', tail) => {
            let (&escaped, tail) = tail.split_first()?;
            Some((escaped, tail))
        }
        (&c, tail) => Some((c, tail)),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_valid, matches};

    /// Cases of Go's `path/filepath/match_test.go`.
    #[test]
    fn patterns_match_as_in_go() {
        for (pattern, name, want) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a???b", "a\u{263a}xyb", true),
            ("[\\]a]", "]", true),
            ("[x\\-]", "-", true),
            ("*x", "xxx", true),
            ("a?b", "a/b", false),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} {name}");
        }
        for bad in [
            "[]a]", "[-]", "[x-]", "[-x]", "\\", "[a-b-c]", "[", "[^", "[^bc", "a[",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
        assert!(is_valid("a[b-d]*?\\]"));
    }
}
