//! The fields of one JSON object, read as Go reads them into a struct: known keys without regard to case, null as absent,
//! unknown keys ignored. Unlike Go, it must never let one key silently win over another of the same name.

use crate::{InvalidArtifact, json::pointer_step};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

type Result<T> = std::result::Result<T, InvalidArtifact>;

/// An object and its place in the document.
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    pub(crate) pointer: String,
}

/// A refusal at this place.
pub(crate) fn refuse<T>(pointer: &str, message: impl Into<String>) -> Result<T> {
    Err(InvalidArtifact {
        pointer: pointer.to_owned(),
        message: message.into(),
    })
}

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value, pointer: &str) -> Result<Self> {
        match value {
            Value::Object(map) => Ok(Self {
                map,
                pointer: pointer.to_owned(),
            }),
            _ => refuse(pointer, "expected an object"),
        }
    }

    /// Where the field stands, or would stand.
    pub(crate) fn place(&self, name: &str) -> String {
        pointer_step(&self.pointer, name)
    }

    /// The value and its place; none when absent or null.
    pub(crate) fn get(&self, name: &str) -> Result<Option<(&'a Value, String)>> {
        let mut found = None;
        for (key, value) in self.map {
            if key.eq_ignore_ascii_case(name) {
                if found.is_some() {
                    return refuse(
                        &self.place(key),
                        format!("'{name}' stands twice, in different case"),
                    );
                }
                found = Some((value, self.place(key)));
            }
        }
        Ok(found.filter(|(value, _)| !value.is_null()))
    }

    /// A text of at most `limit` bytes; empty when absent.
    pub(crate) fn text(&self, name: &str, limit: usize) -> Result<String> {
        match self.get(name)? {
            None => Ok(String::new()),
            Some((value, at)) => text_of(value, &at, limit).map(str::to_owned),
        }
    }

    /// Seconds since 1970, up to the end of the year 9999; 0 when absent.
    pub(crate) fn seconds(&self, name: &str) -> Result<i64> {
        const END_OF_9999: i64 = 253_402_300_799;
        match self.get(name)? {
            None => Ok(0),
            Some((value, at)) => match value.as_i64() {
                Some(n) if (0..=END_OF_9999).contains(&n) => Ok(n),
                _ => refuse(
                    &at,
                    "expected a date as a whole number of seconds since 1970",
                ),
            },
        }
    }

    /// `true` or `false`; none when absent.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>> {
        match self.get(name)? {
            None => Ok(None),
            Some((Value::Bool(flag), _)) => Ok(Some(*flag)),
            Some((_, at)) => refuse(&at, "expected true or false"),
        }
    }

    /// An object; none when absent.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Self>> {
        self.get(name)?
            .map(|(value, at)| Self::of(value, &at))
            .transpose()
    }

    /// The elements of an array of at most `limit`, with their places; none when absent.
    pub(crate) fn list(&self, name: &str, limit: usize) -> Result<Vec<(&'a Value, String)>> {
        match self.get(name)? {
            None => Ok(Vec::new()),
            Some((Value::Array(items), at)) if items.len() > limit => {
                refuse(&at, format!("expected at most {limit} elements"))
            }
            Some((Value::Array(items), at)) => Ok(items
                .iter()
                .enumerate()
                .map(|(i, item)| (item, format!("{at}/{i}")))
                .collect()),
            Some((_, at)) => refuse(&at, "expected an array"),
        }
    }

    /// An object of texts with at most `limit` entries; empty when absent. A null entry is an empty text, as in Go.
    pub(crate) fn text_map(
        &self,
        name: &str,
        limit: usize,
        text_limit: usize,
    ) -> Result<BTreeMap<String, String>> {
        let Some(fields) = self.object(name)? else {
            return Ok(BTreeMap::new());
        };
        if fields.map.len() > limit {
            return refuse(&fields.pointer, format!("expected at most {limit} entries"));
        }
        let entry = |(key, value): (&String, &Value)| match value {
            Value::Null => Ok((key.clone(), String::new())),
            _ => Ok((
                key.clone(),
                text_of(value, &fields.place(key), text_limit)?.to_owned(),
            )),
        };
        fields.map.iter().map(entry).collect()
    }

    /// An object as it is; empty when absent.
    pub(crate) fn open_map(&self, name: &str) -> Result<Map<String, Value>> {
        Ok(self
            .object(name)?
            .map(|fields| fields.map.clone())
            .unwrap_or_default())
    }

    /// The object itself.
    pub(crate) fn map(&self) -> &'a Map<String, Value> {
        self.map
    }
}

/// A text of at most `limit` bytes.
pub(crate) fn text_of<'a>(value: &'a Value, at: &str, limit: usize) -> Result<&'a str> {
    match value {
        Value::String(text) if text.len() > limit => {
            refuse(at, format!("expected a text of at most {limit} bytes"))
        }
        Value::String(text) => Ok(text),
        _ => refuse(at, "expected a text"),
    }
}
