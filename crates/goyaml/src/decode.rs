//! Nodes to values, as go-yaml decodes into `interface{}` and `sigs.k8s.io/yaml` then makes JSON of it. Never expands aliases beyond the budget.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Limits;
use crate::compose::{Document, Node, NodeId};
use crate::error::ParseError;
use crate::number;
use crate::resolve::{Scalar, Schema, resolve};
use crate::value::{Map, Value};

impl Document {
    /// The node that an alias stands for, or the node itself.
    fn resolved(&self, id: NodeId) -> Option<&Node> {
        match self.node(id)? {
            Node::Alias { target, .. } => self.node(*target),
            node => Some(node),
        }
    }

    /// The entries of a mapping whose keys are scalars, with the keys as written.
    fn entries(&self, id: NodeId) -> Option<Vec<(&str, NodeId)>> {
        let Some(Node::Mapping(entries)) = self.resolved(id) else {
            return None;
        };
        let named = entries.chunks_exact(2).filter_map(|pair| match *pair {
            [key, value] => match self.resolved(key)? {
                Node::Scalar { value: name, .. } => Some((name.as_str(), value)),
                _ => None,
            },
            _ => None,
        });
        Some(named.collect())
    }
}

/// Decodes one document.
pub(crate) struct Decoder<'a> {
    document: &'a Document,
    schema: Schema,
    limits: &'a Limits,
    /// Aliases being followed.
    following: HashSet<NodeId>,
    decoded: usize,
    aliased: usize,
    bytes: usize,
    depth: usize,
    /// The node that was met last.
    at: NodeId,
}

