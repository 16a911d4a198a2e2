//! The functions that Helm adds to Go's and Sprig's, as its `pkg/engine/funcs.go` and `engine.go`. No function reaches outside: `lookup` finds
//! nothing and `getHostByName` is empty, as in a Helm without cluster and DNS.

pub(crate) mod json;
pub(crate) mod plain;
pub(crate) mod toml;
pub(crate) mod yaml;

use gotemplate::{Context, FuncError, Functions, ParseError, Signature, Str, Type, Value};

use crate::metadata::quoted;

/// The name of the set of all templates, and of each text that `tpl` is given.
pub(crate) const SET: &str = "gotpl";

/// What an error of `required` and `fail` is put between, so that only it is shown.
pub(crate) const WARN_START: &str = "HELM_ERR_START";
pub(crate) const WARN_END: &str = "HELM_ERR_END";

const TEXT: Signature = Signature::fixed(&[Type::String]);
const ANY: Signature = Signature::fixed(&[Type::Interface]);
const TEXT_AND_ANY: Signature = Signature::fixed(&[Type::String, Type::Interface]);

/// Puts Helm's functions over Sprig's.
pub(crate) fn add(functions: &mut Functions) {
    functions
        .add("include", TEXT_AND_ANY, include)
        .add("tpl", TEXT_AND_ANY, tpl)
        .add("required", TEXT_AND_ANY, required)
        .add("fail", TEXT, |_, args| Err(warning(&text(args)?)))
        .add(
            "lookup",
            Signature::fixed(&[Type::String, Type::String, Type::String, Type::String]),
            |_, _| Ok(Value::dict::<Str>([])),
        )
        .add("getHostByName", TEXT, |_, _| Ok(Value::str("")))
        .add("toYaml", ANY, |context, args| {
            yaml::to_yaml(context, value(args))
        })
        .add("mustToYaml", ANY, |context, args| {
            yaml::must_to_yaml(context, value(args))
        })
        .add("toYamlPretty", ANY, |context, args| {
            yaml::to_yaml_pretty(context, value(args))
        })
        .add("fromYaml", TEXT, |context, args| {
            yaml::from_yaml(context, &text(args)?)
        })
        .add("fromYamlArray", TEXT, |context, args| {
            yaml::from_yaml_array(context, &text(args)?)
        })
        .add("toJson", ANY, json::to_json)
        .add("fromJson", TEXT, json::from_json)
        .add("fromJsonArray", TEXT, json::from_json_array)
        .add("toToml", ANY, |context, args| {
            toml::to_toml(context, value(args))
        })
        .add("mustToToml", ANY, |context, args| {
            toml::must_to_toml(context, value(args))
        })
        .add("fromToml", TEXT, |context, args| {
            toml::from_toml(context, &text(args)?)
        });
}

fn value(args: &[Value]) -> &Value {
    args.first().unwrap_or(&Value::Nil)
}

/// The first argument, a string.
fn text(args: &[Value]) -> Result<String, FuncError> {
    let text = value(args).as_str();
    Ok(text
        .map(|text| text.to_text().into_owned())
        .unwrap_or_default())
}

fn warning(message: &str) -> FuncError {
    FuncError::new(format!("{WARN_START}{message}{WARN_END}"))
}

/// Go prints a missing value as this, and Helm takes it out of all output.
pub(crate) fn without_no_value(text: Vec<u8>) -> Vec<u8> {
    const NO_VALUE: &[u8] = b"<no value>";
    if !text
        .windows(NO_VALUE.len())
        .any(|window| window == NO_VALUE)
    {
        return text;
    }
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text.as_slice();
    while let Some((&first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(NO_VALUE) {
            rest = after;
        } else {
            kept.push(first);
            rest = tail;
        }
    }
    kept
}

fn include(context: &mut Context<'_>, args: &[Value]) -> Result<Value, FuncError> {
    let name = text(args)?;
    let data = args.get(1).cloned().unwrap_or_default();
    Ok(Value::str(context.execute(&name, data)?))
}

fn tpl(context: &mut Context<'_>, args: &[Value]) -> Result<Value, FuncError> {
    let Some(source) = value(args).as_str() else {
        return Ok(Value::str(""));
    };
    let bytes = source.as_bytes();
    context.step(bytes.len() as u64 / 2)?;
    if !bytes.windows(2).any(|window| window == b"{{") {
        return Ok(Value::str(without_no_value(bytes.to_vec())));
    }
    // Cloning a set takes time for each of its templates.
    context.step(context.templates().names().count() as u64)?;
    let mut set = context.templates().clone();
    set.remove(SET);
    set.parse(SET, bytes).map_err(|error| match error {
        ParseError::Limit { limit, .. } => FuncError::Limit(limit),
        ParseError::Syntax(message) => {
            let source = quoted(&source.to_text());
            FuncError::new(format!("cannot parse template {source}: {message}"))
        }
    })?;
    let data = args.get(1).cloned().unwrap_or_default();
    match context.execute_in(&set, SET, data) {
        Ok(text) => Ok(Value::str(without_no_value(text))),
        Err(error) => Err(match FuncError::from(error) {
            FuncError::Message(message) => {
                let source = quoted(&source.to_text());
                FuncError::new(format!(
                    "error during tpl function execution for {source}: {message}"
                ))
            }
            limit => limit,
        }),
    }
}

fn required(_: &mut Context<'_>, args: &[Value]) -> Result<Value, FuncError> {
    match args.get(1) {
        None | Some(Value::Nil) => Err(warning(&text(args)?)),
        Some(Value::Str(given)) if given.is_empty() => Err(warning(&text(args)?)),
        Some(given) => Ok(given.clone()),
    }
}
