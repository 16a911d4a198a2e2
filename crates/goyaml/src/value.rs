//! The value that documents become and that the printers take. Never holds anything JSON does not have, but for NaN and infinities.

use std::collections::BTreeMap;

/// A mapping. Keys are strings, as JSON has it, in byte order, as Go's `encoding/json` and `text/template` walk maps.
pub type Map = BTreeMap<String, Value>;

/// A YAML value after its trip through JSON.
///
/// Numbers keep the form they were written in: `1` is [`Value::Int`], `18446744073709551615` is [`Value::Uint`], `1.0` and `1e3`
/// are [`Value::Float`]. A Go program that unmarshals into `interface{}` has `float64` for all of them:
/// [`Value::into_float64`] gives that view.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number that fits Go's `int64`.
    Int(i64),
    /// A whole number above `i64::MAX` that fits Go's `uint64`.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    Sequence(Vec<Value>),
    /// A mapping with string keys.
    Mapping(Map),
}

impl Value {
    /// The value as `json.Unmarshal` into `interface{}` gives it: every number is a `float64`. Helm's `.Values`, `fromYaml` and
    /// `fromJson` are such, which is why a template prints `1000000` as `1e+06`.
    #[must_use]
    pub fn into_float64(self) -> Self {
        match self {
            #[allow(
                clippy::cast_precision_loss,
                reason = "Go rounds to the nearest float64 too"
            )]
            Self::Int(i) => Self::Float(i as f64),
            #[allow(
                clippy::cast_precision_loss,
                reason = "Go rounds to the nearest float64 too"
            )]
            Self::Uint(u) => Self::Float(u as f64),
            Self::Sequence(items) => {
                Self::Sequence(items.into_iter().map(Self::into_float64).collect())
            }
            Self::Mapping(map) => Self::Mapping(
                map.into_iter()
                    .map(|(k, v)| (k, v.into_float64()))
                    .collect(),
            ),
            other => other,
        }
    }

    /// The text, if the value is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// The mapping, if the value is one.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Map> {
        match self {
            Self::Mapping(map) => Some(map),
            _ => None,
        }
    }

    /// The value under `key`, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?.get(key)
    }
}
