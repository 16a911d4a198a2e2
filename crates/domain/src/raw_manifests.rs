//! Literal Kubernetes YAML made into the files of a release. The text is checked, never rewritten.

use std::fmt;

/// The name of a file in an app's folder: no `/`, not `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

impl FileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not Kubernetes YAML that can be released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRawManifests {
    /// There is no document.
    #[error("manifests: there is no Kubernetes object in it")]
    Empty,
}

/// The one file `manifest.yaml` that raw manifests make (GimletD): it starts with `---` and ends with a newline.
///
/// # Errors
/// [`InvalidRawManifests`] names the document and what it lacks.
pub fn files_of_raw_manifests(text: &str) -> Result<Vec<(FileName, Vec<u8>)>, InvalidRawManifests> {
    let _ = text;
    todo!()
}
