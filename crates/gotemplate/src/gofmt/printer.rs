//! Values of every kind under a verb and its flags.

use super::MAX_DEPTH;
use crate::error::Limit;
use crate::object::Object;
use crate::strconv::{can_backquote, quote, quote_rune, quote_to_ascii};
use crate::types::{Kind, Type};
use crate::unicode::{RUNE_ERROR, push_rune, rune_count, runes};
use crate::value::{List, Map, Value};

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v` and `%#v`, whose flags mean nothing else then.
    pub(super) plus_v: bool,
    pub(super) sharp_v: bool,
}

/// Writes onto a buffer up to a size.
pub(super) struct Printer<'b> {
    out: &'b mut Vec<u8>,
    max: usize,
    over: Limit,
    pub(super) flags: Flags,
    depth: usize,
    /// Set while a bad verb is reported, so that no method of the value is asked.
    erroring: bool,
}

type Result = std::result::Result<(), Limit>;

/// Stands for every address: a real one would make output differ from run to run.
const ADDRESS: u64 = 0xc0_0000_0000;

/// What opens a composite, separates its elements, and closes it.
type Brackets = (&'static [u8], &'static [u8], &'static [u8]);

impl<'b> Printer<'b> {
    /// A printer that fails with `over` rather than let `out` pass `max` bytes.
    pub(super) fn new(out: &'b mut Vec<u8>, max: usize, over: Limit) -> Printer<'b> {
        Printer {
            out,
            max,
            over,
            flags: Flags::default(),
            depth: 0,
            erroring: false,
        }
    }

    pub(super) fn put(&mut self, text: &[u8]) -> Result {
        self.room(text.len())?;
        self.out.extend_from_slice(text);
        Ok(())
    }

    /// Fails if that many bytes would not fit any more.
    pub(super) fn room(&self, bytes: usize) -> Result {
        if bytes > self.max.saturating_sub(self.out.len()) {
            Err(self.over)
        } else {
            Ok(())
        }
    }

    pub(super) fn put_rune(&mut self, rune: char) -> Result {
        self.put(rune.encode_utf8(&mut [0; 4]).as_bytes())
    }

    /// Writes `count` times the padding: zeros only on the left.
    pub(super) fn padding(&mut self, count: usize) -> Result {
        self.room(count)?;
        let byte = if self.flags.zero && !self.flags.minus {
            b'0'
        } else {
            b' '
        };
        self.out.resize(self.out.len() + count, byte);
        Ok(())
    }

    /// Writes a text padded to the width.
    pub(super) fn pad(&mut self, text: &[u8]) -> Result {
        let Some(width) = self.flags.width.filter(|width| *width > 0) else {
            return self.put(text);
        };
        let missing = width.saturating_sub(rune_count(text));
        if self.flags.minus {
            self.put(text)?;
            self.padding(missing)
        } else {
            self.padding(missing)?;
            self.put(text)
        }
    }

    /// As `pad`, never with zeros.
    pub(super) fn pad_with_space(&mut self, text: &[u8]) -> Result {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        let result = self.pad(text);
        self.flags.zero = zero;
        result
    }

    /// Prints an operand.
    pub(super) fn print(&mut self, value: &Value, verb: char) -> Result {
        let Some(go_type) = value.go_type() else {
            return if matches!(verb, 'T' | 'v') {
                self.pad(b"<nil>")
            } else {
                self.bad_verb(value, verb)
            };
        };
        match verb {
            'T' => self.text(go_type.to_string().as_bytes()),
            'p' if is_pointer(value) => self.address(value, verb),
            'p' => self.bad_verb(value, verb),
            _ => self.value(value, verb),
        }
    }

    /// Prints a value of a template, where a pointer to a struct shows as the struct.
    pub(super) fn print_dereferenced(&mut self, value: &Value) -> Result {
        match value {
            Value::Object(object)
                if !object.is_nil()
                    && object.string().is_none()
                    && object.underlying().is_none() =>
            {
                self.structure(object.as_ref(), 'v')
            }
            _ => self.print(value, 'v'),
        }
    }

    pub(super) fn bad_verb(&mut self, value: &Value, verb: char) -> Result {
        self.put(b"%!")?;
        self.put_rune(verb)?;
        self.put(b"(")?;
        match value.go_type() {
            None => self.put(b"<nil>")?,
            Some(go_type) => {
                let erroring = std::mem::replace(&mut self.erroring, true);
                self.put(go_type.to_string().as_bytes())?;
                self.put(b"=")?;
                self.value(value, 'v')?;
                self.erroring = erroring;
            }
        }
        self.put(b")")
    }

    fn value(&mut self, value: &Value, verb: char) -> Result {
        match value {
            Value::Nil => self.put(if self.flags.sharp_v {
                b"interface {}(nil)"
            } else {
                b"<nil>"
            }),
            Value::Bool(flag) => match verb {
                't' | 'v' => self.pad(if *flag { b"true" } else { b"false" }),
                _ => self.bad_verb(value, verb),
            },
            Value::Int(number, _) => {
                self.integer(value, number.unsigned_abs(), *number < 0, true, verb)
            }
            Value::Uint(number, _) => self.integer(value, *number, false, false, verb),
            Value::Float(number) => match verb {
                'v' => self.float(*number, b'g', None),
                'b' | 'g' | 'G' | 'x' | 'X' => self.float(*number, verb as u8, None),
                'f' | 'e' | 'E' => self.float(*number, verb as u8, Some(6)),
                'F' => self.float(*number, b'f', Some(6)),
                _ => self.bad_verb(value, verb),
            },
            Value::Str(text) => self.string(value, text.as_bytes(), verb),
            Value::Bytes(bytes) => self.bytes(value, bytes, verb),
            _ if verb == 'w' => self.bad_verb(value, verb),
            _ => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(Limit::Depth(MAX_DEPTH));
                }
                let result = match value {
                    Value::List(list) => self.list(list, verb),
                    Value::Map(map) => self.map(map, verb),
                    Value::Object(object) => self.object(value, object.as_ref(), verb),
                    _ => self.address(value, verb),
                };
                self.depth -= 1;
                result
            }
        }
    }

    fn list(&mut self, list: &List, verb: char) -> Result {
        let (open, separator, close) = self.brackets(list.go_type(), b"[", b"]")?;
        if list.is_nil() && self.flags.sharp_v {
            return self.put(b"(nil)");
        }
        self.put(open)?;
        for (index, item) in list.items().iter().enumerate() {
            if index > 0 {
                self.put(separator)?;
            }
            self.value(item, verb)?;
        }
        self.put(close)
    }

    fn map(&mut self, map: &Map, verb: char) -> Result {
        let (open, separator, close) = self.brackets(map.go_type(), b"map[", b"]")?;
        if map.is_nil() && self.flags.sharp_v {
            return self.put(b"(nil)");
        }
        self.put(open)?;
        for (index, (key, item)) in map.borrow().iter().enumerate() {
            if index > 0 {
                self.put(separator)?;
            }
            self.string(&Value::Str(key.clone()), key.as_bytes(), verb)?;
            self.put(b":")?;
            self.value(item, verb)?;
        }
        self.put(close)
    }

    /// What surrounds and separates the elements of a composite; `%#v` puts the type first, which is written here.
    fn brackets(
        &mut self,
        go_type: Type,
        open: &'static [u8],
        close: &'static [u8],
    ) -> std::result::Result<Brackets, Limit> {
        if !self.flags.sharp_v {
            return Ok((open, b" ", close));
        }
        self.put(go_type.to_string().as_bytes())?;
        Ok((b"{", b", ", b"}"))
    }

    fn object(&mut self, value: &Value, object: &dyn Object, verb: char) -> Result {
        if !self.erroring
            && !self.flags.sharp_v
            && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
            && let Some(text) = object.string()
        {
            return self.string(value, text.as_bytes(), verb);
        }
        if let Some(value) = object.underlying() {
            return self.value(&value, verb);
        }
        if object.is_nil() {
            return self.address(value, verb);
        }
        match object.kind() {
            // A pointer inside another value is an address.
            Kind::Ptr if self.depth > 1 => self.address(value, verb),
            Kind::Ptr => {
                self.put(b"&")?;
                self.structure(object, verb)
            }
            _ => self.structure(object, verb),
        }
    }

    fn structure(&mut self, object: &dyn Object, verb: char) -> Result {
        let separator: &[u8] = if self.flags.sharp_v { b", " } else { b" " };
        if self.flags.sharp_v {
            let name = object.go_type().to_string();
            self.put(name.trim_start_matches('*').as_bytes())?;
        }
        self.put(b"{")?;
        for (index, (name, value)) in object.fields().iter().enumerate() {
            if index > 0 {
                self.put(separator)?;
            }
            if self.flags.plus_v || self.flags.sharp_v {
                self.put(name.as_bytes())?;
                self.put(b":")?;
            }
            self.value(value, verb)?;
        }
        self.put(b"}")
    }

    /// Functions and inner pointers print as an address in Go, and so does anything that holds one under `%p`.
    fn address(&mut self, value: &Value, verb: char) -> Result {
        let address = if value.is_nil() { 0 } else { ADDRESS };
        match verb {
            'v' if self.flags.sharp_v => {
                let go_type = value
                    .go_type()
                    .map(|go_type| go_type.to_string())
                    .unwrap_or_default();
                match address {
                    0 => self.put(format!("({go_type})(nil)").as_bytes()),
                    _ => self.put(format!("({go_type})({address:#x})").as_bytes()),
                }
            }
            'v' if address == 0 => self.pad(b"<nil>"),
            'v' | 'p' => {
                // Here the flag takes the prefix away.
                self.flags.sharp = !self.flags.sharp;
                let result = self.integer(value, address, false, false, 'x');
                self.flags.sharp = !self.flags.sharp;
                result
            }
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(value, address, false, false, verb),
            _ => self.bad_verb(value, verb),
        }
    }

    /// A text cut to the precision and padded.
    fn text(&mut self, text: &[u8]) -> Result {
        let cut = self.truncate(text);
        self.pad(cut)
    }

    fn truncate<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(precision) = self.flags.precision else {
            return text;
        };
        let end = runes(text)
            .nth(precision)
            .map_or(text.len(), |(at, _, _)| at);
        text.get(..end).unwrap_or(text)
    }

    /// A string; `value` is what a bad verb shows.
    fn string(&mut self, value: &Value, text: &[u8], verb: char) -> Result {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => self.text(text),
            'x' | 'X' => self.hex_bytes(text, verb == 'X'),
            'q' => self.quoted(text),
            _ => self.bad_verb(value, verb),
        }
    }

    fn quoted(&mut self, text: &[u8]) -> Result {
        let text = self.truncate(text);
        if text.len() > self.max {
            return Err(self.over);
        }
        if self.flags.sharp && can_backquote(text) {
            return self.pad(&[b"`", text, b"`"].concat());
        }
        let quoted = if self.flags.plus {
            quote_to_ascii(text)
        } else {
            quote(text)
        };
        self.pad(&quoted)
    }

    fn bytes(&mut self, value: &Value, bytes: &[u8], verb: char) -> Result {
        match verb {
            's' => self.text(bytes),
            'x' | 'X' => self.hex_bytes(bytes, verb == 'X'),
            'q' => self.quoted(bytes),
            'v' if self.flags.sharp_v => {
                // At the top Go has the name of the alias at hand.
                self.put(if self.depth == 0 {
                    b"[]byte{"
                } else {
                    b"[]uint8{"
                })?;
                for (index, byte) in bytes.iter().enumerate() {
                    if index > 0 {
                        self.put(b", ")?;
                    }
                    self.integer(value, u64::from(*byte), false, false, 'v')?;
                }
                self.put(b"}")
            }
            _ => {
                self.put(b"[")?;
                for (index, byte) in bytes.iter().enumerate() {
                    if index > 0 {
                        self.put(b" ")?;
                    }
                    let item = Value::Uint(u64::from(*byte), crate::types::UintKind::Uint8);
                    self.value(&item, verb)?;
                }
                self.put(b"]")
            }
        }
    }

    /// `%x` of a text: two digits a byte, with a space between where the flag asks, `0x` before each then.
    fn hex_bytes(&mut self, text: &[u8], upper: bool) -> Result {
        let length = self
            .flags
            .precision
            .map_or(text.len(), |precision| precision.min(text.len()));
        let text = text.get(..length).unwrap_or_default();
        if text.is_empty() {
            return self.padding(self.flags.width.unwrap_or_default());
        }
        let (sharp, space) = (self.flags.sharp, self.flags.space);
        let width = match (space, sharp) {
            (true, true) => 5 * length - 1,
            (true, false) => 3 * length - 1,
            (false, true) => 2 * length + 2,
            (false, false) => 2 * length,
        };
        let missing = self.flags.width.unwrap_or_default().saturating_sub(width);
        if !self.flags.minus {
            self.padding(missing)?;
        }
        let prefix: &[u8] = if upper { b"0X" } else { b"0x" };
        for (index, byte) in text.iter().enumerate() {
            if space && index > 0 {
                self.put(b" ")?;
            }
            if sharp && (space || index == 0) {
                self.put(prefix)?;
            }
            for digit in [byte >> 4, byte & 0xF] {
                self.put(&[super::number::digit(digit, upper)])?;
            }
        }
        if self.flags.minus {
            self.padding(missing)
        } else {
            Ok(())
        }
    }

    /// `%c`: the character of a number.
    pub(super) fn character(&mut self, number: u64) -> Result {
        let mut text = Vec::with_capacity(4);
        push_rune(&mut text, rune_of(number));
        self.pad(&text)
    }

    /// `%q` of a number.
    pub(super) fn quoted_character(&mut self, number: u64) -> Result {
        self.pad(&quote_rune(rune_of(number), self.flags.plus))
    }
}

/// Whether Go's value is a pointer, or refers to its data through one (`fmtPointer`).
fn is_pointer(value: &Value) -> bool {
    matches!(
        value.kind(),
        Kind::Map | Kind::Slice | Kind::Func | Kind::Ptr
    )
}

/// The rune of a number, U+FFFD for one that is none.
pub(super) fn rune_of(number: u64) -> char {
    u32::try_from(number)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(RUNE_ERROR)
}
