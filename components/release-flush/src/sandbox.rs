//! Rendering in a component of its own, which has no capability: the flush's dependency `renderer`. What comes back is
//! checked like any other input.

use domain::{FileName, ResolvedManifest};
use release::render::{Files, RenderError, Renderer};

#[allow(missing_docs, unreachable_pub)]
mod bindings {
    wit_bindgen::generate!({ world: "client", path: "../../wit/renderer" });
}

use bindings::wimble::renderer::renderer::{self, File, Json6902Patch, Manifest};

/// Bytes of the files of one app: what the renderer bounds too, but it is not trusted.
const BYTES: usize = 17 << 20;

/// The sandboxed renderer.
pub(crate) struct Sandbox;

impl Renderer for Sandbox {
    async fn render(&self, manifest: &ResolvedManifest) -> Result<Files, RenderError> {
        if !manifest.chart.is_empty() {
            return Err(RenderError::lasting(
                "chart: charts are not fetched by this version; use manifests with literal YAML",
            ));
        }
        let values = serde_json::to_string(&manifest.values);
        let values = values.map_err(|error| RenderError::lasting(format!("values: {error}")))?;
        let namespace = manifest.namespace.as_ref().map(ToString::to_string);
        let patches = manifest.json6902_patches.iter();
        let rendered = renderer::render(&Manifest {
            app: manifest.app.to_string(),
            namespace: namespace.unwrap_or_default(),
            kube_version: String::new(),
            api_versions: Vec::new(),
            chart: None,
            values,
            manifests: manifest.manifests.clone(),
            strategic_merge_patches: manifest.strategic_merge_patches.clone(),
            json6902_patches: patches.map(patch).collect(),
        });
        checked(rendered.map_err(RenderError::lasting)?)
    }
}

fn patch(patch: &domain::Json6902Patch) -> Json6902Patch {
    Json6902Patch {
        group: patch.target.group.clone(),
        version: patch.target.version.clone(),
        kind: patch.target.kind.clone(),
        name: patch.target.name.clone(),
        patch: patch.patch.clone(),
    }
}

fn checked(files: Vec<File>) -> Result<Files, RenderError> {
    let bytes = files.iter().map(|file| file.content.len());
    if bytes.fold(0, usize::saturating_add) > BYTES {
        return Err(RenderError::lasting("the rendered files are too large"));
    }
    let file = |file: File| match FileName::new(&file.name) {
        Some(name) => Ok((name, file.content)),
        None => Err(RenderError::lasting("a rendered file has no valid name")),
    };
    files.into_iter().map(file).collect()
}
