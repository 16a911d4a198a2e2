//! Lists whose elements are told apart by keys, merged as kustomize's `walk` does (`associative_sequence.go`), oddities included. Never
//! used for lists of custom resources, which kustomize replaces whole.
//!
//! The order of the result is kustomize's: elements of the patch first, in its order, then the others. With several keys (ports), an
//! element that lacks one of them is compared by those it has, which loses patches of such elements; so it does in kustomize.

use goyaml::Value;

use crate::merge::{Misfit, Place, merge as merge_values};
use crate::resource::scalar_text;
use crate::schema::Field;

/// The text under `key`, or of the element itself for lists of scalars.
fn text_at(element: &Value, key: &str) -> Option<String> {
    if key.is_empty() {
        scalar_text(element)
    } else {
        scalar_text(element.get(key)?)
    }
}

/// `FieldMatcher`: an empty text stands for any.
fn has(element: &Value, key: &str, text: &str) -> bool {
    text_at(element, key).is_some_and(|found| text.is_empty() || found == text)
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Null) || matches!(value, Value::Mapping(map) if map.is_empty())
}

/// The keys of a list that count, and what they are in one element.
#[derive(Debug, Clone)]
struct Identity {
    keys: Vec<&'static str>,
    texts: Vec<String>,
}

impl Identity {
    /// `ElementSetter`'s way: texts that are missing at the end are not looked at.
    fn matches(&self, element: &Value) -> bool {
        let mut found = false;
        for (n, key) in self.keys.iter().enumerate() {
            if let Some(text) = self.texts.get(n) {
                found = has(element, key, text);
            }
            if !found {
                return false;
            }
        }
        found
    }

    /// `ElementSetter`: drops empty elements, then replaces what matches, or appends. Without an element, removes what matches.
    fn set(&self, list: &mut Vec<Value>, element: Option<Value>) {
        list.retain(|existing| !is_empty(existing));
        let Some(element) = element else {
            list.retain(|existing| !self.matches(existing));
            return;
        };
        let mut replaced = false;
        for existing in list.iter_mut().filter(|existing| self.matches(existing)) {
            *existing = element.clone();
            replaced = true;
        }
        if !replaced {
            list.push(element);
        }
    }

    /// `ElementMatcher`: the first element that has each text that is not empty.
    fn find(&self, list: &[Value]) -> Option<usize> {
        let wanted: Vec<(&&str, &String)> = self
            .keys
            .iter()
            .zip(&self.texts)
            .filter(|(_, text)| !text.is_empty())
            .collect();
        if wanted.is_empty() {
            return None;
        }
        list.iter()
            .position(|element| wanted.iter().all(|(key, text)| has(element, key, text)))
    }
}

/// Texts that differ only where one is empty stand for the same element (`mergeValues`).
fn unite(list: &mut [Vec<String>]) {
    for i in 0..list.len() {
        for j in 0..list.len() {
            let (Some(a), Some(b)) = (list.get(i), list.get(j)) else {
                continue;
            };
            let compatible = a
                .iter()
                .zip(b)
                .all(|(x, y)| x == y || x.is_empty() || y.is_empty());
            if compatible && a.iter().zip(b).any(|(x, y)| x == y) {
                let united: Vec<String> = a
                    .iter()
                    .zip(b)
                    .map(|(x, y)| if x.is_empty() { y.clone() } else { x.clone() })
                    .collect();
                for n in [i, j] {
                    if let Some(slot) = list.get_mut(n) {
                        slot.clone_from(&united);
                    }
                }
            }
        }
    }
}

