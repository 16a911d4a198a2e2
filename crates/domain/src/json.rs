//! JSON read under limits: bytes, depth, nodes and texts are bounded, a key twice in one object and NUL are refused.
//! It must never recurse deeper than the limit.

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::{cell::RefCell, fmt};

/// How much JSON is read before it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// Bytes of the whole document.
    pub bytes: usize,
    /// Objects and arrays inside each other; what is above 100 counts as 100 (the parser itself stops at 128).
    pub depth: usize,
    /// Values of all kinds in the document.
    pub nodes: usize,
    /// Bytes of one text.
    pub text: usize,
    /// Bytes of one key.
    pub key: usize,
}

/// Where reading stopped, and why.
#[derive(Debug)]
pub struct JsonError {
    /// JSON pointer (RFC 6901) of the place.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

/// One step into a document, as RFC 6901 writes it.
pub(crate) fn pointer_step(pointer: &str, key: &str) -> String {
    let mut step = String::with_capacity(pointer.len() + 1 + key.len());
    step.push_str(pointer);
    step.push('/');
    match key.contains(['~', '/']) {
        // Each field of each document comes by here.
        false => step.push_str(key),
        true => step.push_str(&key.replace('~', "~0").replace('/', "~1")),
    }
    step
}

/// Reads one document; the keys of every object come out sorted.
///
/// # Errors
/// [`JsonError`] names the place.
pub fn read(bytes: &[u8], limits: &JsonLimits) -> Result<Value, JsonError> {
    let refuse = |message: String| JsonError {
        pointer: String::new(),
        message,
    };
    if bytes.len() > limits.bytes {
        return Err(refuse(format!("it is larger than {} bytes", limits.bytes)));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| refuse("it is not UTF-8: send JSON as UTF-8".to_owned()))?;
    let state = RefCell::new(State {
        nodes: 0,
        path: Vec::new(),
    });
    let mut parser = serde_json::Deserializer::from_str(text);
    let seed = Seed {
        depth: 0,
        limits,
        state: &state,
    };
    let read = seed
        .deserialize(&mut parser)
        .and_then(|value| parser.end().map(|()| value));
    match read {
        Ok(mut value) => {
            value.sort_all_objects();
            Ok(value)
        }
        Err(error) => {
            let steps = &state.borrow().path;
            let pointer = steps
                .iter()
                .fold(String::new(), |at, step| pointer_step(&at, step));
            Err(JsonError {
                pointer,
                message: format!("not JSON that is accepted: {error}"),
            })
        }
    }
}

/// A key that stands twice in an object that Go's clients fill, once in another case: Go would let one win silently.
pub fn key_in_two_cases(object: &Map<String, Value>) -> Option<&str> {
    let mut keys: Vec<(String, &str)> = object
        .keys()
        .map(|key| (key.to_ascii_lowercase(), key.as_str()))
        .collect();
    keys.sort_unstable();
    let mut neighbours = keys.iter().zip(keys.iter().skip(1));
    neighbours
        .find(|((one, _), (other, _))| one == other)
        .map(|(_, (_, key))| *key)
}

struct State {
    nodes: usize,
    /// The place being read. Steps stay when an error passes, so that it can be named.
    path: Vec<String>,
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    depth: usize,
    limits: &'a JsonLimits,
    state: &'a RefCell<State>,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let limit = self.limits.depth.min(100);
        if self.depth >= limit {
            return Err(E::custom(format_args!("nested deeper than {limit} levels")));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    fn enter(self, step: String) {
        self.state.borrow_mut().path.push(step);
    }

    fn leave(self) {
        self.state.borrow_mut().path.pop();
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        {
            let mut state = self.state.borrow_mut();
            state.nodes += 1;
            if state.nodes > self.limits.nodes {
                return Err(D::Error::custom(format_args!(
                    "more than {} values",
                    self.limits.nodes
                )));
            }
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value);
        number
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        check_text(text, self.limits.text)?;
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut list = Vec::new();
        loop {
            self.enter(list.len().to_string());
            let Some(value) = items.next_element_seed(seed)? else {
                break;
            };
            self.leave();
            list.push(value);
        }
        self.leave();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            check_text(&key, self.limits.key)?;
            self.enter(key.clone());
            if map.contains_key(&key) {
                return Err(A::Error::custom("the key stands twice in its object"));
            }
            let value = entries.next_value_seed(seed)?;
            self.leave();
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

fn check_text<E: serde::de::Error>(text: &str, limit: usize) -> Result<(), E> {
    if text.len() > limit {
        return Err(E::custom(format_args!(
            "a text or key longer than {limit} bytes"
        )));
    }
    if text.contains('\0') {
        return Err(E::custom("NUL (\\u0000) in a text or key"));
    }
    Ok(())
}
