//! Artifacts from bytes. Everything that a client ships passes here: nothing may reach [`Artifact`] unbounded or
//! unchecked, and every refusal names the place in the document.

use crate::fields::{Fields, refuse, text_of};
use crate::{
    AppName, Artifact, ArtifactId, Chart, CleanupPolicy, DeployPolicy, EnvName, GitEvent,
    InvalidName, Json6902Patch, Json6902Target, JsonLimits, Manifest, Namespace, ShippedArtifact,
    Version, json,
};
use serde_json::Value;
use std::str::FromStr;

/// How much an artifact may hold. The defaults are generous for people and small for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArtifactLimits {
    /// Of the document as JSON; `json.text` also bounds manifests, patches, CUE files and texts in `values`.
    pub json: JsonLimits,
    /// Manifests in `environments`, and files in `cueEnvironments`, each.
    pub manifests: usize,
    /// Entries of `context`, of `vars`, and of `items`, each.
    pub vars: usize,
    /// Commit message patterns of one policy, and patches of one manifest, each.
    pub patterns: usize,
    /// Bytes of a short text (names, branches, tags, globs, URLs).
    pub short_text: usize,
    /// Bytes of a long text (commit message, the value of a variable).
    pub long_text: usize,
}

impl ArtifactLimits {
    /// The most that [`JsonLimits::bytes`] of a shipped artifact may be set to: what is stored must be readable whatever it was.
    pub const MOST_BYTES: usize = 16 << 20;
}

