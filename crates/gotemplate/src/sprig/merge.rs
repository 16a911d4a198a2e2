//! dario.cat/mergo 1.0.1 on maps, as `merge` and `mergeOverwrite` use it. What is empty in the destination is filled; a list is
//! taken or left as a whole; maps within the source are shared with it, not copied.

use super::args::{Answer, map, value};
use super::reflection::{MAX_DEPTH, is_empty};
use crate::context::Context;
use crate::error::{FuncError, Limit};
use crate::types::{Kind, Type};
use crate::value::{Map, Value};

/// Merges each further map into the first and returns that.
pub(super) fn merge(context: &mut Context<'_>, args: &[Value], overwrite: bool) -> Answer {
    let mut into = map(args, 0);
    let mut result = value(args, 0);
    for at in 1..args.len() {
        let from = map(args, at);
        if into.is_nil() && !from.is_nil() {
            into = Map::new(Type::DICT);
            result = Value::Map(into.clone());
        }
        merge_maps(context, &into, &from, overwrite, 0)?;
    }
    Ok(result)
}

fn merge_maps(
    context: &mut Context<'_>,
    into: &Map,
    from: &Map,
    overwrite: bool,
    depth: usize,
) -> Result<(), FuncError> {
    if depth > MAX_DEPTH {
        return Err(Limit::Depth(MAX_DEPTH).into());
    }
    for (key, source) in from.entries() {
        // Two look-ups in trees, and what is dropped again.
        context.step(6)?;
        let target = into.get(key.as_bytes());
        if matches!(source, Value::Nil) {
            if overwrite {
                set(into, &key, source);
            }
            continue;
        }
        let kind = source.kind();
        if matches!(kind, Kind::Map | Kind::Struct | Kind::Ptr) {
            merge_values(context, target.as_ref(), &source, overwrite, depth)?;
        }
        if kind == Kind::Slice && overwrite {
            set(into, &key, source);
            continue;
        }
        let empty = target.as_ref().is_none_or(is_empty);
        let both_maps = kind == Kind::Map
            && target
                .as_ref()
                .is_some_and(|target| target.kind() == Kind::Map);
        if !empty && (kind == Kind::Slice || both_maps) {
            continue;
        }
        if overwrite || empty {
            set(into, &key, source);
        }
    }
    Ok(())
}

// What the destination holds already is changed in place where it is a map, and left where it is anything else.
fn merge_values(
    context: &mut Context<'_>,
    target: Option<&Value>,
    source: &Value,
    overwrite: bool,
    depth: usize,
) -> Result<(), FuncError> {
    match (target, source) {
        (Some(Value::Map(into)), Value::Map(from)) if !into.is_nil() => {
            merge_maps(context, into, from, overwrite, depth + 1)
        }
        (Some(target), source)
            if target.kind() == Kind::Ptr && source.kind() != Kind::Ptr && !overwrite =>
        {
            Err(FuncError::new("src and dst must be of same type"))
        }
        _ => Ok(()),
    }
}

fn set(into: &Map, key: &crate::value::Str, value: Value) {
    // Never a nil map: one is replaced before anything is merged into it.
    let _done = into.set(key.clone(), value);
}
