//! Artifacts from bytes. Everything that a client ships passes here: nothing may reach [`Artifact`] unbounded or
//! unchecked, and every refusal names the place in the document.

use crate::{Artifact, JsonLimits, ShippedArtifact};

/// How much an artifact may hold. The defaults are generous for people and small for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArtifactLimits {
    /// Of the document as JSON.
    pub json: JsonLimits,
    /// Manifests in `environments`, and files in `cueEnvironments`.
    pub manifests: usize,
    /// Entries of `context`, of `vars`, and of `items`, each.
    pub vars: usize,
    /// Bytes of a short text (names, branches, tags, globs, URLs).
    pub short_text: usize,
    /// Bytes of a long text (commit message, the value of a variable).
    pub long_text: usize,
    /// Bytes of a file text (`manifests`, patches, CUE files, texts in `values`).
    pub file_text: usize,
}

impl Default for ArtifactLimits {
    fn default() -> Self {
        Self {
            json: JsonLimits {
                bytes: 1 << 20,
                depth: 64,
                nodes: 100_000,
            },
            manifests: 200,
            vars: 2_000,
            short_text: 1_024,
            long_text: 64 << 10,
            file_text: 512 << 10,
        }
    }
}

/// Why an artifact is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("artifact refused at '{pointer}': {message}")]
pub struct InvalidArtifact {
    /// JSON pointer (RFC 6901) of the place; empty for the whole document.
    pub pointer: String,
    /// What is wrong and what is expected.
    pub message: String,
}

impl Artifact {
    /// Reads what a client posted.
    ///
    /// # Errors
    /// [`InvalidArtifact`] for anything that is not an artifact within the limits.
    pub fn parse(
        bytes: &[u8],
        limits: &ArtifactLimits,
    ) -> Result<ShippedArtifact, InvalidArtifact> {
        let _ = (bytes, limits);
        todo!()
    }

    /// Reads what [`Artifact::to_json`] wrote: with id and time of receipt.
    ///
    /// # Errors
    /// [`InvalidArtifact`] when the text is not a stored artifact.
    pub fn from_stored(bytes: &[u8], limits: &ArtifactLimits) -> Result<Artifact, InvalidArtifact> {
        let _ = (bytes, limits);
        todo!()
    }
}
