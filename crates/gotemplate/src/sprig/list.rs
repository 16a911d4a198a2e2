//! Sprig's `list.go`: slices of any element type go in, `[]interface {}` comes out. No list is changed in place.

use std::borrow::Cow;

use super::args::{ANY, Answer, INT, MANY, elements, int, nil_dereference, nil_list, value};
use super::cast::{to_int, truncate};
use super::reflection::{deep_equal, is_empty};
use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Body, Functions, Signature};
use crate::types::Type;
use crate::value::{List, Value};

const LIST: Signature = Signature::fixed(&[ANY]);
const TWO: Signature = Signature::fixed(&[ANY, ANY]);
const LIST_AND_MORE: Signature = Signature::variadic(&[ANY, ANY]);
const SIZE_LIST: Signature = Signature::fixed(&[INT, ANY]);

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("list", MANY, |_, a| Ok(Value::list(a.to_vec())))
        .add("tuple", MANY, |_, a| Ok(Value::list(a.to_vec())))
        .add("concat", MANY, concat);
    // What the `must` form returns as an error, the plain one panics with: the template sees the same text.
    let pairs: [(&'static str, &'static str, Signature, Body); 14] = [
        ("append", "mustAppend", TWO, push),
        ("push", "mustPush", TWO, push),
        ("prepend", "mustPrepend", TWO, prepend),
        ("first", "mustFirst", LIST, |_, a| {
            Ok(items(a, 0, "Cannot find first on type ")?
                .first()
                .cloned()
                .unwrap_or_default())
        }),
        ("last", "mustLast", LIST, |_, a| {
            Ok(items(a, 0, "Cannot find last on type ")?
                .last()
                .cloned()
                .unwrap_or_default())
        }),
        ("rest", "mustRest", LIST, |_, a| {
            Ok(part(
                items(a, 0, "Cannot find rest on type ")?
                    .split_first()
                    .map(|(_, rest)| rest),
            ))
        }),
        ("initial", "mustInitial", LIST, |_, a| {
            Ok(part(
                items(a, 0, "Cannot find initial on type ")?
                    .split_last()
                    .map(|(_, initial)| initial),
            ))
        }),
        ("reverse", "mustReverse", LIST, reverse),
        ("compact", "mustCompact", LIST, compact),
        ("uniq", "mustUniq", LIST, uniq),
        ("without", "mustWithout", LIST_AND_MORE, without),
        ("has", "mustHas", TWO, has),
        ("slice", "mustSlice", LIST_AND_MORE, slice),
        ("chunk", "mustChunk", SIZE_LIST, chunk),
    ];
    for (name, must, signature, body) in pairs {
        functions
            .add(name, signature, body)
            .add(must, signature, body);
    }
}

// The elements of the list in place `at`, or the error with its kind.
fn items<'a>(args: &'a [Value], at: usize, complaint: &str) -> Result<Cow<'a, [Value]>, FuncError> {
    match args.get(at) {
        None | Some(Value::Nil) => Err(nil_dereference()),
        Some(list) => {
            elements(list).ok_or_else(|| FuncError::new(format!("{complaint}{}", list.kind())))
        }
    }
}

fn part(items: Option<&[Value]>) -> Value {
    items.map_or_else(nil_list, |items| Value::list(items.to_vec()))
}

fn reverse(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let items = items(args, 0, "Cannot find reverse on type ")?;
    Ok(Value::list(items.iter().rev().cloned().collect()))
}

fn compact(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let items = items(args, 0, "Cannot compact on type ")?;
    let kept = items.iter().filter(|item| !is_empty(item));
    Ok(Value::list(kept.cloned().collect()))
}

fn push(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut items = items(args, 0, "Cannot push on type ")?.into_owned();
    context.reserve(items.len().saturating_mul(size_of::<Value>()))?;
    items.push(value(args, 1));
    Ok(Value::list(items))
}

