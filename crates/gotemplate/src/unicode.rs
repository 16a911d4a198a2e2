//! Runes as Go sees them: decoding that never fails, and Go's letters, digits and printable characters.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// What Go puts for a byte that is not UTF-8.
pub(crate) const RUNE_ERROR: char = '\u{FFFD}';

/// The first rune and its width in bytes; a bad byte is `RUNE_ERROR` with width 1, the empty text has width 0
/// (`utf8.DecodeRune`).
pub(crate) fn decode_rune(text: &[u8]) -> (char, usize) {
    let Some(&first) = text.first() else {
        return (RUNE_ERROR, 0);
    };
    let width = match first {
        0..=0x7F => return (char::from(first), 1),
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return (RUNE_ERROR, 1),
    };
    let rune = text
        .get(..width)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| text.chars().next());
    rune.map_or((RUNE_ERROR, 1), |rune| (rune, width))
}

/// The last rune and its width in bytes (`utf8.DecodeLastRune`).
pub(crate) fn decode_last_rune(text: &[u8]) -> (char, usize) {
    for width in (1..=text.len().min(4)).rev() {
        let (rune, decoded) = decode_rune(text.get(text.len() - width..).unwrap_or_default());
        if decoded == width {
            return (rune, width);
        }
    }
    (RUNE_ERROR, text.len().min(1))
}

/// The runes of a text with their offsets, as Go's `range` over a string gives them.
pub(crate) fn runes(text: &[u8]) -> impl Iterator<Item = (usize, char, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (rune, width) = decode_rune(text.get(at..)?);
        let found = (width > 0).then_some((at, rune, width));
        at += width;
        found
    })
}

/// How many runes there are, each bad byte one (`utf8.RuneCount`).
pub(crate) fn rune_count(text: &[u8]) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        runes(text).count()
    }
}

/// Appends a rune as UTF-8.
pub(crate) fn push_rune(out: &mut Vec<u8>, rune: char) {
    out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
}

/// `unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_'`: what names are made of.
pub(crate) fn is_alphanumeric(rune: char) -> bool {
    if rune.is_ascii() {
        return rune == '_' || rune.is_ascii_alphanumeric();
    }
    use unicode_properties::GeneralCategory::DecimalNumber;
    rune.general_category_group() == GeneralCategoryGroup::Letter
        || rune.general_category() == DecimalNumber
}

/// `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_print(rune: char) -> bool {
    if rune.is_ascii() {
        return (' '..='~').contains(&rune);
    }
    !matches!(
        rune.general_category_group(),
        GeneralCategoryGroup::Separator | GeneralCategoryGroup::Other
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_bytes_are_one_rune_each() {
        let text = b"a\xFFb\xE2\x82z\xED\xA0\x80\xE2\x82\xAC";
        let widths: Vec<usize> = runes(text).map(|(_, _, width)| width).collect();
        assert_eq!(widths, [1, 1, 1, 1, 1, 1, 1, 1, 1, 3]);
        assert_eq!(rune_count(text), 10);
        assert_eq!(decode_last_rune(text), ('€', 3));
        assert_eq!(decode_last_rune(b"\x82\xAC"), (RUNE_ERROR, 1));
        assert_eq!(decode_last_rune(b""), (RUNE_ERROR, 0));
    }
}