/// `allowedAliasRatio` of go-yaml: how much of a document may come from aliases.
fn allowed_alias_ratio(decoded: usize) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    #[allow(clippy::cast_precision_loss, reason = "a ratio")]
    let decoded = decoded as f64;
    0.99 - 0.89 * ((decoded - LOW) / (HIGH - LOW)).clamp(0.0, 1.0)
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(document: &'a Document, schema: Schema, limits: &'a Limits) -> Self {
        Self {
            document,
            schema,
            limits,
            following: HashSet::new(),
            decoded: 0,
            aliased: 0,
            bytes: 0,
            depth: 0,
            at: 0,
        }
    }

    /// Decodes the document.
    pub(crate) fn document(&mut self) -> Result<Value, ParseError> {
        self.value(0)
            .map_err(|error| error.at(self.document.line(self.at)))
    }

    /// Nodes and bytes decoded so far.
    pub(crate) fn spent(&self) -> (usize, usize) {
        (self.decoded, self.bytes)
    }

    /// Decodes the node and all below it.
    fn value(&mut self, id: NodeId) -> Result<Value, ParseError> {
        self.count(id)?;
        match self.document.node(id) {
            None => Ok(Value::Null),
            Some(Node::Alias { name, target }) => {
                self.follow(id, name, |decoder| decoder.value(*target))
            }
            Some(Node::Scalar {
                tag,
                value,
                implicit,
            }) => {
                self.bytes += value.len();
                if self.bytes > self.limits.bytes {
                    return Err(ParseError::Limit {
                        limit: self.limits.bytes,
                        unit: "bytes",
                    });
                }
                self.scalar(tag, value, *implicit)?.try_into()
            }
            Some(Node::Sequence(items)) => self.descend(|decoder| {
                Ok(Value::Sequence(
                    items
                        .iter()
                        .map(|&item| decoder.value(item))
                        .collect::<Result<_, _>>()?,
                ))
            }),
            Some(Node::Mapping(entries)) => {
                let mut map = Map::new();
                self.descend(|decoder| decoder.mapping(entries, &mut map, None))?;
                Ok(Value::Mapping(map))
            }
        }
    }

    fn count(&mut self, id: NodeId) -> Result<(), ParseError> {
        self.at = id;
        self.decoded += 1;
        if !self.following.is_empty() {
            self.aliased += 1;
        }
        #[allow(clippy::cast_precision_loss, reason = "a ratio")]
        let ratio = self.aliased as f64 / self.decoded as f64;
        if self.aliased > 100 && self.decoded > 1000 && ratio > allowed_alias_ratio(self.decoded) {
            return Err(ParseError::decode("document contains excessive aliasing"));
        }
        if self.decoded > self.limits.nodes {
            return Err(ParseError::Limit {
                limit: self.limits.nodes,
                unit: "nodes",
            });
        }
        Ok(())
    }

    fn descend<T>(
        &mut self,
        decode: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(ParseError::Limit {
                limit: self.limits.depth,
                unit: "levels",
            });
        }
        let result = decode(self);
        self.depth -= 1;
        result
    }

    fn follow<T>(
        &mut self,
        id: NodeId,
        name: &str,
        decode: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        if !self.following.insert(id) {
            return Err(ParseError::decode(format!(
                "anchor '{name}' value contains itself"
            )));
        }
        let result = self.descend(decode);
        self.following.remove(&id);
        result
    }

    fn scalar(&self, tag: &str, value: &str, implicit: bool) -> Result<Scalar, ParseError> {
        if tag.is_empty() && !implicit {
            return Ok(Scalar::Text(value.to_owned()));
        }
        let scalar = match tag.strip_prefix("tag:yaml.org,2002:") {
            Some("binary") => {
                let compact: String = value
                    .chars()
                    .filter(|c| !matches!(c, '\n' | '\r'))
                    .collect();
                let bytes = STANDARD.decode(compact).map_err(|_| {
                    ParseError::decode("!!binary value contains invalid base64 data")
                })?;
                Scalar::Text(json_text(&bytes))
            }
            _ => resolve(tag, value, self.schema)?,
        };
        Ok(match scalar {
            // go-yaml v2 hands timestamps on as they were written.
            Scalar::Timestamp(_) if self.schema == Schema::V2 => Scalar::Text(value.to_owned()),
            other => other,
        })
    }

    /// Decodes the entries into `map`. `kept` names the keys that a merge may not set.
    fn mapping(
        &mut self,
        entries: &[NodeId],
        map: &mut Map,
        kept: Option<&HashSet<String>>,
    ) -> Result<(), ParseError> {
        let mut merged = None;
        // This mapping's own keys, where `map` holds others too.
        let mut own = HashSet::new();
        for pair in entries.chunks_exact(2) {
            let &[key, value] = pair else { continue };
            if self.is_merge(key) {
                if self.schema == Schema::V2 {
                    self.merge(value, map, None)?;
                } else {
                    merged = Some(value);
                }
                continue;
            }
            let name = self.key(key)?;
            let value = self.value(value)?;
            let twice = match kept {
                Some(kept) => {
                    if !kept.contains(&name) {
                        map.insert(name.clone(), value);
                    }
                    !own.insert(name)
                }
                None => map.insert(name, value).is_some(),
            };
            if twice && self.schema == Schema::V3 {
                return Err(self.duplicate(entries, key));
            }
        }
        if let Some(merged) = merged {
            match kept {
                Some(kept) => own.extend(kept.iter().cloned()),
                None => own.extend(map.keys().cloned()),
            }
            self.merge(merged, map, Some(&mut own))?;
        }
        Ok(())
    }

    /// The error of a key that an earlier one of the same mapping equals.
    fn duplicate(&mut self, entries: &[NodeId], second: NodeId) -> ParseError {
        let key = match self.key(second) {
            Ok(key) => key,
            Err(error) => return error,
        };
        let mut keys = entries.iter().step_by(2);
        let first = keys.find(|&&other| self.key(other).as_ref() == Ok(&key));
        ParseError::Duplicate {
            line: self.document.line(second) + 1,
            first: self.document.line(first.copied().unwrap_or(second)) + 1,
            key,
        }
    }

    /// Puts the mapping or mappings at `id` into `map`, in go-yaml's order: for v2 backwards, each overriding; for v3 forwards, none overriding.
    fn merge(
        &mut self,
        id: NodeId,
        map: &mut Map,
        mut kept: Option<&mut HashSet<String>>,
    ) -> Result<(), ParseError> {
        match self.document.node(id) {
            Some(Node::Sequence(items)) => {
                let forwards = kept.is_some();
                for n in 0..items.len() {
                    let at = if forwards { n } else { items.len() - 1 - n };
                    let Some(&item) = items.get(at) else { continue };
                    self.merge_mapping(item, map, kept.as_deref())?;
                    if let Some(kept) = kept.as_deref_mut() {
                        kept.extend(map.keys().cloned());
                    }
                }
                Ok(())
            }
            _ => self.merge_mapping(id, map, kept.as_deref()),
        }
    }

    fn merge_mapping(
        &mut self,
        id: NodeId,
        map: &mut Map,
        kept: Option<&HashSet<String>>,
    ) -> Result<(), ParseError> {
        self.count(id)?;
        let not_a_map =
            || ParseError::decode("map merge requires map or sequence of maps as the value");
        match self.document.node(id) {
            Some(Node::Mapping(entries)) => {
                self.descend(|decoder| decoder.mapping(entries, map, kept))
            }
            Some(Node::Alias { name, target }) => match self.document.node(*target) {
                Some(Node::Mapping(entries)) => {
                    self.follow(id, name, |decoder| decoder.mapping(entries, map, kept))
                }
                _ => Err(not_a_map()),
            },
            _ => Err(not_a_map()),
        }
    }

    fn is_merge(&self, id: NodeId) -> bool {
        match self.document.node(id) {
            Some(Node::Scalar {
                tag,
                value,
                implicit,
            }) => value == "<<" && (*implicit || tag == "tag:yaml.org,2002:merge"),
            _ => false,
        }
    }

    /// A key as JSON has it, by `convertToJSONableObject` of `sigs.k8s.io/yaml`.
    fn key(&mut self, id: NodeId) -> Result<String, ParseError> {
        self.count(id)?;
        match self.document.node(id) {
            Some(Node::Alias { name, target }) => {
                self.follow(id, name, |decoder| decoder.key(*target))
            }
            Some(Node::Scalar {
                tag,
                value,
                implicit,
            }) => match self.scalar(tag, value, *implicit)? {
                Scalar::Text(text) | Scalar::Timestamp(text) => Ok(text),
                // go-yaml v3 decodes the outermost mapping into one with string keys.
                scalar
                    if self.schema == Schema::V3 && self.depth == 1 && scalar != Scalar::Null =>
                {
                    Ok(value.clone())
                }
                scalar if self.schema == Schema::V3 => {
                    Err(ParseError::Key(format!("{}, want a string", kind(&scalar))))
                }
                Scalar::Int(i) => Ok(i.to_string()),
                Scalar::Float(f) => Ok(match number::format_float32(f).as_str() {
                    "+Inf" => ".inf".to_owned(),
                    "-Inf" => "-.inf".to_owned(),
                    "NaN" => ".nan".to_owned(),
                    digits => digits.to_owned(),
                }),
                Scalar::Bool(b) => Ok(b.to_string()),
                Scalar::Null => Err(ParseError::Key("%!s(<nil>), key: <nil>".to_owned())),
                Scalar::Uint(u) => Err(ParseError::Key(format!("uint64, key: {u:#x}"))),
            },
            Some(Node::Sequence(_)) => Err(ParseError::decode("invalid map key: []interface {}")),
            Some(Node::Mapping(_)) | None => Err(ParseError::decode(
                "invalid map key: map[interface {}]interface {}",
            )),
        }
    }
}

