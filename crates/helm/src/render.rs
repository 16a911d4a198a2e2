//! One rendering from a loaded chart to its manifest, in the order of Helm's `pkg/action/install.go`. Repeatable: the same input gives the same bytes.

use std::path::Path;

use gotemplate::{Functions, Host, NoHost, sprig};

use crate::capabilities::{Capabilities, KUBE_VERSION};
use crate::chart::Chart;
use crate::error::RenderError;
use crate::limits::Limits;
use crate::tree::Node;
use crate::values::Work;
use crate::{engine, manifest, schema, version};

/// What is rendered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseOptions {
    /// `.Release.Name`: a DNS name of at most 53 characters.
    pub name: String,
    /// `.Release.Namespace`.
    pub namespace: String,
    /// `.Release.Revision`.
    pub revision: u32,
    /// `.Release.IsUpgrade`, whose contrary is `.Release.IsInstall`.
    pub is_upgrade: bool,
    /// `.Capabilities.KubeVersion`: such as `v1.31.2`.
    pub kube_version: String,
    /// API versions beside those that Helm knows, such as `monitoring.coreos.com/v1`.
    pub api_versions: Vec<String>,
    /// Whether the files in `crds/` come first in the manifest (`--include-crds`).
    pub include_crds: bool,
}

impl ReleaseOptions {
    /// A first install, for the Kubernetes version that Helm 4.2 takes for granted, without `crds/`: what `helm install --dry-run=client` does.
    pub fn new(name: impl Into<String>, namespace: impl Into<String>) -> ReleaseOptions {
        ReleaseOptions {
            name: name.into(),
            namespace: namespace.into(),
            revision: 1,
            is_upgrade: false,
            kube_version: KUBE_VERSION.to_owned(),
            api_versions: Vec::new(),
            include_crds: false,
        }
    }
}

/// One document of a manifest.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// The template that it comes from, as Helm's `# Source:` line has it: `chart/templates/service.yaml`.
    pub source: String,
    /// The YAML text, without `---` and without that line.
    pub text: String,
}

impl std::fmt::Debug for Document {
    /// The source only: a document may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({})", self.source)
    }
}

/// What a chart was rendered to: documents without hooks, tests and notes, in install order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The documents, in the order in which Helm would install them.
    pub documents: Vec<Document>,
}

impl Rendered {
    /// The whole text, byte for byte what Helm has as `rel.Manifest` (`helm template` prints it trimmed).
    pub fn manifest(&self) -> String {
        let mut text = String::new();
        for document in &self.documents {
            text.push_str("---\n# Source: ");
            text.push_str(&document.source);
            text.push('\n');
            text.push_str(&document.text);
            text.push('\n');
        }
        text
    }
}

/// Renders a chart with these values over its own. Functions that read the clock, draw random values or make keys are refused, because a release must
/// be repeatable; [`render_with_host`] allows them.
///
/// # Errors
/// What Helm refuses, in Helm's words, and what passes a limit.
pub fn render(
    chart: &Chart,
    values: &goyaml::Map,
    release: &ReleaseOptions,
    limits: &Limits,
) -> Result<Rendered, RenderError> {
    run(chart, values, release, limits, sprig::repeatable(), &NoHost)
}

/// As [`render`], with all of Sprig's functions: the clock, random values and keys come from `host`.
///
/// # Errors
/// As [`render`].
pub fn render_with_host(
    chart: &Chart,
    values: &goyaml::Map,
    release: &ReleaseOptions,
    limits: &Limits,
    host: &dyn Host,
) -> Result<Rendered, RenderError> {
    run(chart, values, release, limits, sprig::functions(), host)
}

fn run(
    chart: &Chart,
    values: &goyaml::Map,
    release: &ReleaseOptions,
    limits: &Limits,
    sprig: Functions,
    host: &dyn Host,
) -> Result<Rendered, RenderError> {
    check_name(&release.name)?;
    let kind = &chart.metadata.kind;
    if !matches!(kind.as_str(), "" | "application") {
        return Err(RenderError::NotInstallable(kind.clone()));
    }
    let mut work = Work::new(limits);
    let mut root = Node::new(chart, &mut work)?;
    let missing = root.missing();
    if !missing.is_empty() {
        return Err(RenderError::MissingDependencies(missing));
    }
    let given = work.import(values)?;
    let processed = root.enable(&given, "", &mut work);
    let processed = processed.and_then(|()| root.import_values(&mut work));
    processed.map_err(|error| match error {
        RenderError::Values(problem) => {
            RenderError::Values(format!("chart dependencies processing failed: {problem}"))
        }
        other => other,
    })?;
    let capabilities = Capabilities::new(&release.kube_version, &release.api_versions)?;
    let values = work.coalesce(&root, &given)?;
    schema::validate(&root, &values)?;
    check_kube_version(&root, &capabilities)?;
    let crds = if release.include_crds {
        custom_resources(&root)
    } else {
        Vec::new()
    };
    let rendered = engine::render(
        &root,
        &values,
        capabilities,
        release,
        sprig,
        &limits.templates,
        host,
    )?;
    let mut documents = crds;
    documents.append(&mut manifest::sort(rendered, limits)?);
    Ok(Rendered { documents })
}

/// `ValidateReleaseName`.
fn check_name(name: &str) -> Result<(), RenderError> {
    let refused = |problem: &str| {
        let name: String = name.chars().take(200).collect();
        let name = crate::metadata::quoted(&name);
        RenderError::Release(format!(
            "release name check failed: release name {name}: {problem}"
        ))
    };
    if name.is_empty() {
        return Err(refused("no name provided"));
    }
    let label = |label: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !label.is_empty()
            && label.chars().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > 53 || !name.split('.').all(label) {
        let problem = "invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53";
        return Err(refused(problem));
    }
    Ok(())
}

fn check_kube_version(root: &Node<'_>, capabilities: &Capabilities) -> Result<(), RenderError> {
    let required = &root.metadata.kube_version;
    let version = capabilities.normalized();
    if required.is_empty() || version::allows(required, version) {
        return Ok(());
    }
    Err(RenderError::KubeVersion {
        required: required.clone(),
        version: version.to_owned(),
    })
}

/// `CRDObjects`: the files in `crds/`, as they are, of the chart and of those below it.
fn custom_resources(node: &Node<'_>) -> Vec<Document> {
    let is_manifest = |name: &str| {
        let extension = Path::new(name).extension();
        let extension = extension.map(|extension| extension.to_ascii_lowercase());
        extension.is_some_and(|extension| {
            ["yaml", "yml", "json"]
                .iter()
                .any(|known| extension == *known)
        })
    };
    let path = node.path();
    let own = node.chart.files.iter();
    let own = own.filter(|file| file.name.starts_with("crds/") && is_manifest(&file.name));
    let mut documents: Vec<Document> = own
        .map(|file| Document {
            source: format!("{path}/{}", file.name),
            text: String::from_utf8_lossy(&file.data).into_owned(),
        })
        .collect();
    for dependency in &node.dependencies {
        documents.append(&mut custom_resources(dependency));
    }
    documents
}
