//! Strategic merge of a patch into a resource, by the rules of kustomize's `merge2` and `walk`. Never finds its own target's lists odd:
//! how lists are merged is `associative`'s, and directives other than `$patch` are `directive`'s.

use std::collections::BTreeSet;

use goyaml::{Map, Value};

use crate::associative;
use crate::directive::{self, Directives, Whole};
use crate::error::PatchError;
use crate::resource::Resource;
use crate::schema::{self, Field, Fields};

/// Why a patch does not apply, and where: the path is gathered on the way up, innermost last.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) path: Vec<String>,
    pub(crate) problem: String,
}

impl Misfit {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            problem: problem.into(),
        }
    }

    /// The same, one step further in.
    pub(crate) fn at(mut self, step: &str) -> Self {
        self.path.insert(0, step.to_owned());
        self
    }
}

/// What the schema says of a place in an object.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Unknown,
    Type(&'static Fields),
    Field(&'static Field),
}

impl Place {
    fn fields(self) -> Option<&'static Fields> {
        match self {
            Self::Unknown => None,
            Self::Type(fields) => Some(fields),
            Self::Field(field) => schema::type_of(field),
        }
    }

    pub(crate) fn field(self, name: &str) -> Self {
        self.fields()
            .and_then(|fields| fields.get(name))
            .map_or(Self::Unknown, Self::Field)
    }

    /// What is known of a list's elements.
    pub(crate) fn elements(field: &'static Field) -> Self {
        schema::type_of(field).map_or(Self::Unknown, Self::Type)
    }

    /// Where nothing is known, an object that names its kind says what it is.
    fn or_named_by(self, values: [Option<&Value>; 2]) -> Self {
        if !matches!(self, Self::Unknown) {
            return self;
        }
        let named = |value: &Value| {
            schema::resource(
                value.get("apiVersion")?.as_str()?,
                value.get("kind")?.as_str()?,
            )
        };
        values
            .into_iter()
            .flatten()
            .find_map(named)
            .map_or(Self::Unknown, Self::Type)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Mapping,
    Sequence,
    Scalar,
}

impl Shape {
    fn of(value: &Value) -> Self {
        match value {
            Value::Mapping(_) => Self::Mapping,
            Value::Sequence(_) => Self::Sequence,
            _ => Self::Scalar,
        }
    }

    /// The shape of a value that is there and not null.
    fn of_filled(value: Option<&Value>) -> Option<Self> {
        value.filter(|value| **value != Value::Null).map(Self::of)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Mapping => "a mapping",
            Self::Sequence => "a list",
            Self::Scalar => "a scalar",
        }
    }
}

/// Applies one patch to the resource that it names. A resource that the patch deletes is taken out.
pub(crate) fn apply(resources: &mut Vec<Resource>, patch: &mut Resource) -> Result<(), PatchError> {
    let matching: Vec<usize> = resources
        .iter()
        .enumerate()
        .filter(|(_, resource)| resource.id().is_same(patch.id()))
        .map(|(n, _)| n)
        .collect();
    let (&[at], id) = (matching.as_slice(), patch.id().to_string()) else {
        return Err(PatchError::StrategicTarget {
            id: patch.id().to_string(),
            found: matching.len(),
        });
    };
    let Some(resource) = resources.get_mut(at) else {
        return Ok(());
    };
    let kept = resource.id().clone();
    let fail = |misfit: Misfit| PatchError::Strategy {
        id: id.clone(),
        path: misfit.path.join("."),
        problem: misfit.problem,
    };
    let patch = patch.take_object();
    let merged = merge(Some(resource.take_object()), Some(&patch), Place::Unknown).map_err(fail)?;
    let Some(mut object) = merged else {
        resources.remove(at);
        return Ok(());
    };
    keep_identity(&mut object, &kept.kind, &kept.name, &kept.namespace);
    resource
        .set_object(object)
        .map_err(|problem| fail(Misfit::new(problem)))
}

