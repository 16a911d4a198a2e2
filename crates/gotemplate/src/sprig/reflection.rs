//! Sprig's `reflect.go`, Go's `reflect.DeepEqual`, and emptiness by kind. Walks no deeper than `MAX_DEPTH`, since a map may
//! hold itself.

use std::rc::Rc;

use super::args::{ANY, ONE, STRING, text, value};
use super::gotime::Time;
use super::semver::Version;
use crate::context::Context;
use crate::error::{FuncError, Limit};
use crate::func::{Functions, Signature};
use crate::object::Object;
use crate::types::Kind;
use crate::value::{List, Map, Value};

/// How deep a value is walked.
pub(super) const MAX_DEPTH: usize = 200;

const NAMED: Signature = Signature::fixed(&[STRING, ANY]);

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("typeOf", ONE, |_, a| Ok(Value::str(type_of(&value(a, 0)))))
        .add("typeIs", NAMED, |_, a| {
            Ok((text(a, 0) == type_of(&value(a, 1))).into())
        })
        .add("typeIsLike", NAMED, |_, a| {
            let of = type_of(&value(a, 1));
            Ok((text(a, 0) == of || of.strip_prefix('*') == Some(&text(a, 0))).into())
        })
        .add("kindOf", ONE, |_, a| {
            Ok(Value::str(value(a, 0).kind().name()))
        })
        .add("kindIs", NAMED, |_, a| {
            Ok((text(a, 0) == value(a, 1).kind().name()).into())
        })
        .add("deepEqual", Signature::fixed(&[ANY, ANY]), |context, a| {
            Ok(deep_equal(context, &value(a, 0), &value(a, 1))?.into())
        });
}

// What `%T` prints.
fn type_of(value: &Value) -> String {
    value
        .go_type()
        .map_or_else(|| "<nil>".to_owned(), |of| of.to_string())
}

/// Sprig's `empty`: nil, false, zero, and what has no elements. Structs never are.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(object) => match object.kind() {
            Kind::Struct | Kind::Ptr => false,
            _ => object.underlying().is_some_and(|value| is_empty(&value)),
        },
        other => !other.is_true(),
    }
}

/// `reflect.DeepEqual`.
pub(super) fn deep_equal(
    context: &mut Context<'_>,
    a: &Value,
    b: &Value,
) -> Result<bool, FuncError> {
    equal_at(context, a, b, 0)
}

fn equal_at(
    context: &mut Context<'_>,
    a: &Value,
    b: &Value,
    depth: usize,
) -> Result<bool, FuncError> {
    if depth > MAX_DEPTH {
        return Err(Limit::Depth(MAX_DEPTH).into());
    }
    context.step(1)?;
    if a.go_type() != b.go_type() {
        return Ok(false);
    }
    Ok(match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a, _), Value::Int(b, _)) => a == b,
        (Value::Uint(a, _), Value::Uint(b, _)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Str(a), Value::Str(b)) => {
            context.step(a.len().min(b.len()) as u64 / 64)?;
            a == b
        }
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::List(a), Value::List(b)) => lists_equal(context, a, b, depth)?,
        (Value::Map(a), Value::Map(b)) => maps_equal(context, a, b, depth)?,
        (Value::Object(a), Value::Object(b)) => objects_equal(a, b),
        _ => false,
    })
}

fn lists_equal(
    context: &mut Context<'_>,
    a: &List,
    b: &List,
    depth: usize,
) -> Result<bool, FuncError> {
    if a.is_nil() != b.is_nil() || a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.items().iter().zip(b.items()) {
        if !equal_at(context, a, b, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn maps_equal(
    context: &mut Context<'_>,
    a: &Map,
    b: &Map,
    depth: usize,
) -> Result<bool, FuncError> {
    if a.is_same(b) {
        return Ok(true);
    }
    if a.is_nil() != b.is_nil() || a.len() != b.len() {
        return Ok(false);
    }
    for ((a_key, a), (b_key, b)) in a.entries().iter().zip(b.entries()) {
        if *a_key != b_key || !equal_at(context, a, &b, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn objects_equal(a: &Rc<dyn Object>, b: &Rc<dyn Object>) -> bool {
    if Rc::ptr_eq(a, b) {
        return true;
    }
    let (a_any, b_any) = (a.as_any(), b.as_any());
    if let (Some(a), Some(b)) = (
        a_any.downcast_ref::<Version>(),
        b_any.downcast_ref::<Version>(),
    ) {
        return a == b;
    }
    if let (Some(a), Some(b)) = (a_any.downcast_ref::<Time>(), b_any.downcast_ref::<Time>()) {
        return a == b;
    }
    a.equal(&**b).unwrap_or(false)
}