impl Default for ArtifactLimits {
    fn default() -> Self {
        Self {
            json: JsonLimits {
                bytes: 1 << 20,
                depth: 64,
                nodes: 100_000,
                text: 512 << 10,
                key: 1_024,
            },
            manifests: 200,
            vars: 2_000,
            patterns: 20,
            short_text: 1_024,
            long_text: 64 << 10,
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

type Result<T> = std::result::Result<T, InvalidArtifact>;

impl Artifact {
    /// Reads what a client posted. Its `id` and `created` are ignored: the server sets its own.
    ///
    /// # Errors
    /// [`InvalidArtifact`] for anything that is not an artifact within the limits.
    pub fn parse(bytes: &[u8], limits: &ArtifactLimits) -> Result<ShippedArtifact> {
        let document = document(bytes, limits)?;
        content(&Fields::of(&document, "")?, limits)
    }

    /// Reads what [`Artifact::to_json`] wrote: with id and time of receipt. What passed [`Artifact::parse`] with up to
    /// [`ArtifactLimits::MOST_BYTES`] passes here.
    ///
    /// # Errors
    /// [`InvalidArtifact`] when the text is not a stored artifact.
    pub fn from_stored(bytes: &[u8]) -> Result<Artifact> {
        let mut limits = ArtifactLimits::default();
        // Go's escapes make six bytes of '<', '>' and '&'; id and created come on top.
        limits.json.bytes = 6 * ArtifactLimits::MOST_BYTES + 1_024;
        let limits = &limits;
        let document = document(bytes, limits)?;
        let fields = Fields::of(&document, "")?;
        Ok(Artifact {
            id: mandatory_name::<ArtifactId>(&fields, "id", limits)?,
            created: fields.seconds("created")?,
            content: content(&fields, limits)?,
        })
    }
}

fn document(bytes: &[u8], limits: &ArtifactLimits) -> Result<Value> {
    json::read(bytes, &limits.json)
        .map_err(|json::JsonError { pointer, message }| InvalidArtifact { pointer, message })
}

fn content(fields: &Fields<'_>, limits: &ArtifactLimits) -> Result<ShippedArtifact> {
    let Some(version_fields) = fields.object("version")? else {
        return refuse(
            &fields.place("version"),
            "expected an object with 'repositoryName' and 'sha'",
        );
    };
    let mut environments = Vec::new();
    for (value, at) in fields.list("environments", limits.manifests)? {
        environments.push(manifest(&Fields::of(value, &at)?, limits)?);
    }
    let mut cue_environments = Vec::new();
    for (value, at) in fields.list("cueEnvironments", limits.manifests)? {
        cue_environments.push(text_of(value, &at, limits.json.text)?.to_owned());
    }
    let mut items = Vec::new();
    for (value, at) in fields.list("items", limits.vars)? {
        items.push(Fields::of(value, &at)?.map().clone());
    }
    Ok(ShippedArtifact {
        version: version(&version_fields, limits)?,
        context: fields.text_map("context", limits.vars, limits.long_text)?,
        environments,
        cue_environments,
        items,
        vars: fields.text_map("vars", limits.vars, limits.long_text)?,
        fake: fields.flag("fake")?.unwrap_or(false),
    })
}

fn version(fields: &Fields<'_>, limits: &ArtifactLimits) -> Result<Version> {
    let short = |name| fields.text(name, limits.short_text);
    Ok(Version {
        repository_name: mandatory_name(fields, "repositoryName", limits)?,
        sha: mandatory_name(fields, "sha", limits)?,
        created: fields.seconds("created")?,
        branch: short("branch")?,
        event: event(fields)?.unwrap_or_default(),
        source_branch: short("sourceBranch")?,
        target_branch: short("targetBranch")?,
        tag: short("tag")?,
        author_name: short("authorName")?,
        author_email: short("authorEmail")?,
        committer_name: short("committerName")?,
        committer_email: short("committerEmail")?,
        message: fields.text("message", limits.long_text)?,
        url: short("url")?,
    })
}

fn event(fields: &Fields<'_>) -> Result<Option<GitEvent>> {
    let Some((value, at)) = fields.get("event")? else {
        return Ok(None);
    };
    match value
        .as_str()
        .and_then(|text| GitEvent::from_str(text).ok())
    {
        Some(event) => Ok(Some(event)),
        None => refuse(&at, "expected 'push', 'tag' or 'pr'"),
    }
}

fn manifest(fields: &Fields<'_>, limits: &ArtifactLimits) -> Result<Manifest> {
    let file = |name| fields.text(name, limits.json.text);
    let mut json6902_patches = Vec::new();
    for (value, at) in fields.list("json6902Patches", limits.patterns)? {
        json6902_patches.push(patch(&Fields::of(value, &at)?, limits)?);
    }
    let dependencies = fields.list("dependencies", limits.patterns)?;
    Ok(Manifest {
        app: name_or_template::<AppName>(fields, "app", limits)?,
        env: name_or_template::<EnvName>(fields, "env", limits)?,
        namespace: match fields.text("namespace", limits.short_text)? {
            empty if empty.is_empty() => empty,
            _ => name_or_template::<Namespace>(fields, "namespace", limits)?,
        },
        deploy: fields
            .object("deploy")?
            .map(|deploy| deploy_policy(&deploy, limits))
            .transpose()?,
        cleanup: fields
            .object("cleanup")?
            .map(|cleanup| cleanup_policy(&cleanup, limits))
            .transpose()?,
        chart: fields
            .object("chart")?
            .map(|chart_fields| chart(&chart_fields, limits))
            .transpose()?
            .unwrap_or_default(),
        values: fields.open_map("values")?,
        strategic_merge_patches: file("strategicMergePatches")?,
        json6902_patches,
        manifests: file("manifests")?,
        preview: fields.flag("preview")?,
        dependencies: dependencies
            .into_iter()
            .map(|(value, _)| value.clone())
            .collect(),
    })
}

fn deploy_policy(fields: &Fields<'_>, limits: &ArtifactLimits) -> Result<DeployPolicy> {
    let mut commit_message_patterns = Vec::new();
    for (value, at) in fields.list("commitMessagePatterns", limits.patterns)? {
        commit_message_patterns.push(text_of(value, &at, limits.short_text)?.to_owned());
    }
    Ok(DeployPolicy {
        tag: fields.text("tag", limits.short_text)?,
        branch: fields.text("branch", limits.short_text)?,
        event: event(fields)?,
        commit_message_patterns,
    })
}

fn cleanup_policy(fields: &Fields<'_>, limits: &ArtifactLimits) -> Result<CleanupPolicy> {
    let short = |name| fields.text(name, limits.short_text);
    Ok(CleanupPolicy {
        app: short("app")?,
        event: short("event")?,
        branch: short("branch")?,
    })
}

fn chart(fields: &Fields<'_>, limits: &ArtifactLimits) -> Result<Chart> {
    let short = |name| fields.text(name, limits.short_text);
    Ok(Chart {
        repository: short("repository")?,
        name: short("name")?,
        version: short("version")?,
    })
}

fn patch(fields: &Fields<'_>, limits: &ArtifactLimits) -> Result<Json6902Patch> {
    let mut target = Json6902Target::default();
    if let Some(of) = fields.object("target")? {
        let short = |name| of.text(name, limits.short_text);
        target = Json6902Target {
            group: short("group")?,
            version: short("version")?,
            kind: short("kind")?,
            name: short("name")?,
        };
    }
    Ok(Json6902Patch {
        patch: fields.text("patch", limits.json.text)?,
        target,
    })
}

fn mandatory_name<N: FromStr<Err = InvalidName>>(
    fields: &Fields<'_>,
    name: &str,
    limits: &ArtifactLimits,
) -> Result<N> {
    let at = fields
        .get(name)?
        .map_or_else(|| fields.place(name), |(_, at)| at);
    let text = fields.text(name, limits.short_text)?;
    text.parse()
        .or_else(|error: InvalidName| refuse(&at, format!("'{name}' must {}", error.rule)))
}

/// A name, or a text with a template, which is checked once it is resolved.
fn name_or_template<N: FromStr<Err = InvalidName>>(
    fields: &Fields<'_>,
    name: &str,
    limits: &ArtifactLimits,
) -> Result<String> {
    let text = fields.text(name, limits.short_text)?;
    if !text.contains("{{") {
        mandatory_name::<N>(fields, name, limits)?;
    }
    Ok(text)
}
