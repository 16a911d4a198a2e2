//! What a manifest becomes: the files of an app's folder. Rendering may fail for good or for now; it must never write.

use domain::{FileName, ResolvedManifest, files_of_raw_manifests};

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

/// Renders literal Kubernetes YAML, and refuses what needs a chart or patches.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawManifests;

impl Renderer for RawManifests {
    async fn render(&self, manifest: &ResolvedManifest) -> Result<Files, RenderError> {
        if !manifest.chart.is_empty() {
            return Err(RenderError::lasting(
                "chart: this renderer takes literal YAML alone",
            ));
        }
        if !manifest.strategic_merge_patches.is_empty() || !manifest.json6902_patches.is_empty() {
            return Err(RenderError::lasting(
                "patches: this renderer takes literal YAML alone",
            ));
        }
        files_of_raw_manifests(&manifest.manifests)
            .map_err(|error| RenderError::lasting(format!("manifests: {error}")))
    }
}
