//! A manifest with its templates rendered. Each text is rendered by itself after parsing, so that a variable's content can
//! never add a key; no engine lives here, callers bring one.

use crate::json::pointer_step;
use crate::{
    AppName, Chart, CleanupPolicy, DeployPolicy, EnvName, InvalidName, Json6902Patch,
    Json6902Target, Manifest, Namespace,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Renders one text with the artifact's variables.
pub trait TextTemplate {
    /// Another artifact's texts begin: engines with a budget start it anew.
    fn begin(&self) {}

    /// The text with its templates replaced.
    ///
    /// # Errors
    /// [`TemplateError`] with a message for the author of the manifest.
    fn render(&self, text: &str, vars: &BTreeMap<String, String>) -> Result<String, TemplateError>;
}

/// Why a text could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(pub String);

/// No engine: literal text passes, a template is refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct LiteralText;

impl TextTemplate for LiteralText {
    fn render(&self, text: &str, _: &BTreeMap<String, String>) -> Result<String, TemplateError> {
        if text.contains("{{") {
            return Err(TemplateError(
                "templates are not supported by this build yet".to_owned(),
            ));
        }
        Ok(text.to_owned())
    }
}

/// A manifest whose templates are rendered and whose names are checked. The cleanup policy is not part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedManifest {
    /// The app.
    pub app: AppName,
    /// The environment.
    pub env: EnvName,
    /// The namespace, if the manifest names one.
    pub namespace: Option<Namespace>,
    /// The deploy policy.
    pub deploy: Option<DeployPolicy>,
    /// The chart; empty when there is none.
    pub chart: Chart,
    /// The chart's values.
    pub values: Map<String, Value>,
    /// Strategic merge patches, multi-document YAML.
    pub strategic_merge_patches: String,
    /// RFC 6902 patches.
    pub json6902_patches: Vec<Json6902Patch>,
    /// Kubernetes objects as multi-document YAML.
    pub manifests: String,
}

/// Why a manifest could not be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// A text could not be rendered.
    #[error("{field}: {source}")]
    Template {
        /// JSON pointer of the text within the manifest.
        field: String,
        /// The engine's error.
        source: TemplateError,
    },
    /// A name is not one, once rendered.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// Two keys of one object are the same, once rendered.
    #[error("{field}: the key stands twice in its object, once its template is resolved")]
    RepeatedKey {
        /// JSON pointer of the second key within the manifest.
        field: String,
    },
    /// The rendered texts are too large.
    #[error("{field}: the resolved manifest is larger than {limit} bytes")]
    TooLarge {
        /// JSON pointer of the text that is one too many.
        field: String,
        /// Bytes allowed.
        limit: usize,
    },
}

/// Bytes of all rendered texts of one manifest: variables may be used many times over.
const RESOLVED_BYTES: usize = 4 << 20;

impl Manifest {
    /// Renders every text but those of `cleanup`, and checks the names.
    ///
    /// # Errors
    /// [`ResolveError`] names the field.
    pub fn resolve(
        &self,
        vars: &BTreeMap<String, String>,
        template: &dyn TextTemplate,
    ) -> Result<ResolvedManifest, ResolveError> {
        let mut texts = Texts {
            vars,
            template,
            bytes: 0,
        };
        let mut json6902_patches = Vec::with_capacity(self.json6902_patches.len());
        for (i, patch) in self.json6902_patches.iter().enumerate() {
            json6902_patches.push(texts.patch(&format!("/json6902Patches/{i}"), patch)?);
        }
        Ok(ResolvedManifest {
            app: texts.render("/app", &self.app)?.parse()?,
            env: texts.render("/env", &self.env)?.parse()?,
            namespace: match texts.render("/namespace", &self.namespace)? {
                empty if empty.is_empty() => None,
                name => Some(name.parse()?),
            },
            deploy: self
                .deploy
                .as_ref()
                .map(|policy| texts.deploy(policy))
                .transpose()?,
            chart: Chart {
                repository: texts.render("/chart/repository", &self.chart.repository)?,
                name: texts.render("/chart/name", &self.chart.name)?,
                version: texts.render("/chart/version", &self.chart.version)?,
            },
            values: texts.map("/values", &self.values)?,
            strategic_merge_patches: texts
                .render("/strategicMergePatches", &self.strategic_merge_patches)?,
            json6902_patches,
            manifests: texts.render("/manifests", &self.manifests)?,
        })
    }

