//! `Chart.yaml`, formats v1 and v2, as Helm's `pkg/chart/v2/metadata.go`: read, checked, and shown to templates as `.Chart`.

use std::collections::HashSet;

use gotemplate::Type;
use goyaml::Value;

use crate::error::ChartError;
use crate::unmarshal::{
    Field, boolean, document, json_kind, list, object, string, string_map, strings,
};
use crate::{load, version};

/// What `Chart.yaml` says.
#[derive(Clone, Default)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    home: String,
    sources: Vec<String>,
    pub(crate) version: String,
    description: String,
    keywords: Vec<String>,
    maintainers: Vec<Option<Maintainer>>,
    icon: String,
    pub(crate) api_version: String,
    condition: String,
    tags: String,
    pub(crate) app_version: String,
    deprecated: bool,
    annotations: Option<Vec<(String, String)>>,
    pub(crate) kube_version: String,
    /// None where nothing is declared, which is not the same as an empty list to Helm.
    pub(crate) dependencies: Option<Vec<Dependency>>,
    /// A list that holds a null, which is refused.
    null_dependency: bool,
    pub(crate) kind: String,
}

#[derive(Clone, Default)]
struct Maintainer {
    name: String,
    email: String,
    url: String,
}

/// A sub-chart as `Chart.yaml` or `requirements.yaml` declares it.
#[derive(Clone, Default)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) version: String,
    repository: String,
    pub(crate) condition: String,
    pub(crate) tags: Vec<String>,
    pub(crate) enabled: bool,
    pub(crate) import_values: Vec<Import>,
    pub(crate) alias: String,
}

/// An entry of `import-values`.
#[derive(Clone)]
pub(crate) struct Import {
    /// The path in the sub-chart's values.
    pub(crate) child: String,
    /// The path in this chart's values, `.` for their top.
    pub(crate) parent: String,
}

impl Metadata {
    /// Reads a text over what was read before.
    pub(crate) fn read(&mut self, file: &'static str, text: &str) -> Result<(), ChartError> {
        self.decode(text)
            .map_err(|problem| ChartError::File { file, problem })
    }

    fn decode(&mut self, text: &str) -> Result<(), String> {
        for (key, value) in document(text, &load::yaml_limits(), "v2.Metadata")? {
            self.field(&key.to_lowercase(), &value)?;
        }
        Ok(())
    }

    fn field(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let at = |path| Field {
            of: "Metadata",
            path,
        };
        let (place, path) = match key {
            "name" => (&mut self.name, "name"),
            "home" => (&mut self.home, "home"),
            "version" => (&mut self.version, "version"),
            "description" => (&mut self.description, "description"),
            "icon" => (&mut self.icon, "icon"),
            "apiversion" => (&mut self.api_version, "apiVersion"),
            "condition" => (&mut self.condition, "condition"),
            "tags" => (&mut self.tags, "tags"),
            "appversion" => (&mut self.app_version, "appVersion"),
            "kubeversion" => (&mut self.kube_version, "kubeVersion"),
            "type" => (&mut self.kind, "type"),
            "sources" => {
                self.sources = strings(value, at("sources"))?.unwrap_or_default();
                return Ok(());
            }
            "keywords" => {
                self.keywords = strings(value, at("keywords"))?.unwrap_or_default();
                return Ok(());
            }
            "deprecated" => {
                self.deprecated = boolean(value, at("deprecated"))?.unwrap_or(self.deprecated);
                return Ok(());
            }
            "annotations" => {
                self.annotations = string_map(value, at("annotations"))?;
                return Ok(());
            }
            "maintainers" => return self.read_maintainers(value),
            "dependencies" => return self.read_dependencies(value),
            _ => return Ok(()),
        };
        if let Some(text) = string(value, at(path))? {
            *place = text;
        }
        Ok(())
    }

    fn read_maintainers(&mut self, value: &Value) -> Result<(), String> {
        let at = Field {
            of: "Metadata",
            path: "maintainers",
        };
        let items = list(value, at, "[]*v2.Maintainer")?.unwrap_or_default();
        self.maintainers = items
            .iter()
            .map(|item| {
                let Some(map) = object(item, at, "v2.Maintainer")? else {
                    return Ok(None);
                };
                let mut maintainer = Maintainer::default();
                for (key, value) in map {
                    let (place, path) = match key.to_lowercase().as_str() {
                        "name" => (&mut maintainer.name, "maintainers.name"),
                        "email" => (&mut maintainer.email, "maintainers.email"),
                        "url" => (&mut maintainer.url, "maintainers.url"),
                        _ => continue,
                    };
                    let at = Field {
                        of: "Maintainer",
                        path,
                    };
                    *place = string(value, at)?.unwrap_or_default();
                }
                Ok(Some(maintainer))
            })
            .collect::<Result<_, String>>()?;
        Ok(())
    }

