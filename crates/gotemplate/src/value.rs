//! The values that templates compute with: Go's kinds, strings of any bytes, maps shared by reference.
//! Never copies a map behind its holders' backs, and never overflows the stack when a deep value is dropped.

use std::borrow::Borrow;
use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::func::Function;
use crate::object::Object;
use crate::types::{IntKind, Kind, Type, UintKind};

/// A value of a template: cheap to clone, since everything large is shared.
#[derive(Clone, Default)]
pub enum Value {
    /// Untyped nil: what Go's `reflect` calls invalid, and what a nil `interface {}` holds.
    #[default]
    Nil,
    /// `bool`.
    Bool(bool),
    /// A signed integer with its Go size; the number always fits that size.
    Int(i64, IntKind),
    /// An unsigned integer with its Go size; the number always fits that size.
    Uint(u64, UintKind),
    /// `float64`.
    Float(f64),
    /// `string`: any bytes, UTF-8 or not.
    Str(Str),
    /// `[]byte`.
    Bytes(Rc<[u8]>),
    /// A slice of anything but bytes.
    List(List),
    /// A map with string keys; every clone sees a change made through another.
    Map(Map),
    /// A value of the host with methods and fields, or one that Sprig passes around (`time.Time`, `*semver.Version`).
    Object(Rc<dyn Object>),
    /// A function value, as `call` takes.
    Func(Function),
}

impl Value {
    /// A Go `int`.
    pub fn int(value: i64) -> Value {
        Value::Int(value, IntKind::Int)
    }

    /// A Go `int64`.
    pub fn int64(value: i64) -> Value {
        Value::Int(value, IntKind::Int64)
    }

    /// A Go `string`.
    pub fn str(value: impl Into<Str>) -> Value {
        Value::Str(value.into())
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(List::new(Type::LIST, items))
    }

    /// A `[]string`.
    pub fn strings<S: Into<Str>>(items: impl IntoIterator<Item = S>) -> Value {
        let items = items.into_iter().map(Value::str).collect();
        Value::List(List::new(Type::STRINGS, items))
    }

    /// A new `map[string]interface {}`.
    pub fn dict<K: Into<Str>>(entries: impl IntoIterator<Item = (K, Value)>) -> Value {
        Value::Map(Map::of(Type::DICT, entries))
    }

    /// The type that `%T` prints; none for untyped nil.
    pub fn go_type(&self) -> Option<Type> {
        Some(match self {
            Value::Nil => return None,
            Value::Bool(_) => Type::Bool,
            Value::Int(_, size) => Type::Int(*size),
            Value::Uint(_, size) => Type::Uint(*size),
            Value::Float(_) => Type::Float64,
            Value::Str(_) => Type::String,
            Value::Bytes(_) => Type::BYTES,
            Value::List(list) => list.go_type(),
            Value::Map(map) => map.go_type(),
            Value::Object(object) => object.go_type(),
            Value::Func(function) => function.go_type(),
        })
    }

