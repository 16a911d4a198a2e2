//! Which resources a JSON 6902 patch is for. Never reads the patch.

use regex_lite::{Regex, RegexBuilder};

use crate::resource::{Resource, ResourceId};

/// A JSON 6902 patch and its target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Json6902Patch {
    /// The resources to patch.
    pub target: Target,
    /// A list of operations (RFC 6902), as JSON or YAML.
    pub patch: String,
}

/// Selects resources. Each field is a regular expression for the whole text, or empty for any; the name must be given, as kustomize has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// `apps` of `apps/v1`.
    pub group: String,
    /// `v1` of `apps/v1`.
    pub version: String,
    /// `Deployment`.
    pub kind: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`; `default` also stands for none.
    pub namespace: String,
}

/// Bytes that a compiled expression may take.
const EXPRESSION_SIZE: usize = 64 * 1024;

/// A target whose expressions are compiled.
pub(crate) struct Selector {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
}

impl Selector {
    /// Compiles the fields. The error says which one is wrong.
    pub(crate) fn new(target: &Target) -> Result<Self, String> {
        if target.name.is_empty() {
            return Err("the name is missing".to_owned());
        }
        Ok(Self {
            group: compile("group", &target.group)?,
            version: compile("version", &target.version)?,
            kind: compile("kind", &target.kind)?,
            name: compile("name", &target.name)?,
            namespace: compile("namespace", &target.namespace)?,
        })
    }

    pub(crate) fn selects(&self, resource: &Resource) -> bool {
        let is = |expression: &Option<Regex>, text: &str| {
            expression.as_ref().is_none_or(|e| e.is_match(text))
        };
        let named = |id: &ResourceId| {
            is(&self.name, &id.name) && is(&self.namespace, id.effective_namespace())
        };
        let id = resource.id();
        is(&self.group, &id.group)
            && is(&self.version, &id.version)
            && is(&self.kind, &id.kind)
            && (named(id) || named(resource.original_id()))
    }
}

fn compile(field: &str, pattern: &str) -> Result<Option<Regex>, String> {
    if pattern.is_empty() {
        return Ok(None);
    }
    let expression = RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(EXPRESSION_SIZE)
        .build();
    expression
        .map(Some)
        .map_err(|error| format!("its {field} is no regular expression: {error}"))
}
