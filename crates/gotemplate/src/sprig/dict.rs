//! Sprig's `dict.go`. `set`, `unset` and `merge` change the map that they are given, for every holder of it.

use std::collections::BTreeSet;

use super::args::{ANY, Answer, MANY, ONE, STRING, map, object, string, strval, value};
use super::merge;
use super::reflection::MAX_DEPTH;
use super::semver::Version;
use crate::context::Context;
use crate::error::{FuncError, Limit};
use crate::func::{Functions, Signature};
use crate::types::Type;
use crate::value::{List, Map, Str, Value};

const DICT: Type = Type::DICT;
const DICT_KEY: Signature = Signature::fixed(&[DICT, STRING]);
const DICT_KEYS: Signature = Signature::variadic(&[DICT, STRING]);
const DICTS: Signature = Signature::variadic(&[DICT, DICT]);

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("dict", MANY, dict)
        .add("get", DICT_KEY, |_, a| {
            Ok(map(a, 0)
                .get(string(a, 1).as_bytes())
                .unwrap_or_else(|| Value::str("")))
        })
        .add("set", Signature::fixed(&[DICT, STRING, ANY]), set)
        .add("unset", DICT_KEY, |_, a| {
            map(a, 0).remove(string(a, 1).as_bytes());
            Ok(value(a, 0))
        })
        .add("hasKey", DICT_KEY, |_, a| {
            Ok(map(a, 0).contains_key(string(a, 1).as_bytes()).into())
        })
        .add("pluck", Signature::variadic(&[STRING, DICT]), |_, a| {
            let key = string(a, 0);
            let found = (1..a.len()).filter_map(|at| map(a, at).get(key.as_bytes()));
            Ok(Value::list(found.collect()))
        })
        .add("keys", Signature::variadic(&[DICT]), |context, a| {
            charge_entries(context, a)?;
            let entries = (0..a.len()).flat_map(|at| map(a, at).entries());
            Ok(Value::strings(entries.map(|(key, _)| key)))
        })
        .add("values", Signature::fixed(&[DICT]), |context, a| {
            charge_entries(context, a)?;
            Ok(Value::list(
                map(a, 0)
                    .entries()
                    .into_iter()
                    .map(|(_, value)| value)
                    .collect(),
            ))
        });
    add_whole(functions);
}

// What makes one map of others.
fn add_whole(functions: &mut Functions) {
    functions
        .add("pick", DICT_KEYS, |_, a| {
            let from = map(a, 0);
            let keys = (1..a.len()).map(|at| string(a, at));
            Ok(Value::dict(keys.filter_map(|key| {
                from.get(key.as_bytes()).map(|value| (key, value))
            })))
        })
        .add("omit", DICT_KEYS, |context, a| {
            charge_entries(context, a)?;
            let keys: BTreeSet<Str> = (1..a.len()).map(|at| string(a, at)).collect();
            Ok(Value::dict(
                map(a, 0)
                    .entries()
                    .into_iter()
                    .filter(|(key, _)| !keys.contains(key)),
            ))
        })
        .add("merge", DICTS, |context, a| {
            merge::merge(context, a, false).or_else(swallow)
        })
        .add("mustMerge", DICTS, |context, a| {
            merge::merge(context, a, false)
        })
        .add("mergeOverwrite", DICTS, |context, a| {
            merge::merge(context, a, true).or_else(swallow)
        })
        .add("mustMergeOverwrite", DICTS, |context, a| {
            merge::merge(context, a, true)
        })
        .add("deepCopy", ONE, |context, a| copy(context, &value(a, 0)))
        .add("mustDeepCopy", ONE, |context, a| {
            copy(context, &value(a, 0))
        })
        .add("dig", MANY, dig);
}

// A copy of an entry takes about two steps.
fn charge_entries(context: &mut Context<'_>, args: &[Value]) -> Result<(), FuncError> {
    let entries: usize = (0..args.len()).map(|at| map(args, at).len()).sum();
    Ok(context.step(2 * entries as u64)?)
}

fn dict(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut entries = Vec::with_capacity(args.len().div_ceil(2));
    for pair in args.chunks(2) {
        let key = strval(context, &value(pair, 0))?;
        entries.push((key, pair.get(1).cloned().unwrap_or_else(|| Value::str(""))));
    }
    Ok(Value::dict(entries))
}

fn set(_: &mut Context<'_>, args: &[Value]) -> Answer {
    if map(args, 0).set(string(args, 1), value(args, 2)) {
        Ok(value(args, 0))
    } else {
        Err(FuncError::new("assignment to entry in nil map"))
    }
}

// `merge` gives nothing where `mustMerge` gives an error; a spent budget stays an error.
fn swallow(error: FuncError) -> Answer {
    match error {
        FuncError::Message(_) => Ok(Value::str("")),
        limit => Err(limit),
    }
}

// copystructure: nil by itself is no value to copy.
fn copy(context: &mut Context<'_>, from: &Value) -> Answer {
    match from {
        Value::Nil => Err(FuncError::new(
            "reflect: call of reflect.Value.Type on zero Value",
        )),
        from => deep_copy(context, from, 0),
    }
}

fn deep_copy(context: &mut Context<'_>, from: &Value, depth: usize) -> Answer {
    if depth > MAX_DEPTH {
        return Err(Limit::Depth(MAX_DEPTH).into());
    }
    context.step(1)?;
    Ok(match from {
        Value::List(list) if !list.is_nil() => {
            context.reserve(list.len().saturating_mul(size_of::<Value>()))?;
            let items: Result<Vec<Value>, FuncError> = list
                .items()
                .iter()
                .map(|item| deep_copy(context, item, depth + 1))
                .collect();
            Value::List(List::new(list.go_type(), items?))
        }
        Value::Map(map) if !map.is_nil() => {
            context.reserve(map.len().saturating_mul(2 * size_of::<Value>()))?;
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map.entries() {
                entries.push((key, deep_copy(context, &value, depth + 1)?));
            }
            Value::Map(Map::of(map.go_type(), entries))
        }
        // Only exported fields are copied, of which a version has none.
        other if object::<Version>(other).is_some() => Version::zero(),
        other => other.clone(),
    })
}

fn dig(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let [keys @ .., default, dict] = args else {
        return Err(too_few());
    };
    if keys.is_empty() {
        return Err(too_few());
    }
    let mut found = as_dict(dict)?;
    let keys: Result<Vec<Str>, FuncError> = keys
        .iter()
        .map(|key| key.as_str().cloned().ok_or_else(|| not(key, "string")))
        .collect();
    let keys = keys?;
    let Some((last, path)) = keys.split_last() else {
        return Err(too_few());
    };
    for key in path {
        match found.get(key.as_bytes()) {
            Some(inner) => found = as_dict(&inner)?,
            None => return Ok(default.clone()),
        }
    }
    Ok(found
        .get(last.as_bytes())
        .unwrap_or_else(|| default.clone()))
}

fn too_few() -> FuncError {
    FuncError::new("dig needs at least three arguments")
}

// Go's type assertion: only this very type, no named one over it.
fn as_dict(value: &Value) -> Result<Map, FuncError> {
    match value {
        Value::Map(map) if map.go_type() == DICT => Ok(map.clone()),
        other => Err(not(other, "map[string]interface {}")),
    }
}

fn not(value: &Value, wanted: &str) -> FuncError {
    let of = value
        .go_type()
        .map_or_else(|| "nil".to_owned(), |of| of.to_string());
    FuncError::new(format!(
        "interface conversion: interface {{}} is {of}, not {wanted}"
    ))
}