    /// Go's `reflect.Kind` of the value.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Nil => Kind::Invalid,
            Value::Object(object) => object.kind(),
            other => other.go_type().map_or(Kind::Invalid, Type::kind),
        }
    }

    /// Go's truth (`template.IsTrue`): false for nil, zero, and anything empty. Objects are true unless
    /// they stand for a basic value that is not.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(value) => *value,
            Value::Int(value, _) => *value != 0,
            Value::Uint(value, _) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Str(value) => !value.is_empty(),
            Value::Bytes(value) => !value.is_empty(),
            Value::List(list) => !list.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Object(object) => {
                !object.is_nil() && object.underlying().is_none_or(|value| value.is_true())
            }
            Value::Func(_) => true,
        }
    }

    /// Whether this is nil, or a nil slice or map (`reflect.Value.IsNil`, untyped nil too).
    pub fn is_nil(&self) -> bool {
        match self {
            Value::Nil => true,
            Value::List(list) => list.is_nil(),
            Value::Map(map) => map.is_nil(),
            Value::Object(object) => object.is_nil(),
            _ => false,
        }
    }

    /// The bytes of a `string`.
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Value::Str(value) => Some(value),
            _ => None,
        }
    }

    /// The zero value of a type (`reflect.Zero`).
    pub fn zero(of: Type) -> Value {
        match of {
            Type::Bool => Value::Bool(false),
            Type::Int(size) => Value::Int(0, size),
            Type::Uint(size) => Value::Uint(0, size),
            Type::Float64 => Value::Float(0.0),
            Type::String => Value::str(""),
            Type::Slice(&Type::UINT8) => Value::Bytes(Rc::from([])),
            Type::Slice(_) => Value::List(List::nil(of)),
            Type::Map(_) => Value::Map(Map::nil(of)),
            Type::Named(_, base) => match base.underlying() {
                Type::Slice(_) => Value::List(List::nil(of)),
                Type::Map(_) => Value::Map(Map::nil(of)),
                base => Value::zero(base),
            },
            Type::Interface
            | Type::ReflectValue
            | Type::Complex128
            | Type::Object(_)
            | Type::Func(_) => Value::Nil,
        }
    }
}

impl std::fmt::Debug for Value {
    /// Prints the type alone: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.go_type() {
            None => f.write_str("nil"),
            Some(go_type) => write!(f, "{go_type}"),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::str(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::str(value)
    }
}

/// A Go string: shared, immutable, any bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Str(Rc<[u8]>);

impl Str {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text where it is UTF-8; each bad byte becomes U+FFFD, as in Go's `range` over a string.
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the string is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Str {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Str({} bytes)", self.len())
    }
}

impl Borrow<[u8]> for Str {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Str {
        Str(Rc::from(text.as_bytes()))
    }
}

impl From<String> for Str {
    fn from(text: String) -> Str {
        Str(Rc::from(text.into_bytes()))
    }
}

impl From<&[u8]> for Str {
    fn from(bytes: &[u8]) -> Str {
        Str(Rc::from(bytes))
    }
}

impl From<Vec<u8>> for Str {
    fn from(bytes: Vec<u8>) -> Str {
        Str(Rc::from(bytes))
    }
}

impl From<&Str> for Str {
    fn from(text: &Str) -> Str {
        text.clone()
    }
}

/// A Go slice: shared and never changed in place (no Sprig function does).
#[derive(Clone)]
pub struct List(Rc<ListData>);

struct ListData {
    go_type: Type,
    nil: bool,
    items: Vec<Value>,
}

impl List {
    /// A slice of the type `go_type` (`Type::LIST`, `Type::STRINGS`, …), whose elements are `items`.
    pub fn new(go_type: Type, items: Vec<Value>) -> List {
        List(Rc::new(ListData {
            go_type,
            nil: false,
            items,
        }))
    }

    /// The nil slice of a type: empty, and equal to nil.
    pub fn nil(go_type: Type) -> List {
        List(Rc::new(ListData {
            go_type,
            nil: true,
            items: Vec::new(),
        }))
    }

    /// The elements.
    pub fn items(&self) -> &[Value] {
        &self.0.items
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.0.items.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.0.items.is_empty()
    }

    /// Whether it is the nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// The whole type, such as `[]interface {}`.
    pub fn go_type(&self) -> Type {
        self.0.go_type
    }
}

impl Drop for ListData {
    fn drop(&mut self) {
        drop_flat(std::mem::take(&mut self.items));
    }
}

/// A Go map with string keys, ordered by key, shared by reference.
///
/// A map may hold itself (`set $m "self" $m`): printing and comparing bound their depth, and such a cycle is
/// only freed with the process.
#[derive(Clone)]
pub struct Map(Rc<MapData>);

struct MapData {
    go_type: Type,
    nil: bool,
    entries: RefCell<BTreeMap<Str, Value>>,
    /// The map whose entries these are, if this one is only another type's view of it.
    viewed: Option<Map>,
}

