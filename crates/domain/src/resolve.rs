//! A manifest with its templates rendered. Each text is rendered by itself after parsing, so that a variable's content can
//! never add a key; no engine lives here, callers bring one.

use crate::{
    AppName, Chart, DeployPolicy, EnvName, InvalidName, Json6902Patch, Manifest, Namespace,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Renders one text with the artifact's variables.
pub trait TextTemplate {
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
}

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
        let _ = (vars, template);
        todo!()
    }
}
