//! Artifacts as CI ships them, small and of several kinds.

use domain::{Artifact, ArtifactLimits, ShippedArtifact};
use serde_json::{Value, json};

use super::git_server::POISON;
use super::renderer::KILLS;

/// What becomes of an artifact's releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// They are written.
    Good,
    /// They need a chart, and are refused.
    Refused,
    /// They fail to render so many times, for a passing cause.
    Failing(usize),
    /// No host takes them.
    Poisoned,
    /// Whoever renders them dies.
    Deadly,
}

impl Sort {
    /// The status in which its requests must end.
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::Good | Self::Failing(0..=2) => "processed",
            _ => "error",
        }
    }
}

/// An artifact of version `number` for these places (`env/app`).
#[derive(Debug, Clone)]
pub(crate) struct Shipment {
    pub(crate) number: usize,
    pub(crate) sort: Sort,
    pub(crate) places: Vec<&'static str>,
    /// Whether a deploy policy releases it.
    pub(crate) policy: bool,
}

impl Shipment {
    pub(crate) fn new(number: usize, places: &[&'static str]) -> Self {
        Self {
            number,
            sort: Sort::Good,
            places: places.to_vec(),
            policy: true,
        }
    }

    pub(crate) fn sort(self, sort: Sort) -> Self {
        Self { sort, ..self }
    }

    pub(crate) fn without_policy(self) -> Self {
        Self {
            policy: false,
            ..self
        }
    }

    pub(crate) fn json(&self) -> Value {
        let environments: Vec<Value> = self
            .places
            .iter()
            .map(|place| self.manifest(place))
            .collect();
        json!({
            "version": {
                "repositoryName": "acme/shop",
                "sha": format!("{:040x}", self.number),
                "branch": "main",
            },
            "environments": environments,
        })
    }

    fn manifest(&self, place: &str) -> Value {
        let (env, app) = place.split_once('/').unwrap();
        let remark = match self.sort {
            Sort::Failing(times) => format!("# fails: {times}\n"),
            Sort::Poisoned => format!("# {POISON}\n"),
            Sort::Deadly => format!("# {KILLS}\n"),
            _ => String::new(),
        };
        let number = self.number;
        let mut manifest = json!({
            "app": app, "env": env, "namespace": "default",
            "manifests": format!(
                "apiVersion: v1\nkind: ConfigMap\n{remark}metadata:\n  name: {app}\ndata:\n  version: \"{number}\"\n"
            ),
        });
        if self.policy {
            manifest["deploy"] = json!({ "branch": "main", "event": "push" });
        }
        if self.sort == Sort::Refused {
            manifest["chart"] = json!({ "name": "web", "repository": "https://charts.example" });
        }
        manifest
    }

    pub(crate) fn shipped(&self) -> ShippedArtifact {
        shipped(&self.json())
    }
}

pub(crate) fn shipped(json: &Value) -> ShippedArtifact {
    Artifact::parse(json.to_string().as_bytes(), &ArtifactLimits::default()).unwrap()
}