impl Map {
    /// An empty map of the type `go_type` (`Type::DICT`, `Type::STRING_MAP`, …).
    pub fn new(go_type: Type) -> Map {
        Map::from_entries(go_type, BTreeMap::new(), false)
    }

    /// A map with these entries; the last of equal keys stays.
    pub fn of<K: Into<Str>>(go_type: Type, entries: impl IntoIterator<Item = (K, Value)>) -> Map {
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect();
        Map::from_entries(go_type, entries, false)
    }

    /// The nil map of a type: empty, equal to nil, and refusing `set`.
    pub fn nil(go_type: Type) -> Map {
        Map::from_entries(go_type, BTreeMap::new(), true)
    }

    fn from_entries(go_type: Type, entries: BTreeMap<Str, Value>, nil: bool) -> Map {
        Map(Rc::new(MapData {
            go_type,
            nil,
            entries: RefCell::new(entries),
            viewed: None,
        }))
    }

    /// The same map under another type, as Go's conversion `common.Values(m)` gives: a change through one is seen through the other.
    pub fn view(&self, go_type: Type) -> Map {
        Map(Rc::new(MapData {
            go_type,
            nil: self.0.nil,
            entries: RefCell::default(),
            viewed: Some(self.origin().clone()),
        }))
    }

    /// The map that holds the entries; a view is never of a view.
    fn origin(&self) -> &Map {
        self.0.viewed.as_ref().unwrap_or(self)
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.borrow().get(key).cloned()
    }

    /// Whether there is such a key.
    pub fn contains_key(&self, key: &[u8]) -> bool {
        self.borrow().contains_key(key)
    }

    /// Sets a key for every holder of this map. False, and no change, on a nil map (Go panics with
    /// `assignment to entry in nil map`).
    #[must_use]
    pub fn set(&self, key: Str, value: Value) -> bool {
        if self.0.nil {
            return false;
        }
        // The replaced value is dropped after the borrow has ended, since dropping runs more code.
        let replaced = self.origin().0.entries.borrow_mut().insert(key, value);
        drop(replaced);
        true
    }

    /// Removes a key for every holder of this map.
    pub fn remove(&self, key: &[u8]) {
        let removed = self.origin().0.entries.borrow_mut().remove(key);
        drop(removed);
    }

    /// The entries in key order, as they are now: later changes are not seen.
    pub fn entries(&self) -> Vec<(Str, Value)> {
        self.borrow()
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// The entries themselves, for reading; `set` must not be called while this is held.
    pub(crate) fn borrow(&self) -> Ref<'_, BTreeMap<Str, Value>> {
        self.origin().0.entries.borrow()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.borrow().len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.borrow().is_empty()
    }

    /// Whether it is the nil map.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Whether both are the same map, seen through two holders.
    pub fn is_same(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.origin().0, &other.origin().0)
    }

    /// The whole type, such as `map[string]interface {}`.
    pub fn go_type(&self) -> Type {
        self.0.go_type
    }
}

impl Drop for MapData {
    fn drop(&mut self) {
        let entries = std::mem::take(self.entries.get_mut());
        drop_flat(entries.into_values().collect());
    }
}

/// Drops values without recursion: a list in a list in a list, 100,000 deep, is a short template.
fn drop_flat(mut pending: Vec<Value>) {
    if !pending
        .iter()
        .any(|value| matches!(value, Value::List(_) | Value::Map(_)))
    {
        return;
    }
    while let Some(value) = pending.pop() {
        match value {
            Value::List(List(data)) => {
                if let Some(mut data) = Rc::into_inner(data) {
                    pending.append(&mut data.items);
                }
            }
            Value::Map(Map(data)) => {
                if let Some(mut data) = Rc::into_inner(data) {
                    pending.extend(std::mem::take(data.entries.get_mut()).into_values());
                    pending.extend(data.viewed.take().map(Value::Map));
                }
            }
            _ => {}
        }
    }
}
