//! Which styles a text may be printed in (`yaml_emitter_analyze_scalar`). Never chooses one.

use crate::cursor::{break_width, char_width};

/// What a text allows. Only block context is looked at: the printers never write flow collections but `[]` and `{}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Analysis {
    pub(crate) multiline: bool,
    pub(crate) plain: bool,
    pub(crate) single_quoted: bool,
    pub(crate) block: bool,
}

/// Whether go-yaml writes the character at the start of `bytes` unescaped: the Basic Multilingual Plane but for controls and the byte
/// order mark, so no emoji.
pub(crate) fn is_printable(bytes: &[u8]) -> bool {
    match bytes {
        [0x0A | 0x20..=0x7E, ..] | [0xC3..=0xEC | 0xEE, ..] => true,
        [0xC2, second, ..] => *second >= 0xA0,
        [0xED, second, ..] => *second < 0xA0,
        [0xEF, 0xBB, 0xBF, ..] | [0xEF, 0xBF, 0xBE | 0xBF, ..] => false,
        [0xEF, ..] => true,
        _ => false,
    }
}

/// Whether the character at `at` keeps the text from being plain.
fn is_indicator(bytes: &[u8], at: usize, after_blank: bool) -> bool {
    let byte = bytes.get(at).copied().unwrap_or_default();
    let blank_follows = || {
        bytes
            .get(at + char_width(byte))
            .is_none_or(|b| matches!(b, b' ' | b'\t'))
    };
    match byte {
        b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
        | b'%' | b'@' | b'`' => at == 0,
        b'#' => at == 0 || after_blank,
        b'?' | b'-' => at == 0 && blank_follows(),
        b':' => blank_follows(),
        _ => false,
    }
}

/// Analyses `text`. For go-yaml v3, tabs do not keep a text from being a literal block.
pub(crate) fn analyze(text: &str, v3: bool) -> Analysis {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Analysis {
            multiline: false,
            plain: true,
            single_quoted: true,
            block: false,
        };
    }
    let mut indicators = bytes.starts_with(b"---") || bytes.starts_with(b"...");
    let (mut line_breaks, mut special, mut tabs) = (false, false, false);
    let (mut break_space, mut space_break) = (false, false);
    let (mut after_space, mut after_break, mut after_blank) = (false, false, true);
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let byte = rest.first().copied().unwrap_or_default();
        indicators |= is_indicator(bytes, at, after_blank);
        if v3 && byte == b'\t' {
            tabs = true;
        } else {
            special |= !is_printable(rest);
        }
        let (space, line_break) = (byte == b' ', break_width(rest) > 0);
        break_space |= space && after_break;
        space_break |= line_break && after_space;
        line_breaks |= line_break;
        (after_space, after_break) = (space, line_break);
        after_blank = space || byte == b'\t' || line_break || byte == 0;
        at += char_width(byte);
    }
    let edge = |c: char| c == ' ' || is_break(c);
    let edges = text.starts_with(edge) || text.ends_with(edge);
    let single_quoted = !(break_space || space_break || tabs || special);
    Analysis {
        multiline: line_breaks,
        plain: single_quoted && !edges && !line_breaks && !indicators,
        single_quoted,
        block: !(text.ends_with(' ') || space_break || special),
    }
}

/// A line break of YAML 1.1.
pub(crate) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
