//! `eq`, `lt` and `le` with Go's rules: only values of one kind compare, integers of either sign among each other.

use crate::error::FuncError;
use crate::gofmt;
use crate::types::{Kind, Type};
use crate::value::Value;

/// A value as far as comparison tells values apart.
enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(&'v [u8]),
    /// Anything else, nil too.
    Other,
}

fn basic(value: &Value) -> Basic<'_> {
    match value {
        Value::Bool(value) => Basic::Bool(*value),
        Value::Int(value, _) => Basic::Int(*value),
        Value::Uint(value, _) => Basic::Uint(*value),
        Value::Float(value) => Basic::Float(*value),
        Value::Str(value) => Basic::Str(value.as_bytes()),
        Value::Object(object) => match object.underlying() {
            Some(Value::Bool(value)) => Basic::Bool(value),
            Some(Value::Int(value, _)) => Basic::Int(value),
            Some(Value::Uint(value, _)) => Basic::Uint(value),
            Some(Value::Float(value)) => Basic::Float(value),
            _ => Basic::Other,
        },
        _ => Basic::Other,
    }
}

/// Whether `first` equals any of the others.
pub(super) fn eq<'v>(
    first: &Value,
    others: impl Iterator<Item = &'v Value>,
) -> Result<bool, FuncError> {
    let mut any = false;
    for other in others {
        any = true;
        if equal(first, other)? {
            return Ok(true);
        }
    }
    if any {
        Ok(false)
    } else {
        Err(FuncError::new("missing argument for comparison"))
    }
}

fn equal(left: &Value, right: &Value) -> Result<bool, FuncError> {
    Ok(match (basic(left), basic(right)) {
        (Basic::Bool(left), Basic::Bool(right)) => left == right,
        (Basic::Int(left), Basic::Int(right)) => left == right,
        (Basic::Uint(left), Basic::Uint(right)) => left == right,
        (Basic::Int(left), Basic::Uint(right)) => u64::try_from(left) == Ok(right),
        (Basic::Uint(left), Basic::Int(right)) => u64::try_from(right) == Ok(left),
        (Basic::Float(left), Basic::Float(right)) => left == right,
        (Basic::Str(left), Basic::Str(right)) => left == right,
        (Basic::Other, Basic::Other) => equal_other(left, right)?,
        _ => match (left.go_type(), right.go_type()) {
            (Some(left), Some(right)) => return Err(incompatible(left, right)),
            _ => false,
        },
    })
}

fn incompatible(left: Type, right: Type) -> FuncError {
    FuncError::new(format!(
        "incompatible types for comparison: {left} and {right}"
    ))
}

/// Values that are not basic: nil or not, and objects.
fn equal_other(left: &Value, right: &Value) -> Result<bool, FuncError> {
    let (left_kind, right_kind) = (left.kind(), right.kind());
    if left_kind != right_kind && left_kind != Kind::Invalid && right_kind != Kind::Invalid {
        let types = [left, right].map(|value| {
            value
                .go_type()
                .map(|go_type| go_type.to_string())
                .unwrap_or_default()
        });
        let [left_type, right_type] = types;
        let (left, right) = (gofmt::brief(left, 's'), gofmt::brief(right, 'v'));
        return Err(FuncError::new(format!(
            "non-comparable types {left}: {left_type}, {right_type}: {right}"
        )));
    }
    if left.is_nil() || right.is_nil() {
        return Ok(left.is_nil() == right.is_nil());
    }
    let comparable = match (left, right) {
        // Pointers are equal when they point to the same thing.
        (Value::Object(left), Value::Object(right)) if left_kind == Kind::Ptr => {
            Some(std::rc::Rc::ptr_eq(left, right))
        }
        (Value::Object(left), Value::Object(right)) if left.go_type() == right.go_type() => {
            left.equal(right.as_ref())
        }
        (Value::Object(_), Value::Object(_)) => Some(false),
        _ => None,
    };
    comparable.ok_or_else(|| {
        let go_type = right
            .go_type()
            .map(|go_type| go_type.to_string())
            .unwrap_or_default();
        FuncError::new(format!(
            "non-comparable type {}: {go_type}",
            gofmt::brief(right, 's')
        ))
    })
}

/// Whether `left` is less.
pub(super) fn lt(left: &Value, right: &Value) -> Result<bool, FuncError> {
    let bad_type = || FuncError::new("invalid type for comparison");
    Ok(match (basic(left), basic(right)) {
        (Basic::Other, _) | (_, Basic::Other) => return Err(bad_type()),
        (Basic::Bool(_), Basic::Bool(_)) => return Err(bad_type()),
        (Basic::Int(left), Basic::Int(right)) => left < right,
        (Basic::Uint(left), Basic::Uint(right)) => left < right,
        (Basic::Int(left), Basic::Uint(right)) => {
            u64::try_from(left).is_ok_and(|left| left < right) || left < 0
        }
        (Basic::Uint(left), Basic::Int(right)) => {
            u64::try_from(right).is_ok_and(|right| left < right)
        }
        (Basic::Float(left), Basic::Float(right)) => left < right,
        (Basic::Str(left), Basic::Str(right)) => left < right,
        _ => {
            let types = (
                left.go_type().unwrap_or(Type::Interface),
                right.go_type().unwrap_or(Type::Interface),
            );
            return Err(incompatible(types.0, types.1));
        }
    })
}

/// Whether `left` is less or equal.
pub(super) fn le(left: &Value, right: &Value) -> Result<bool, FuncError> {
    Ok(lt(left, right)? || equal(left, right)?)
}