    fn read_dependencies(&mut self, value: &Value) -> Result<(), String> {
        let at = Field {
            of: "Metadata",
            path: "dependencies",
        };
        let Some(items) = list(value, at, "[]*v2.Dependency")? else {
            self.dependencies = None;
            return Ok(());
        };
        let mut dependencies = Vec::new();
        for item in items {
            match object(item, at, "v2.Dependency")? {
                Some(map) => dependencies.push(Dependency::read(map)?),
                None => self.null_dependency = true,
            }
        }
        self.dependencies = Some(dependencies);
        Ok(())
    }

    /// Checks what Helm checks, and takes out what does not print.
    pub(crate) fn validate(&mut self) -> Result<(), ChartError> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ]
        .into_iter()
        .chain(&mut self.sources)
        .chain(&mut self.keywords)
        {
            *text = sanitize(text);
        }
        self.check().map_err(ChartError::Metadata)
    }

    fn check(&mut self) -> Result<(), String> {
        if self.api_version.is_empty() {
            return Err("chart.metadata.apiVersion is required".to_owned());
        }
        if self.name.is_empty() {
            return Err("chart.metadata.name is required".to_owned());
        }
        if self.name.contains('/') || self.name == ".." || self.name == "." {
            return Err(format!(
                "chart.metadata.name {} is invalid",
                quoted(&self.name)
            ));
        }
        if self.version.is_empty() {
            return Err("chart.metadata.version is required".to_owned());
        }
        if !version::is_valid(&self.version) {
            let version = quoted(&self.version);
            return Err(format!("chart.metadata.version {version} is invalid"));
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return Err("chart.metadata.type must be application or library".to_owned());
        }
        for maintainer in &mut self.maintainers {
            let Some(maintainer) = maintainer else {
                let problem = "maintainers must not contain empty or null nodes";
                return Err(problem.to_owned());
            };
            for text in [
                &mut maintainer.name,
                &mut maintainer.email,
                &mut maintainer.url,
            ] {
                *text = sanitize(text);
            }
        }
        if self.null_dependency {
            return Err("dependencies must not contain empty or null nodes".to_owned());
        }
        let mut names = HashSet::new();
        for dependency in self.dependencies.iter_mut().flatten() {
            dependency.check()?;
            let name = if dependency.alias.is_empty() {
                &dependency.name
            } else {
                &dependency.alias
            };
            if !names.insert(name.clone()) {
                let name = quoted(name);
                return Err(format!(
                    "more than one dependency with name or alias {name}"
                ));
            }
        }
        Ok(())
    }

    /// `.Chart` as a template sees it: the struct's fields by their Go names, and whether it is the outermost chart.
    pub(crate) fn to_template(&self, root: bool) -> gotemplate::Value {
        use gotemplate::{Map, Value};
        let text = |text: &String| Value::str(text.as_str());
        let texts = |texts: &Vec<String>| Value::list(texts.iter().map(text).collect());
        let maintainer = |maintainer: &Maintainer| {
            Value::dict([
                ("Name", text(&maintainer.name)),
                ("Email", text(&maintainer.email)),
                ("URL", text(&maintainer.url)),
            ])
        };
        let annotations = match &self.annotations {
            None => Map::nil(Type::STRING_MAP),
            Some(entries) => Map::of(
                Type::STRING_MAP,
                entries
                    .iter()
                    .map(|(key, value)| (key.as_str(), text(value))),
            ),
        };
        let dependencies = self.dependencies.iter().flatten();
        Value::dict([
            ("Name", text(&self.name)),
            ("Home", text(&self.home)),
            ("Sources", texts(&self.sources)),
            ("Version", text(&self.version)),
            ("Description", text(&self.description)),
            ("Keywords", texts(&self.keywords)),
            (
                "Maintainers",
                Value::list(self.maintainers.iter().flatten().map(maintainer).collect()),
            ),
            ("Icon", text(&self.icon)),
            ("APIVersion", text(&self.api_version)),
            ("Condition", text(&self.condition)),
            ("Tags", text(&self.tags)),
            ("AppVersion", text(&self.app_version)),
            ("Deprecated", Value::Bool(self.deprecated)),
            ("Annotations", Value::Map(annotations)),
            ("KubeVersion", text(&self.kube_version)),
            (
                "Dependencies",
                Value::list(dependencies.map(Dependency::to_template).collect()),
            ),
            ("Type", text(&self.kind)),
            ("IsRoot", Value::Bool(root)),
        ])
    }
}

