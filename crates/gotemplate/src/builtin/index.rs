//! `index`, `slice` and `len`.

use crate::error::FuncError;
use crate::exec::{Slot, prepare};
use crate::types::{Type, UintKind};
use crate::value::{List, Value};

/// The type's name, of what a pointer points to.
fn type_name(value: &Value) -> String {
    let name = value
        .go_type()
        .map(|go_type| go_type.to_string())
        .unwrap_or_default();
    name.trim_start_matches('*').to_owned()
}

fn is_nil_pointer(item: &Slot) -> bool {
    match &item.value {
        Value::Nil => item.boxed,
        Value::Object(object) => object.is_nil(),
        _ => false,
    }
}

/// An object that stands for a list or map, as that; anything else as it is.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(object) => match object.underlying() {
            Some(plain @ (Value::List(_) | Value::Map(_) | Value::Str(_) | Value::Bytes(_))) => {
                plain
            }
            _ => value.clone(),
        },
        other => other.clone(),
    }
}

/// An index or bound: an integer from 0 to `max`.
fn position(index: &Value, max: usize) -> Result<usize, FuncError> {
    let index = match index {
        Value::Int(index, _) => *index,
        Value::Uint(index, _) => *index as i64,
        Value::Nil => return Err(FuncError::new("cannot index slice/array with nil")),
        other => {
            let go_type = other.go_type().unwrap_or(Type::Interface);
            return Err(bad_position(go_type));
        }
    };
    match usize::try_from(index) {
        Ok(position) if position <= max => Ok(position),
        _ => Err(FuncError::new(format!("index out of range: {index}"))),
    }
}

fn bad_position(go_type: Type) -> FuncError {
    FuncError::new(format!("cannot index slice/array with type {go_type}"))
}

/// `index item i j …` is `item[i][j]…`.
pub(super) fn index(item: &Slot, indexes: &[Slot]) -> Result<Slot, FuncError> {
    if matches!(item.value, Value::Nil) {
        return Err(FuncError::new("index of untyped nil"));
    }
    let mut current = item.clone();
    for index in indexes {
        if matches!(current.value, Value::Nil) || is_nil_pointer(&current) {
            return Err(FuncError::new("index of nil pointer"));
        }
        let item = plain(&current.value);
        let boxed = item
            .go_type()
            .is_some_and(|go_type| go_type.elem() == Type::Interface);
        let value = match &item {
            Value::List(list) => {
                let at = position(&index.value, list.len())?;
                list.items()
                    .get(at)
                    .cloned()
                    .ok_or_else(|| out_of_range("slice"))?
            }
            Value::Bytes(bytes) => byte(bytes, &index.value, "slice")?,
            Value::Str(text) => byte(text.as_bytes(), &index.value, "string")?,
            Value::Map(map) => {
                let key = prepare(&index.value, Type::String).map_err(FuncError::new)?;
                let key = key.as_str().map(|key| key.as_bytes()).unwrap_or_default();
                map.get(key)
                    .unwrap_or_else(|| Value::zero(map.go_type().elem()))
            }
            other => {
                return Err(FuncError::new(format!(
                    "can't index item of type {}",
                    type_name(other)
                )));
            }
        };
        let boxed = boxed && matches!(item, Value::List(_) | Value::Map(_));
        current = Slot { value, boxed };
    }
    Ok(current)
}

fn byte(bytes: &[u8], index: &Value, what: &str) -> Result<Value, FuncError> {
    let at = position(index, bytes.len())?;
    let byte = bytes.get(at).ok_or_else(|| out_of_range(what))?;
    Ok(Value::Uint(u64::from(*byte), UintKind::Uint8))
}

/// Go checks an index against the length itself only in `reflect`, whose panic becomes this error.
fn out_of_range(what: &str) -> FuncError {
    FuncError::new(format!("reflect: {what} index out of range"))
}

/// `slice item i j` is `item[i:j]`.
pub(super) fn slice(item: &Slot, indexes: &[Slot]) -> Result<Slot, FuncError> {
    if matches!(item.value, Value::Nil) {
        return Err(FuncError::new("slice of untyped nil"));
    }
    if indexes.len() > 3 {
        return Err(FuncError::new(format!(
            "too many slice indexes: {}",
            indexes.len()
        )));
    }
    let item = plain(&item.value);
    let length = match &item {
        Value::Str(_) if indexes.len() == 3 => {
            return Err(FuncError::new("cannot 3-index slice a string"));
        }
        Value::Str(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        other => {
            return Err(FuncError::new(format!(
                "can't slice item of type {}",
                type_name(other)
            )));
        }
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        // Unlike `index`, Go's `slice` does not look into the interface that the element of a map or list is held in.
        if index.boxed {
            return Err(bad_position(Type::Interface));
        }
        *bound = position(&index.value, length)?;
    }
    let [start, end, max] = bounds;
    if start > end {
        return Err(FuncError::new(format!(
            "invalid slice index: {start} > {end}"
        )));
    }
    if indexes.len() == 3 && end > max {
        return Err(FuncError::new(format!(
            "invalid slice index: {end} > {max}"
        )));
    }
    Ok(Slot::of(match &item {
        Value::Str(text) => Value::str(text.as_bytes().get(start..end).unwrap_or_default()),
        Value::Bytes(bytes) => Value::Bytes(bytes.get(start..end).unwrap_or_default().into()),
        Value::List(list) => Value::List(List::new(
            list.go_type(),
            list.items().get(start..end).unwrap_or_default().to_vec(),
        )),
        _ => Value::Nil,
    }))
}

/// The length of a string, list, map or bytes.
pub(super) fn length(item: &Slot) -> Result<i64, FuncError> {
    if is_nil_pointer(item) {
        return Err(FuncError::new("len of nil pointer"));
    }
    let length = match plain(&item.value) {
        Value::Str(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Nil => {
            return Err(FuncError::new(
                "reflect: call of reflect.Value.Type on zero Value",
            ));
        }
        other => return Err(FuncError::new(format!("len of type {}", type_name(&other)))),
    };
    Ok(length as i64)
}
