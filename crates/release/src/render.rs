//! What a manifest becomes: the files of an app's folder. Rendering may fail for good or for now; it must never write.

use domain::{FileName, ResolvedManifest};

/// The files of an app's folder, without the release record.
pub type Files = Vec<(FileName, Vec<u8>)>;

/// Why a manifest could not be rendered.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct RenderError {
    /// Why, and what to do.
    pub reason: String,
    /// Whether the same may succeed later: a chart server that is down, say.
    pub passing: bool,
}

impl RenderError {
    /// A failure for good.
    pub fn lasting(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            passing: false,
        }
    }
}

/// Renders resolved manifests.
#[allow(async_fn_in_trait)]
pub trait Renderer {
    /// The files that the manifest becomes.
    ///
    /// # Errors
    ///
    /// See [`RenderError`].
    async fn render(&self, manifest: &ResolvedManifest) -> Result<Files, RenderError>;
}
