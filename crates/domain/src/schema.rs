//! JSON Schemas of the names, for the description of the API. They say what a name looks like; the check alone decides.

use schemars::{Schema, json_schema};

const LABEL: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/// The schema of a name, by the field that its errors name. `rule` is its doc comment.
pub(crate) fn of_name(field: &str, rule: &str) -> Schema {
    let (pattern, longest) = match field {
        "app" => (LABEL, 53),
        "env" | "namespace" => (LABEL, 63),
        "version.repositoryName" => (r"^[^\s\\/]+(/[^\s\\/]+)+$", 255),
        "artifactId" => (
            r"^[^\s\\/]+(/[^\s\\/]+)+-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            292,
        ),
        "id" => (UUID, 36),
        "commit" => ("^([0-9a-f]{40}|[0-9a-f]{64})$", 64),
        "sha" => ("^[0-9a-f]{4,64}$", 64),
        "reason" => (r"\S", 500),
        _ => (r"^\S+$", 255),
    };
    json_schema!({
        "type": "string",
        "description": rule,
        "pattern": pattern,
        "minLength": 1,
        "maxLength": longest,
    })
}
