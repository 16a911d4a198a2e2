//! Go's `unicode` case mappings, rune by rune: one rune never becomes two, as Rust's own mappings may make it.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::unicode::{push_rune, runes};

/// `unicode.ToUpper`.
pub(super) fn upper(rune: char) -> char {
    let mut mapped = rune.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => greek_title(rune),
    }
}

/// `unicode.ToLower`.
pub(super) fn lower(rune: char) -> char {
    let mut mapped = rune.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        // İ, the only one whose full mapping is longer.
        _ => 'i',
    }
}

/// `unicode.ToTitle`.
pub(super) fn title(rune: char) -> char {
    match rune {
        'Ǆ'..='ǆ' => 'ǅ',
        'Ǉ'..='ǉ' => 'ǈ',
        'Ǌ'..='ǌ' => 'ǋ',
        'Ǳ'..='ǳ' => 'ǲ',
        'ა'..='ჺ' | 'ჽ'..='ჿ' => rune,
        _ => upper(rune),
    }
}

// Greek with iota below: the simple upper case is the titlecase letter (UnicodeData.txt); other letters whose full upper
// case is several letters (ß, ŉ, ﬁ) have no simple one.
fn greek_title(rune: char) -> char {
    let code = u32::from(rune);
    let mapped = match code {
        0x1F80..=0x1FAF if code & 8 == 0 => code + 8,
        0x1FB3 | 0x1FC3 | 0x1FF3 => code + 9,
        _ => code,
    };
    char::from_u32(mapped).unwrap_or(rune)
}

/// `unicode.IsUpper`.
pub(super) fn is_upper(rune: char) -> bool {
    rune.general_category() == GeneralCategory::UppercaseLetter
}

/// `unicode.IsLower`.
pub(super) fn is_lower(rune: char) -> bool {
    rune.general_category() == GeneralCategory::LowercaseLetter
}

/// `unicode.IsTitle`.
pub(super) fn is_title(rune: char) -> bool {
    rune.general_category() == GeneralCategory::TitlecaseLetter
}

/// `unicode.IsLetter`.
pub(super) fn is_letter(rune: char) -> bool {
    rune.general_category_group() == GeneralCategoryGroup::Letter
}

/// `unicode.IsDigit`.
pub(super) fn is_digit(rune: char) -> bool {
    rune.general_category() == GeneralCategory::DecimalNumber
}

/// `unicode.IsNumber`.
pub(super) fn is_number(rune: char) -> bool {
    rune.general_category_group() == GeneralCategoryGroup::Number
}

/// `unicode.IsPunct`.
pub(super) fn is_punct(rune: char) -> bool {
    rune.general_category_group() == GeneralCategoryGroup::Punctuation
}

/// `unicode.IsSpace`.
pub(super) fn is_space(rune: char) -> bool {
    rune.is_whitespace()
}

/// `strings.Map`: each rune mapped; a bad byte is U+FFFD, as every decoding gives it.
pub(super) fn map(text: &[u8], mut mapping: impl FnMut(char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (_, rune, _) in runes(text) {
        push_rune(&mut out, mapping(rune));
    }
    out
}
