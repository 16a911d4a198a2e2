//! `toYaml`, `toYamlPretty`, `fromYaml` and their kin: `goyaml` on template values.

use gotemplate::{Context, FuncError, List, Map, Str, Type, Value};

use super::plain::{from_document, to_document};
use crate::unmarshal::json_kind;

/// `toYaml`: empty where the value has no YAML.
pub(crate) fn to_yaml(context: &mut Context<'_>, value: &Value) -> Result<Value, FuncError> {
    or_empty(must_to_yaml(context, value))
}

/// `mustToYaml`.
pub(super) fn must_to_yaml(context: &mut Context<'_>, value: &Value) -> Result<Value, FuncError> {
    let document = to_document(context, value, true)?;
    let text = goyaml::to_string(&document).map_err(|error| FuncError::new(error.to_string()))?;
    finish(context, text)
}

/// `toYamlPretty`.
pub(super) fn to_yaml_pretty(context: &mut Context<'_>, value: &Value) -> Result<Value, FuncError> {
    let pretty = to_document(context, value, false).and_then(|document| {
        let text = goyaml::to_string_pretty(&document);
        let text = text.map_err(|error| FuncError::new(error.to_string()))?;
        finish(context, text)
    });
    or_empty(pretty)
}

/// Helm's functions without `must` swallow errors, but never a limit.
pub(super) fn or_empty(result: Result<Value, FuncError>) -> Result<Value, FuncError> {
    match result {
        Err(FuncError::Message(_)) => Ok(Value::str("")),
        other => other,
    }
}

fn finish(context: &mut Context<'_>, mut text: String) -> Result<Value, FuncError> {
    context.step(text.len() as u64 / 64)?;
    context.reserve(text.len())?;
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(Value::str(text))
}

/// `fromYaml`: a map, which holds `Error` where the text is none.
pub(super) fn from_yaml(context: &mut Context<'_>, text: &str) -> Result<Value, FuncError> {
    Ok(match parse(context, text)? {
        Ok(goyaml::Value::Null) => Value::Map(Map::nil(Type::DICT)),
        Ok(map @ goyaml::Value::Mapping(_)) => from_document(map),
        Ok(other) => failed(mismatch(&other, "map[string]interface {}")),
        Err(message) => failed(message),
    })
}

/// `fromYamlArray`: a list, which holds the error where the text is none.
pub(super) fn from_yaml_array(context: &mut Context<'_>, text: &str) -> Result<Value, FuncError> {
    Ok(match parse(context, text)? {
        Ok(goyaml::Value::Null) => Value::List(List::nil(Type::LIST)),
        Ok(list @ goyaml::Value::Sequence(_)) => from_document(list),
        Ok(other) => Value::list(vec![Value::str(mismatch(&other, "[]interface {}"))]),
        Err(message) => Value::list(vec![Value::str(message)]),
    })
}

/// What a function gives whose text is no map.
pub(super) fn failed(message: String) -> Value {
    Value::dict([(Str::from("Error"), Value::str(message))])
}

fn mismatch(value: &goyaml::Value, go_type: &str) -> String {
    let kind = json_kind(value);
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value of type {go_type}"
    )
}

fn parse(
    context: &mut Context<'_>,
    text: &str,
) -> Result<Result<goyaml::Value, String>, FuncError> {
    context.step(text.len() as u64 / 2)?;
    context.reserve(text.len())?;
    let limits = goyaml::Limits {
        nodes: 100_000,
        bytes: 8 << 20,
        ..goyaml::Limits::default()
    };
    Ok(goyaml::from_str(text, &limits)
        .map_err(|error| format!("error converting YAML to JSON: {error}")))
}
