//! JSON 6902 patches, as evanphx/json-patch v4 applies them for kustomize. Never applies half a patch: an error gives no resources.
//!
//! That library takes negative indices and leading zeros and drops what stands before the first `/` of a path, none of which RFC 6902 (and
//! so the `json-patch` crate) has.

use goyaml::{Limits, Value};

use crate::error::PatchError;
use crate::pointer::Pointer;
use crate::resource::Resource;
use crate::target::{Json6902Patch, Selector};

#[derive(Debug)]
enum Operation {
    Add(Pointer, Value),
    Replace(Pointer, Value),
    Remove(Pointer),
    Move { from: Pointer, to: Pointer },
    Copy { from: Pointer, to: Pointer },
    Test(Pointer, Option<Value>),
}

/// Why an operation is not done.
#[derive(Debug)]
enum Stop {
    Problem(String),
    TooLarge,
}

impl From<String> for Stop {
    fn from(problem: String) -> Self {
        Self::Problem(problem)
    }
}

/// How much all patches of one call may still put into resources.
#[derive(Debug)]
pub(crate) struct Budget {
    nodes: usize,
    bytes: usize,
    limits: Limits,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            nodes: limits.nodes,
            bytes: limits.bytes,
            limits: *limits,
        }
    }

    /// Takes off what it costs to put `value` to `place`.
    fn take(&mut self, value: &Value, place: &Pointer) -> Result<(), Stop> {
        self.take_value(value, place.depth())
    }

    fn take_value(&mut self, value: &Value, depth: usize) -> Result<(), Stop> {
        if depth > self.limits.depth {
            return Err(Stop::Problem(format!(
                "the result is nested deeper than {} levels",
                self.limits.depth
            )));
        }
        self.nodes = self.nodes.checked_sub(1).ok_or(Stop::TooLarge)?;
        match value {
            Value::String(text) => self.take_bytes(text.len()),
            Value::Sequence(items) => items
                .iter()
                .try_for_each(|item| self.take_value(item, depth + 1)),
            Value::Mapping(map) => map.iter().try_for_each(|(key, item)| {
                self.take_bytes(key.len())?;
                self.take_value(item, depth + 1)
            }),
            _ => Ok(()),
        }
    }

    fn take_bytes(&mut self, count: usize) -> Result<(), Stop> {
        self.bytes = self.bytes.checked_sub(count).ok_or(Stop::TooLarge)?;
        Ok(())
    }
}

/// Applies patch `number` to every resource its target selects.
pub(crate) fn apply(
    resources: &mut [Resource],
    patch: &Json6902Patch,
    number: usize,
    budget: &mut Budget,
    limits: &Limits,
) -> Result<(), PatchError> {
    let selector =
        Selector::new(&patch.target).map_err(|problem| PatchError::Target { number, problem })?;
    let operations = read(&patch.patch, limits)
        .map_err(|problem| PatchError::Json6902Text { number, problem })?;
    let mut matched = false;
    for resource in resources
        .iter_mut()
        .filter(|resource| selector.selects(resource))
    {
        matched = true;
        let id = resource.id().to_string();
        let fail = |operation: usize, problem: String| PatchError::Operation {
            number,
            id: id.clone(),
            operation,
            problem,
        };
        let mut object = as_json(resource.take_object());
        for (n, operation) in operations.iter().enumerate() {
            let operation = operation
                .as_ref()
                .map_err(|problem| fail(n + 1, problem.clone()))?;
            run(operation, &mut object, budget).map_err(|stop| match stop {
                Stop::Problem(problem) => fail(n + 1, problem),
                Stop::TooLarge => PatchError::TooLarge(limits.nodes),
            })?;
        }
        // kustomize reads the patched JSON back with all numbers as float64.
        resource
            .set_object(object.into_float64())
            .map_err(|problem| fail(operations.len(), problem.to_owned()))?;
    }
    if matched {
        Ok(())
    } else {
        Err(PatchError::Unmatched { number })
    }
}

