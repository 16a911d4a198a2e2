//! Helm charts packed as `helm package` does: a gzipped tar with one folder named as the chart. The same files give the same bytes.

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

/// A packed chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartArchive {
    /// The chart's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The `.tgz`.
    pub bytes: Vec<u8>,
}

impl ChartArchive {
    /// Packs a chart of these files, by their paths within it; `Chart.yaml` is made.
    ///
    /// # Panics
    /// A path is too long for a tar.
    pub fn pack(name: &str, version: &str, files: &[(&str, &str)]) -> Self {
        let head = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
        let mut all = vec![("Chart.yaml", head.as_str())];
        all.extend_from_slice(files);
        let gzip = GzBuilder::new().write(Vec::new(), Compression::default());
        let mut tar = tar::Builder::new(gzip);
        for (path, content) in all {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(1_700_000_000);
            tar.append_data(&mut header, format!("{name}/{path}"), content.as_bytes())
                .expect("a file fits into a tar");
        }
        let gzip = tar.into_inner().expect("a tar in memory");
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            bytes: gzip.finish().expect("a gzip in memory"),
        }
    }

    /// A chart that prints one ConfigMap with the value `greeting`.
    pub fn sample(name: &str, version: &str) -> Self {
        let template = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  \
                        greeting: {{ .Values.greeting | quote }}\n  chart: {{ .Chart.Version | quote }}\n";
        let files = [
            ("values.yaml", "greeting: hello\n"),
            ("templates/config.yaml", template),
        ];
        Self::pack(name, version, &files)
    }

    /// SHA-256 in hex.
    pub fn digest(&self) -> String {
        sha256(&self.bytes)
    }

    /// As `helm package` names it.
    pub fn file_name(&self) -> String {
        format!("{}-{}.tgz", self.name, self.version)
    }
}

/// SHA-256 in hex.
pub fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
