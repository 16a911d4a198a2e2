//! Renders manifests for the flush, of which it is a dependency: a component of its own without network, stores and
//! variables, so that a hostile chart can reach nothing, whatever it does to the renderer.

mod bindings {
    #![allow(missing_docs, unreachable_pub)]

    wit_bindgen::generate!({ world: "sandbox", path: "../../wit/renderer" });

    export!(Renderer);

    pub(crate) struct Renderer;
}

use bindings::Renderer;
use bindings::exports::wimble::renderer::renderer::{Chart, File, Guest, Json6902Patch, Manifest};
use render::JsonPatch;

impl Guest for Renderer {
    fn render(manifest: Manifest) -> Result<Vec<File>, String> {
        let files = render::render(&render::Manifest {
            app: manifest.app,
            namespace: manifest.namespace,
            kube_version: manifest.kube_version,
            api_versions: manifest.api_versions,
            chart: manifest.chart.map(chart),
            values: manifest.values,
            manifests: manifest.manifests,
            strategic_merge_patches: manifest.strategic_merge_patches,
            json6902_patches: manifest.json6902_patches.into_iter().map(patch).collect(),
        });
        let files = files.map_err(|error| error.to_string())?.into_iter();
        Ok(files
            .map(|(name, content)| File {
                name: name.to_string(),
                content,
            })
            .collect())
    }
}

fn chart(chart: Chart) -> render::Chart {
    match chart {
        Chart::Archive(bytes) => render::Chart::Archive(bytes),
        Chart::Folder(files) => render::Chart::Folder(files.into_iter().collect()),
    }
}

fn patch(patch: Json6902Patch) -> JsonPatch {
    JsonPatch {
        group: patch.group,
        version: patch.version,
        kind: patch.kind,
        name: patch.name,
        patch: patch.patch,
    }
}
