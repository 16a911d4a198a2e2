//! Why a manifest could not be rendered. The texts are for the people who wrote the manifest: they name its field.

use domain::InvalidRawManifests;

/// Why a manifest could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// There is neither a chart nor literal YAML.
    #[error("no chart or raw yaml to render: set chart or manifests")]
    Nothing,
    /// The chart makes no object with these values.
    #[error("chart: it renders no Kubernetes object with these values")]
    EmptyChart,
    /// The chart cannot be read.
    #[error("chart: {0}")]
    Chart(#[source] helm::ChartError),
    /// The values are not a JSON object.
    #[error("values: {0}")]
    Values(String),
    /// The chart cannot be rendered.
    #[error("chart: {0}")]
    Template(#[source] helm::RenderError),
    /// What a template rendered is not Kubernetes YAML.
    #[error("chart: {template}: {source}")]
    NotAnObject {
        /// The template.
        template: String,
        /// What is wrong.
        source: InvalidRawManifests,
    },
    /// The literal YAML is wrong.
    #[error("manifests: {0}")]
    Manifests(#[source] InvalidRawManifests),
    /// A patch is wrong or does not apply.
    #[error("patches: {0}")]
    Patches(#[source] kustomize::PatchError),
    /// The patched objects are no Kubernetes objects any more.
    #[error("patches: after them, {0}")]
    Patched(#[source] InvalidRawManifests),
    /// A template's name cannot be the name of a file.
    #[error(
        "chart: {template}: its name cannot be that of a file; letters, digits, '.', '-' and '_' can"
    )]
    FileName {
        /// The template.
        template: String,
    },
    /// More than an app's folder may hold.
    #[error("the rendered files have more than {limit} bytes together")]
    TooLarge {
        /// Bytes.
        limit: usize,
    },
}
