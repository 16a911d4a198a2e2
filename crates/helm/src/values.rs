//! Values and how Helm merges them (`pkg/chart/common/util/coalesce.go`). They are Go maps, shared by reference, because Helm's result depends on
//! that: what a sub-chart adds to a nested global is seen by its parent.

use gotemplate::{Context, Functions, Limits, Map, NoHost, Str, TemplateSet, Type, Value, gofmt};

use crate::error::RenderError;
use crate::tree::Node;

/// The key of the values that every sub-chart gets.
const GLOBAL: &[u8] = b"global";

/// What merging may still copy.
pub(crate) struct Work {
    limit: usize,
    left: usize,
    depth: usize,
    charts: usize,
    charts_left: usize,
}

impl Work {
    pub(crate) fn new(limits: &crate::Limits) -> Work {
        Work {
            limit: limits.values,
            left: limits.values,
            depth: limits.depth,
            charts: limits.charts,
            charts_left: limits.charts,
        }
    }

    /// Counts copies of charts, with those below them.
    pub(crate) fn charts(&mut self, count: usize) -> Result<(), RenderError> {
        let left = self.charts_left.checked_sub(count);
        self.charts_left = left.ok_or(RenderError::Size {
            limit: self.charts,
            unit: "charts",
        })?;
        Ok(())
    }

    fn entries(&mut self, count: usize) -> Result<(), RenderError> {
        self.left = self.left.checked_sub(count).ok_or(RenderError::Size {
            limit: self.limit,
            unit: "values copied while merging",
        })?;
        Ok(())
    }

    fn level(&self, depth: usize) -> Result<(), RenderError> {
        if depth > self.depth {
            return Err(RenderError::Size {
                limit: self.depth,
                unit: "levels of values",
            });
        }
        Ok(())
    }

    /// Values of a document as a template sees them: every number is a `float64`.
    pub(crate) fn import(&mut self, map: &goyaml::Map) -> Result<Map, RenderError> {
        self.import_map(map, 1)
    }

    fn import_map(&mut self, map: &goyaml::Map, depth: usize) -> Result<Map, RenderError> {
        self.level(depth)?;
        self.entries(map.len())?;
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map {
            entries.push((key.as_str(), self.import_value(value, depth + 1)?));
        }
        Ok(Map::of(Type::DICT, entries))
    }