/// A strategic merge never renames: kustomize sets kind, name and namespace again.
fn keep_identity(object: &mut Value, kind: &str, name: &str, namespace: &str) {
    let Value::Mapping(fields) = object else {
        return;
    };
    fields.insert("kind".to_owned(), Value::String(kind.to_owned()));
    let metadata = fields
        .entry("metadata".to_owned())
        .or_insert_with(|| Value::Mapping(Map::new()));
    if let Value::Mapping(metadata) = metadata {
        metadata.insert("name".to_owned(), Value::String(name.to_owned()));
        if namespace.is_empty() {
            metadata.remove("namespace");
        } else {
            metadata.insert("namespace".to_owned(), Value::String(namespace.to_owned()));
        }
    }
}

/// Merges `patch` into `dest`: no value is a field that is not there, and a `null` in the patch takes the field away.
pub(crate) fn merge(
    dest: Option<Value>,
    patch: Option<&Value>,
    place: Place,
) -> Result<Option<Value>, Misfit> {
    let shape = match (Shape::of_filled(dest.as_ref()), Shape::of_filled(patch)) {
        (None, None) => return Ok(if patch.is_some() { None } else { dest }),
        (Some(old), Some(new)) if old != new => {
            return Err(Misfit::new(format!(
                "the resource has {} and the patch {}",
                old.name(),
                new.name()
            )));
        }
        (old, new) => old.or(new).unwrap_or(Shape::Scalar),
    };
    let place = place.or_named_by([dest.as_ref(), patch]);
    match (shape, dest, patch) {
        (_, Some(dest), Some(Value::Null)) if dest != Value::Null => Ok(None),
        (Shape::Mapping, Some(Value::Mapping(dest)), None) => {
            fields(dest, &Map::new(), Directives::default(), place).map(Some)
        }
        (Shape::Mapping, Some(Value::Mapping(dest)), Some(Value::Mapping(patch))) => {
            let directives = Directives::of(patch)?;
            match directives.whole {
                Whole::Delete => Ok(None),
                Whole::Replace => fields(patch.clone(), patch, directives, place).map(Some),
                Whole::Merge => fields(dest, patch, directives, place).map(Some),
            }
        }
        (Shape::Mapping, _, Some(Value::Mapping(patch))) => {
            let directives = Directives::of(patch)?;
            if directives.whole == Whole::Delete {
                return Ok(None);
            }
            fields(patch.clone(), patch, directives, place).map(Some)
        }
        (Shape::Sequence, Some(Value::Sequence(dest)), None) => list(dest, None, place).map(Some),
        (Shape::Sequence, Some(Value::Sequence(dest)), Some(Value::Sequence(patch))) => {
            list(dest, Some(patch), place).map(Some)
        }
        (Shape::Sequence, _, Some(Value::Sequence(patch))) => {
            list(patch.clone(), Some(patch), place).map(Some)
        }
        (_, _, Some(patch)) => Ok(Some(patch.clone())),
        (_, dest, None) => Ok(dest),
    }
}

/// Merges field by field, after `$patch` has been dealt with. New mappings are merged with themselves, which carries out the nulls and
/// directives inside.
fn fields(
    mut dest: Map,
    patch: &Map,
    directives: Directives<'_>,
    place: Place,
) -> Result<Value, Misfit> {
    directives.delete_from_lists(&mut dest)?;
    let names: BTreeSet<String> = dest.keys().chain(patch.keys()).cloned().collect();
    let mut merged = Map::new();
    for name in names {
        let in_patch = patch.get(&name);
        if in_patch.is_some() && directive::is_directive(&name) {
            continue;
        }
        let value = merge(dest.remove(&name), in_patch, place.field(&name))
            .map_err(|misfit| misfit.at(&name))?;
        if let Some(value) = value {
            merged.insert(name, value);
        }
    }
    directives.retain_keys(&mut merged, patch)?;
    directives.order_lists(&mut merged, place)?;
    Ok(Value::Mapping(merged))
}

fn list(dest: Vec<Value>, patch: Option<&Vec<Value>>, place: Place) -> Result<Value, Misfit> {
    match place {
        Place::Field(field) if field.merged => {
            associative::merge(dest, patch, field).map(Value::Sequence)
        }
        // Other lists are taken whole.
        _ => Ok(Value::Sequence(patch.cloned().unwrap_or(dest))),
    }
}
