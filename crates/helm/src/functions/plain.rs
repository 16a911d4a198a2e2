//! Template values as documents, and back. What a document cannot say (functions) is an error in `encoding/json`'s words. Bounded by the
//! context's steps, and in depth.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gotemplate::{Context, FuncError, Limit, Object, Str, Value};

use crate::capabilities::HelmVersion;

/// Levels of a document. A map that holds itself ends here.
const MAX_DEPTH: usize = 200;

/// What `encoding/json` makes of a value, or go-yaml v3 if `json` is false.
pub(super) fn to_document(
    context: &mut Context<'_>,
    value: &Value,
    json: bool,
) -> Result<goyaml::Value, FuncError> {
    Writer { context, json }.value(value, 0)
}

struct Writer<'r, 'a> {
    context: &'r mut Context<'a>,
    json: bool,
}

impl Writer<'_, '_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<goyaml::Value, FuncError> {
        self.context.step(1)?;
        if depth > MAX_DEPTH {
            return Err(Limit::Depth(MAX_DEPTH).into());
        }
        Ok(match value {
            Value::Nil => goyaml::Value::Null,
            Value::Bool(truth) => goyaml::Value::Bool(*truth),
            Value::Int(number, _) => goyaml::Value::Int(*number),
            Value::Uint(number, _) => unsigned(*number),
            Value::Float(number) => goyaml::Value::Float(*number),
            Value::Str(text) => goyaml::Value::String(self.text(text)?),
            Value::Bytes(bytes) if self.json => {
                self.context.reserve(bytes.len().saturating_mul(4) / 3)?;
                goyaml::Value::String(STANDARD.encode(bytes))
            }
            Value::Bytes(bytes) => {
                self.context.reserve(bytes.len().saturating_mul(32))?;
                let numbers = bytes.iter().map(|&byte| goyaml::Value::Int(byte.into()));
                goyaml::Value::Sequence(numbers.collect())
            }
            Value::List(list) if list.is_nil() && self.json => goyaml::Value::Null,
            Value::List(list) => {
                self.context.reserve(list.len().saturating_mul(32))?;
                let items = list.items().iter();
                let items = items.map(|item| self.value(item, depth + 1));
                goyaml::Value::Sequence(items.collect::<Result<_, _>>()?)
            }
            Value::Map(map) if map.is_nil() && self.json => goyaml::Value::Null,
            Value::Map(map) => {
                let mut entries = goyaml::Map::new();
                for (key, value) in map.entries() {
                    entries.insert(self.text(&key)?, self.value(&value, depth + 1)?);
                }
                goyaml::Value::Mapping(entries)
            }
            Value::Object(object) => return self.object(value, &**object, depth),
            Value::Func(function) => {
                let message = format!("json: unsupported type: {}", function.go_type());
                return Err(FuncError::new(message));
            }
        })
    }

    /// Bytes that are no UTF-8 become U+FFFD, as in JSON.
    fn text(&mut self, text: &Str) -> Result<String, FuncError> {
        self.context.reserve(text.len())?;
        Ok(text.to_text().into_owned())
    }

    fn object(
        &mut self,
        value: &Value,
        object: &dyn Object,
        depth: usize,
    ) -> Result<goyaml::Value, FuncError> {
        if object.as_any().is::<HelmVersion>() {
            let filled = HelmVersion::FIELDS
                .iter()
                .filter(|field| !field.2.is_empty());
            let entries = filled.map(|field| {
                (
                    field.1.to_owned(),
                    goyaml::Value::String(field.2.to_owned()),
                )
            });
            return Ok(goyaml::Value::Mapping(entries.collect()));
        }
        if let Some(plain) = object.underlying() {
            return self.value(&plain, depth);
        }
        if !object.fields().is_empty() && object.string().is_none()
            || object.go_type().to_string().starts_with("common.")
        {
            let mut entries = goyaml::Map::new();
            for (name, value) in object.fields() {
                // go-yaml writes the fields of a struct in lower case.
                let name = if self.json {
                    name.to_owned()
                } else {
                    name.to_lowercase()
                };
                entries.insert(name, self.value(&value, depth + 1)?);
            }
            return Ok(goyaml::Value::Mapping(entries));
        }
        // Sprig's own objects (times, versions): what its JSON says.
        let json = super::json::encode(self.context, value)?;
        let text = String::from_utf8_lossy(json.as_bytes()).into_owned();
        goyaml::from_str(&text, &goyaml::Limits::default())
            .map_err(|error| FuncError::new(error.to_string()))
    }
}

fn unsigned(number: u64) -> goyaml::Value {
    i64::try_from(number).map_or(goyaml::Value::Uint(number), goyaml::Value::Int)
}

/// A document as a template value; every number is a `float64`.
pub(super) fn from_document(document: goyaml::Value) -> Value {
    #[allow(
        clippy::cast_precision_loss,
        reason = "Go rounds to the nearest float64 too"
    )]
    match document {
        goyaml::Value::Null => Value::Nil,
        goyaml::Value::Bool(truth) => Value::Bool(truth),
        goyaml::Value::Int(number) => Value::Float(number as f64),
        goyaml::Value::Uint(number) => Value::Float(number as f64),
        goyaml::Value::Float(number) => Value::Float(number),
        goyaml::Value::String(text) => Value::str(text),
        goyaml::Value::Sequence(items) => {
            Value::list(items.into_iter().map(from_document).collect())
        }
        goyaml::Value::Mapping(map) => Value::dict(
            map.into_iter()
                .map(|(key, value)| (key, from_document(value))),
        ),
    }
}
