//! `json.Unmarshal` into an `interface {}`: numbers become float64, and each syntax error is worded as Go words it.

use crate::context::Context;
use crate::error::{FuncError, Limit};
use crate::sprig::reflection::MAX_DEPTH;
use crate::strconv;
use crate::unicode::{RUNE_ERROR, decode_rune, push_rune};
use crate::value::{Str, Value};

/// The value of a text, and the first number in it that no float64 holds, in whose place stands nil.
///
/// # Errors
/// When the text is no JSON.
pub(in crate::sprig) fn decode(
    context: &mut Context<'_>,
    text: &[u8],
) -> Result<(Value, Option<FuncError>), FuncError> {
    // Each byte makes at most one value.
    context.step(text.len() as u64 / 8)?;
    let mut reader = Reader {
        rest: text,
        depth: 0,
        out_of_range: None,
    };
    reader.space();
    let value = reader.value(context)?;
    reader.space();
    match reader.rest.first() {
        None => Ok((value, reader.out_of_range)),
        Some(byte) => Err(invalid(*byte, "after top-level value")),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    depth: usize,
    out_of_range: Option<FuncError>,
}

fn invalid(byte: u8, place: &str) -> FuncError {
    let quoted = match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        other => {
            let quoted = strconv::quote(char::from(other).to_string().as_bytes());
            let text = String::from_utf8_lossy(&quoted).into_owned();
            format!("'{}'", text.get(1..text.len() - 1).unwrap_or_default())
        }
    };
    FuncError::new(format!("invalid character {quoted} {place}"))
}

fn unexpected_end() -> FuncError {
    FuncError::new("unexpected end of JSON input")
}

impl<'a> Reader<'a> {
    fn space(&mut self) {
        while let Some((b' ' | b'\t' | b'\r' | b'\n', rest)) = self.rest.split_first() {
            self.rest = rest;
        }
    }

    fn next(&mut self) -> Result<u8, FuncError> {
        let (byte, rest) = self.rest.split_first().ok_or_else(unexpected_end)?;
        self.rest = rest;
        Ok(*byte)
    }

    // At the end of the text Go reads one more space, which closes no number, word or escape.
    fn next_or_space(&mut self) -> u8 {
        self.next().unwrap_or(b' ')
    }

