//! YAML into Go structs, as `sigs.k8s.io/yaml` does it with `encoding/json`: scalars become strings where a string is asked for, keys match in
//! any letter case, null changes nothing, and errors have Go's words.

use gotemplate::strconv::format_float;
use goyaml::{Map, Value};

/// Where a value goes, for Go's errors.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    /// The struct that has the field: `Metadata`.
    pub(crate) of: &'a str,
    /// The path of JSON names from the outermost struct: `maintainers.name`.
    pub(crate) path: &'a str,
}

/// What `encoding/json` calls the kind of a value.
pub(crate) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Uint(_) | Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::Sequence(_) => "array",
        Value::Mapping(_) => "object",
    }
}

/// Parses a text for a struct of the Go type `go_type`; an empty one is an empty struct.
pub(crate) fn document(text: &str, limits: &goyaml::Limits, go_type: &str) -> Result<Map, String> {
    let value = goyaml::from_str(text, limits)
        .map_err(|error| format!("error converting YAML to JSON: {error}"))?;
    match value {
        Value::Null => Ok(Map::new()),
        Value::Mapping(map) => Ok(map),
        other => Err(decoding(format_args!(
            "cannot unmarshal {} into Go value of type {go_type}",
            json_kind(&other)
        ))),
    }
}

fn decoding(problem: impl std::fmt::Display) -> String {
    format!("error unmarshaling JSON: while decoding JSON: json: {problem}")
}

fn mismatch(value: &Value, field: Field<'_>, go_type: &str) -> String {
    decoding(format_args!(
        "cannot unmarshal {} into Go struct field {}.{} of type {go_type}",
        json_kind(value),
        field.of,
        field.path
    ))
}

/// A `string`; none for null.
pub(crate) fn string(value: &Value, field: Field<'_>) -> Result<Option<String>, String> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Float(number) => {
            String::from_utf8_lossy(&format_float(*number, b'g', -1)).into_owned()
        }
        other => return Err(mismatch(other, field, "string")),
    }))
}

/// A `bool`; none for null.
pub(crate) fn boolean(value: &Value, field: Field<'_>) -> Result<Option<bool>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(*truth)),
        other => Err(mismatch(other, field, "bool")),
    }
}

/// The items of a slice of the Go type `go_type`; none for null.
pub(crate) fn list<'v>(
    value: &'v Value,
    field: Field<'_>,
    go_type: &str,
) -> Result<Option<&'v [Value]>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Sequence(items) => Ok(Some(items)),
        other => Err(mismatch(other, field, go_type)),
    }
}

/// The entries of a map or struct of the Go type `go_type`; none for null.
pub(crate) fn object<'v>(
    value: &'v Value,
    field: Field<'_>,
    go_type: &str,
) -> Result<Option<&'v Map>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Mapping(map) => Ok(Some(map)),
        other => Err(mismatch(other, field, go_type)),
    }
}

/// A `[]string`; null items are empty strings.
pub(crate) fn strings(value: &Value, field: Field<'_>) -> Result<Option<Vec<String>>, String> {
    let Some(items) = list(value, field, "[]string")? else {
        return Ok(None);
    };
    let texts = items
        .iter()
        .map(|item| Ok(string(item, field)?.unwrap_or_default()));
    texts.collect::<Result<_, _>>().map(Some)
}

/// A `map[string]string`; null values are empty strings.
pub(crate) fn string_map(
    value: &Value,
    field: Field<'_>,
) -> Result<Option<Vec<(String, String)>>, String> {
    let Some(map) = object(value, field, "map[string]string")? else {
        return Ok(None);
    };
    let texts = map
        .iter()
        .map(|(key, value)| Ok((key.clone(), string(value, field)?.unwrap_or_default())));
    texts.collect::<Result<_, _>>().map(Some)
}