/// The identities of all elements: the patch's first, each once.
fn identities(dest: &[Value], patch: &[Value], keys: &[&'static str]) -> Vec<Identity> {
    let mut all: Vec<Vec<String>> = Vec::new();
    for element in patch.iter().chain(dest) {
        let texts: Vec<String> = keys
            .iter()
            .map(|key| text_at(element, key).unwrap_or_default())
            .collect();
        if !all.contains(&texts) {
            all.push(texts);
        }
    }
    if keys.len() > 1 {
        unite(&mut all);
    }
    // Keys that no element has do not count, unless none counts.
    let used: Vec<bool> = (0..keys.len())
        .map(|n| {
            all.iter()
                .any(|texts| texts.get(n).is_some_and(|text| !text.is_empty()))
        })
        .collect();
    let any = used.contains(&true);
    let counts = |n: usize| !any || used.get(n).copied().unwrap_or(false);
    let chosen: Vec<&'static str> = keys
        .iter()
        .enumerate()
        .filter(|(n, _)| counts(*n))
        .map(|(_, key)| *key)
        .collect();
    let texts = |texts: Vec<String>| {
        texts
            .into_iter()
            .enumerate()
            .filter(|(n, _)| counts(*n))
            .map(|(_, text)| text)
            .collect()
    };
    all.into_iter()
        .map(|all| Identity {
            keys: chosen.clone(),
            texts: texts(all),
        })
        .collect()
}

/// Whether nothing tells the element apart. Lists of scalars have the empty key.
fn is_keyless(element: &Value, keys: &[&'static str]) -> bool {
    keys != [""]
        && keys
            .iter()
            .all(|key| text_at(element, key).is_none_or(|text| text.is_empty()))
}

/// An element of the patch with `$patch: replace` and no key replaces the list by the others.
fn replacement(patch: &[Value], keys: &[&'static str]) -> Option<Vec<Value>> {
    let replaces = |element: &Value| {
        element.get("$patch").and_then(Value::as_str) == Some("replace")
            && is_keyless(element, keys)
    };
    patch.iter().any(replaces).then(|| {
        patch
            .iter()
            .filter(|element| !replaces(element))
            .cloned()
            .collect()
    })
}

/// Merges the lists. Without a patch, elements with equal keys still become one, as kustomize has it.
pub(crate) fn merge(
    mut dest: Vec<Value>,
    patch: Option<&Vec<Value>>,
    field: &'static Field,
) -> Result<Vec<Value>, Misfit> {
    let keys: Vec<&'static str> = if field.keys.is_empty() {
        vec![""]
    } else {
        field.keys.clone()
    };
    let mut patch: &[Value] = patch.map(Vec::as_slice).unwrap_or_default();
    let replacement = replacement(patch, &keys);
    if let Some(replacement) = &replacement {
        dest.clone_from(replacement);
        patch = replacement;
    }
    // kustomize loses other elements over one that nothing tells apart.
    if let Some(n) = patch.iter().position(|element| is_keyless(element, &keys)) {
        return Err(
            Misfit::new(format!("the patch has no {}", keys.join(" or "))).at(&n.to_string()),
        );
    }
    if let Some(n) = dest.iter().position(|element| is_keyless(element, &keys)) {
        if patch.is_empty() {
            return Ok(dest);
        }
        return Err(
            Misfit::new(format!("the resource has no {}", keys.join(" or "))).at(&n.to_string()),
        );
    }
    let identities = identities(&dest, patch, &keys);
    let mut merged = Vec::new();
    for identity in &identities {
        let in_dest = identity.find(&dest);
        let in_patch = identity.find(patch).and_then(|n| patch.get(n));
        let old = in_dest.and_then(|n| dest.get(n)).cloned();
        let name = || identity.texts.join(",");
        let Some(mut value) = merge_values(old, in_patch, Place::elements(field))
            .map_err(|misfit| misfit.at(&name()))?
            .filter(|value| !is_empty(value))
        else {
            identity.set(&mut dest, None);
            continue;
        };
        complete_keys(
            &mut value,
            identity,
            [in_patch, in_dest.and_then(|n| dest.get(n))],
        );
        if let Some(slot) = in_dest.and_then(|n| dest.get_mut(n)) {
            slot.clone_from(&value);
        }
        identity.set(&mut merged, Some(value));
    }
    if let Some(identity) = identities.last() {
        append(&mut merged, dest, &identity.keys);
    }
    Ok(merged)
}

/// Gives the element the keys that only its counterpart has.
fn complete_keys(value: &mut Value, identity: &Identity, sources: [Option<&Value>; 2]) {
    let Value::Mapping(map) = value else { return };
    for (key, text) in identity
        .keys
        .iter()
        .zip(&identity.texts)
        .filter(|(key, text)| !key.is_empty() && !text.is_empty())
    {
        if !map.contains_key(*key) {
            let known = sources
                .into_iter()
                .flatten()
                .find_map(|source| source.get(key).cloned());
            map.insert(
                (*key).to_owned(),
                known.unwrap_or_else(|| Value::String(text.clone())),
            );
        }
    }
}

/// `appendListNode`: the elements that were there take the places of their merged copies, or follow.
fn append(merged: &mut Vec<Value>, dest: Vec<Value>, keys: &[&'static str]) {
    for element in dest {
        let mut texts = Vec::new();
        for key in keys {
            match text_at(&element, key) {
                Some(text) => texts.push(text),
                None => merged.push(element.clone()),
            }
        }
        let identity = Identity {
            keys: keys.to_vec(),
            texts,
        };
        if keys.len() > 1 {
            identity.set(merged, None);
        }
        identity.set(merged, Some(element));
    }
}