    /// Renders what a policy decides on, and no more: environment, app and deploy policy. A fault elsewhere in the
    /// manifest is no business of the decision.
    pub(crate) fn resolve_policy(
        &self,
        policy: &DeployPolicy,
        vars: &BTreeMap<String, String>,
        template: &dyn TextTemplate,
    ) -> Result<(EnvName, AppName, DeployPolicy), ResolveError> {
        let mut texts = Texts {
            vars,
            template,
            bytes: 0,
        };
        let env = texts.render("/env", &self.env)?.parse()?;
        let app = texts.render("/app", &self.app)?.parse()?;
        Ok((env, app, texts.deploy(policy)?))
    }
}

impl CleanupPolicy {
    /// Renders the policy's texts for a deleted branch; `BRANCH` is the only variable.
    ///
    /// # Errors
    /// [`ResolveError`] names the field.
    pub fn resolve(
        &self,
        deleted_branch: &str,
        template: &dyn TextTemplate,
    ) -> Result<Self, ResolveError> {
        let vars = BTreeMap::from([("BRANCH".to_owned(), deleted_branch.to_owned())]);
        let mut texts = Texts {
            vars: &vars,
            template,
            bytes: 0,
        };
        Ok(Self {
            app: texts.render("/cleanup/app", &self.app)?,
            event: texts.render("/cleanup/event", &self.event)?,
            branch: texts.render("/cleanup/branch", &self.branch)?,
        })
    }
}

struct Texts<'a> {
    vars: &'a BTreeMap<String, String>,
    template: &'a dyn TextTemplate,
    bytes: usize,
}

impl Texts<'_> {
    fn render(&mut self, field: &str, text: &str) -> Result<String, ResolveError> {
        let rendered =
            self.template
                .render(text, self.vars)
                .map_err(|source| ResolveError::Template {
                    field: field.to_owned(),
                    source,
                })?;
        self.bytes = self.bytes.saturating_add(rendered.len());
        if self.bytes > RESOLVED_BYTES {
            return Err(ResolveError::TooLarge {
                field: field.to_owned(),
                limit: RESOLVED_BYTES,
            });
        }
        Ok(rendered)
    }

    fn deploy(&mut self, policy: &DeployPolicy) -> Result<DeployPolicy, ResolveError> {
        let mut commit_message_patterns = Vec::with_capacity(policy.commit_message_patterns.len());
        for (i, pattern) in policy.commit_message_patterns.iter().enumerate() {
            let field = format!("/deploy/commitMessagePatterns/{i}");
            commit_message_patterns.push(self.render(&field, pattern)?);
        }
        Ok(DeployPolicy {
            tag: self.render("/deploy/tag", &policy.tag)?,
            branch: self.render("/deploy/branch", &policy.branch)?,
            event: policy.event,
            commit_message_patterns,
        })
    }

    fn patch(&mut self, at: &str, patch: &Json6902Patch) -> Result<Json6902Patch, ResolveError> {
        let target = &patch.target;
        Ok(Json6902Patch {
            patch: self.render(&format!("{at}/patch"), &patch.patch)?,
            target: Json6902Target {
                group: self.render(&format!("{at}/target/group"), &target.group)?,
                version: self.render(&format!("{at}/target/version"), &target.version)?,
                kind: self.render(&format!("{at}/target/kind"), &target.kind)?,
                name: self.render(&format!("{at}/target/name"), &target.name)?,
            },
        })
    }

    /// Keys are templates too, as in GimletD; one that becomes another key of its object is refused.
    fn map(
        &mut self,
        at: &str,
        map: &Map<String, Value>,
    ) -> Result<Map<String, Value>, ResolveError> {
        let mut out = Map::new();
        for (key, value) in map {
            let field = pointer_step(at, key);
            let rendered = self.render(&field, key)?;
            let value = self.value(&field, value)?;
            if out.insert(rendered, value).is_some() {
                return Err(ResolveError::RepeatedKey { field });
            }
        }
        Ok(out)
    }

    /// Recursion is bounded: values come from JSON that was read under a depth limit.
    fn value(&mut self, at: &str, value: &Value) -> Result<Value, ResolveError> {
        Ok(match value {
            Value::String(text) => Value::String(self.render(at, text)?),
            Value::Object(map) => Value::Object(self.map(at, map)?),
            Value::Array(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (i, item) in items.iter().enumerate() {
                    out.push(self.value(&format!("{at}/{i}"), item)?);
                }
                Value::Array(out)
            }
            plain => plain.clone(),
        })
    }
}