    fn value(&mut self, context: &mut Context<'_>) -> Result<Value, FuncError> {
        match self.next()? {
            b'{' => self.nested(|reader| reader.object(context)),
            b'[' => self.nested(|reader| reader.array(context)),
            b'"' => {
                let text = self.string()?;
                context.reserve(text.len())?;
                Ok(Value::str(text))
            }
            b't' => self.literal("true", true.into()),
            b'f' => self.literal("false", false.into()),
            b'n' => self.literal("null", Value::Nil),
            byte @ (b'-' | b'0'..=b'9') => self.number(byte),
            other => Err(invalid(other, "looking for beginning of value")),
        }
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Value, FuncError>,
    ) -> Result<Value, FuncError> {
        if self.depth >= MAX_DEPTH {
            return Err(Limit::Depth(MAX_DEPTH).into());
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self, context: &mut Context<'_>) -> Result<Value, FuncError> {
        let mut items = Vec::new();
        self.space();
        if let Some(rest) = self.rest.strip_prefix(b"]") {
            self.rest = rest;
            return Ok(Value::list(items));
        }
        loop {
            context.reserve(size_of::<Value>())?;
            self.space();
            items.push(self.value(context)?);
            self.space();
            match self.next()? {
                b',' => {}
                b']' => return Ok(Value::list(items)),
                other => return Err(invalid(other, "after array element")),
            }
        }
    }

    fn object(&mut self, context: &mut Context<'_>) -> Result<Value, FuncError> {
        let mut entries: Vec<(Str, Value)> = Vec::new();
        self.space();
        if let Some(rest) = self.rest.strip_prefix(b"}") {
            self.rest = rest;
            return Ok(Value::dict(entries));
        }
        loop {
            context.reserve(2 * size_of::<Value>())?;
            self.space();
            let key = match self.next()? {
                b'"' => self.string()?,
                other => return Err(invalid(other, "looking for beginning of object key string")),
            };
            self.space();
            match self.next()? {
                b':' => {}
                other => return Err(invalid(other, "after object key")),
            }
            self.space();
            entries.push((key.into(), self.value(context)?));
            self.space();
            match self.next()? {
                b',' => {}
                b'}' => return Ok(Value::dict(entries)),
                other => return Err(invalid(other, "after object key:value pair")),
            }
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, FuncError> {
        for wanted in word.bytes().skip(1) {
            let byte = self.next_or_space();
            if byte != wanted {
                return Err(invalid(
                    byte,
                    &format!("in literal {word} (expecting '{}')", char::from(wanted)),
                ));
            }
        }
        Ok(value)
    }

    fn number(&mut self, first: u8) -> Result<Value, FuncError> {
        let mut text = vec![first];
        if first == b'-' {
            match self.next_or_space() {
                digit @ b'0'..=b'9' => text.push(digit),
                other => return Err(invalid(other, "in numeric literal")),
            }
        }
        if text.last() != Some(&b'0') {
            self.digits(&mut text);
        }
        if let Some(rest) = self.rest.strip_prefix(b".") {
            self.rest = rest;
            text.push(b'.');
            self.first_digit(&mut text, "after decimal point in numeric literal")?;
        }
        if let Some((b'e' | b'E', rest)) = self.rest.split_first() {
            self.rest = rest;
            text.push(b'e');
            if let Some((sign @ (b'+' | b'-'), rest)) = self.rest.split_first() {
                self.rest = rest;
                text.push(*sign);
            }
            self.first_digit(&mut text, "in exponent of numeric literal")?;
        }
        match strconv::parse_float(&text) {
            Ok(number) => Ok(number.into()),
            Err(_) => {
                let text = String::from_utf8_lossy(&text).into_owned();
                let error = FuncError::new(format!(
                    "json: cannot unmarshal number {text} into Go value of type float64"
                ));
                self.out_of_range.get_or_insert(error);
                Ok(Value::Nil)
            }
        }
    }

    fn first_digit(&mut self, text: &mut Vec<u8>, place: &str) -> Result<(), FuncError> {
        match self.next_or_space() {
            digit @ b'0'..=b'9' => text.push(digit),
            other => return Err(invalid(other, place)),
        }
        self.digits(text);
        Ok(())
    }

    fn digits(&mut self, text: &mut Vec<u8>) {
        while let Some((digit @ b'0'..=b'9', rest)) = self.rest.split_first() {
            text.push(*digit);
            self.rest = rest;
        }
    }

    fn string(&mut self) -> Result<Vec<u8>, FuncError> {
        let mut out = Vec::new();
        loop {
            let (rune, width) = decode_rune(self.rest);
            if width == 0 {
                return Err(unexpected_end());
            }
            self.rest = self.rest.get(width..).unwrap_or_default();
            match rune {
                '"' => return Ok(out),
                '\\' => self.escape(&mut out)?,
                '\0'..' ' => return Err(invalid(rune as u8, "in string literal")),
                rune => push_rune(&mut out, rune),
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), FuncError> {
        let byte = match self.next_or_space() {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let rune = self.unicode()?;
                push_rune(out, rune);
                return Ok(());
            }
            other => return Err(invalid(other, "in string escape code")),
        };
        out.push(byte);
        Ok(())
    }

    // One \uXXXX, or two that make a surrogate pair; half a pair is U+FFFD.
    fn unicode(&mut self) -> Result<char, FuncError> {
        let code = self.hex()?;
        if (0xD800..0xDC00).contains(&code) {
            let before = self.rest;
            if let Some(rest) = self.rest.strip_prefix(b"\\u") {
                self.rest = rest;
                let low = self.hex()?;
                if (0xDC00..0xE000).contains(&low) {
                    let rune = char::from_u32(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
                    return Ok(rune.unwrap_or(RUNE_ERROR));
                }
                self.rest = before;
            }
        }
        Ok(char::from_u32(code).unwrap_or(RUNE_ERROR))
    }

    fn hex(&mut self) -> Result<u32, FuncError> {
        let mut code = 0;
        for _ in 0..4 {
            let byte = self.next_or_space();
            let digit = char::from(byte).to_digit(16);
            code = code << 4
                | digit.ok_or_else(|| invalid(byte, "in \\u hexadecimal character escape"))?;
        }
        Ok(code)
    }
}
