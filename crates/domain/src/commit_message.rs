//! The message of a release commit: GimletD's subject and our trailers. Nothing but checked names may enter it, so that no
//! text of a client can forge a line.

use crate::{AppName, ArtifactId, EnvName, RequestId, Sha, TriggeredBy};

/// What the trailers of a release commit say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseTrailers {
    /// `Release-Id`: the request.
    pub release_id: RequestId,
    /// `Artifact-Id`.
    pub artifact_id: ArtifactId,
    /// `Triggered-By`: `policy` or a login.
    pub triggered_by: TriggeredBy,
    /// `Source-Sha`: the application's commit.
    pub source_sha: Sha,
}

/// Why a message has no release trailers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitMessageError {
    /// A trailer is missing.
    #[error("the commit message has no '{0}' trailer")]
    Missing(&'static str),
    /// A trailer stands there twice.
    #[error("the commit message has more than one '{0}' trailer")]
    Repeated(&'static str),
    /// A trailer's value is not what it should be.
    #[error("the commit message's '{trailer}' trailer: {source}")]
    Invalid {
        /// The trailer.
        trailer: &'static str,
        /// The broken rule.
        source: crate::InvalidName,
    },
}

/// The message of a release commit, ended by a newline.
pub fn release_message(env: &EnvName, app: &AppName, trailers: &ReleaseTrailers) -> String {
    let _ = (env, app, trailers);
    todo!()
}

impl ReleaseTrailers {
    /// Reads the trailers of a commit message: the last paragraph.
    ///
    /// # Errors
    /// [`CommitMessageError`] when it is not a message of ours.
    pub fn parse(message: &str) -> Result<Self, CommitMessageError> {
        let _ = message;
        todo!()
    }
}
