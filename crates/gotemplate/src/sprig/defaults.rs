//! Sprig's `defaults.go`: emptiness, choice, and JSON.

use super::args::{ANY, Answer, MANY, ONE, TEXT, bytes, truth, value};
use super::json;
use super::reflection::is_empty;
use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Functions, Signature};
use crate::types::Type;
use crate::value::Value;

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("default", Signature::variadic(&[ANY, ANY]), |_, a| {
            Ok(if is_empty(&value(a, 1)) {
                value(a, 0)
            } else {
                value(a, 1)
            })
        })
        .add("empty", ONE, |_, a| Ok(is_empty(&value(a, 0)).into()))
        .add("coalesce", MANY, |_, a| {
            Ok(a.iter()
                .find(|item| !is_empty(item))
                .cloned()
                .unwrap_or_default())
        })
        .add("all", MANY, |_, a| Ok((!a.iter().any(is_empty)).into()))
        .add("any", MANY, |_, a| Ok((!a.iter().all(is_empty)).into()))
        .add(
            "ternary",
            Signature::fixed(&[ANY, ANY, Type::Bool]),
            |_, a| Ok(value(a, usize::from(!truth(a, 2)))),
        )
        .add("fromJson", TEXT, |context, a| {
            match json::decode(context, bytes(a, 0)) {
                Ok((value, _)) => Ok(value),
                Err(error) => lenient(error, Value::Nil),
            }
        })
        .add("mustFromJson", TEXT, |context, a| {
            match json::decode(context, bytes(a, 0))? {
                (value, None) => Ok(value),
                (_, Some(error)) => Err(error),
            }
        })
        .add("toJson", ONE, |context, a| {
            encode(context, a, json::Style::Escaped).or_else(|e| lenient(e, Value::str("")))
        })
        .add("mustToJson", ONE, |context, a| {
            encode(context, a, json::Style::Escaped)
        })
        .add("toPrettyJson", ONE, |context, a| {
            encode(context, a, json::Style::Pretty).or_else(|e| lenient(e, Value::str("")))
        })
        .add("mustToPrettyJson", ONE, |context, a| {
            encode(context, a, json::Style::Pretty)
        })
        .add("toRawJson", ONE, |context, a| {
            encode(context, a, json::Style::Raw)
        })
        .add("mustToRawJson", ONE, |context, a| {
            encode(context, a, json::Style::Raw)
        });
}

fn encode(context: &mut Context<'_>, args: &[Value], style: json::Style) -> Answer {
    json::encode(context, &value(args, 0), style).map(Value::str)
}

// The forms without `must` swallow errors; a spent budget stays an error.
fn lenient(error: FuncError, otherwise: Value) -> Answer {
    match error {
        FuncError::Message(_) => Ok(otherwise),
        limit => Err(limit),
    }
}
