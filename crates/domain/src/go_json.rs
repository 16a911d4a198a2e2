//! JSON text as Go's `encoding/json` prints it, so that files and answers do not differ from GimletD's in style. It must
//! never be used to parse.

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use std::io;

/// Compact JSON with `<`, `>`, `&`, U+2028 and U+2029 escaped, as Go's encoder does. No line end.
///
/// Only for the types of this crate and what is made of them: a type whose keys are not text gives an empty string.
pub fn to_go_json<T: Serialize>(value: &T) -> String {
    let mut out = Vec::new();
    match value.serialize(&mut Serializer::with_formatter(&mut out, GoFormatter)) {
        Ok(()) => String::from_utf8(out).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (before, from) = rest.split_at(at);
            let Some(special) = from.chars().next() else {
                break;
            };
            CompactFormatter.write_string_fragment(writer, before)?;
            write!(writer, "\\u{:04x}", u32::from(special))?;
            rest = from.split_at(special.len_utf8()).1;
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}
