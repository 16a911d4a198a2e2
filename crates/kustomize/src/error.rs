//! What keeps resources from being patched. Messages name the resource or the place, never its contents.

use goyaml::{ParseError, PrintError};
use thiserror::Error;

/// Why [`crate::apply`] gave no output.
#[derive(Debug, Error)]
pub enum PatchError {
    /// The resources are no YAML, or pass a limit.
    #[error("resources cannot be read")]
    Resources(#[source] ParseError),
    /// The strategic merge patches are no YAML, or pass a limit.
    #[error("strategic merge patches cannot be read")]
    Strategic(#[source] ParseError),
    /// A document that is no Kubernetes object: what is missing, and in which text.
    #[error("document {number} of the {text} is no kubernetes object: {problem}")]
    NotAnObject {
        /// `resources` or `strategic merge patches`.
        text: &'static str,
        /// The document, from 1.
        number: usize,
        /// What is missing or wrong.
        problem: &'static str,
    },
    /// Two resources have the same identity.
    #[error("resource {0} is there twice: each kind, name and namespace may appear once")]
    Duplicate(String),
    /// The strategic merge patches hold no patch.
    #[error("strategic merge patches are empty: add a patch or leave them out")]
    EmptyStrategic,
    /// A strategic merge patch that no resource, or more than one, answers to.
    #[error(
        "strategic merge patch of {id} matches {found} resources: its apiVersion, kind, name and namespace must be those of one resource"
    )]
    StrategicTarget {
        /// The identity that the patch names.
        id: String,
        /// Resources that have it.
        found: usize,
    },
    /// A strategic merge patch that does not fit its resource.
    #[error("strategic merge patch of {id} does not apply at {path}: {problem}")]
    Strategy {
        /// The resource.
        id: String,
        /// Where, as a dotted path.
        path: String,
        /// Why.
        problem: String,
    },
    /// A JSON 6902 patch that is no list of operations.
    #[error("json 6902 patch {number} is no list of operations: {problem}")]
    Json6902Text {
        /// The patch, from 1.
        number: usize,
        /// Why.
        problem: String,
    },
    /// A target whose fields are no regular expressions, or that has no name.
    #[error("target of json 6902 patch {number} is wrong: {problem}")]
    Target {
        /// The patch, from 1.
        number: usize,
        /// Why.
        problem: String,
    },
    /// A JSON 6902 patch that no resource answers to.
    #[error(
        "json 6902 patch {number} matches no resource: check the group, version, kind and name of its target"
    )]
    Unmatched {
        /// The patch, from 1.
        number: usize,
    },
    /// An operation that does not apply.
    #[error("json 6902 patch {number} does not apply to {id}: operation {operation}: {problem}")]
    Operation {
        /// The patch, from 1.
        number: usize,
        /// The resource.
        id: String,
        /// The operation, from 1.
        operation: usize,
        /// Why.
        problem: String,
    },
    /// JSON 6902 patches put more into the resources than the limits allow.
    #[error("json 6902 patches add more than the limit of {0} nodes, or of bytes")]
    TooLarge(usize),
    /// A patched resource cannot be printed.
    #[error("resource {id} cannot be printed")]
    Print {
        /// The resource.
        id: String,
        /// Why.
        #[source]
        source: PrintError,
    },
}
