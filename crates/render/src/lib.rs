//! What a manifest becomes: first its chart, then its Kubernetes YAML, then its patches, as files of the app's folder. Pure;
//! never reads a file, the network, the clock or chance.
//!
//! The files are GimletD's: one for each template of the chart, by its base name, with Helm's `# Source:` lines; literal YAML
//! in `manifest.yaml`; and all in `manifest.yaml` where patches were applied. Unlike there, literal YAML beside a chart does
//! not end up in the file of the chart's last template.

mod error;
mod files;
mod values;

use std::collections::BTreeMap;

use domain::FileName;
use kustomize::{Json6902Patch, Target};

pub use error::RenderError;
use files::Files;

/// A Helm chart as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chart {
    /// A packed chart, `.tgz`.
    Archive(Vec<u8>),
    /// The files of a chart's folder, by path within it.
    Folder(BTreeMap<String, Vec<u8>>),
}

/// One RFC 6902 patch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonPatch {
    /// API group of the object; empty for the core group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// The operations, as YAML or JSON.
    pub patch: String,
}

/// A manifest whose variables are resolved.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// The release's name.
    pub app: String,
    /// The release's namespace; empty for `default`.
    pub namespace: String,
    /// `.Capabilities.KubeVersion`; empty for Helm's own.
    pub kube_version: String,
    /// `.Capabilities.APIVersions`, beside those that Helm knows.
    pub api_versions: Vec<String>,
    /// The chart, if there is one.
    pub chart: Option<Chart>,
    /// The chart's values, a JSON object; empty for none.
    pub values: String,
    /// Kubernetes objects, a YAML stream.
    pub manifests: String,
    /// Strategic merge patches, a YAML stream.
    pub strategic_merge_patches: String,
    /// RFC 6902 patches.
    pub json6902_patches: Vec<JsonPatch>,
}

/// The files that the manifest becomes, sorted by name. Every document in them is a Kubernetes object.
///
/// # Errors
/// [`RenderError`] names the part of the manifest that is wrong.
pub fn render(manifest: &Manifest) -> Result<Vec<(FileName, Vec<u8>)>, RenderError> {
    let mut files = Files::default();
    if let Some(chart) = &manifest.chart {
        add_chart(manifest, chart, &mut files)?;
    }
    if !manifest.manifests.trim().is_empty() {
        let literal = domain::files_of_raw_manifests(&manifest.manifests);
        for (name, content) in literal.map_err(RenderError::Manifests)? {
            files.add(name, String::from_utf8_lossy(&content).as_ref())?;
        }
    }
    if files.is_empty() {
        return Err(match manifest.chart {
            Some(_) => RenderError::EmptyChart,
            None => RenderError::Nothing,
        });
    }
    if manifest.strategic_merge_patches.trim().is_empty() && manifest.json6902_patches.is_empty() {
        return Ok(files.into_list());
    }
    patched(manifest, &files.stream())
}

fn add_chart(manifest: &Manifest, chart: &Chart, files: &mut Files) -> Result<(), RenderError> {
    let limits = helm::ChartLimits::default();
    let chart = match chart {
        Chart::Archive(bytes) => helm::Chart::from_archive(bytes, &limits),
        Chart::Folder(folder) => helm::Chart::from_files(folder.clone(), &limits),
    };
    let chart = chart.map_err(RenderError::Chart)?;
    let values = values::parse(&manifest.values)?;
    let namespace = match manifest.namespace.as_str() {
        "" => "default",
        given => given,
    };
    let mut release = helm::ReleaseOptions::new(&manifest.app, namespace);
    if !manifest.kube_version.is_empty() {
        release.kube_version.clone_from(&manifest.kube_version);
    }
    release.api_versions.clone_from(&manifest.api_versions);
    let rendered = helm::render(&chart, &values, &release, &helm::Limits::default());
    for document in rendered.map_err(RenderError::Template)?.documents {
        files.add_template(&document.source, &document.text)?;
    }
    Ok(())
}

/// All of it in one file, as kustomize prints it.
fn patched(manifest: &Manifest, stream: &str) -> Result<Vec<(FileName, Vec<u8>)>, RenderError> {
    let patches: Vec<Json6902Patch> = manifest
        .json6902_patches
        .iter()
        .map(|patch| Json6902Patch {
            target: Target {
                group: patch.group.clone(),
                version: patch.version.clone(),
                kind: patch.kind.clone(),
                name: patch.name.clone(),
                ..Target::default()
            },
            patch: patch.patch.clone(),
        })
        .collect();
    let strategic = &manifest.strategic_merge_patches;
    let strategic = if strategic.trim().is_empty() {
        ""
    } else {
        strategic
    };
    let limits = kustomize::Limits::default();
    let text = kustomize::apply(stream, strategic, &patches, &limits);
    let text = text.map_err(RenderError::Patches)?;
    let patched = domain::files_of_raw_manifests(&text);
    patched.map_err(RenderError::Patched)
}
