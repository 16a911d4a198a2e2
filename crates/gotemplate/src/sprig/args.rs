//! Reads the arguments that the engine has checked, and words Go's run-time panics. Never converts a value:
//! that is `cast`'s job.

use std::borrow::Cow;

use crate::context::Context;
use crate::error::FuncError;
use crate::func::Signature;
use crate::gofmt;
use crate::types::Type;
use crate::value::{List, Map, Str, Value};

/// What a function body returns.
pub(super) type Answer = Result<Value, FuncError>;

pub(super) const ANY: Type = Type::Interface;
pub(super) const STRING: Type = Type::String;
pub(super) const INT: Type = Type::INT;
/// One value of any kind.
pub(super) const ONE: Signature = Signature::fixed(&[ANY]);
/// Any number of values.
pub(super) const MANY: Signature = Signature::variadic(&[ANY]);
/// One string.
pub(super) const TEXT: Signature = Signature::fixed(&[STRING]);
/// Two strings.
pub(super) const TEXTS: Signature = Signature::fixed(&[STRING, STRING]);

/// An argument of any kind.
pub(super) fn value(args: &[Value], at: usize) -> Value {
    args.get(at).cloned().unwrap_or_default()
}

/// The bytes of a string argument.
pub(super) fn bytes(args: &[Value], at: usize) -> &[u8] {
    match args.get(at) {
        Some(Value::Str(text)) => text.as_bytes(),
        _ => &[],
    }
}

/// A string argument as text, bad bytes replaced.
pub(super) fn text(args: &[Value], at: usize) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes(args, at))
}

/// A string argument, shared.
pub(super) fn string(args: &[Value], at: usize) -> Str {
    match args.get(at) {
        Some(Value::Str(text)) => text.clone(),
        _ => Str::from(""),
    }
}

/// An integer argument.
pub(super) fn int(args: &[Value], at: usize) -> i64 {
    match args.get(at) {
        Some(Value::Int(number, _)) => *number,
        Some(Value::Uint(number, _)) => i64::try_from(*number).unwrap_or(i64::MAX),
        _ => 0,
    }
}

/// A bool argument.
pub(super) fn truth(args: &[Value], at: usize) -> bool {
    matches!(args.get(at), Some(Value::Bool(true)))
}

/// A map argument; nil is the nil map.
pub(super) fn map(args: &[Value], at: usize) -> Map {
    match args.get(at) {
        Some(Value::Map(map)) => map.clone(),
        _ => Map::nil(Type::DICT),
    }
}

/// The elements of a slice of any type, bytes too; none if it is no slice (`reflect.Value.Index` of each).
pub(super) fn elements(value: &Value) -> Option<Cow<'_, [Value]>> {
    match value {
        Value::List(list) => Some(Cow::Borrowed(list.items())),
        Value::Bytes(bytes) => {
            let byte = |byte: &u8| Value::Uint(u64::from(*byte), crate::types::UintKind::Uint8);
            Some(Cow::Owned(bytes.iter().map(byte).collect()))
        }
        _ => None,
    }
}

/// An object of the host's or Sprig's own type.
pub(super) fn object<T: 'static>(value: &Value) -> Option<&T> {
    match value {
        Value::Object(object) => object.as_any().downcast_ref(),
        _ => None,
    }
}

/// What Go's `reflect.TypeOf(nil).Kind()` dies of.
pub(super) fn nil_dereference() -> FuncError {
    FuncError::new("runtime error: invalid memory address or nil pointer dereference")
}

/// The nil slice `[]interface {}`.
pub(super) fn nil_list() -> Value {
    Value::List(List::nil(Type::LIST))
}

/// Sprig's `strval`: strings and bytes as they are, errors and stringers by their text, the rest as `%v` prints it.
pub(super) fn strval(context: &mut Context<'_>, value: &Value) -> Result<Str, FuncError> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        Value::Bytes(bytes) => Ok(Str::from(&**bytes)),
        other => Ok(Str::from(gofmt::sprint(
            context,
            std::slice::from_ref(other),
        )?)),
    }
}

/// Go's slice expression `text[start..end]` with its panics.
pub(super) fn slice(text: &[u8], start: i64, end: i64) -> Result<&[u8], FuncError> {
    let length = text.len();
    let bounds = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    bounds
        .and_then(|(start, end)| text.get(start..end))
        .ok_or_else(|| slice_panic(start, end, length, "length"))
}

/// The message of a slice expression out of range; `measure` is `length` for strings and `capacity` for slices.
pub(super) fn slice_panic(start: i64, end: i64, length: usize, measure: &str) -> FuncError {
    let in_range = usize::try_from(end).is_ok_and(|end| end <= length);
    FuncError::new(if !in_range && end < 0 {
        format!("runtime error: slice bounds out of range [:{end}]")
    } else if !in_range {
        format!("runtime error: slice bounds out of range [:{end}] with {measure} {length}")
    } else if start < 0 {
        format!("runtime error: slice bounds out of range [{start}:]")
    } else {
        format!("runtime error: slice bounds out of range [{start}:{end}]")
    })
}
