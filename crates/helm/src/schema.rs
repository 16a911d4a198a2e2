//! `values.schema.json`: values held to a JSON schema, with the messages of the Go library that Helm uses. Never loads a schema from a file or the
//! network: a reference to another document is an error.

use std::error::Error;

mod cost;
mod words;

use boon::{Compiler, SchemaIndex, Schemas};
use gotemplate::Map;
use serde_json::Value;

use crate::error::RenderError;
use crate::tree::Node;

/// Where Helm says that the schema is.
const LOCATION: &str = "file:///values.schema.json";

/// Bytes of a schema.
const MAX_SCHEMA: usize = 1 << 20;

/// Levels of a schema, and of values that are held to one.
const MAX_DEPTH: usize = 100;

/// Holds the values of a chart and of the charts below it to their schemas. The messages of all are in one error.
pub(crate) fn validate(node: &Node<'_>, values: &Map) -> Result<(), RenderError> {
    let mut problems = String::new();
    check(node, values, &mut problems)?;
    if problems.is_empty() {
        return Ok(());
    }
    Err(RenderError::Schema(problems))
}

fn check(node: &Node<'_>, values: &Map, problems: &mut String) -> Result<(), RenderError> {
    let name = &node.metadata.name;
    if let Some(schema) = &node.chart.schema {
        if schema.len() > MAX_SCHEMA {
            return Err(RenderError::Size {
                limit: MAX_SCHEMA,
                unit: "bytes in a values.schema.json",
            });
        }
        let instance = to_json(&gotemplate::Value::Map(values.clone()), 0)?;
        if let Err(problem) = check_one(schema, &instance) {
            problems.push_str(&format!("{name}:\n{problem}"));
        }
    }
    for dependency in &node.dependencies {
        let name = &dependency.metadata.name;
        match values.get(name.as_bytes()) {
            None | Some(gotemplate::Value::Nil) => {}
            Some(gotemplate::Value::Map(below)) => check(dependency, &below, problems)?,
            Some(other) => {
                let go_type = other.go_type().map(|of| of.to_string()).unwrap_or_default();
                problems.push_str(&format!(
                    "{name}:\ninvalid type for values: expected object (map), got {go_type}\n"
                ));
            }
        }
    }
    Ok(())
}

fn check_one(schema: &[u8], instance: &Value) -> Result<(), String> {
    let schema: Value = serde_json::from_slice(schema).map_err(|error| {
        if error.is_eof() {
            "unexpected EOF".to_owned()
        } else {
            error.to_string()
        }
    })?;
    if !cost::is_affordable(&schema, instance) {
        return Err("the schema takes too much work to check these values\n".to_owned());
    }
    let mut schemas = Schemas::new();
    let index = compile(&mut schemas, schema.clone())?;
    let result = schemas.validate(instance, index);
    result.map_err(|error| words::describe(&error, &schema) + "\n")
}

/// Refuses to load anything.
struct Nothing;

impl boon::UrlLoader for Nothing {
    fn load(&self, url: &str) -> Result<Value, Box<dyn Error>> {
        // Helm lets an unknown URN allow everything.
        if url.starts_with("urn:") {
            return Ok(Value::Bool(true));
        }
        Err("schemas of other documents are not loaded".into())
    }
}

fn compile(schemas: &mut Schemas, schema: Value) -> Result<SchemaIndex, String> {
    let mut compiler = Compiler::new();
    compiler.use_loader(Box::new(Nothing));
    let added = compiler.add_resource(LOCATION, schema);
    added.map_err(|error| compile_error(&error))?;
    let compiled = compiler.compile(LOCATION, schemas);
    compiled.map_err(|error| compile_error(&error))
}

fn compile_error(error: &boon::CompileError) -> String {
    use boon::CompileError;
    match error {
        CompileError::ValidationError { url, src } => {
            let about = words::describe(src, &Value::Null);
            let metaschema = match &src.kind {
                boon::ErrorKind::Schema { url } => url,
                _ => "",
            };
            format!(
                "\"{url}\" is not valid against metaschema: jsonschema validation failed with '{metaschema}'\n{about}"
            )
        }
        CompileError::LoadUrlError { url, src } => format!("failing loading \"{url}\": {src}"),
        CompileError::JsonPointerNotFound(at) => format!("json-pointer in \"{at}\" not found"),
        other => other.to_string(),
    }
}

/// Template values as JSON.
fn to_json(value: &gotemplate::Value, depth: usize) -> Result<Value, RenderError> {
    use gotemplate::Value as Template;
    if depth > MAX_DEPTH {
        return Err(RenderError::Size {
            limit: MAX_DEPTH,
            unit: "levels of values",
        });
    }
    Ok(match value {
        Template::Bool(truth) => Value::Bool(*truth),
        Template::Float(number) => number_of(*number),
        Template::Int(number, _) => Value::from(*number),
        Template::Uint(number, _) => Value::from(*number),
        Template::Str(text) => Value::String(text.to_text().into_owned()),
        Template::List(list) => {
            let items = list.items().iter().map(|item| to_json(item, depth + 1));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Template::Map(map) => {
            let mut entries = serde_json::Map::new();
            for (key, value) in map.entries() {
                let key = key.to_text().into_owned();
                entries.insert(key, to_json(&value, depth + 1)?);
            }
            Value::Object(entries)
        }
        _ => Value::Null,
    })
}

/// Whole floats are integers to a schema, and print as such.
fn number_of(number: f64) -> Value {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and small"
    )]
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Value::from(number as i64);
    }
    serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number)
}
