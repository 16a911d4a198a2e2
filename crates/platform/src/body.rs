//! Small JSON bodies of the API: one flat object, read strictly, with every complaint about a field by its name.

use std::str::FromStr;

use domain::{InvalidName, JsonLimits};
use serde_json::{Map, Value};

use crate::answer::Problem;

/// The fields of a JSON object.
pub struct Fields(Map<String, Value>);

/// Reads a JSON object.
///
/// # Errors
///
/// 400 for anything else.
pub fn object(bytes: &[u8]) -> Result<Fields, Problem> {
    let limits = JsonLimits {
        bytes: bytes.len(),
        depth: 4,
        nodes: 100,
        text: 4_096,
        key: 255,
    };
    match domain::read_json(bytes, &limits) {
        Ok(Value::Object(fields)) => Ok(Fields(fields)),
        Ok(_) => Err(Problem::bad_request(
            "",
            "Bad Request: the body must be a JSON object",
        )),
        Err(error) => Err(Problem::bad_request(
            &error.pointer,
            format!("Bad Request: {}", error.message),
        )),
    }
}

impl Fields {
    /// A field; absent, null and empty are the same. Keys are found in any case, as Go's clients rely on.
    ///
    /// # Errors
    ///
    /// 400 if it is not a text of this kind.
    pub fn optional<T: FromStr<Err = InvalidName>>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, Problem> {
        let exact = self.0.get(name);
        let found = exact.or_else(|| {
            self.0
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        });
        match found {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => text.parse().map(Some).map_err(|error: InvalidName| {
                Problem::bad_request(
                    &format!("/{name}"),
                    format!("Bad Request: {name} must {}", error.rule),
                )
            }),
            Some(_) => Err(Problem::bad_request(
                &format!("/{name}"),
                format!("Bad Request: {name} must be a string"),
            )),
        }
    }

    /// A field that must be there. `called` is GimletD's word for it.
    ///
    /// # Errors
    ///
    /// 400 if it is missing or not a text of this kind.
    pub fn mandatory<T: FromStr<Err = InvalidName>>(
        &self,
        name: &'static str,
        called: &str,
    ) -> Result<T, Problem> {
        self.optional(name)?.ok_or_else(|| {
            Problem::bad_request(
                &format!("/{name}"),
                format!("Bad Request: {called} parameter is mandatory"),
            )
        })
    }
}
