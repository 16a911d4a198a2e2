//! `json.Marshal` and its kin.

use crate::context::Context;
use crate::error::{FuncError, Limit};
use crate::gofmt;
use crate::sprig::args::object;
use crate::sprig::encoding::base64;
use crate::sprig::gotime::Time;
use crate::sprig::reflection::MAX_DEPTH;
use crate::sprig::semver::Version;
use crate::strconv;
use crate::types::Kind;
use crate::unicode::{RUNE_ERROR, push_rune, runes};
use crate::value::Value;

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sprig) enum Style {
    /// One line, with `<`, `>` and `&` escaped (`json.Marshal`).
    Escaped,
    /// One line, with those as they are (`SetEscapeHTML(false)`).
    Raw,
    /// Two spaces a level, escaped (`json.MarshalIndent`).
    Pretty,
}

/// The JSON of a value.
///
/// # Errors
/// For what JSON cannot say: NaN, infinities, functions.
pub(in crate::sprig) fn encode(
    context: &mut Context<'_>,
    value: &Value,
    style: Style,
) -> Result<Vec<u8>, FuncError> {
    let mut writer = Writer {
        out: Vec::new(),
        style,
        depth: 0,
        reserved: 0,
    };
    writer.value(context, value)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    style: Style,
    depth: usize,
    reserved: usize,
}

impl Writer {
    fn value(&mut self, context: &mut Context<'_>, value: &Value) -> Result<(), FuncError> {
        context.step(1)?;
        if self.out.len() > self.reserved {
            // Charged in steps that double, so that a value shared many times cannot fill the memory.
            let more = self.out.len().max(4096);
            context.reserve(more)?;
            self.reserved += more;
        }
        match value {
            Value::Nil => self.out.extend_from_slice(b"null"),
            Value::Bool(truth) => {
                self.out
                    .extend_from_slice(if *truth { b"true" } else { b"false" })
            }
            Value::Int(number, _) => self.out.extend_from_slice(number.to_string().as_bytes()),
            Value::Uint(number, _) => self.out.extend_from_slice(number.to_string().as_bytes()),
            Value::Float(number) => self.float(*number)?,
            Value::Str(text) => self.string(text.as_bytes()),
            Value::Bytes(bytes) => self.string(base64(bytes).as_bytes()),
            Value::List(list) if list.is_nil() => self.out.extend_from_slice(b"null"),
            Value::List(list) => self.items(
                context,
                (b'[', b']'),
                list.items().iter().map(|item| (None, item.clone())),
            )?,
            Value::Map(map) if map.is_nil() => self.out.extend_from_slice(b"null"),
            Value::Map(map) => {
                let entries = map.entries();
                self.items(
                    context,
                    (b'{', b'}'),
                    entries
                        .into_iter()
                        .map(|(key, value)| (Some(key.as_bytes().to_vec()), value)),
                )?;
            }
            Value::Object(_) => self.object(context, value)?,
            Value::Func(function) => {
                return Err(FuncError::new(format!(
                    "json: unsupported type: {}",
                    function.go_type()
                )));
            }
        }
        Ok(())
    }

    fn object(&mut self, context: &mut Context<'_>, value: &Value) -> Result<(), FuncError> {
        if let Some(time) = object::<Time>(value) {
            let text = time.format(b"2006-01-02T15:04:05.999999999Z07:00");
            self.string(&text);
            return Ok(());
        }
        if object::<Version>(value).is_some() {
            let text = gofmt::sprint(context, std::slice::from_ref(value))?;
            self.string(&text);
            return Ok(());
        }
        let Value::Object(object) = value else {
            return Ok(());
        };
        if let Some(value) = object.underlying() {
            return self.value(context, &value);
        }
        if !matches!(object.kind(), Kind::Struct | Kind::Ptr) {
            return Err(FuncError::new(format!(
                "json: unsupported type: {}",
                object.go_type()
            )));
        }
        let fields = object
            .fields()
            .into_iter()
            .filter(|(name, _)| name.starts_with(|first: char| first.is_uppercase()));
        self.items(
            context,
            (b'{', b'}'),
            fields.map(|(name, value)| (Some(name.as_bytes().to_vec()), value)),
        )
    }

    fn items(
        &mut self,
        context: &mut Context<'_>,
        (open, close): (u8, u8),
        items: impl Iterator<Item = (Option<Vec<u8>>, Value)>,
    ) -> Result<(), FuncError> {
        if self.depth >= MAX_DEPTH {
            return Err(Limit::Depth(MAX_DEPTH).into());
        }
        self.out.push(open);
        self.depth += 1;
        let mut empty = true;
        for (key, value) in items {
            if !std::mem::take(&mut empty) {
                self.out.push(b',');
            }
            self.line();
            if let Some(key) = key {
                self.string(&key);
                self.out.extend_from_slice(if self.style == Style::Pretty {
                    b": "
                } else {
                    b":"
                });
            }
            self.value(context, &value)?;
        }
        self.depth -= 1;
        if !empty {
            self.line();
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self) {
        if self.style == Style::Pretty {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * self.depth, b' ');
        }
    }

    // As ES6 prints numbers: exponents below 1e-6 and from 1e21.
    fn float(&mut self, number: f64) -> Result<(), FuncError> {
        if !number.is_finite() {
            let text = strconv::format_float(number, b'g', -1);
            return Err(FuncError::new(format!(
                "json: unsupported value: {}",
                String::from_utf8_lossy(&text)
            )));
        }
        let size = number.abs();
        let exponent = size != 0.0 && !(1e-6..1e21).contains(&size);
        let mut text = strconv::format_float(number, if exponent { b'e' } else { b'f' }, -1);
        if let [.., b'e', b'-', b'0', _] = text.as_slice() {
            // e-09 is e-9.
            let at = text.len() - 2;
            text.remove(at);
        }
        self.out.extend_from_slice(&text);
        Ok(())
    }

    fn string(&mut self, text: &[u8]) {
        let html = self.style != Style::Raw;
        self.out.push(b'"');
        for (_, rune, width) in runes(text) {
            match rune {
                '"' | '\\' => self.out.extend_from_slice(&[b'\\', rune as u8]),
                '\u{8}' => self.out.extend_from_slice(b"\\b"),
                '\u{c}' => self.out.extend_from_slice(b"\\f"),
                '\n' => self.out.extend_from_slice(b"\\n"),
                '\r' => self.out.extend_from_slice(b"\\r"),
                '\t' => self.out.extend_from_slice(b"\\t"),
                '<' | '>' | '&' if html => self.escape(rune),
                '\0'..' ' | '\u{2028}' | '\u{2029}' => self.escape(rune),
                RUNE_ERROR if width == 1 => self.escape(rune),
                rune => push_rune(&mut self.out, rune),
            }
        }
        self.out.push(b'"');
    }

    fn escape(&mut self, rune: char) {
        self.out
            .extend_from_slice(format!("\\u{:04x}", u32::from(rune)).as_bytes());
    }
}
