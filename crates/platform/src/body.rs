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
        nodes: 400,
        text: 4_096,
        key: 255,
    };
    match domain::read_json(bytes, &limits) {
        Ok(Value::Object(fields)) => match domain::key_in_two_cases(&fields) {
            None => Ok(Fields(fields)),
            Some(key) => Err(wrong(key, "stands twice, in different case")),
        },
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
    /// A field's value; absent and null are the same. Keys are found in any case, as Go's clients rely on.
    fn value(&self, name: &str) -> Option<&Value> {
        let exact = self.0.get(name);
        let found = exact.or_else(|| {
            self.0
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        });
        found.filter(|value| !value.is_null())
    }

    /// A text; none where it is absent, null or empty.
    ///
    /// # Errors
    ///
    /// 400 if it is anything else.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(wrong(name, "must be a string")),
        }
    }

    /// Whether something is so; none where it is absent.
    ///
    /// # Errors
    ///
    /// 400 if it is neither true nor false.
    pub fn flag(&self, name: &'static str) -> Result<Option<bool>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(wrong(name, "must be true or false")),
        }
    }

    /// A list of texts; none where it is absent.
    ///
    /// # Errors
    ///
    /// 400 if it is anything else.
    pub fn texts(&self, name: &'static str) -> Result<Option<Vec<&str>>, Problem> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let texts = value
            .as_array()
            .and_then(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        match texts {
            Some(texts) => Ok(Some(texts)),
            None => Err(wrong(name, "must be a list of strings")),
        }
    }

    /// A whole number within a range; none where it is absent.
    ///
    /// # Errors
    ///
    /// 400 if it is anything else.
    pub fn whole(
        &self,
        name: &'static str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<Option<u64>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) if range.contains(&number) => Ok(Some(number)),
                _ => {
                    let (least, most) = (range.start(), range.end());
                    let rule = format!("must be a whole number from {least} to {most}");
                    Err(wrong(name, &rule))
                }
            },
        }
    }

    /// A field; absent, null and empty are the same. Keys are found in any case, as Go's clients rely on.
    ///
    /// # Errors
    ///
    /// 400 if it is not a text of this kind.
    pub fn optional<T: FromStr<Err = InvalidName>>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, Problem> {
        match self.text(name)? {
            None => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|error: InvalidName| wrong(name, &format!("must {}", error.rule))),
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

/// A field is wrong. `rule` is what it must be.
pub fn wrong(name: &str, rule: &str) -> Problem {
    Problem::bad_request(&format!("/{name}"), format!("Bad Request: {name} {rule}"))
}
