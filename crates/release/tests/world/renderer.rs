//! The real renderer of literal manifests, which fails for a passing cause, or kills, as a manifest says.

use std::rc::Rc;

use domain::{ResolvedManifest, files_of_raw_manifests};
use release::render::{Files, RenderError, Renderer};

use super::World;
use super::executor::turn;

/// Whoever renders a manifest with this text dies.
pub(crate) const KILLS: &str = "kills";

/// Renders literal Kubernetes YAML, and refuses what needs a chart or patches.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RawManifests;

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

pub(crate) struct Flaky(pub(crate) Rc<World>);

impl Renderer for Flaky {
    async fn render(&self, manifest: &ResolvedManifest) -> Result<Files, RenderError> {
        turn().await;
        let text = &manifest.manifests;
        if text.contains(KILLS) {
            self.0.killed.set(true);
            std::future::pending::<()>().await;
        }
        let wanted = text.split("# fails: ").nth(1).and_then(|rest| {
            let number = rest.lines().next()?;
            number.parse::<usize>().ok()
        });
        if self
            .0
            .fails_now(&format!("{}{text}", manifest.app), wanted.unwrap_or(0))
        {
            return Err(RenderError {
                reason: "the chart server is down".to_owned(),
                passing: true,
            });
        }
        RawManifests.render(manifest).await
    }
}

impl World {
    /// Counts failures of one manifest until there were as many as wanted.
    fn fails_now(&self, manifest: &str, wanted: usize) -> bool {
        let mut failed = self.failed_renders.borrow_mut();
        let count = failed.entry(manifest.to_owned()).or_default();
        *count += 1;
        *count <= wanted
    }
}
