//! The files of an app's folder while they come together. Templates of one base name share a file, as in GimletD.

use std::collections::BTreeMap;

use domain::{FileName, check_objects};

use crate::RenderError;

/// Bytes of all files: Kubernetes takes 1.5 MiB for an object, and the files are kept in Git.
const BYTES: usize = 16 << 20;

#[derive(Default)]
pub(crate) struct Files {
    by_name: BTreeMap<FileName, String>,
    bytes: usize,
}

impl Files {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Adds a document that a template rendered; one that holds nothing but comments is left out.
    pub(crate) fn add_template(&mut self, template: &str, text: &str) -> Result<(), RenderError> {
        let content = format!(
            "---\n# Source: {template}\n{}\n",
            text.trim_end_matches('\n')
        );
        let objects = check_objects(&content).map_err(|source| RenderError::NotAnObject {
            template: template.to_owned(),
            source,
        })?;
        if objects == 0 {
            return Ok(());
        }
        let base = template.rsplit('/').next().unwrap_or_default();
        let name = FileName::new(base).ok_or_else(|| RenderError::FileName {
            template: template.to_owned(),
        })?;
        self.add(name, &content)
    }

    /// Adds documents that begin with `---` and end with a newline.
    pub(crate) fn add(&mut self, name: FileName, content: &str) -> Result<(), RenderError> {
        self.bytes = self.bytes.saturating_add(content.len());
        if self.bytes > BYTES {
            return Err(RenderError::TooLarge { limit: BYTES });
        }
        self.by_name.entry(name).or_default().push_str(content);
        Ok(())
    }

    /// All documents as one stream.
    pub(crate) fn stream(&self) -> String {
        self.by_name.values().map(String::as_str).collect()
    }

    pub(crate) fn into_list(self) -> Vec<(FileName, Vec<u8>)> {
        let files = self.by_name.into_iter();
        files
            .map(|(name, text)| (name, text.into_bytes()))
            .collect()
    }
}
