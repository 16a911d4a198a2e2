//! Go's own functions, which every template may call unless the host has functions of the same name.

mod compare;
mod escape;
mod index;

use crate::context::Context;
use crate::error::FuncError;
use crate::exec::Slot;
use crate::func::{Function, Signature};
use crate::gofmt;
use crate::types::Type;
use crate::value::Value;

/// One of Go's own functions. `And`, `Or` and `Call` are run by the engine itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Call,
    Html,
    Index,
    Slice,
    Js,
    Len,
    Not,
    Or,
    Print,
    Printf,
    Println,
    Urlquery,
    Eq,
    Ge,
    Gt,
    Le,
    Lt,
    Ne,
}

const ANY: Signature = Signature::variadic(&[Type::Interface]);
const VALUE: Signature = Signature::fixed(&[Type::ReflectValue]);
const TWO_VALUES: Signature = Signature::fixed(&[Type::ReflectValue, Type::ReflectValue]);
const VALUES: Signature = Signature::variadic(&[Type::ReflectValue, Type::ReflectValue]);

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<Function> {
    let (signature, builtin) = match name {
        "and" => (VALUES, Builtin::And),
        "call" => (VALUES, Builtin::Call),
        "html" => (ANY, Builtin::Html),
        "index" => (VALUES, Builtin::Index),
        "slice" => (VALUES, Builtin::Slice),
        "js" => (ANY, Builtin::Js),
        "len" => (VALUE, Builtin::Len),
        "not" => (VALUE, Builtin::Not),
        "or" => (VALUES, Builtin::Or),
        "print" => (ANY, Builtin::Print),
        "printf" => (
            Signature::variadic(&[Type::String, Type::Interface]),
            Builtin::Printf,
        ),
        "println" => (ANY, Builtin::Println),
        "urlquery" => (ANY, Builtin::Urlquery),
        "eq" => (VALUES, Builtin::Eq),
        "ge" => (TWO_VALUES, Builtin::Ge),
        "gt" => (TWO_VALUES, Builtin::Gt),
        "le" => (TWO_VALUES, Builtin::Le),
        "lt" => (TWO_VALUES, Builtin::Lt),
        "ne" => (TWO_VALUES, Builtin::Ne),
        _ => return None,
    };
    Some(Function::builtin(signature, builtin))
}

/// Runs a function whose arguments are checked.
///
/// # Errors
/// As the Go function's.
pub(crate) fn run(
    builtin: Builtin,
    context: &mut Context<'_>,
    args: &[Slot],
) -> Result<Slot, FuncError> {
    let (first, rest) = match args.split_first() {
        Some((first, rest)) => (Some(first), rest),
        None => (None, args),
    };
    let nil = Slot::default();
    let first = first.unwrap_or(&nil);
    let second = rest.first().unwrap_or(&nil);
    let values = || -> Vec<Value> { args.iter().map(|slot| slot.value.clone()).collect() };
    let truth = |truth: bool| Ok(Slot::of(Value::Bool(truth)));
    let text = |text: Vec<u8>| Ok(Slot::of(Value::str(text)));
    match builtin {
        Builtin::And | Builtin::Or | Builtin::Call => Err(FuncError::new("unreachable")),
        Builtin::Html => text(escape::html(context, &values())?),
        Builtin::Js => text(escape::js(context, &values())?),
        Builtin::Urlquery => text(escape::url_query(context, &values())?),
        Builtin::Index => index::index(first, rest),
        Builtin::Slice => index::slice(first, rest),
        Builtin::Len => Ok(Slot::of(Value::int(index::length(first)?))),
        Builtin::Not => truth(!first.value.is_true()),
        Builtin::Print => text(gofmt::sprint(context, &values())?),
        Builtin::Println => text(gofmt::sprintln(context, &values())?),
        Builtin::Printf => {
            let rest: Vec<Value> = rest.iter().map(|slot| slot.value.clone()).collect();
            let format = first
                .value
                .as_str()
                .map(|format| format.as_bytes())
                .unwrap_or_default();
            text(gofmt::sprintf(context, format, &rest)?)
        }
        Builtin::Eq => truth(compare::eq(
            &first.value,
            rest.iter().map(|slot| &slot.value),
        )?),
        Builtin::Ne => truth(!compare::eq(&first.value, std::iter::once(&second.value))?),
        Builtin::Lt => truth(compare::lt(&first.value, &second.value)?),
        Builtin::Le => truth(compare::le(&first.value, &second.value)?),
        Builtin::Gt => truth(!compare::le(&first.value, &second.value)?),
        Builtin::Ge => truth(!compare::lt(&first.value, &second.value)?),
    }
}
