//! `.Capabilities`: the Kubernetes version and API versions that a chart is rendered for, as Helm's `pkg/chart/common/capabilities.go`.
//! Never asks a cluster.

use std::any::Any;
use std::rc::Rc;

use gotemplate::{Context, FuncError, List, Object, Signature, Type, Value};

use crate::error::RenderError;

/// What Helm 4.2 renders for where no cluster is asked.
pub(crate) const KUBE_VERSION: &str = "v1.36.0";

/// Helm's `DefaultVersionSet`, in its order.
const API_VERSIONS: [&str; 55] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha2",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// `*common.Capabilities`.
pub(crate) struct Capabilities {
    kube_version: Rc<KubeVersion>,
    api_versions: Rc<VersionSet>,
    helm_version: Rc<HelmVersion>,
}

impl Capabilities {
    /// For a Kubernetes version, with API versions beside the default ones.
    pub(crate) fn new(
        kube_version: &str,
        api_versions: &[String],
    ) -> Result<Capabilities, RenderError> {
        let more = api_versions.iter().map(String::as_str);
        let all: Vec<Value> = API_VERSIONS
            .into_iter()
            .chain(more)
            .map(Value::str)
            .collect();
        Ok(Capabilities {
            kube_version: Rc::new(KubeVersion::parse(kube_version)?),
            api_versions: Rc::new(VersionSet(List::new(VERSION_SET, all))),
            helm_version: Rc::new(HelmVersion),
        })
    }

    /// The Kubernetes version that a chart's `kubeVersion` is compared with.
    pub(crate) fn normalized(&self) -> &str {
        &self.kube_version.normalized
    }
}

impl Object for Capabilities {
    fn go_type(&self) -> Type {
        Type::Object("*common.Capabilities")
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("KubeVersion", Value::Object(self.kube_version.clone())),
            ("APIVersions", Value::Object(self.api_versions.clone())),
            ("HelmVersion", Value::Object(self.helm_version.clone())),
        ]
    }
}

/// `common.KubeVersion`.
struct KubeVersion {
    /// As given, with a `v` before it.
    version: String,
    /// Without what follows the numbers.
    normalized: String,
    major: String,
    minor: String,
}

impl KubeVersion {
    /// `ParseGeneric` of `k8s.io/apimachinery/pkg/util/version`.
    fn parse(text: &str) -> Result<KubeVersion, RenderError> {
        let bad = || RenderError::BadKubeVersion(text.chars().take(100).collect());
        let bare = text.trim().strip_prefix('v').unwrap_or(text.trim());
        let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.');
        let numbers = bare.get(..end.unwrap_or(bare.len())).unwrap_or_default();
        let numbers: Vec<&str> = numbers.trim_end_matches('.').split('.').collect();
        let is_number = |part: &&str| {
            part.parse::<u32>().is_ok() && (part.len() == 1 || !part.starts_with('0'))
        };
        let [major, minor, ..] = numbers.as_slice() else {
            return Err(bad());
        };
        if !numbers.iter().all(is_number) {
            return Err(bad());
        }
        Ok(KubeVersion {
            version: if text.starts_with('v') {
                text.to_owned()
            } else {
                format!("v{text}")
            },
            normalized: format!("v{}", numbers.join(".")),
            major: (*major).to_owned(),
            minor: (*minor).to_owned(),
        })
    }
}

impl Object for KubeVersion {
    fn go_type(&self) -> Type {
        Type::Object("common.KubeVersion")
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn string(&self) -> Option<String> {
        Some(self.normalized.clone())
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", Value::str(self.version.as_str())),
            ("Major", Value::str(self.major.as_str())),
            ("Minor", Value::str(self.minor.as_str())),
        ]
    }

    fn method(&self, name: &str) -> Option<Signature> {
        matches!(name, "String" | "GitVersion").then_some(Signature::fixed(&[]))
    }

    fn call(&self, _: &mut Context<'_>, name: &str, _: &[Value]) -> Result<Value, FuncError> {
        let text = if name == "String" {
            &self.normalized
        } else {
            &self.version
        };
        Ok(Value::str(text.as_str()))
    }
}

const VERSION_SET: Type = Type::Named("common.VersionSet", &Type::STRINGS);

/// `common.VersionSet`.
struct VersionSet(List);

impl Object for VersionSet {
    fn go_type(&self) -> Type {
        VERSION_SET
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::List(self.0.clone()))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "Has").then_some(Signature::fixed(&[Type::String]))
    }

    fn call(&self, context: &mut Context<'_>, _: &str, args: &[Value]) -> Result<Value, FuncError> {
        context.step(self.0.len() as u64 / 8)?;
        let wanted = args.first().and_then(Value::as_str);
        let has = |version: &Value| version.as_str() == wanted;
        Ok(Value::Bool(self.0.items().iter().any(has)))
    }
}

/// `version.BuildInfo`: the Helm that this crate prints as.
pub(crate) struct HelmVersion;

impl HelmVersion {
    /// The fields by their Go names and by their JSON names; empty ones are left out of JSON.
    pub(crate) const FIELDS: [(&'static str, &'static str, &'static str); 5] = [
        ("Version", "version", "v4.2"),
        ("GitCommit", "git_commit", ""),
        ("GitTreeState", "git_tree_state", ""),
        ("GoVersion", "go_version", "go1.26.6"),
        ("KubeClientVersion", "kube_client_version", "v1.36"),
    ];
}

impl Object for HelmVersion {
    fn go_type(&self) -> Type {
        Type::Object("version.BuildInfo")
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let field = |(name, _, text)| (name, Value::str(text));
        HelmVersion::FIELDS.into_iter().map(field).collect()
    }
}
