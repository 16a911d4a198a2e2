//! Places in an object that JSON 6902 paths name, as evanphx/json-patch reads them. Never makes a place that is not there.

use goyaml::Value;

/// A path: the containers on the way, and the last step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer {
    parents: Vec<String>,
    last: String,
    text: String,
}

impl Pointer {
    /// Reads `/a/b~1c`. What stands before the first `/` is not looked at, as in the Go library; a path without one names no place.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut steps: Vec<String> = text
            .split('/')
            .skip(1)
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect();
        let last = steps
            .pop()
            .ok_or_else(|| format!("path {text:?} names no field"))?;
        Ok(Self {
            parents: steps,
            last,
            text: text.to_owned(),
        })
    }

    /// Containers around the place.
    pub(crate) fn depth(&self) -> usize {
        self.parents.len() + 1
    }

    fn missing(&self) -> String {
        format!("there is no {}", self.text)
    }

    fn parent<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        let parent = self
            .parents
            .iter()
            .try_fold(root, |value, step| child(value, step).ok().flatten())?;
        matches!(parent, Value::Mapping(_) | Value::Sequence(_)).then_some(parent)
    }

    fn parent_mut<'v>(&self, root: &'v mut Value) -> Option<&'v mut Value> {
        let parent = self
            .parents
            .iter()
            .try_fold(root, |value, step| child_mut(value, step))?;
        matches!(parent, Value::Mapping(_) | Value::Sequence(_)).then_some(parent)
    }

    /// The value there; none if the last field is not there.
    pub(crate) fn get<'v>(&self, root: &'v Value) -> Result<Option<&'v Value>, String> {
        child(self.parent(root).ok_or_else(|| self.missing())?, &self.last)
    }

    /// Puts the value there: a list grows, a field is set.
    pub(crate) fn add(&self, root: &mut Value, value: Value) -> Result<(), String> {
        match self.parent_mut(root).ok_or_else(|| self.missing())? {
            Value::Sequence(list) if self.last == "-" => list.push(value),
            Value::Sequence(list) => list.insert(index(&self.last, list.len() + 1)?, value),
            Value::Mapping(map) => drop(map.insert(self.last.clone(), value)),
            _ => return Err(self.missing()),
        }
        Ok(())
    }

    /// Puts the value in the place of the one that is there. A field need not be there, as in the Go library.
    pub(crate) fn replace(&self, root: &mut Value, value: Value) -> Result<(), String> {
        match self.parent_mut(root).ok_or_else(|| self.missing())? {
            Value::Mapping(map) => drop(map.insert(self.last.clone(), value)),
            list => *child_mut(list, &self.last).ok_or_else(|| self.missing())? = value,
        }
        Ok(())
    }

    /// Takes the value out.
    pub(crate) fn remove(&self, root: &mut Value) -> Result<Value, String> {
        match self.parent_mut(root).ok_or_else(|| self.missing())? {
            Value::Sequence(list) => Ok(list.remove(index(&self.last, list.len())?)),
            Value::Mapping(map) => map.remove(&self.last).ok_or_else(|| self.missing()),
            _ => Err(self.missing()),
        }
    }
}

/// An index as `strconv.Atoi` reads it, below `length`; negative ones count from the end.
fn index(step: &str, length: usize) -> Result<usize, String> {
    let number: i64 = step
        .parse()
        .map_err(|_| format!("{step:?} is no index of a list"))?;
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let at = if number < 0 {
        number.saturating_add(length)
    } else {
        number
    };
    if at >= length {
        return Err(format!("index {number} is past the end of the list"));
    }
    usize::try_from(at).map_err(|_| format!("index {number} is before the start of the list"))
}

fn child<'v>(value: &'v Value, step: &str) -> Result<Option<&'v Value>, String> {
    match value {
        Value::Mapping(map) => Ok(map.get(step)),
        Value::Sequence(list) => Ok(list.get(index(step, list.len())?)),
        _ => Ok(None),
    }
}

fn child_mut<'v>(value: &'v mut Value, step: &str) -> Option<&'v mut Value> {
    match value {
        Value::Mapping(map) => map.get_mut(step),
        Value::Sequence(list) => {
            let at = index(step, list.len()).ok()?;
            list.get_mut(at)
        }
        _ => None,
    }
}
