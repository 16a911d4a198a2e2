//! How much work a schema makes of given values, counted before it is done: schemas that refer to themselves twice take time without end, and the
//! validating crate has no budget. Counts at least what is evaluated; never validates.

use std::collections::HashMap;

use serde_json::Value;

/// Subschemas held against values: a second's work at most.
const MAX_CHECKS: usize = 200_000;

/// Levels of subschemas in each other, `$ref` followed.
const MAX_DEPTH: usize = 500;

/// What a reference to one of the standard metaschemas may come to.
const METASCHEMA: usize = 1_000;

/// Whether the values can be held to the schema within the budget.
pub(super) fn is_affordable(schema: &Value, instance: &Value) -> bool {
    let mut anchors = HashMap::new();
    collect_anchors(schema, &mut anchors, 0);
    let mut counter = Counter {
        root: schema,
        anchors,
        left: MAX_CHECKS,
    };
    counter.check(schema, instance, 0).is_some()
}

/// The subschemas that have names: `$anchor`, `$id`, and the like.
fn collect_anchors<'s>(schema: &'s Value, anchors: &mut HashMap<&'s str, &'s Value>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                if matches!(key.as_str(), "$anchor" | "$dynamicAnchor" | "$id" | "id")
                    && let Value::String(name) = value
                {
                    anchors.insert(name.trim_start_matches('#'), schema);
                }
                collect_anchors(value, anchors, depth + 1);
            }
        }
        Value::Array(items) => {
            for item in items {
                collect_anchors(item, anchors, depth + 1);
            }
        }
        _ => {}
    }
}

struct Counter<'s> {
    root: &'s Value,
    anchors: HashMap<&'s str, &'s Value>,
    left: usize,
}

impl<'s> Counter<'s> {
    /// None when the budget is used up.
    fn check(&mut self, schema: &'s Value, instance: &Value, depth: usize) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        let Value::Object(keywords) = schema else {
            return Some(());
        };
        if depth > MAX_DEPTH {
            return None;
        }
        for (keyword, value) in keywords {
            match keyword.as_str() {
                "$ref" | "$dynamicRef" | "$recursiveRef" => {
                    self.reference(value, instance, depth)?
                }
                "not" | "if" | "then" | "else" => self.check(value, instance, depth + 1)?,
                "allOf" | "anyOf" | "oneOf" => {
                    for schema in value.as_array().into_iter().flatten() {
                        self.check(schema, instance, depth + 1)?;
                    }
                }
                "dependencies" | "dependentSchemas" => {
                    for schema in value.as_object().into_iter().flatten() {
                        self.check(schema.1, instance, depth + 1)?;
                    }
                }
                "properties" => {
                    for (name, schema) in value.as_object().into_iter().flatten() {
                        if let Some(below) = instance.get(name) {
                            self.check(schema, below, depth + 1)?;
                        }
                    }
                }
                "patternProperties" => {
                    for schema in value.as_object().into_iter().flatten() {
                        self.each(schema.1, instance, depth)?;
                    }
                }
                "prefixItems" | "items" if value.is_array() => {
                    for schema in value.as_array().into_iter().flatten() {
                        self.each(schema, instance, depth)?;
                    }
                }
                "items"
                | "contains"
                | "additionalItems"
                | "additionalProperties"
                | "propertyNames"
                | "unevaluatedItems"
                | "unevaluatedProperties" => {
                    self.each(value, instance, depth)?;
                }
                "uniqueItems" => {
                    let count = instance.as_array().map_or(0, Vec::len);
                    self.left = self.left.checked_sub(count.saturating_mul(count) / 16)?;
                }
                _ => {}
            }
        }
        Some(())
    }

    fn each(&mut self, schema: &'s Value, instance: &Value, depth: usize) -> Option<()> {
        match instance {
            Value::Array(items) => {
                for item in items {
                    self.check(schema, item, depth + 1)?;
                }
            }
            Value::Object(map) => {
                for item in map.values() {
                    self.check(schema, item, depth + 1)?;
                }
            }
            _ => {}
        }
        Some(())
    }

    fn reference(&mut self, to: &'s Value, instance: &Value, depth: usize) -> Option<()> {
        let to = to.as_str().unwrap_or_default();
        let (document, fragment) = to.split_once('#').unwrap_or((to, ""));
        let base = match document {
            "" => Some(self.root),
            document => self.anchors.get(document).copied(),
        };
        let target = match base {
            Some(base) if fragment.is_empty() => Some(base),
            Some(base) if fragment.starts_with('/') => base.pointer(fragment),
            _ => self.anchors.get(fragment).copied(),
        };
        match target {
            Some(target) => self.check(target, instance, depth + 1),
            None => {
                self.left = self.left.checked_sub(METASCHEMA)?;
                Some(())
            }
        }
    }
}
