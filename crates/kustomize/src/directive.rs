//! The directives of strategic merge patches, as Kubernetes defines them. Never reads a directive off the resource.
//!
//! kustomize knows `$patch` only and prints the others as fields, which no API server takes. They are carried out here by the rules of
//! apimachinery's `strategicpatch`.

use goyaml::{Map, Value};

use crate::merge::{Misfit, Place};
use crate::resource::scalar_text;

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const SET_ORDER: &str = "$setElementOrder/";

/// What happens to a mapping as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Whole {
    #[default]
    Merge,
    Replace,
    Delete,
}

/// The directives of one mapping of a patch.
#[derive(Debug, Default)]
pub(crate) struct Directives<'a> {
    pub(crate) whole: Whole,
    retain: Option<&'a [Value]>,
    delete_from: Vec<(&'a str, &'a [Value])>,
    order: Vec<(&'a str, &'a [Value])>,
}

/// Whether `name` is no field but a directive.
pub(crate) fn is_directive(name: &str) -> bool {
    name == PATCH
        || name == RETAIN_KEYS
        || name.starts_with(DELETE_FROM)
        || name.starts_with(SET_ORDER)
}

impl<'a> Directives<'a> {
    /// Reads the directives of `patch`.
    pub(crate) fn of(patch: &'a Map) -> Result<Self, Misfit> {
        let mut directives = Self::default();
        for (name, value) in patch.iter().filter(|(name, _)| is_directive(name)) {
            if name == PATCH {
                directives.whole = match value.as_str() {
                    Some("merge") => Whole::Merge,
                    Some("replace") => Whole::Replace,
                    Some("delete") => Whole::Delete,
                    _ => return Err(Misfit::new("$patch is not merge, replace or delete").at(name)),
                };
                continue;
            }
            let Value::Sequence(list) = value else {
                return Err(Misfit::new("the directive is no list").at(name));
            };
            if let Some(field) = name.strip_prefix(DELETE_FROM) {
                directives.delete_from.push((field, list));
            } else if let Some(field) = name.strip_prefix(SET_ORDER) {
                directives.order.push((field, list));
            } else {
                directives.retain = Some(list);
            }
        }
        Ok(directives)
    }

    /// `$deleteFromPrimitiveList/FIELD`: takes the values out of the resource's list.
    pub(crate) fn delete_from_lists(&self, dest: &mut Map) -> Result<(), Misfit> {
        for (field, values) in &self.delete_from {
            match dest.get_mut(*field) {
                Some(Value::Sequence(list)) => list.retain(|element| !values.contains(element)),
                None | Some(Value::Null) => {}
                Some(_) => {
                    return Err(Misfit::new("$deleteFromPrimitiveList names no list").at(field));
                }
            }
        }
        Ok(())
    }

    /// `$retainKeys`: fields that are not named go. All fields of the patch must be named.
    pub(crate) fn retain_keys(&self, merged: &mut Map, patch: &Map) -> Result<(), Misfit> {
        let Some(retain) = self.retain else {
            return Ok(());
        };
        let is_named = |name: &str| retain.iter().any(|value| value.as_str() == Some(name));
        if let Some(name) = patch.iter().find_map(|(name, value)| {
            (*value != Value::Null && !is_directive(name) && !is_named(name)).then_some(name)
        }) {
            return Err(Misfit::new("$retainKeys does not name this field of the patch").at(name));
        }
        merged.retain(|name, _| is_named(name));
        Ok(())
    }

    /// `$setElementOrder/FIELD`: orders the list as named. Elements that are not named keep their order and stand before the first named
    /// one that followed them.
    pub(crate) fn order_lists(&self, merged: &mut Map, place: Place) -> Result<(), Misfit> {
        for (field, order) in &self.order {
            let Some(Value::Sequence(list)) = merged.get_mut(*field) else {
                continue;
            };
            let key = match place.field(field) {
                Place::Field(known) => known.keys.first().copied().unwrap_or_default(),
                _ => "",
            };
            let identity = |element: &Value| {
                if key.is_empty() {
                    scalar_text(element)
                } else {
                    scalar_text(element.get(key)?)
                }
            };
            let order: Vec<String> = order.iter().filter_map(identity).collect();
            if order.is_empty() {
                return Err(Misfit::new("$setElementOrder names no element").at(field));
            }
            *list = ordered(std::mem::take(list), &order, identity);
        }
        Ok(())
    }
}

fn ordered(
    list: Vec<Value>,
    order: &[String],
    identity: impl Fn(&Value) -> Option<String>,
) -> Vec<Value> {
    let rank = |element: &Value| {
        identity(element).and_then(|id| order.iter().position(|named| *named == id))
    };
    let numbered = list
        .into_iter()
        .enumerate()
        .map(|(was, element)| (rank(&element), was, element));
    let (mut named, unnamed): (Vec<_>, Vec<_>) = numbered.partition(|(rank, ..)| rank.is_some());
    named.sort_by_key(|(rank, ..)| *rank);
    let mut unnamed = unnamed.into_iter().peekable();
    let mut result = Vec::new();
    for (_, was, element) in named {
        while let Some((.., other)) = unnamed.next_if(|(_, other, _)| *other < was) {
            result.push(other);
        }
        result.push(element);
    }
    result.extend(unnamed.map(|(.., element)| element));
    result
}
