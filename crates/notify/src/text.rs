//! Strangers' text made fit to be shown: no control characters, nothing that turns the direction of writing, cut by
//! characters, escaped by whoever knows the provider.

/// What is put where a text was cut.
const MORE: char = '…';

/// Characters that move or hide other characters: the bidirectional controls of Unicode, and invisible separators.
fn is_trickery(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// One line of at most so many characters.
pub(crate) fn line(text: &str, most: usize) -> String {
    block(text, most).replace('\n', " ")
}

/// Lines of at most so many characters together.
pub(crate) fn block(text: &str, most: usize) -> String {
    escaped(text, most, |c, out| out.push(c))
}

/// Lines, each character as `escape` writes it; what it writes for one character is never cut in two.
pub(crate) fn escaped(text: &str, most: usize, escape: impl Fn(char, &mut String)) -> String {
    let text = text.trim();
    let shown = text.chars().map(|c| match c {
        '\n' => '\n',
        c if c.is_control() => ' ',
        c => c,
    });
    let mut out = String::new();
    let mut length = 0;
    // Where it could still be cut with room for the mark.
    let mut cut = 0;
    for c in shown.filter(|c| !is_trickery(*c)) {
        let before = out.len();
        escape(c, &mut out);
        length += out.get(before..).map_or(0, |added| added.chars().count());
        if length > most {
            out.truncate(cut);
            if most > 0 {
                out.push(MORE);
            }
            return out;
        }
        if length < most {
            cut = out.len();
        }
    }
    out
}

/// With a backslash before each of these characters.
pub(crate) fn backslashed(text: &str, most: usize, special: &str) -> String {
    escaped(text, most, |c, out| {
        if special.contains(c) {
            out.push('\\');
        }
        out.push(c);
    })
}

/// As Go's `strings.Title`: the first letter of each word in upper case.
pub(crate) fn title_case(text: &str) -> String {
    let mut in_word = false;
    let mut out = String::new();
    for c in text.chars() {
        match in_word {
            true => out.push(c),
            false => out.extend(c.to_uppercase()),
        }
        in_word = c.is_alphanumeric() || c == '_';
    }
    out
}

/// The first seven digits of a commit.
pub(crate) fn short(commit: &str) -> String {
    commit.chars().take(7).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_characters_and_never_inside_an_escape() {
        assert_eq!(line("  äöü  ", 3), "äöü");
        assert_eq!(line("äöüß", 3), "äö…");
        assert_eq!(line("a\nb\tc\u{0}\u{202e}d", 20), "a b c d");
        assert_eq!(backslashed("a*b*c", 5, "*"), "a\\*b…");
        assert_eq!(backslashed("a*b", 4, "*"), "a\\*b");
        assert_eq!(backslashed("***", 4, "*"), "\\*…");
        assert_eq!(block("", 0), "");
        assert_eq!(block("abc", 0), "");
    }

    #[test]
    fn environments_are_titled_as_in_go() {
        assert_eq!(title_case("staging"), "Staging");
        assert_eq!(title_case("pre-prod_2 eu"), "Pre-Prod_2 Eu");
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_longer_than_it_may_be_or_moves_what_stands_around_it(text in ".*", most in 0_usize..60) {
            for shown in [block(&text, most), backslashed(&text, most, "\\*_~`")] {
                assert!(shown.chars().count() <= most);
                assert!(!shown.chars().any(|c| (c.is_control() && c != '\n') || is_trickery(c)));
            }
        }
    }
}
