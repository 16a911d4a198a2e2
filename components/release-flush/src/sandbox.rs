//! Rendering: charts are fetched here, where the network is, and rendered in a component of its own that has no capability,
//! the flush's dependency `renderer`. What comes back is checked like any other input.

use std::cell::RefCell;
use std::collections::BTreeMap;

use domain::{FileName, ResolvedManifest};
use platform::settings::Kubernetes;
use platform::{OutboundHttp, SpinSqlite, SystemClock};
use release::charts::{ChartContent, ChartSources};
use release::render::{Files, RenderError, Renderer};

#[allow(missing_docs, unreachable_pub)]
mod bindings {
    wit_bindgen::generate!({ world: "client", path: "../../wit/renderer" });
}

use bindings::wimble::renderer::renderer::{self, Chart, File, Json6902Patch, Manifest};

/// Bytes of the files of one app: what the renderer bounds too, but it is not trusted.
const BYTES: usize = 17 << 20;
/// Charts kept in memory during one flush, lest a hundred releases of one chart read it a hundred times.
const CHARTS: usize = 8;

/// The sandboxed renderer, and where its charts come from.
pub(crate) struct Sandbox<'a> {
    /// Where charts come from.
    pub(crate) charts: ChartSources<'a, OutboundHttp, SpinSqlite, SystemClock>,
    /// The cluster that charts are rendered for.
    pub(crate) kubernetes: Kubernetes,
    /// By repository, name and version as the manifest has them.
    pub(crate) fetched: RefCell<BTreeMap<[String; 3], Chart>>,
}

impl Sandbox<'_> {
    async fn chart(&self, wanted: &domain::Chart) -> Result<Chart, RenderError> {
        let key = [&wanted.repository, &wanted.name, &wanted.version].map(Clone::clone);
        if let Some(chart) = self.fetched.borrow().get(&key) {
            return Ok(chart.clone());
        }
        let fetched = self.charts.fetch(wanted).await;
        let fetched = fetched.map_err(|error| RenderError {
            reason: error.reason,
            passing: error.passing,
        })?;
        let chart = match fetched.content {
            ChartContent::Archive(bytes) => Chart::Archive(bytes),
            ChartContent::Folder(files) => Chart::Folder(files.into_iter().collect()),
        };
        let mut known = self.fetched.borrow_mut();
        if known.len() < CHARTS {
            known.insert(key, chart.clone());
        }
        Ok(chart)
    }
}

impl Renderer for Sandbox<'_> {
    async fn render(&self, manifest: &ResolvedManifest) -> Result<Files, RenderError> {
        let chart = if manifest.chart.is_empty() {
            None
        } else {
            Some(self.chart(&manifest.chart).await?)
        };
        let values = serde_json::to_string(&manifest.values);
        let values = values.map_err(|error| RenderError::lasting(format!("values: {error}")))?;
        let namespace = manifest.namespace.as_ref().map(ToString::to_string);
        let patches = manifest.json6902_patches.iter();
        let rendered = renderer::render(&Manifest {
            app: manifest.app.to_string(),
            namespace: namespace.unwrap_or_default(),
            kube_version: self.kubernetes.version.clone(),
            api_versions: self.kubernetes.api_versions.clone(),
            chart,
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
