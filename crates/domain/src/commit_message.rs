//! The messages of our commits: GimletD's subjects and our trailers. Nothing but checked names may enter them, so that no
//! text of a client can forge a line.
//!
//! Readers of GimletD's repositories tell rollbacks by the words `This reverts commit`, and deletions by `[GimletD delete]`.

use crate::{
    AppName, ArtifactId, CommitId, DeleteRequest, EnvName, InvalidName, RequestId, RollbackRequest,
    Sha, TriggeredBy,
};
use serde::Serialize;
use std::str::FromStr;
use tinytemplate::{TinyTemplate, format_unescaped};

const RELEASE: &str = "\
[Gimlet] {env}/{app} automated deploy

Release-Id: {release_id}
Artifact-Id: {artifact_id}
Triggered-By: {triggered_by}
Source-Sha: {source_sha}
";

const ROLLBACK: &str = "\
[Gimlet] {env}/{app} rolled back to {short}

This reverts commits {target}..{tip} of {env}/{app}.

Release-Id: {release_id}
Artifact-Id: {artifact_id}
Triggered-By: {triggered_by}
Rolled-Back-To: {target}
";

const DELETE: &str = "\
[GimletD delete] {env}/{app} deleted by {triggered_by}

Release-Id: {release_id}
Triggered-By: {triggered_by}
";

#[derive(Serialize)]
struct Context<'a> {
    env: &'a EnvName,
    app: &'a AppName,
    release_id: &'a RequestId,
    artifact_id: &'a ArtifactId,
    triggered_by: &'a TriggeredBy,
    source_sha: &'a Sha,
}

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
    let context = Context {
        env,
        app,
        release_id: &trailers.release_id,
        artifact_id: &trailers.artifact_id,
        triggered_by: &trailers.triggered_by,
        source_sha: &trailers.source_sha,
    };
    render(RELEASE, &context)
}

#[derive(Serialize)]
struct RollbackContext<'a> {
    env: &'a EnvName,
    app: &'a AppName,
    short: &'a str,
    target: &'a CommitId,
    tip: &'a CommitId,
    release_id: &'a RequestId,
    artifact_id: &'a ArtifactId,
    triggered_by: &'a TriggeredBy,
}

/// The message of the commit that rolls back, on top of `tip`.
pub fn rollback_message(id: &RequestId, rollback: &RollbackRequest, tip: &CommitId) -> String {
    let target = rollback.target.as_str();
    let short = target
        .split_at_checked(7)
        .map_or(target, |(short, _)| short);
    render(
        ROLLBACK,
        &RollbackContext {
            env: &rollback.env,
            app: &rollback.app,
            short,
            target: &rollback.target,
            tip,
            release_id: id,
            artifact_id: &rollback.artifact_id,
            triggered_by: &rollback.triggered_by,
        },
    )
}

#[derive(Serialize)]
struct DeleteContext<'a> {
    env: &'a EnvName,
    app: &'a AppName,
    release_id: &'a RequestId,
    triggered_by: &'a TriggeredBy,
}

/// The message of the commit that deletes an app.
pub fn delete_message(id: &RequestId, delete: &DeleteRequest) -> String {
    render(
        DELETE,
        &DeleteContext {
            env: &delete.env,
            app: &delete.app,
            release_id: id,
            triggered_by: &delete.triggered_by,
        },
    )
}

fn render<C: Serialize>(template: &'static str, context: &C) -> String {
    let mut templates = TinyTemplate::new();
    templates.set_default_formatter(&format_unescaped);
    let rendered = templates
        .add_template("message", template)
        .and_then(|()| templates.render("message", context));
    // Templates and contexts are constants of this file and every field is text: the tests show that this cannot fail.
    rendered.unwrap_or_else(|_| "[Gimlet]\n".to_owned())
}

impl ReleaseTrailers {
    /// Reads the trailers of a commit message: the last paragraph. Other trailers (`Signed-off-by`) may stand there too.
    ///
    /// # Errors
    /// [`CommitMessageError`] when it is not a message of ours.
    pub fn parse(message: &str) -> Result<Self, CommitMessageError> {
        // Without a subject above it, a paragraph is no trailer block.
        let paragraph = message
            .trim_end()
            .rsplit_once("\n\n")
            .map_or("", |(_, last)| last);
        Ok(Self {
            release_id: trailer(paragraph, "Release-Id")?,
            artifact_id: trailer(paragraph, "Artifact-Id")?,
            triggered_by: trailer(paragraph, "Triggered-By")?,
            source_sha: trailer(paragraph, "Source-Sha")?,
        })
    }
}

fn trailer<T: FromStr<Err = InvalidName>>(
    paragraph: &str,
    name: &'static str,
) -> Result<T, CommitMessageError> {
    let value = |line| str::strip_prefix(line, name).and_then(|rest: &str| rest.strip_prefix(": "));
    let mut values = paragraph.lines().filter_map(value);
    let first = values.next().ok_or(CommitMessageError::Missing(name))?;
    if values.next().is_some() {
        return Err(CommitMessageError::Repeated(name));
    }
    first.parse().map_err(|source| CommitMessageError::Invalid {
        trailer: name,
        source,
    })
}
