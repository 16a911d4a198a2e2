//! From files to a chart, as `LoadFiles` of Helm's `pkg/chart/v2/loader`. Counts everything before it is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::archive;
use crate::chart::{Chart, File};
use crate::error::ChartError;
use crate::limits::ChartLimits;
use crate::metadata::Metadata;

/// What is left of the limits while a chart and its sub-charts are read.
pub(crate) struct Budget<'l> {
    pub(crate) limits: &'l ChartLimits,
    bytes: usize,
    files: usize,
    templates: usize,
}

impl<'l> Budget<'l> {
    pub(crate) fn new(limits: &'l ChartLimits) -> Budget<'l> {
        Budget {
            limits,
            bytes: 0,
            files: 0,
            templates: 0,
        }
    }

    /// Bytes that may still be read.
    pub(crate) fn bytes_left(&self) -> usize {
        self.limits.bytes.saturating_sub(self.bytes)
    }

    /// Counts an archive's entry or a file.
    pub(crate) fn entry(&mut self, name: &str) -> Result<(), ChartError> {
        self.files += 1;
        check(self.files, self.limits.files, "files")?;
        check(name.len(), self.limits.path, "bytes in a path")
    }

    /// Counts a file and its content.
    pub(crate) fn file(&mut self, name: &str, length: usize) -> Result<(), ChartError> {
        self.entry(name)?;
        self.bytes(length)
    }

    /// Counts content.
    pub(crate) fn bytes(&mut self, length: usize) -> Result<(), ChartError> {
        self.bytes = self.bytes.saturating_add(length);
        check(self.bytes, self.limits.bytes, "bytes unpacked")
    }

    fn template(&mut self) -> Result<(), ChartError> {
        self.templates += 1;
        check(self.templates, self.limits.templates, "templates")
    }

    /// A file that is read as YAML.
    fn yaml(&self, file: &'static str, data: &[u8]) -> Result<String, ChartError> {
        check(data.len(), self.limits.yaml, "bytes in a YAML file")?;
        String::from_utf8(data.to_vec()).map_err(|_| ChartError::File {
            file,
            problem: "error converting YAML to JSON: yaml: invalid UTF-8".to_owned(),
        })
    }
}

fn check(count: usize, limit: usize, unit: &'static str) -> Result<(), ChartError> {
    if count > limit {
        return Err(ChartError::Limit { limit, unit });
    }
    Ok(())
}

/// Limits for one YAML text of a chart.
pub(crate) fn yaml_limits() -> goyaml::Limits {
    goyaml::Limits {
        depth: 100,
        nodes: 200_000,
        bytes: 16 << 20,
        documents: 1_000,
    }
}

/// The content without the byte order mark that Windows editors write.
pub(crate) fn without_mark(data: Vec<u8>) -> Arc<[u8]> {
    match data.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) => Arc::from(rest),
        None => Arc::from(data),
    }
}

/// Refuses a path that is not one within the chart's folder.
pub(crate) fn check_path(name: &str) -> Result<(), ChartError> {
    let problem = if name.is_empty() || name.starts_with('/') {
        "an absolute path"
    } else if name.contains('\\') || name.contains('\0') {
        "a path with a forbidden character"
    } else if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        "a path that is not clean"
    } else {
        return Ok(());
    };
    Err(ChartError::Entry {
        name: name.chars().take(200).collect(),
        problem,
    })
}

/// The chart that these files are; `depth` is 1 for the outermost.
pub(crate) fn load(
    files: Vec<File>,
    budget: &mut Budget<'_>,
    depth: usize,
) -> Result<Chart, ChartError> {
    check(depth, budget.limits.depth, "charts in charts")?;
    let mut metadata = None;
    if let Some(file) = files.iter().find(|file| file.name == "Chart.yaml") {
        let text = budget.yaml("Chart.yaml", &file.data)?;
        let mut found = Metadata::default();
        found.read("Chart.yaml", &text)?;
        // Helm 2 took charts without a version of the format.
        if found.api_version.is_empty() {
            found.api_version = "v1".to_owned();
        }
        metadata = Some(found);
    }
    let mut parts = Parts {
        metadata,
        values: goyaml::Map::new(),
        schema: None,
        templates: Vec::new(),
        files: Vec::new(),
        charts: BTreeMap::new(),
    };
    for file in files {
        parts.add(file, budget)?;
    }
    parts.finish(budget, depth)
}

/// A chart that is being put together.
struct Parts {
    metadata: Option<Metadata>,
    values: goyaml::Map,
    schema: Option<Arc<[u8]>>,
    templates: Vec<File>,
    files: Vec<File>,
    /// Files below `charts/`, by the folder or archive there.
    charts: BTreeMap<String, Vec<File>>,
}

