//! Parameters. Of one that is repeated the first counts, as in Go; an empty one is as good as none.

use domain::{AppName, EnvName};
use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::schemas::Schemas;

/// A parameter of the query that may be left out.
pub(crate) fn query(name: &str, schema: &Value, told: &str) -> Value {
    json!({ "name": name, "in": "query", "description": told, "schema": schema })
}

/// A parameter of the query that must be there.
pub(crate) fn mandatory(name: &str, schema: &Value, told: &str) -> Value {
    json!({ "name": name, "in": "query", "required": true, "description": told, "schema": schema })
}

/// A part of the path.
pub(crate) fn path(name: &str, schema: &Value, told: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": told, "schema": schema })
}

/// The end of the path, slashes and all.
pub(crate) fn rest_of_path(name: &str, schema: &Value, told: &str) -> Value {
    let mut parameter = path(name, schema, told);
    if let Value::Object(fields) = &mut parameter {
        fields.insert("x-rest-of-path".to_owned(), true.into());
    }
    parameter
}

/// A header that may be left out.
pub(crate) fn header(name: &str, schema: &Value, told: &str) -> Value {
    json!({ "name": name, "in": "header", "description": told, "schema": schema })
}

/// A text.
pub(crate) fn text() -> Value {
    json!({ "type": "string" })
}

/// A whole number from 0 on.
pub(crate) fn number() -> Value {
    json!({ "type": "integer", "minimum": 0, "format": "int64" })
}

/// A date.
pub(crate) fn date() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// `env`, mandatory or not.
pub(crate) fn env(schemas: &mut Schemas, required: bool) -> Value {
    let told = "The environment.";
    named::<EnvName>(schemas, "env", told, required)
}

/// `app`, mandatory or not.
pub(crate) fn app(schemas: &mut Schemas, required: bool) -> Value {
    let told = "The app; all apps where it is left out and not mandatory.";
    named::<AppName>(schemas, "app", told, required)
}

/// A parameter that is a name.
pub(crate) fn named<T: JsonSchema>(
    schemas: &mut Schemas,
    name: &str,
    told: &str,
    required: bool,
) -> Value {
    let schema = schemas.body::<T>();
    match required {
        true => mandatory(name, &schema, told),
        false => query(name, &schema, told),
    }
}

/// `limit`, `offset`, `cursor`.
pub(crate) fn page() -> [Value; 3] {
    [limit("10"), offset(), cursor()]
}

/// `limit`.
pub(crate) fn limit(otherwise: &str) -> Value {
    let told = format!(
        "The most that one page holds, up to 1000; {otherwise} where it is left out or 0; -1 is GimletD's word for as many as may be."
    );
    let schema = json!({ "type": "integer", "minimum": -1, "maximum": 1000 });
    query("limit", &schema, &told)
}

/// `offset`.
pub(crate) fn offset() -> Value {
    let told = "How many to pass over. Where there is a cursor, it does the same, unmoved by what is added.";
    query("offset", &number(), told)
}

/// `cursor`.
pub(crate) fn cursor() -> Value {
    let told =
        "Where the page begins: taken from the Link header of the page before. Not beside offset.";
    let schema = json!({ "type": "string", "maxLength": 1024 });
    query("cursor", &schema, told)
}

/// `Idempotency-Key`.
pub(crate) fn idempotency_key() -> Value {
    let schema = json!({ "type": "string", "pattern": "^[ -~]*[!-~][ -~]*$", "maxLength": 255 });
    let told = "The same request with the same key is done once.";
    header("Idempotency-Key", &schema, told)
}
