//! The values of a chart, which come as JSON.

use goyaml::{Map, Value};

use crate::RenderError;

/// A JSON object as the values of a chart; an empty text is an empty object. Nesting is bounded by the JSON parser.
pub(crate) fn parse(text: &str) -> Result<Map, RenderError> {
    if text.is_empty() {
        return Ok(Map::default());
    }
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| RenderError::Values(error.to_string()))?;
    match convert(value) {
        Value::Mapping(values) => Ok(values),
        _ => Err(RenderError::Values("expected an object".to_owned())),
    }
}

fn convert(value: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), _, _) => Value::Int(number),
            (None, Some(number), _) => Value::Uint(number),
            (None, None, number) => Value::Float(number.unwrap_or_default()),
        },
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::Sequence(items.into_iter().map(convert).collect()),
        Json::Object(entries) => Value::Mapping(
            entries
                .into_iter()
                .map(|(key, value)| (key, convert(value)))
                .collect(),
        ),
    }
}
