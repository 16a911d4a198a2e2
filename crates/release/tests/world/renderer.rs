//! The real renderer of literal manifests, which fails for a passing cause as often as a manifest says.

use std::rc::Rc;

use domain::ResolvedManifest;
use release::render::{Files, RawManifests, RenderError, Renderer};

use super::World;
use super::executor::turn;

pub(crate) struct Flaky(pub(crate) Rc<World>);

impl Renderer for Flaky {
    async fn render(&self, manifest: &ResolvedManifest) -> Result<Files, RenderError> {
        turn().await;
        let text = &manifest.manifests;
        let wanted = text.split("# fails: ").nth(1).and_then(|rest| {
            let number = rest.lines().next()?;
            number.parse::<usize>().ok()
        });
        let mut failed = self.0.failed_renders.borrow_mut();
        let count = failed.entry(format!("{}{text}", manifest.app)).or_default();
        if *count < wanted.unwrap_or(0) {
            *count += 1;
            return Err(RenderError {
                reason: "the chart server is down".to_owned(),
                passing: true,
            });
        }
        drop(failed);
        RawManifests.render(manifest).await
    }
}
