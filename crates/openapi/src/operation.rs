//! One operation: what it takes and every answer that it gives.

use std::collections::BTreeMap;

use access::{Access, Route};
use serde_json::{Map, Value, json};

/// An operation that is being described.
pub(crate) struct Operation {
    summary: &'static str,
    description: String,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: BTreeMap<u16, Value>,
    /// By status: the end of the `type`, and when.
    problems: BTreeMap<u16, Vec<(&'static str, &'static str)>>,
}

impl Operation {
    pub(crate) fn new(summary: &'static str) -> Self {
        Self {
            summary,
            description: String::new(),
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            problems: BTreeMap::new(),
        }
    }

    /// More than the summary says.
    pub(crate) fn told(mut self, description: &str) -> Self {
        self.description = description.to_owned();
        self
    }

    /// Takes this parameter; see [`crate::parameters`].
    pub(crate) fn takes(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Takes these parameters.
    pub(crate) fn takes_all<const N: usize>(mut self, parameters: [Value; N]) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// Takes a JSON body of this schema.
    pub(crate) fn body(self, schema: &Value) -> Self {
        self.body_of(schema, true)
    }

    /// May be given a JSON body of this schema.
    pub(crate) fn optional_body(self, schema: &Value) -> Self {
        self.body_of(schema, false)
    }

    fn body_of(mut self, schema: &Value, required: bool) -> Self {
        self.body = Some(json!({
            "required": required,
            "content": { "application/json": { "schema": schema } },
        }));
        let bad = "the body is not what is described, or broke off";
        self.problem(400, "bad-request", bad).problem(
            413,
            "too-large",
            "the body is larger than the variable max_body_bytes",
        )
    }

    /// Answers JSON of this schema.
    pub(crate) fn answers(self, status: u16, told: &str, schema: &Value) -> Self {
        let content = json!({ "application/json": { "schema": schema } });
        self.answer(status, json!({ "description": told, "content": content }))
    }

    /// Answers without a body.
    pub(crate) fn answers_nothing(self, status: u16, told: &str) -> Self {
        self.answer(status, json!({ "description": told }))
    }

    /// Answers text of this media type, whatever is in it.
    pub(crate) fn answers_text(self, status: u16, told: &str, media_type: &str) -> Self {
        let content = json!({ media_type: { "schema": { "type": "string" } } });
        self.answer(status, json!({ "description": told, "content": content }))
    }

    fn answer(mut self, status: u16, answer: Value) -> Self {
        self.answers.insert(status, answer);
        self
    }

    /// Its answer 200 is a page and leads to the next one.
    pub(crate) fn paged(mut self) -> Self {
        if let Some(Value::Object(answer)) = self.answers.get_mut(&200) {
            let link = json!({
                "description": "The next page, if there is one: `<…>; rel=\"next\"` (RFC 8288).",
                "schema": { "type": "string" },
            });
            answer.insert("headers".to_owned(), json!({ "Link": link }));
        }
        self
    }

    /// Answers with a problem of this kind when something is so.
    pub(crate) fn problem(mut self, status: u16, kind: &'static str, when: &'static str) -> Self {
        let of_status = self.problems.entry(status).or_default();
        of_status.retain(|(known, _)| *known != kind);
        of_status.push((kind, when));
        self
    }

    /// A parameter or a field may be wrong.
    pub(crate) fn may_be_wrong(self) -> Self {
        self.problem(
            400,
            "bad-request",
            "a parameter or a field is missing or wrong; `field` names it",
        )
    }

    /// There may be no such thing.
    pub(crate) fn may_be_missing(self, when: &'static str) -> Self {
        self.problem(404, "not-found", when)
    }

    /// The queue may be full.
    pub(crate) fn may_be_full(self) -> Self {
        let when = "too much waits; come again after `Retry-After`";
        self.problem(503, "queue-full", when)
    }

    /// The operation as OpenAPI writes it, with what every route of this access has in common.
    pub(crate) fn finish(self, route: Route, problems: &mut Problems) -> Value {
        let when = "something failed here; the log says what";
        let mut operation = self.problem(500, "internal", when);
        if let Access::Needs(_) = route.access() {
            operation = operation
                .problem(401, "unauthorized", "no token, or none that is known")
                .problem(
                    403,
                    "forbidden",
                    "the role or the limits do not allow it; `reason` says which",
                )
                .problem(503, "not-configured", "a variable is missing or wrong")
                .problem(
                    503,
                    "keys-unknown",
                    "the keys of the CI system's issuer are not read yet",
                );
        }
        let who = crate::who(route.access());
        let description = format!("{} {who}", operation.description);
        let mut value = json!({
            "operationId": format!("{route:?}"),
            "summary": operation.summary,
            "description": description.trim(),
            "tags": [route.component()],
            "security": security(route),
            "responses": operation.responses(problems),
        });
        if let Value::Object(fields) = &mut value {
            if !operation.parameters.is_empty() {
                fields.insert("parameters".to_owned(), operation.parameters.into());
            }
            if let Some(body) = operation.body {
                fields.insert("requestBody".to_owned(), body);
            }
        }
        value
    }

    fn responses(&self, problems: &mut Problems) -> Map<String, Value> {
        let mut all: BTreeMap<u16, Value> = self.answers.clone();
        for (status, kinds) in &self.problems {
            all.insert(*status, problems.point_to(*status, kinds));
        }
        let text = |(status, answer): (u16, Value)| (status.to_string(), answer);
        all.into_iter().map(text).collect()
    }
}

/// The problems that operations point to: most of them have the same.
#[derive(Default)]
pub(crate) struct Problems(Map<String, Value>);

impl Problems {
    fn point_to(&mut self, status: u16, kinds: &[(&str, &str)]) -> Value {
        let problem = problem(status, kinds);
        let kinds: Vec<&str> = kinds.iter().map(|(kind, _)| *kind).collect();
        let mut name = kinds.join(".");
        while self.0.get(&name).is_some_and(|known| *known != problem) {
            name.push('_');
        }
        let pointer = format!("#/components/responses/{name}");
        self.0.insert(name, problem);
        json!({ "$ref": pointer })
    }

    /// All that are pointed to, by name.
    pub(crate) fn components(mut self) -> Map<String, Value> {
        self.0.sort_keys();
        self.0
    }
}

fn problem(status: u16, kinds: &[(&str, &str)]) -> Value {
    let types: Vec<String> = kinds
        .iter()
        .map(|(kind, _)| format!("urn:wimble:problem:{kind}"))
        .collect();
    let told: Vec<String> = kinds
        .iter()
        .map(|(kind, when)| format!("`{kind}`: {when}."))
        .collect();
    let schema = json!({
        "allOf": [{ "$ref": "#/components/schemas/Problem" }],
        "properties": { "type": { "enum": types }, "status": { "const": status } },
    });
    let mut answer = json!({
        "description": told.join(" "),
        "content": { "application/problem+json": { "schema": schema } },
    });
    if let (401, Value::Object(answer)) = (status, &mut answer) {
        let challenge = json!({ "schema": { "type": "string" } });
        answer.insert(
            "headers".to_owned(),
            json!({ "WWW-Authenticate": challenge }),
        );
    }
    answer
}

fn security(route: Route) -> Value {
    match route.access() {
        Access::Open | Access::Signed => json!([]),
        Access::Needs(_) => json!([{ "bearer": [] }, { "accessToken": [] }]),
    }
}
