//! The release artifact: what CI ships for one version of an application, in GimletD's JSON. It must never hold a value
//! that [`crate::ArtifactLimits`] did not bound.

use crate::{ArtifactId, GitEvent, Manifest, RepositoryName, Sha, to_go_json};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A stored artifact: what was shipped, with the id and the time that the server gave it.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Artifact {
    /// `<repositoryName>-<uuid>`.
    pub id: ArtifactId,
    /// When the server received it, in seconds since 1970.
    pub created: i64,
    /// What CI shipped.
    #[serde(flatten)]
    pub content: ShippedArtifact,
}

/// An artifact as CI ships it. The `id` and `created` of the client are dropped: the server sets its own.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShippedArtifact {
    /// Which commit, branch and event it was built from.
    pub version: Version,
    /// CI's environment variables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, String>,
    /// One manifest for each environment and app, the whole set of this commit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<Manifest>,
    /// CUE files as text. Kept; releasing them is not supported yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cue_environments: Vec<String>,
    /// CI's metadata, such as `{name, url}`; keys sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Map<String, Value>>,
    /// Variables for the templates.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, String>,
    /// Made by the server from a commit, without CI (GimletD's dashboard).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fake: bool,
}

impl ShippedArtifact {
    /// The artifact as the server keeps it. `uuid` is fresh and random, `created` is now in seconds since 1970.
    pub fn received(self, uuid: uuid::Uuid, created: i64) -> Artifact {
        let id = ArtifactId::new(&self.version.repository_name, uuid);
        Artifact {
            id,
            created,
            content: self,
        }
    }

    /// SHA-256 of the content in a form that does not depend on the order of keys or white space: the same artifact
    /// posted twice has the same fingerprint. 64 lower-case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(to_go_json(self).as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Artifact {
    /// GimletD's JSON, one line without its end: Go's field order, empty fields left out, `version` always there.
    pub fn to_json(&self) -> String {
        to_go_json(self)
    }
}

/// What the artifact was built from.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// The application's repository.
    pub repository_name: RepositoryName,
    /// Its commit.
    pub sha: Sha,
    /// The commit's date in seconds since 1970; 0 when unknown.
    #[serde(skip_serializing_if = "is_zero")]
    pub created: i64,
    /// The branch; empty for tags.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// Push, tag or pull request.
    #[serde(skip_serializing_if = "GitEvent::is_push")]
    pub event: GitEvent,
    /// The branch that a pull request comes from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source_branch: String,
    /// The branch that a pull request goes to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target_branch: String,
    /// The tag.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// Who wrote the commit.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author_name: String,
    /// Their address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author_email: String,
    /// Who committed it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub committer_name: String,
    /// Their address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub committer_email: String,
    /// The commit message.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// A page that shows the commit.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

impl Version {
    /// A push of this commit, everything else empty.
    pub fn new(repository_name: RepositoryName, sha: Sha) -> Self {
        Self {
            repository_name,
            sha,
            created: 0,
            branch: String::new(),
            event: GitEvent::Push,
            source_branch: String::new(),
            target_branch: String::new(),
            tag: String::new(),
            author_name: String::new(),
            author_email: String::new(),
            committer_name: String::new(),
            committer_email: String::new(),
            message: String::new(),
            url: String::new(),
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the signature that serde's `skip_serializing_if` asks for
pub(crate) fn is_zero(n: &i64) -> bool {
    *n == 0
}