/// Puts the scalars of the mapping at `path` back as they were written. Entries that came by a merge stay as they are.
pub(crate) fn restore_texts(document: &Document, value: &mut Value, path: &[&str]) {
    let (mut id, mut value) = (0, value);
    for step in path {
        let Some(entries) = document.entries(id) else {
            return;
        };
        let Some(child) = entries
            .iter()
            .rev()
            .find_map(|(key, child)| (key == step).then_some(*child))
        else {
            return;
        };
        let Value::Mapping(map) = value else { return };
        let Some(inner) = map.get_mut(*step) else {
            return;
        };
        (id, value) = (child, inner);
    }
    let (Some(entries), Value::Mapping(map)) = (document.entries(id), value) else {
        return;
    };
    for (key, child) in entries {
        if let (Some(Node::Scalar { value, .. }), Some(slot)) =
            (document.resolved(child), map.get_mut(key))
        {
            *slot = Value::String(value.clone());
        }
    }
}

fn kind(scalar: &Scalar) -> &'static str {
    match scalar {
        Scalar::Null => "null",
        Scalar::Bool(_) => "bool",
        Scalar::Int(_) | Scalar::Uint(_) => "int",
        Scalar::Float(_) => "float64",
        Scalar::Text(_) | Scalar::Timestamp(_) => "string",
    }
}

/// Bytes as `encoding/json` writes a Go string: every byte that is no UTF-8 becomes U+FFFD.
fn json_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{FFFD}'));
    }
    text
}

impl TryFrom<Scalar> for Value {
    type Error = ParseError;

    fn try_from(scalar: Scalar) -> Result<Self, ParseError> {
        Ok(match scalar {
            Scalar::Null => Self::Null,
            Scalar::Bool(b) => Self::Bool(b),
            Scalar::Int(i) => Self::Int(i),
            Scalar::Uint(u) => Self::Uint(u),
            Scalar::Float(f) if f.is_nan() => return Err(ParseError::Json("NaN")),
            Scalar::Float(f) if f.is_infinite() => {
                return Err(ParseError::Json(if f > 0.0 { "+Inf" } else { "-Inf" }));
            }
            Scalar::Float(f) => Self::Float(f),
            Scalar::Text(text) | Scalar::Timestamp(text) => Self::String(text),
        })
    }
}
