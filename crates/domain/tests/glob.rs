//! Globs against the answers of gobwas/glob, and against hostile patterns.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
// clippy.toml exempts test functions alone, not what they call.

use domain::{Glob, InvalidGlob};
use proptest::prelude::*;

#[test]
fn every_row_of_gobwas_answers_is_met() {
    let mut rows = 0;
    let mut wrong = Vec::new();
    for line in include_str!("vectors/glob-vectors.tsv")
        .lines()
        .filter(|line| !line.starts_with("# "))
    {
        let [pattern, subject, answer] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not a row: {line:?}");
        };
        rows += 1;
        let got = Glob::new(pattern).map(|glob| glob.matches(subject));
        if got != Ok(answer == "1") {
            wrong.push(format!(
                "{pattern:?} on {subject:?}: wanted {answer}, got {got:?}"
            ));
        }
    }
    assert!(rows >= 2400, "only {rows} rows");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_dialect_beyond_the_vectors() {
    let table = [
        ("feature/*", "feature/a/b", true),
        ("a?b", "a/b", true),
        ("a?b", "aéb", true),
        ("a?b", "ab", false),
        ("[é]x", "éx", true),
        ("[!é]x", "éx", false),
        ("[!é]x", "àx", true),
        ("é*", "élan", true),
        ("é*", "è", false),
        ("{,x}y", "y", true),
        ("{,x}y", "xy", true),
        ("{a,ab}c", "abc", true),
        ("{a,b{c,d}}e", "bde", true),
        ("*{a,b}*{c,d}", "xxbyyc", true),
        ("{a*,b}c*", "axcz", true),
        ("a{b", "ab", true),
        ("a}", "a}", true),
        ("a]", "a]", true),
        ("a,b", "a,b", true),
        ("a\\", "a", true),
        ("\\n", "n", true),
        ("\\n", "\n", false),
        ("\\*", "*", true),
        ("\\*", "x", false),
        ("!x", "!x", true),
        ("!x", "y", false),
        ("[^a]", "^", true),
        ("[^a]", "b", false),
        ("[.-0]", "/", true),
        ("[!.-0]", "/", false),
        ("[a\\]]", "]", true),
        ("*", "", true),
        ("", "", true),
        ("", "a", false),
        ("a*", "a\nb", true),
        ("a\u{1b}".trim_end_matches('\u{1b}'), "a", true),
        ("?", "\u{1}", true),
        ("/", "\u{1}", false),
    ];
    for (pattern, subject, answer) in table {
        let got = Glob::new(pattern).map(|glob| glob.matches(subject));
        assert_eq!(got, Ok(answer), "{pattern:?} on {subject:?}");
    }
}

#[test]
fn w5_broken_patterns_are_refused_by_name() {
    let many: String = ('а'..='я').collect();
    let table = [
        ("feature/[", InvalidGlob::UnclosedClass),
        ("[a", InvalidGlob::UnclosedClass),
        ("[a-", InvalidGlob::UnclosedClass),
        ("[a\\", InvalidGlob::UnclosedClass),
        ("[!", InvalidGlob::UnclosedClass),
        ("[]", InvalidGlob::EmptyClass),
        ("[!]", InvalidGlob::EmptyClass),
        ("[z-a]", InvalidGlob::BackwardRange),
        ("[а-я]", InvalidGlob::RangeNotAscii),
        (&many, InvalidGlob::TooManyLetters { limit: 29 }),
        ("a\nb", InvalidGlob::ControlCharacter),
        (&"a".repeat(513), InvalidGlob::TooLong { limit: 512 }),
        (
            &"{a,b}".repeat(7),
            InvalidGlob::TooManyAlternatives { limit: 64 },
        ),
        (
            &"{".repeat(100),
            InvalidGlob::TooManyAlternatives { limit: 64 },
        ),
        (
            &"{a,".repeat(80),
            InvalidGlob::TooManyAlternatives { limit: 64 },
        ),
    ];
    for (pattern, error) in table {
        assert_eq!(Glob::new(pattern), Err(error), "{pattern:?}");
    }
}

/// Patterns that a backtracking matcher takes exponential time for. The test ends only if ours does not.
#[test]
fn catastrophic_patterns_end() {
    let subject = "a".repeat(4_096);
    let patterns = [
        "*a".repeat(256),
        format!("{}b", "a*".repeat(255)),
        format!("{}b", "*a?".repeat(150)),
        format!("{}b", "{a,b}*".repeat(6)),
        format!("{}b", "{a*,*a}*".repeat(5)),
        format!("{}b", "{*,**,}".repeat(3)),
        format!("{{{}}}b", "*a*a*a*a,".repeat(40)),
        format!("{}{}", "{".repeat(40), "a,*}".repeat(40)),
    ];
    for pattern in patterns {
        if let Ok(glob) = Glob::new(&pattern) {
            glob.matches(&subject);
        }
    }
}

proptest! {
    #[test]
    fn any_pattern_and_subject_end_without_a_panic(pattern in "\\PC{0,40}", subject in "\\PC{0,60}") {
        if let Ok(glob) = Glob::new(&pattern) {
            glob.matches(&subject);
        }
    }

    #[test]
    fn the_syntax_s_own_characters_end_without_a_panic(
        pattern in r"[a\-*?{},\[\]!^/\\b]{0,60}", subject in "[a-c/\\-!]{0,60}",
    ) {
        for glob in [Glob::new(&pattern), Glob::with_literal_brackets(&pattern)].into_iter().flatten() {
            glob.matches(&subject);
        }
    }

    /// A slow matcher written for clarity says the same.
    #[test]
    fn the_plain_definition_agrees(pattern in "[ab*?/é]{0,10}", subject in "[ab/éx]{0,10}") {
        fn plain(pattern: &[char], subject: &[char]) -> bool {
            match pattern.split_first() {
                None => subject.is_empty(),
                Some(('*', rest)) => (0..=subject.len()).any(|n| plain(rest, &subject[n..])),
                Some(('?', rest)) => !subject.is_empty() && plain(rest, &subject[1..]),
                Some((c, rest)) => subject.first() == Some(c) && plain(rest, &subject[1..]),
            }
        }
        let (p, s): (Vec<char>, Vec<char>) = (pattern.chars().collect(), subject.chars().collect());
        prop_assert_eq!(Glob::new(&pattern).map(|glob| glob.matches(&subject)), Ok(plain(&p, &s)));
    }
}
