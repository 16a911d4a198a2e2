//! How much a chart may ask for. Nothing here is counted by time: a step is about 100 ns.

/// The size of a chart, checked while it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartLimits {
    /// Bytes of a `.tgz`, before it is unpacked.
    pub compressed: usize,
    /// Bytes of all files, sub-chart archives unpacked too.
    pub bytes: usize,
    /// Files, those of sub-charts too, and entries of an archive of any kind.
    pub files: usize,
    /// Bytes of a file's path.
    pub path: usize,
    /// Templates, those of sub-charts too.
    pub templates: usize,
    /// Charts in charts, the outermost counted.
    pub depth: usize,
    /// Bytes of one YAML file that is parsed (`Chart.yaml`, `values.yaml`).
    pub yaml: usize,
}

impl Default for ChartLimits {
    /// 10 MiB packed, 40 MiB unpacked, 5,000 files of which 2,000 templates, 8 charts deep: several times the largest public charts.
    fn default() -> ChartLimits {
        ChartLimits {
            compressed: 10 << 20,
            bytes: 40 << 20,
            files: 5_000,
            path: 500,
            templates: 2_000,
            depth: 8,
            yaml: 4 << 20,
        }
    }
}

/// The budget of one rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps, output and memory of all templates together; see `gotemplate`.
    pub templates: gotemplate::Limits,
    /// Entries of values (list items and map entries, at any level) copied while the values of all charts are merged.
    pub values: usize,
    /// Levels of nesting in values.
    pub depth: usize,
    /// Documents in the output.
    pub documents: usize,
    /// Copies of sub-charts that `dependencies` make: one for each declared chart and alias, with the charts below it.
    pub charts: usize,
}

impl Default for Limits {
    /// What is ample for the largest public charts and over in about a second.
    fn default() -> Limits {
        Limits {
            templates: gotemplate::Limits::default(),
            values: 3_000_000,
            depth: 100,
            documents: 10_000,
            charts: 1_000,
        }
    }
}
