//! Manifest variables: Go templates with Sprig, repeatable, within a budget. The same artifact must give the same text
//! whenever it is rendered, so functions that read a clock or draw random values are refused.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use domain::{TemplateError, TextTemplate, sanitize_dns_name};
use gotemplate::{
    Context, Functions, Limits, Map, MissingKey, NoHost, Signature, TemplateSet, Type, Value, sprig,
};

/// Steps for all texts of one artifact: a tenth of a second or so.
const STEPS: u64 = 1_000_000;
/// Bytes of one rendered text; the manifests of an app are one text.
const TEXT_BYTES: usize = 1 << 20;
/// Bytes that functions may make for one text.
const MEMORY_BYTES: usize = 32 << 20;
/// Levels of nesting within one text.
const DEPTH: usize = 100;

/// Go's `text/template` with Sprig and `sanitizeDNSName`; a variable that is missing is an error that names it.
pub struct GoTemplates {
    functions: Rc<Functions>,
    steps_left: Cell<u64>,
}

impl Default for GoTemplates {
    fn default() -> Self {
        Self::new()
    }
}

impl GoTemplates {
    /// An engine with a fresh budget.
    #[must_use]
    pub fn new() -> Self {
        let mut functions = sprig::repeatable();
        functions.add(
            "sanitizeDNSName",
            Signature::fixed(&[Type::String]),
            |_, arguments| {
                let text = arguments
                    .first()
                    .and_then(Value::as_str)
                    .map(|text| text.to_text().into_owned());
                Ok(Value::from(sanitize_dns_name(&text.unwrap_or_default())))
            },
        );
        Self {
            functions: Rc::new(functions),
            steps_left: Cell::new(STEPS),
        }
    }
}

impl TextTemplate for GoTemplates {
    fn begin(&self) {
        self.steps_left.set(STEPS);
    }

    fn render(&self, text: &str, vars: &BTreeMap<String, String>) -> Result<String, TemplateError> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let mut templates =
            TemplateSet::new(Rc::clone(&self.functions)).missing_key(MissingKey::Error);
        templates
            .parse("manifest", text)
            .map_err(|error| TemplateError(error.to_string()))?;
        let limits = Limits {
            steps: self.steps_left.get(),
            output: TEXT_BYTES,
            memory: MEMORY_BYTES,
            value: TEXT_BYTES,
            depth: DEPTH,
        };
        // GimletD's data is a map[string]string: `index` gives "" for a missing variable, a field of it is an error.
        let variables = vars
            .iter()
            .map(|(name, value)| (name.as_str(), Value::from(value.as_str())));
        let data = Value::Map(Map::of(Type::STRING_MAP, variables));
        let mut context = Context::bare(&templates, &limits, &NoHost);
        let rendered = context.execute("manifest", data);
        self.steps_left
            .set(self.steps_left.get().saturating_sub(context.steps_used()));
        let rendered = rendered.map_err(|error| TemplateError(error.to_string()))?;
        String::from_utf8(rendered)
            .map_err(|_| TemplateError("the rendered text is not UTF-8".to_owned()))
    }
}