    fn import_value(&mut self, value: &goyaml::Value, depth: usize) -> Result<Value, RenderError> {
        #[allow(
            clippy::cast_precision_loss,
            reason = "Go rounds to the nearest float64 too"
        )]
        Ok(match value {
            goyaml::Value::Null => Value::Nil,
            goyaml::Value::Bool(truth) => Value::Bool(*truth),
            goyaml::Value::Int(number) => Value::Float(*number as f64),
            goyaml::Value::Uint(number) => Value::Float(*number as f64),
            goyaml::Value::Float(number) => Value::Float(*number),
            goyaml::Value::String(text) => Value::str(text.as_str()),
            goyaml::Value::Mapping(map) => Value::Map(self.import_map(map, depth)?),
            goyaml::Value::Sequence(items) => {
                self.level(depth)?;
                self.entries(items.len())?;
                let items = items.iter().map(|item| self.import_value(item, depth + 1));
                Value::list(items.collect::<Result<_, _>>()?)
            }
        })
    }

    /// A copy that shares nothing that can change.
    pub(crate) fn copy(&mut self, map: &Map) -> Result<Map, RenderError> {
        self.copy_map(map, 1)
    }

    fn copy_map(&mut self, map: &Map, depth: usize) -> Result<Map, RenderError> {
        self.level(depth)?;
        self.entries(map.len())?;
        let mut entries = map.entries();
        for (_, value) in &mut entries {
            *value = self.copy_value(value, depth + 1)?;
        }
        Ok(Map::of(Type::DICT, entries))
    }

    fn copy_value(&mut self, value: &Value, depth: usize) -> Result<Value, RenderError> {
        match value {
            Value::Map(map) => Ok(Value::Map(self.copy_map(map, depth)?)),
            Value::List(list) => {
                self.level(depth)?;
                self.entries(list.len())?;
                let items = list.items().iter();
                let items = items.map(|item| self.copy_value(item, depth + 1));
                Ok(Value::list(items.collect::<Result<_, _>>()?))
            }
            other => Ok(other.clone()),
        }
    }

    /// `CoalesceValues`: the chart's values under the given ones, with nulls taken out that delete a default.
    pub(crate) fn coalesce(&mut self, node: &Node, values: &Map) -> Result<Map, RenderError> {
        let copy = self.copy(values)?;
        self.coalesce_chart(node, &copy, false)?;
        Ok(copy)
    }

    /// `MergeValues`: the same, but nulls stay.
    pub(crate) fn merge(&mut self, node: &Node) -> Result<Map, RenderError> {
        let values = Map::new(Type::DICT);
        self.coalesce_chart(node, &values, true)?;
        Ok(values)
    }

    fn coalesce_chart(
        &mut self,
        node: &Node,
        values: &Map,
        merge: bool,
    ) -> Result<(), RenderError> {
        self.coalesce_values(node, values, merge)?;
        for dependency in &node.dependencies {
            let name = dependency.metadata.name.as_str();
            let below = match values.get(name.as_bytes()) {
                None => {
                    let map = Map::new(Type::DICT);
                    put(values, Str::from(name), Value::Map(map.clone()));
                    map
                }
                Some(Value::Map(map)) => map,
                Some(other) => {
                    let shown = shown_as_bool(&other);
                    let problem = format!("type mismatch on {name}: {shown}");
                    return Err(RenderError::Values(problem));
                }
            };
            self.coalesce_globals(&below, values)?;
            self.coalesce_chart(dependency, &below, merge)?;
        }
        Ok(())
    }

    /// Puts the globals of a chart over those of a chart below it.
    fn coalesce_globals(&mut self, below: &Map, above: &Map) -> Result<(), RenderError> {
        let table = |of: &Map| match of.get(GLOBAL) {
            None => Some(Map::new(Type::DICT)),
            Some(Value::Map(map)) => Some(map),
            Some(_) => None,
        };
        let (Some(globals), Some(given)) = (table(below), table(above)) else {
            return Ok(());
        };
        for (key, value) in given.entries() {
            let present = globals.get(key.as_bytes());
            match (value, present) {
                (Value::Map(value), present) => {
                    // A shallow copy: tables within it stay those of the chart above.
                    self.entries(value.len())?;
                    let copy = Map::of(Type::DICT, value.entries());
                    match present {
                        None => {}
                        Some(Value::Map(present)) => self.tables(&copy, &present, true, 1)?,
                        Some(_) => continue,
                    }
                    put(&globals, key, Value::Map(copy));
                }
                (_, Some(Value::Map(_))) => {}
                (value, _) => put(&globals, key, value),
            }
        }
        put(below, Str::from("global"), Value::Map(globals));
        Ok(())
    }

    fn coalesce_values(
        &mut self,
        node: &Node,
        values: &Map,
        merge: bool,
    ) -> Result<(), RenderError> {
        for (key, default) in self.copy(&node.values)?.entries() {
            match values.get(key.as_bytes()) {
                Some(Value::Nil) if !merge => values.remove(key.as_bytes()),
                Some(Value::Map(given)) => {
                    if let Value::Map(default) = default {
                        let child = |dependency: &Node| {
                            dependency.metadata.name.as_bytes() == key.as_bytes()
                        };
                        let merge = merge || node.dependencies.iter().any(child);
                        if !merge {
                            clean_nils(&default);
                        }
                        self.tables(&given, &default, merge, 1)?;
                    }
                }
                Some(_) => {}
                None => {
                    if !merge {
                        match &default {
                            Value::Nil => continue,
                            Value::Map(default) => clean_nils(default),
                            _ => {}
                        }
                    }
                    put(values, key, default);
                }
            }
        }
        Ok(())
    }

    /// `MergeTables`: what `from` has and `into` has not.
    pub(crate) fn merge_tables(&mut self, into: &Map, from: &Map) -> Result<(), RenderError> {
        self.tables(into, from, true, 1)
    }

    /// `coalesceTablesFullKey`.
    fn tables(
        &mut self,
        into: &Map,
        from: &Map,
        merge: bool,
        depth: usize,
    ) -> Result<(), RenderError> {
        self.level(depth)?;
        let defaults = from.entries();
        let given = into.entries();
        self.entries(defaults.len() + given.len())?;
        let not_nil = |key: &Str| {
            let found = defaults.binary_search_by(|(name, _)| name.cmp(key));
            found.is_ok_and(|at| !matches!(defaults.get(at), Some((_, Value::Nil)) | None))
        };
        for (key, value) in &given {
            if matches!(value, Value::Nil) {
                put(from, key.clone(), Value::Nil);
            }
        }
        for (key, default) in from.entries() {
            match into.get(key.as_bytes()) {
                Some(Value::Nil) if !merge && not_nil(&key) => into.remove(key.as_bytes()),
                None => put(into, key, default),
                Some(Value::Map(given)) => {
                    if let Value::Map(default) = default {
                        self.tables(&given, &default, merge, depth + 1)?;
                    }
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Sets an entry; values are never nil maps.
fn put(map: &Map, key: Str, value: Value) {
    let _set = map.set(key, value);
}

fn clean_nils(map: &Map) {
    for (key, value) in map.entries() {
        match value {
            Value::Nil => map.remove(key.as_bytes()),
            Value::Map(below) => clean_nils(&below),
            _ => {}
        }
    }
}

/// Go's `%t` of what is no table, as Helm's message has it.
fn shown_as_bool(value: &Value) -> String {
    let set = TemplateSet::new(Functions::new());
    let limits = Limits::default();
    let mut context = Context::bare(&set, &limits, &NoHost);
    let text = gofmt::sprintf(&mut context, b"%t", std::slice::from_ref(value));
    let text = text.unwrap_or_default();
    // A list's text is as long as the list.
    String::from_utf8_lossy(&text).chars().take(1_000).collect()
}

/// `Values.Table`: the table at a path of keys.
pub(crate) fn table(values: &Map, path: &str) -> Option<Map> {
    let mut table = values.clone();
    for key in path.split('.') {
        match table.get(key.as_bytes()) {
            Some(Value::Map(below)) => table = below,
            _ => return None,
        }
    }
    Some(table)
}

/// `Values.PathValue`: what is at a path of keys and is no table.
pub(crate) fn path_value(values: &Map, path: &str) -> Option<Value> {
    let (tables, key) = match path.rsplit_once('.') {
        Some((tables, key)) => (table(values, tables)?, key),
        None => (values.clone(), path),
    };
    match tables.get(key.as_bytes()) {
        Some(Value::Map(_)) | None => None,
        Some(value) => Some(value),
    }
}