impl Parts {
    fn add(&mut self, file: File, budget: &mut Budget<'_>) -> Result<(), ChartError> {
        match file.name.as_str() {
            "Chart.yaml" => {}
            // The lock says what `helm dependency build` fetched, which has happened.
            "Chart.lock" => {}
            "values.yaml" => {
                let text = budget.yaml("values.yaml", &file.data)?;
                self.values = read_values(&text).map_err(|problem| ChartError::File {
                    file: "values.yaml",
                    problem,
                })?;
            }
            "values.schema.json" => self.schema = Some(file.data),
            "requirements.yaml" => {
                let text = budget.yaml("requirements.yaml", &file.data)?;
                let metadata = self.metadata.get_or_insert_default();
                metadata.read("requirements.yaml", &text)?;
                if metadata.api_version == "v1" {
                    self.files.push(file);
                }
            }
            "requirements.lock" => {
                if self.metadata.get_or_insert_default().api_version == "v1" {
                    self.files.push(file);
                }
            }
            name if name.starts_with("templates/") => {
                budget.template()?;
                self.templates.push(file);
            }
            name => match name.strip_prefix("charts/") {
                Some(below) if !name.ends_with(".prov") => {
                    let chart = below.split('/').next().unwrap_or_default().to_owned();
                    let file = File {
                        name: below.to_owned(),
                        data: file.data,
                    };
                    self.charts.entry(chart).or_default().push(file);
                }
                _ => self.files.push(file),
            },
        }
        Ok(())
    }

    fn finish(self, budget: &mut Budget<'_>, depth: usize) -> Result<Chart, ChartError> {
        let mut metadata = self.metadata.ok_or(ChartError::NoChartfile)?;
        metadata.validate()?;
        let mut dependencies = Vec::new();
        for (name, files) in self.charts {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let chart =
                sub_chart(&name, files, budget, depth).map_err(|source| ChartError::Subchart {
                    subchart: name.clone(),
                    chart: metadata.name.clone(),
                    source: Box::new(source),
                })?;
            dependencies.push(chart);
        }
        Ok(Chart {
            metadata,
            values: self.values,
            schema: self.schema,
            templates: self.templates,
            files: self.files,
            dependencies,
        })
    }
}

fn sub_chart(
    name: &str,
    files: Vec<File>,
    budget: &mut Budget<'_>,
    depth: usize,
) -> Result<Chart, ChartError> {
    if name.ends_with(".tgz") {
        let archive = files.iter().find(|file| file.name == name);
        let archive = archive.ok_or_else(|| ChartError::Archive(format!("{name} is a folder")))?;
        check(depth + 1, budget.limits.depth, "charts in charts")?;
        let files = archive::unpack(&archive.data, budget)?;
        return load(files, budget, depth + 1);
    }
    let below = |file: File| {
        let (_, name) = file.name.split_once('/')?;
        Some(File {
            name: name.to_owned(),
            data: file.data,
        })
    };
    load(
        files.into_iter().filter_map(below).collect(),
        budget,
        depth + 1,
    )
}

/// Values from a text of one or more documents, which are merged (`LoadValues`).
pub(crate) fn read_values(text: &str) -> Result<goyaml::Map, String> {
    let mut values = goyaml::Map::new();
    for document in documents(text)? {
        let value = goyaml::from_str(&document, &yaml_limits()).map_err(|error| {
            format!("cannot unmarshal yaml document: error converting YAML to JSON: {error}")
        })?;
        match value {
            goyaml::Value::Null => {}
            goyaml::Value::Mapping(map) => merge(&mut values, map),
            other => {
                let kind = crate::unmarshal::json_kind(&other);
                return Err(format!(
                    "cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
                ));
            }
        }
    }
    Ok(values)
}

/// `NewYAMLReader` of `k8s.io/apimachinery/pkg/util/yaml`: cuts at lines that start with `---`.
fn documents(text: &str) -> Result<Vec<String>, String> {
    let mut documents = Vec::new();
    let mut document = String::new();
    for line in text.split_inclusive('\n') {
        let Some(rest) = line.strip_prefix("---") else {
            document.push_str(line);
            continue;
        };
        let rest = rest.trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            return Err(format!(
                "error reading yaml document: invalid Yaml document separator: {rest}"
            ));
        }
        if !document.is_empty() {
            documents.push(std::mem::take(&mut document));
        }
    }
    if !document.is_empty() {
        documents.push(document);
    }
    Ok(documents)
}

/// `MergeMaps`: maps are merged, the rest is replaced.
fn merge(into: &mut goyaml::Map, from: goyaml::Map) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(goyaml::Value::Mapping(old)), goyaml::Value::Mapping(new)) => merge(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