impl Dependency {
    fn read(map: &goyaml::Map) -> Result<Dependency, String> {
        let at = |path| Field {
            of: "Dependency",
            path,
        };
        let mut dependency = Dependency::default();
        for (key, value) in map {
            let (place, path) = match key.to_lowercase().as_str() {
                "name" => (&mut dependency.name, "dependencies.name"),
                "version" => (&mut dependency.version, "dependencies.version"),
                "repository" => (&mut dependency.repository, "dependencies.repository"),
                "condition" => (&mut dependency.condition, "dependencies.condition"),
                "alias" => (&mut dependency.alias, "dependencies.alias"),
                "tags" => {
                    dependency.tags = strings(value, at("dependencies.tags"))?.unwrap_or_default();
                    continue;
                }
                "enabled" => {
                    let enabled = boolean(value, at("dependencies.enabled"))?;
                    dependency.enabled = enabled.unwrap_or_default();
                    continue;
                }
                "import-values" => {
                    let at = at("dependencies.import-values");
                    let items = list(value, at, "[]interface {}")?.unwrap_or_default();
                    dependency.import_values = items.iter().filter_map(Import::read).collect();
                    continue;
                }
                _ => continue,
            };
            *place = string(value, at(path))?.unwrap_or_default();
        }
        Ok(dependency)
    }

    fn check(&mut self) -> Result<(), String> {
        for text in [
            &mut self.name,
            &mut self.version,
            &mut self.repository,
            &mut self.condition,
        ]
        .into_iter()
        .chain(&mut self.tags)
        {
            *text = sanitize(text);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !self.alias.chars().all(allowed) {
            let name = quoted(&self.name);
            return Err(format!(
                "dependency {name} has disallowed characters in the alias"
            ));
        }
        Ok(())
    }

    fn to_template(&self) -> gotemplate::Value {
        use gotemplate::{Map, Value};
        let import = |import: &Import| {
            Value::Map(Map::of(
                Type::STRING_MAP,
                [
                    ("child", Value::str(import.child.as_str())),
                    ("parent", Value::str(import.parent.as_str())),
                ],
            ))
        };
        let tags = self.tags.iter().map(|tag| Value::str(tag.as_str()));
        Value::dict([
            ("Name", Value::str(self.name.as_str())),
            ("Version", Value::str(self.version.as_str())),
            ("Repository", Value::str(self.repository.as_str())),
            ("Condition", Value::str(self.condition.as_str())),
            ("Tags", Value::list(tags.collect())),
            ("Enabled", Value::Bool(self.enabled)),
            (
                "ImportValues",
                Value::list(self.import_values.iter().map(import).collect()),
            ),
            ("Alias", Value::str(self.alias.as_str())),
        ])
    }
}

impl Import {
    /// A name means `exports.NAME`, put at the top; Helm passes over what is neither a name nor a map.
    fn read(value: &Value) -> Option<Import> {
        match value {
            Value::String(name) => Some(Import {
                child: format!("exports.{name}"),
                parent: ".".to_owned(),
            }),
            Value::Mapping(map) => {
                // `%v` of Go: a missing one is `<nil>`, which then names no table.
                let shown = |key| match map.get(key) {
                    None | Some(Value::Null) => "<nil>".to_owned(),
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => string(other, Field { of: "", path: "" })
                        .ok()
                        .flatten()
                        .unwrap_or_else(|| json_kind(other).to_owned()),
                };
                Some(Import {
                    child: shown("child"),
                    parent: shown("parent"),
                })
            }
            _ => None,
        }
    }
}

/// `sanitizeString`: every space is a plain one, and what does not print is taken out.
fn sanitize(text: &str) -> String {
    let kept = |c: char| {
        if c.is_whitespace() {
            Some(' ')
        } else {
            gotemplate::strconv::is_print(c).then_some(c)
        }
    };
    text.chars().filter_map(kept).collect()
}

/// Go's `%q`.
pub(crate) fn quoted(text: &str) -> String {
    String::from_utf8_lossy(&gotemplate::strconv::quote(text.as_bytes())).into_owned()
}
