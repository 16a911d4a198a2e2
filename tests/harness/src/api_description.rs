//! The description of the API, and whether an answer is one that it has: the status, the media type, and a body that holds
//! what is described and nothing else.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;

use crate::client::Answer;
use crate::components;

/// Where the description stands in the workspace.
const FILE: &str = "crates/openapi/openapi.json";
const URL: &str = "http://wimble.invalid/openapi.json";
/// What any path may answer before it is known what it is: who calls, whether there is such a route.
const ANYWHERE: [u16; 5] = [401, 403, 404, 405, 503];

/// Holds an answer to the description.
///
/// # Errors
/// What it says otherwise.
pub fn check(method: &str, target: &str, answer: &Answer) -> Result<(), String> {
    // What the platform answers in the application's stead, when it was killed or took too long.
    if answer.status >= 500 && answer.header("x-content-type-options").is_none() {
        return Ok(());
    }
    static DESCRIPTION: OnceLock<Description> = OnceLock::new();
    let description = DESCRIPTION.get_or_init(Description::read);
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let described = match description.operation(method, path) {
        Some(operation) => operation.get(&answer.status.to_string()).cloned(),
        None if ANYWHERE.contains(&answer.status) => Some(description.problem.clone()),
        None => None,
    };
    let described = described.ok_or("it has no such answer")?;
    let media_type = answer.header("content-type").unwrap_or_default();
    match described.schemas.get(media_type) {
        _ if described.schemas.is_empty() => match answer.body.is_empty() {
            true => Ok(()),
            false => Err("it has no body".to_owned()),
        },
        None => Err(format!("it has no '{media_type}'")),
        Some(schema) => {
            let body = match media_type.ends_with("json") {
                true => serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?,
                false => Value::from(answer.text()),
            };
            let valid = description.schemas.validate(&body, *schema);
            valid.map_err(|error| format!("{error:#}"))
        }
    }
}

/// The body that a status has: a schema for each media type, none for no body.
#[derive(Clone, Default)]
struct Described {
    schemas: BTreeMap<String, SchemaIndex>,
}

struct Description {
    schemas: Schemas,
    /// By method and path; the answers by status.
    operations: Vec<(String, Template, BTreeMap<String, Described>)>,
    problem: Described,
}

/// A path with places.
struct Template {
    pieces: Vec<String>,
    /// The last place takes all that follows.
    takes_rest: bool,
}

impl Template {
    fn matches(&self, path: &str) -> bool {
        let given: Vec<&str> = path.split('/').collect();
        let enough = match self.takes_rest {
            true => given.len() >= self.pieces.len(),
            false => given.len() == self.pieces.len(),
        };
        let mut pairs = self.pieces.iter().zip(&given);
        enough
            && pairs.all(|(piece, given)| match piece.starts_with('{') {
                true => !given.is_empty(),
                false => piece == given,
            })
    }
}

impl Description {
    fn read() -> Self {
        let text = std::fs::read_to_string(components::workspace().join(FILE));
        let text = text.expect("openapi.json can be read");
        let document: Value = serde_json::from_str(&text).expect("openapi.json is JSON");
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        let added = compiler.add_resource(URL, document.clone());
        added.expect("openapi.json can be read as schemas");
        let mut description = Self {
            schemas: Schemas::new(),
            operations: Vec::new(),
            problem: Described::default(),
        };
        let mut compile = |schemas: &mut Schemas, pointer: &str| {
            let compiled = compiler.compile(&format!("{URL}#{pointer}"), schemas);
            compiled.unwrap_or_else(|error| panic!("{pointer}: {error:#}"))
        };
        let schemas = &mut description.schemas;
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let mut answers = BTreeMap::new();
                for (status, answer) in operation["responses"].as_object().expect("responses") {
                    let place = format!("/paths/{}/{method}/responses/{status}", escaped(path));
                    let (place, answer) = resolved(&document, place, answer);
                    let mut described = Described::default();
                    for media_type in answer["content"].as_object().into_iter().flatten() {
                        let at = format!("{place}/content/{}/schema", escaped(media_type.0));
                        let schema = compile(schemas, &at);
                        described.schemas.insert(media_type.0.clone(), schema);
                    }
                    answers.insert(status.clone(), described);
                }
                let template = template(path, operation);
                let method = method.to_ascii_uppercase();
                description.operations.push((method, template, answers));
            }
        }
        let problem = compile(schemas, "/components/schemas/Problem");
        let media_type = "application/problem+json".to_owned();
        description.problem.schemas.insert(media_type, problem);
        description
    }

    /// The answers of an operation; a path without places comes before one with places.
    fn operation(&self, method: &str, path: &str) -> Option<&BTreeMap<String, Described>> {
        let mut fitting: Vec<_> = self
            .operations
            .iter()
            .filter(|(known, template, _)| known == method && template.matches(path))
            .collect();
        fitting.sort_by_key(|(_, template, _)| {
            template
                .pieces
                .iter()
                .filter(|piece| piece.starts_with('{'))
                .count()
        });
        fitting.first().map(|(_, _, answers)| answers)
    }
}

fn template(path: &str, operation: &Value) -> Template {
    let parameters = operation["parameters"].as_array();
    let mut parameters = parameters.into_iter().flatten();
    Template {
        pieces: path.split('/').map(str::to_owned).collect(),
        takes_rest: parameters.any(|parameter| parameter["x-rest-of-path"] == true),
    }
}

/// An answer, or what it points to, with its place.
fn resolved(document: &Value, place: String, answer: &Value) -> (String, Value) {
    match answer["$ref"].as_str().and_then(|to| to.strip_prefix('#')) {
        None => (place, answer.clone()),
        Some(pointer) => {
            let found = document.pointer(pointer).expect("a response");
            (pointer.to_owned(), found.clone())
        }
    }
}

/// RFC 6901, in a URL's fragment.
fn escaped(name: &str) -> String {
    let name = name.replace('~', "~0").replace('/', "~1");
    name.replace('{', "%7B")
        .replace('}', "%7D")
        .replace('+', "%2B")
}