fn prepend(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut items = items(args, 0, "Cannot prepend on type ")?.into_owned();
    context.reserve(items.len().saturating_mul(size_of::<Value>()))?;
    items.insert(0, value(args, 1));
    Ok(Value::list(items))
}

fn contains(context: &mut Context<'_>, list: &[Value], needle: &Value) -> Result<bool, FuncError> {
    for item in list {
        if deep_equal(context, needle, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut kept = Vec::new();
    for item in items(args, 0, "Cannot find uniq on type ")?.into_owned() {
        if !contains(context, &kept, &item)? {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn without(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut kept = Vec::new();
    let omitted = args.get(1..).unwrap_or_default();
    for item in items(args, 0, "Cannot find without on type ")?.into_owned() {
        if !contains(context, omitted, &item)? {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn has(context: &mut Context<'_>, args: &[Value]) -> Answer {
    if matches!(value(args, 1), Value::Nil) {
        return Ok(false.into());
    }
    let items = items(args, 1, "Cannot find has on type ")?;
    Ok(contains(context, &items, &value(args, 0))?.into())
}

// `slice LIST [start [end]]`: the slice keeps its type.
fn slice(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let length = items(args, 0, "list should be type of slice or array but ")?.len();
    if length == 0 {
        return Ok(Value::Nil);
    }
    let start = args.get(1).map_or(0, to_int);
    let end = args.get(2).map_or(length as i64, to_int);
    let bounds = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let out_of_bounds = || FuncError::new("reflect.Value.Slice: slice index out of bounds");
    let (start, end) = bounds.ok_or_else(out_of_bounds)?;
    match value(args, 0) {
        Value::List(list) => {
            let items = list.items().get(start..end).ok_or_else(out_of_bounds)?;
            Ok(Value::List(List::new(list.go_type(), items.to_vec())))
        }
        Value::Bytes(bytes) => Ok(Value::Bytes(
            bytes.get(start..end).ok_or_else(out_of_bounds)?.into(),
        )),
        _ => Err(out_of_bounds()),
    }
}

fn concat(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut all = Vec::new();
    for at in 0..args.len() {
        let items = match value(args, at) {
            Value::Nil => return Err(nil_dereference()),
            list => match elements(&list) {
                Some(items) => items.into_owned(),
                None => {
                    return Err(FuncError::new(format!(
                        "Cannot concat type {} as list",
                        list.kind()
                    )));
                }
            },
        };
        context.reserve(items.len().saturating_mul(size_of::<Value>()))?;
        all.extend(items);
    }
    Ok(if all.is_empty() {
        nil_list()
    } else {
        Value::list(all)
    })
}

// The counts are computed in floats, as Sprig does, so that a size of 0 or less fails as it does there.
fn chunk(context: &mut Context<'_>, args: &[Value]) -> Answer {
    const LISTS: Type = Type::Slice(&Type::LIST);
    let size = int(args, 0);
    let items = items(args, 1, "Cannot chunk type ")?;
    let too_long = || FuncError::new("runtime error: makeslice: len out of range");
    let count = truncate(((items.len() as f64 - 1.0) / size as f64).floor() + 1.0);
    // A negative size leaves one chunk of what is over, or none.
    let over = i64::try_from(items.len())
        .unwrap_or(i64::MAX)
        .checked_rem(size);
    let size = match (count, size) {
        (..0, _) | (_, 0) => return Err(too_long()),
        (0, _) => return Ok(Value::List(List::new(LISTS, Vec::new()))),
        (_, 1..) => size,
        _ if count > 1 || over == Some(0) => return Err(too_long()),
        _ => i64::MAX,
    };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    context.reserve(items.len().saturating_mul(2 * size_of::<Value>()))?;
    let chunks = items
        .chunks(size.max(1))
        .map(|chunk| Value::list(chunk.to_vec()));
    Ok(Value::List(List::new(LISTS, chunks.collect())))
}
