//! JSON Schemas of answers and of bodies. An answer holds what is described and nothing else; a body may hold more, which is
//! ignored, as Go's clients rely on.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

const PATH: &str = "/components/schemas";

/// The schemas that operations point to.
pub(crate) struct Schemas {
    answers: SchemaGenerator,
    bodies: SchemaGenerator,
}

fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let settings = settings.with(|settings| {
        settings.definitions_path = PATH.into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}

impl Schemas {
    pub(crate) fn new() -> Self {
        Self {
            answers: generator(),
            bodies: generator(),
        }
    }

    /// The schema of an answer.
    pub(crate) fn answer<T: JsonSchema>(&mut self) -> Value {
        let mut schema = self.answers.subschema_for::<T>().to_value();
        close(&mut schema);
        schema
    }

    /// The schema of a body.
    pub(crate) fn body<T: JsonSchema>(&mut self) -> Value {
        let mut schema = self.bodies.subschema_for::<T>().to_value();
        rename(&mut schema);
        schema
    }

    /// All that is pointed to, by name.
    pub(crate) fn components(mut self) -> Map<String, Value> {
        let mut all = Map::new();
        for (name, mut schema) in self.answers.take_definitions(true) {
            close(&mut schema);
            all.insert(name, schema);
        }
        for (name, mut schema) in self.bodies.take_definitions(true) {
            rename(&mut schema);
            demand(&name, &mut schema);
            all.insert(format!("{name}Body"), schema);
        }
        all.insert("Problem".to_owned(), problem());
        all.sort_keys();
        all
    }
}

/// No member but those described.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let is_object = fields.get("properties").is_some_and(Value::is_object);
            if is_object && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Bodies have schemas of their own: what an answer always holds may be left out of a body.
fn rename(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(to)) = fields.get_mut("$ref") {
                to.push_str("Body");
            }
            fields.values_mut().for_each(rename);
        }
        Value::Array(items) => items.iter_mut().for_each(rename),
        _ => {}
    }
}

/// What an answer leaves out where it is empty, and a body must have.
fn demand(name: &str, schema: &mut Value) {
    if let ("Manifest", Value::Object(fields)) = (name, schema) {
        fields.insert("required".to_owned(), json!(["app", "env"]));
    }
}

/// A problem (RFC 9457) with all members that any of them has.
fn problem() -> Value {
    json!({
        "description": "What went wrong (RFC 9457).",
        "type": "object",
        "properties": {
            "type": { "type": "string", "description": "Which kind of problem; stable." },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "What is wrong here and what to do, for people." },
            "field": { "type": "string", "description": "The parameter or header, or the JSON pointer into the body." },
            "reason": { "type": "string", "description": "Why it is forbidden: a stable word." },
            "limit": { "type": "integer", "description": "The most bytes." },
            "variable": { "type": "string", "description": "The application variable that the operator must mend." },
            "candidates": { "type": "array", "items": { "type": "string" }, "description": "The commits that are meant." },
        },
        "required": ["type", "title", "status", "detail"],
        "additionalProperties": false,
    })
}
