//! Which lists of Kubernetes objects are merged, and by which keys. Never knows more than `schema.txt`, which `schema.py` makes.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// A field that leads to merged lists, or is one.
#[derive(Debug, Default)]
pub(crate) struct Field {
    /// Its lists are merged element by element (`x-kubernetes-patch-strategy: merge`).
    pub(crate) merged: bool,
    /// What tells the elements apart (`x-kubernetes-list-map-keys`, else `x-kubernetes-patch-merge-key`); empty for lists of scalars.
    pub(crate) keys: Vec<&'static str>,
    /// The type of the field, or of its elements.
    of: Option<&'static str>,
}

#[derive(Debug, Default)]
struct Schema {
    types: HashMap<&'static str, HashMap<&'static str, Field>>,
    kinds: HashMap<(&'static str, &'static str), &'static str>,
    cluster_scoped: HashSet<(&'static str, &'static str)>,
}

/// A type of the schema.
pub(crate) type Fields = HashMap<&'static str, Field>;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| read(include_str!("schema.txt")));

fn read(text: &'static str) -> Schema {
    let mut schema = Schema::default();
    let mut current = "";
    for line in text.lines() {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        match *words.as_slice() {
            ["#", ..] | [] => {}
            ["type", name] => current = name,
            ["kind", version, kind, name] => {
                schema.kinds.insert((version, kind), name);
            }
            ["cluster", version, kind] => {
                schema.cluster_scoped.insert((version, kind));
            }
            [name, ref traits @ ..] => {
                let mut field = Field::default();
                for word in traits {
                    match word.split_once('=') {
                        Some(("keys", keys)) => field.keys = keys.split(',').collect(),
                        Some(("of", of)) => field.of = Some(of),
                        _ => field.merged |= *word == "merge",
                    }
                }
                schema.types.entry(current).or_default().insert(name, field);
            }
        }
    }
    schema
}

/// The type of a resource, if the schema knows it.
pub(crate) fn resource(api_version: &str, kind: &str) -> Option<&'static Fields> {
    // The map's keys are 'static: look up by borrowing them for as short as the arguments live.
    let kinds: &HashMap<(&str, &str), &'static str> = &SCHEMA.kinds;
    SCHEMA.types.get(kinds.get(&(api_version, kind))?)
}

/// The type of a field or of its elements.
pub(crate) fn type_of(field: &Field) -> Option<&'static Fields> {
    SCHEMA.types.get(field.of?)
}

/// Whether objects of this kind have no namespace. Kinds that are not known are taken to have one.
pub(crate) fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    let cluster_scoped: &HashSet<(&str, &str)> = &SCHEMA.cluster_scoped;
    cluster_scoped.contains(&(api_version, kind))
}