/// Runs one operation.
fn run(operation: &Operation, object: &mut Value, budget: &mut Budget) -> Result<(), Stop> {
    match operation {
        Operation::Add(to, value) => {
            budget.take(value, to)?;
            to.add(object, value.clone())?;
        }
        Operation::Replace(to, value) => {
            budget.take(value, to)?;
            to.replace(object, value.clone())?;
        }
        Operation::Remove(at) => drop(at.remove(object)?),
        Operation::Move { from, to } => {
            let value = from.remove(object)?;
            budget.take(&value, to)?;
            to.add(object, value)?;
        }
        Operation::Copy { from, to } => {
            let value = from.get(object)?.cloned().unwrap_or_default();
            budget.take(&value, to)?;
            to.add(object, value)?;
        }
        Operation::Test(at, value) => {
            let found = at.get(object)?.filter(|found| **found != Value::Null);
            let wanted = value.as_ref().filter(|wanted| **wanted != Value::Null);
            if found != wanted {
                return Err(Stop::Problem("the value is another".to_owned()));
            }
        }
    }
    Ok(())
}

/// The value as it reads in JSON, where whole floats are integers: `test` compares the texts of numbers.
fn as_json(value: Value) -> Value {
    match value {
        #[allow(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        Value::Float(f) if f.fract() == 0.0 && f.abs() < 9_007_199_254_740_992.0 => {
            Value::Int(f as i64)
        }
        Value::Sequence(items) => Value::Sequence(items.into_iter().map(as_json).collect()),
        Value::Mapping(map) => Value::Mapping(
            map.into_iter()
                .map(|(key, value)| (key, as_json(value)))
                .collect(),
        ),
        other => other,
    }
}

/// Reads the operations. One that cannot be applied to anything is an error of its own, raised when its turn comes.
fn read(text: &str, limits: &Limits) -> Result<Vec<Result<Operation, String>>, String> {
    let text = text.trim();
    let patch = if text.starts_with('[') {
        let json: serde_json::Value =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        value_of(json)
    } else {
        goyaml::from_str(text, limits).map_err(|error| error.to_string())?
    };
    let Value::Sequence(items) = patch else {
        return Err("it is no list".to_owned());
    };
    if items.is_empty() {
        return Err("it is empty".to_owned());
    }
    items
        .into_iter()
        .map(|item| match item {
            Value::Mapping(fields) => Ok(operation(&Value::Mapping(fields))),
            _ => Err("an operation is no mapping".to_owned()),
        })
        .collect()
}

fn value_of(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(b),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(i), _) => Value::Int(i),
            (None, Some(u)) => Value::Uint(u),
            (None, None) => Value::Float(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => Value::String(text),
        serde_json::Value::Array(items) => {
            Value::Sequence(items.into_iter().map(value_of).collect())
        }
        serde_json::Value::Object(map) => Value::Mapping(
            map.into_iter()
                .map(|(key, value)| (key, value_of(value)))
                .collect(),
        ),
    }
}

fn operation(fields: &Value) -> Result<Operation, String> {
    let pointer = |name: &str| {
        let text = fields
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| format!("{name} is missing"))?;
        Pointer::parse(text)
    };
    let value = || fields.get("value").cloned();
    let kind = fields
        .get("op")
        .and_then(Value::as_str)
        .ok_or("op is missing")?;
    Ok(match kind {
        "add" => Operation::Add(pointer("path")?, value().unwrap_or_default()),
        "replace" => Operation::Replace(pointer("path")?, value().unwrap_or_default()),
        "remove" => Operation::Remove(pointer("path")?),
        "move" => Operation::Move {
            from: pointer("from")?,
            to: pointer("path")?,
        },
        "copy" => Operation::Copy {
            from: pointer("from")?,
            to: pointer("path")?,
        },
        "test" => Operation::Test(pointer("path")?, value()),
        other => {
            return Err(format!(
                "op {other:?} is not add, remove, replace, move, copy or test"
            ));
        }
    })
}
