//! A chart as it was loaded: what `Chart.yaml` says, templates, files, default values, and the charts below it. Holds no rendered state.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::ChartError;
use crate::limits::ChartLimits;
use crate::metadata::Metadata;
use crate::{archive, ignore, load};

/// A file of a chart.
#[derive(Clone)]
pub(crate) struct File {
    /// The path within the chart, with `/`.
    pub(crate) name: String,
    pub(crate) data: Arc<[u8]>,
}

/// A Helm chart with its sub-charts, ready to be rendered any number of times.
#[derive(Clone)]
pub struct Chart {
    pub(crate) metadata: Metadata,
    pub(crate) values: goyaml::Map,
    pub(crate) schema: Option<Arc<[u8]>>,
    pub(crate) templates: Vec<File>,
    /// What is neither a template nor known to Helm by its name.
    pub(crate) files: Vec<File>,
    pub(crate) dependencies: Vec<Chart>,
}

impl Chart {
    /// Loads a packed chart: a gzipped tar, all of whose files are in one folder. `.helmignore` is not looked at, as in Helm.
    ///
    /// # Errors
    /// When the archive, `Chart.yaml` or `values.yaml` is bad, or a limit is passed.
    pub fn from_archive(bytes: &[u8], limits: &ChartLimits) -> Result<Chart, ChartError> {
        let mut budget = load::Budget::new(limits);
        let files = archive::unpack(bytes, &mut budget)?;
        load::load(files, &mut budget, 1)
    }

    /// Loads a chart from the files of its folder, by their paths within it (`templates/service.yaml`, with `/`). What `.helmignore` names is
    /// left out.
    ///
    /// # Errors
    /// As [`Chart::from_archive`].
    pub fn from_files(
        files: BTreeMap<String, Vec<u8>>,
        limits: &ChartLimits,
    ) -> Result<Chart, ChartError> {
        let mut budget = load::Budget::new(limits);
        let rules = ignore::Rules::of(files.get(".helmignore"))?;
        let mut kept = Vec::new();
        for (name, data) in files {
            load::check_path(&name)?;
            if rules.ignore_file(&name) {
                continue;
            }
            budget.file(&name, data.len())?;
            kept.push(File {
                name,
                data: load::without_mark(data),
            });
        }
        // Helm walks folders, and sorts the names within each.
        kept.sort_by(|a, b| a.name.split('/').cmp(b.name.split('/')));
        load::load(kept, &mut budget, 1)
    }

    /// The chart's name.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// The chart's version, as written.
    pub fn version(&self) -> &str {
        &self.metadata.version
    }

    /// The version of the application, empty where there is none.
    pub fn app_version(&self) -> &str {
        &self.metadata.app_version
    }
}

impl std::fmt::Debug for Chart {
    /// Name and version only: values and files may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chart({} {})", self.name(), self.version())
    }
}
