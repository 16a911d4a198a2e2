//! The description of the HTTP API as OpenAPI 3.1, generated from the table of routes and from the types that are answered. It
//! must never describe what the program does not do: the end-to-end tests hold every answer to it.
//!
//! Nothing of this goes into a component: `tests/current.rs` writes `openapi.json`, which `artifact-query` serves.

mod answers;
mod bodies;
mod operation;
mod parameters;
mod routes;
mod schemas;

use access::{Access, Route};
use serde_json::{Map, Value, json};

use crate::operation::Problems;
use crate::schemas::Schemas;

/// The whole document.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut problems = Problems::default();
    let mut paths: Map<String, Value> = Map::new();
    for route in Route::ALL.iter().copied() {
        let operation = routes::describe(route, &mut schemas).finish(route, &mut problems);
        // OpenAPI has no word for a parameter that holds slashes.
        let path = route.path().replace("...}", "}");
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        if let Value::Object(methods) = methods {
            methods.insert(route.method().to_ascii_lowercase(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Wimble",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A GitOps release manager. Routes, parameters and shapes are GimletD's, with its faults mended. \
                Errors are problems (RFC 9457) with a stable `type`. Every answer has an `X-Request-Id`: the client's own or a new \
                one, which the log has too.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas.components(),
            "responses": problems.components(),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer",
                    "description": "A token of this application, or of a CI system whose issuer is configured." },
                "accessToken": { "type": "apiKey", "in": "query", "name": "access_token",
                    "description": "As GimletD's Flux set-ups send it. Proxies log it: prefer the header." },
            },
        },
    })
}

/// The file's text.
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

/// What a route asks of its caller, for people.
fn who(access: Access) -> String {
    match access {
        Access::Open => "Open to anybody.".to_owned(),
        Access::Signed => "Whoever knows the webhook's secret.".to_owned(),
        Access::Needs(action) => {
            let roles = access::Role::ALL.into_iter();
            let roles = roles.filter(|role| role.permits(action));
            let roles: Vec<&str> = roles.map(access::Role::as_str).collect();
            format!("Roles: {}; within the caller's limits.", roles.join(", "))
        }
    }
}
