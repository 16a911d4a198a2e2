//! The names that Go takes in `\p{…}`, made alike as its `canonicalName` makes them. Scripts of several words are missing, since no
//! such name stays what it is; so are all properties but `Any`, `Assigned` and `ASCII`.

/// Go's `unicode.Categories`.
const CATEGORIES: &str = "\
    C Cc Cf Cn Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs";
/// Those of Go's `unicode.Scripts` that have one word.
const SCRIPTS: &str = "\
    Adlam Ahom Arabic Armenian Avestan Balinese Bamum Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese \
    Buhid Carian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari Dogra \
    Duployan Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gurmukhi Han Hangul \
    Hanunoo Hatran Hebrew Hiragana Inherited Javanese Kaithi Kannada Katakana Kawi Kharoshthi Khmer Khojki \
    Khudawadi Lao Latin Lepcha Limbu Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen \
    Medefaidrin Miao Modi Mongolian Mro Multani Myanmar Nabataean Nandinagari Newa Nko Nushu Ogham Oriya Osage \
    Osmanya Palmyrene Phoenician Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham Sinhala Sogdian Soyombo \
    Sundanese Syriac Tagalog Tagbanwa Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto \
    Ugaritic Vai Vithkuqi Wancho Yezidi Yi";
/// Go's `unicode.CategoryAliases`, each after its category.
const ALIASES: &[(&str, &str)] = &[
    ("C", "Other"),
    ("Cc", "Control Cntrl"),
    ("Cf", "Format"),
    ("Cn", "Unassigned"),
    ("Co", "Privateuse"),
    ("Cs", "Surrogate"),
    ("L", "Letter"),
    ("LC", "Casedletter"),
    ("Ll", "Lowercaseletter"),
    ("Lm", "Modifierletter"),
    ("Lo", "Otherletter"),
    ("Lt", "Titlecaseletter"),
    ("Lu", "Uppercaseletter"),
    ("M", "Combiningmark Mark"),
    ("Mc", "Spacingmark"),
    ("Me", "Enclosingmark"),
    ("Mn", "Nonspacingmark"),
    ("N", "Number"),
    ("Nd", "Decimalnumber Digit"),
    ("Nl", "Letternumber"),
    ("No", "Othernumber"),
    ("P", "Punctuation Punct"),
    ("Pc", "Connectorpunctuation"),
    ("Pd", "Dashpunctuation"),
    ("Pe", "Closepunctuation"),
    ("Pf", "Finalpunctuation"),
    ("Pi", "Initialpunctuation"),
    ("Po", "Otherpunctuation"),
    ("Ps", "Openpunctuation"),
    ("S", "Symbol"),
    ("Sc", "Currencysymbol"),
    ("Sk", "Modifiersymbol"),
    ("Sm", "Mathsymbol"),
    ("So", "Othersymbol"),
    ("Z", "Separator"),
    ("Zl", "Lineseparator"),
    ("Zp", "Paragraphseparator"),
    ("Zs", "Spaceseparator"),
];

/// The name that the `regex` crate knows a property by; none where Go has no such property.
pub(super) fn property(name: &str) -> Option<&'static str> {
    let name = canonical(name);
    let listed = |list: &'static str| list.split(' ').find(|known| *known == name);
    match name.as_str() {
        "Any" => Some("Any"),
        "Assigned" => Some("Assigned"),
        "Ascii" => Some("ASCII"),
        "Lc" => Some("LC"),
        _ => listed(CATEGORIES).or_else(|| listed(SCRIPTS)).or_else(|| {
            let alias = |(_, names): &&(&str, &str)| names.split(' ').any(|known| known == name);
            ALIASES.iter().find(alias).map(|(category, _)| *category)
        }),
    }
}

/// The first letter large, the others small, without what joins words.
fn canonical(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for rune in name.chars().filter(|rune| !matches!(rune, '_' | '-' | ' ')) {
        out.push(if out.is_empty() {
            rune.to_ascii_uppercase()
        } else {
            rune.to_ascii_lowercase()
        });
    }
    out
}
