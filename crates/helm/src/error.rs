//! What can go wrong: loading a chart, and rendering one. Helm's words where Helm has the same error.

use gotemplate::Limit;
use thiserror::Error;

/// Why a chart was not loaded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChartError {
    /// The archive is no gzip or no tar, or is cut off.
    #[error("the chart archive cannot be read: {0}")]
    Archive(String),
    /// An entry of the archive that could reach out of the chart, or is no plain file.
    #[error("the chart archive holds {name:?}: {problem}")]
    Entry {
        /// The entry's name, cut at 200 characters.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The chart is larger than allowed.
    #[error("the chart exceeds the limit of {limit} {unit}")]
    Limit {
        /// The limit that was passed.
        limit: usize,
        /// What was counted.
        unit: &'static str,
    },
    /// There is no `Chart.yaml` where it must be.
    #[error("Chart.yaml file is missing")]
    NoChartfile,
    /// A file that cannot be read as YAML of its shape.
    #[error("cannot load {file}: {problem}")]
    File {
        /// `Chart.yaml`, `values.yaml`, `requirements.yaml`.
        file: &'static str,
        /// Go's words.
        problem: String,
    },
    /// `Chart.yaml` says something that Helm refuses.
    #[error("validation: {0}")]
    Metadata(String),
    /// A sub-chart was not loaded.
    #[error("error unpacking subchart {subchart} in {chart}: {source}")]
    Subchart {
        /// Folder or file name below `charts/`.
        subchart: String,
        /// The chart that holds it.
        chart: String,
        /// Why.
        source: Box<ChartError>,
    },
    /// `.helmignore` has a pattern that Helm refuses.
    #[error("error in .helmignore: {0}")]
    Ignore(String),
}

/// Why a chart was not rendered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RenderError {
    /// The release's name or namespace is none.
    #[error("{0}")]
    Release(String),
    /// A library chart cannot be rendered by itself.
    #[error("{0} charts are not installable")]
    NotInstallable(String),
    /// `Chart.yaml` declares sub-charts that `charts/` does not hold.
    #[error("found in Chart.yaml, but missing in charts/ directory: {}", .0.join(", "))]
    MissingDependencies(Vec<String>),
    /// The chart asks for another Kubernetes version.
    #[error(
        "chart requires kubeVersion: {required} which is incompatible with Kubernetes {version}"
    )]
    KubeVersion {
        /// The chart's constraint.
        required: String,
        /// The version that it was rendered for.
        version: String,
    },
    /// The Kubernetes version of the options is none.
    #[error("{0:?} is not a Kubernetes version: give one such as v1.36.0")]
    BadKubeVersion(String),
    /// Values that cannot be merged into the chart's.
    #[error("{0}")]
    Values(String),
    /// Values that the chart's `values.schema.json` refuses, in Helm's words.
    #[error(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{0}"
    )]
    Schema(String),
    /// A template that does not parse or fails, in Helm's words with template and line.
    #[error("{0}")]
    Template(String),
    /// A rendered document that is no YAML.
    #[error("YAML parse error on {path}: {problem}")]
    Document {
        /// The template that gave it.
        path: String,
        /// Go's words.
        problem: String,
    },
    /// A template used up the budget.
    #[error("{template}: {limit}")]
    Limit {
        /// Template, line and column, as far as known.
        template: String,
        /// The budget.
        limit: Limit,
    },
    /// The chart or its values are larger than allowed.
    #[error("the chart exceeds the limit of {limit} {unit}")]
    Size {
        /// The limit that was passed.
        limit: usize,
        /// What was counted.
        unit: &'static str,
    },
}
