//! `toJson`, `fromJson`, `fromJsonArray`: Sprig's JSON with Helm's manners on errors.

use gotemplate::{Context, FuncError, Function, List, Map, Str, Type, Value};

use super::yaml::{failed, or_empty};

/// A function of Sprig's that Helm does not replace.
fn sprig(context: &Context<'_>, name: &str) -> Result<Function, FuncError> {
    let found = context.templates().functions().get(name).cloned();
    found.ok_or_else(|| FuncError::new(format!("function {name} is not there")))
}

/// The JSON of a value, as one line.
pub(super) fn encode(context: &mut Context<'_>, value: &Value) -> Result<Str, FuncError> {
    let function = sprig(context, "mustToJson")?;
    let json = context.call(&function, std::slice::from_ref(value))?;
    Ok(json.as_str().cloned().unwrap_or_else(|| Str::from("")))
}

/// `toJson`: empty where the value has no JSON.
pub(super) fn to_json(context: &mut Context<'_>, args: &[Value]) -> Result<Value, FuncError> {
    or_empty(encode(context, super::value(args)).map(Value::Str))
}

fn decode(context: &mut Context<'_>, args: &[Value]) -> Result<Result<Value, String>, FuncError> {
    let function = sprig(context, "mustFromJson")?;
    match context.call(&function, args) {
        Ok(value) => Ok(Ok(value)),
        Err(FuncError::Message(message)) => Ok(Err(message)),
        Err(limit) => Err(limit),
    }
}

/// `fromJson`: a map, which holds `Error` where the text is none.
pub(super) fn from_json(context: &mut Context<'_>, args: &[Value]) -> Result<Value, FuncError> {
    Ok(match decode(context, args)? {
        Ok(Value::Nil) => Value::Map(Map::nil(Type::DICT)),
        Ok(map @ Value::Map(_)) => map,
        Ok(other) => failed(mismatch(&other, "map[string]interface {}")),
        Err(message) => failed(message),
    })
}

/// `fromJsonArray`: a list, which holds the error where the text is none.
pub(super) fn from_json_array(
    context: &mut Context<'_>,
    args: &[Value],
) -> Result<Value, FuncError> {
    Ok(match decode(context, args)? {
        Ok(Value::Nil) => Value::List(List::nil(Type::LIST)),
        Ok(list @ Value::List(_)) => list,
        Ok(other) => Value::list(vec![Value::str(mismatch(&other, "[]interface {}"))]),
        Err(message) => Value::list(vec![Value::str(message)]),
    })
}

fn mismatch(value: &Value, go_type: &str) -> String {
    let kind = match value {
        Value::Bool(_) => "bool",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "number",
    };
    format!("json: cannot unmarshal {kind} into Go value of type {go_type}")
}
