//! `spin.toml`, manifest version 2: the tables the local host reads, spelt as Spin spells them.
//!
//! Unknown keys are refused where Spin refuses them, so that a manifest that runs here runs there. Fields that only
//! other tools read (`targets`, `tool`, `watch`) are accepted and ignored; what the local host cannot run (remote
//! sources, files) is refused by name when the application is loaded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// A whole manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always 2.
    pub spin_manifest_version: u32,
    /// `[application]`.
    pub application: Application,
    /// `[variables]`: what the operator sets.
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    /// `[[trigger.http]]` and `[[trigger.cron]]`.
    #[serde(rename = "trigger")]
    pub triggers: Triggers,
    /// `[component.<id>]`.
    #[serde(rename = "component", default)]
    pub components: BTreeMap<String, Component>,
}

/// `[application]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The application's name.
    pub name: String,
    /// Its version, if it says one.
    #[serde(default)]
    pub version: String,
    /// For readers.
    #[serde(default)]
    pub description: String,
    /// For readers.
    #[serde(default)]
    pub authors: Vec<String>,
    #[serde(default, rename = "targets")]
    _targets: Vec<toml::Value>,
    #[serde(default, rename = "trigger")]
    _trigger: BTreeMap<String, toml::Table>,
    #[serde(default, rename = "tool")]
    _tool: BTreeMap<String, toml::Table>,
}

/// One application variable. A value is not part of it, so that `Debug` of a manifest shows no secret but a default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// For readers.
    pub description: Option<String>,
    /// Whether a value must be given.
    #[serde(default)]
    pub required: bool,
    /// The value where none is given.
    pub default: Option<String>,
    /// Whether the value must never be shown.
    #[serde(default)]
    pub secret: bool,
}

/// The triggers, by type. Other types are refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triggers {
    /// `[[trigger.http]]`.
    #[serde(default)]
    pub http: Vec<HttpTrigger>,
    /// `[[trigger.cron]]`.
    #[serde(default)]
    pub cron: Vec<CronTrigger>,
}

/// `[[trigger.http]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    #[serde(default, rename = "id")]
    _id: String,
    /// The component that answers.
    pub component: String,
    /// The paths it answers.
    pub route: Route,
    /// How the component is called; only `{ type = "http" }` is run here.
    pub executor: Option<Executor>,
}

/// The paths of a trigger.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Route {
    /// `route = "/api/..."`.
    Path(String),
    /// `route = { private = true }`: reached by service chaining only.
    Private {
        /// Always true.
        private: bool,
    },
}

/// `executor = { type = "http" }`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Executor {
    /// `http`; `wagi` is refused when the application is loaded.
    #[serde(rename = "type")]
    pub kind: String,
}

/// `[[trigger.cron]]`, as the plugin `trigger-cron` reads it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CronTrigger {
    #[serde(default, rename = "id")]
    _id: String,
    /// The component that is called.
    pub component: String,
    /// Six fields, seconds first, UTC.
    pub cron_expression: String,
}

/// `[component.<id>]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// The Wasm file, relative to the manifest.
    pub source: Source,
    /// For readers.
    #[serde(default)]
    pub description: String,
    /// The component's variables: name to template over the application's variables.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Its environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Refused if not empty: the local host mounts no files.
    #[serde(default)]
    pub files: Vec<toml::Value>,
    #[serde(default, rename = "exclude_files")]
    _exclude_files: Vec<String>,
    /// Where it may send requests.
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    /// The key-value stores it may open, by label.
    #[serde(default)]
    pub key_value_stores: Vec<String>,
    /// The SQLite databases it may open, by label.
    #[serde(default)]
    pub sqlite_databases: Vec<String>,
    /// Refused if not empty: the local host has no models.
    #[serde(default)]
    pub ai_models: Vec<String>,
    /// How the Wasm file is made.
    pub build: Option<Build>,
    #[serde(default, rename = "tool")]
    _tool: BTreeMap<String, toml::Table>,
    /// Refused if true: a dependency has no capabilities here.
    #[serde(default)]
    pub dependencies_inherit_configuration: bool,
    /// The components that it depends on, by the import that each is for.
    #[serde(default)]
    pub dependencies: BTreeMap<String, Dependency>,
    #[serde(default, rename = "profile")]
    _profile: BTreeMap<String, toml::Table>,
}

/// `"package:name/interface@1.0.0" = { path = "file.wasm" }`.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Dependency {
    /// A file, relative to the manifest.
    Local {
        /// The Wasm file.
        path: PathBuf,
    },
    /// Another source: refused when the application is loaded.
    Other(toml::Value),
}

/// Where a component's Wasm file is.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// A path, relative to the manifest.
    Local(PathBuf),
    /// A URL or a registry package: refused when the application is loaded.
    Remote(toml::Table),
}

/// `[component.<id>.build]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Shell commands, run from left to right.
    pub command: Commands,
    /// Where they run, relative to the manifest.
    pub workdir: Option<PathBuf>,
    #[serde(default, rename = "watch")]
    _watch: Vec<String>,
}

/// One command or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Commands {
    /// `command = "cargo build"`.
    One(String),
    /// `command = ["npm install", "npm run build"]`.
    Many(Vec<String>),
}

impl Commands {
    /// The commands, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(command) => std::slice::from_ref(command),
            Self::Many(commands) => commands.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

impl Manifest {
    /// Reads the manifest at `path`.
    ///
    /// # Errors
    /// The file cannot be read, is not a manifest of version 2, or names a component that it does not define.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| {
            format!(
                "{} is not a manifest that the local host can run",
                path.display()
            )
        })
    }

    /// Parses the text of a manifest.
    ///
    /// # Errors
    /// As for [`Manifest::read`].
    pub fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        ensure!(
            manifest.spin_manifest_version == 2,
            "spin_manifest_version must be 2"
        );
        for id in manifest.components.keys() {
            ensure!(
                is_kebab(id),
                "{id:?} is no component's id: use words of letters and digits with '-' between them"
            );
        }
        let http = manifest
            .triggers
            .http
            .iter()
            .map(|trigger| &trigger.component);
        let cron = manifest
            .triggers
            .cron
            .iter()
            .map(|trigger| &trigger.component);
        for id in http.chain(cron) {
            ensure!(
                manifest.components.contains_key(id),
                "a trigger names the component {id:?}, which is not defined"
            );
        }
        Ok(manifest)
    }
}

/// Spin's rule for component ids: words between hyphens, each with a letter first, and all lower case or all upper case.
fn is_kebab(id: &str) -> bool {
    id.split('-').all(|word| {
        let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && (word.chars().all(lower) || word.chars().all(upper))
    })
}
