//! What GitOps controllers say of commits: Flux's events and Argo CD's notifications, read into one form. Their texts are
//! a stranger's: bounded, without control characters, and never taken for anything but a commit id, a word and a remark.

use crate::json::{key_in_two_cases, pointer_step, read as read_json};
use crate::{CommitId, JsonError, JsonLimits};
use serde_json::{Map, Value};

/// How a commit stands in the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// The commit of the GitOps repository.
    pub commit: CommitId,
    /// Flux's word: `Progressing`, `ReconciliationSucceeded`, `HealthCheckFailed`, …
    pub status: String,
    /// Flux's remark.
    pub description: String,
    /// When the controller said so, as it wrote it (RFC 3339); empty if it did not.
    pub at: String,
}

/// A commit in this state is applied.
pub const APPLIED: &str = "ReconciliationSucceeded";
/// A commit that nobody has spoken of yet, in GimletD's word.
pub const NOT_RECONCILED: &str = "NotReconciled";
const PROGRESSING: &str = "Progressing";
const FAILED: &str = "ReconciliationFailed";
const UNHEALTHY: &str = "HealthCheckFailed";

/// Whether a state is the last word on a commit: what comes later does not change it.
pub fn is_final(status: &str) -> bool {
    matches!(status, APPLIED | FAILED | "ValidationFailed")
}

/// Why a body is no feedback.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidFeedback {
    /// JSON pointer (RFC 6901) of the field.
    pub pointer: String,
    /// What is wrong and what is expected.
    pub message: String,
}

/// Characters of a remark that are kept.
const REMARK: usize = 2_000;
/// Bytes of a status.
const WORD: usize = 100;

/// Reads an event of Flux's notification-controller (`generic` provider). None for one that only repeats another: a commit
/// status update.
///
/// # Errors
/// [`InvalidFeedback`] names the field.
pub fn read_flux_event(bytes: &[u8]) -> Result<Option<Feedback>, InvalidFeedback> {
    let event = object(bytes)?;
    let metadata = match get(&event, "metadata") {
        Some(Value::Object(metadata)) => in_one_case(metadata.clone(), "/metadata")?,
        None | Some(Value::Null) => Map::new(),
        Some(_) => return refuse("/metadata", "must be an object"),
    };
    if get(&metadata, "commit_status").and_then(Value::as_str) == Some("update") {
        return Ok(None);
    }
    // Flux writes some keys behind the group of their kind: kustomize.toolkit.fluxcd.io/revision.
    let revision = get(&metadata, "revision").or_else(|| {
        let mut grouped = metadata.iter();
        grouped
            .find(|(key, _)| key.ends_with(".fluxcd.io/revision"))
            .map(|(_, value)| value)
    });
    let commit = commit(revision, "/metadata/revision")?;
    Ok(Some(Feedback {
        commit,
        status: word(&event, "reason")?,
        description: remark(&event, "message"),
        at: remark(&event, "timestamp"),
    }))
}

/// Reads a notification of Argo CD in the form that the README tells to configure: `revision`, `phase`, `health`, `message`,
/// `finishedAt`. None for one that says nothing of a sync.
///
/// # Errors
/// [`InvalidFeedback`] names the field.
pub fn read_argocd_event(bytes: &[u8]) -> Result<Option<Feedback>, InvalidFeedback> {
    let event = object(bytes)?;
    let commit = commit(get(&event, "revision"), "/revision")?;
    let health = get(&event, "health")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let phase = word(&event, "phase")?;
    let status = match (phase.as_str(), health) {
        ("Succeeded", "Degraded") => UNHEALTHY,
        ("Succeeded", "Progressing" | "Missing" | "Unknown") => PROGRESSING,
        ("Succeeded", _) => APPLIED,
        ("Failed" | "Error", _) => FAILED,
        ("Running" | "Terminating", _) => PROGRESSING,
        _ => {
            return refuse(
                "/phase",
                "must be Argo CD's operation phase: Running, Terminating, Succeeded, Failed or Error",
            );
        }
    };
    Ok(Some(Feedback {
        commit,
        status: status.to_owned(),
        description: remark(&event, "message"),
        at: remark(&event, "finishedAt"),
    }))
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, InvalidFeedback> {
    let limits = JsonLimits {
        bytes: bytes.len(),
        depth: 16,
        nodes: 2_000,
        text: 64 << 10,
        key: 1_024,
    };
    match read_json(bytes, &limits) {
        Ok(Value::Object(fields)) => in_one_case(fields, ""),
        Ok(_) => refuse("", "the body must be a JSON object"),
        Err(JsonError { pointer, message }) => Err(InvalidFeedback { pointer, message }),
    }
}

/// No key may win over another that is the same but for its case.
fn in_one_case(
    fields: Map<String, Value>,
    pointer: &str,
) -> Result<Map<String, Value>, InvalidFeedback> {
    match key_in_two_cases(&fields) {
        None => Ok(fields),
        Some(key) => {
            let at = pointer_step(pointer, key);
            refuse(&at, "stands twice, in different case")
        }
    }
}

/// Go's clients write keys in any case.
fn get<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).or_else(|| {
        let mut all = fields.iter();
        all.find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// The commit of a revision: `main/<sha>`, `feature/x/<sha>`, `main@sha1:<sha>`, `sha1:<sha>` or `<sha>`.
fn commit(revision: Option<&Value>, pointer: &str) -> Result<CommitId, InvalidFeedback> {
    let text = match revision {
        Some(Value::String(text)) => text.as_str(),
        None | Some(Value::Null) => return refuse(pointer, "is missing: it must name the commit"),
        Some(_) => return refuse(pointer, "must be a text"),
    };
    let last = text.rsplit(['/', ':']).next().unwrap_or_default();
    last.parse().or_else(|_| {
        refuse(
            pointer,
            "must end with the id of a commit, as in main/<sha>, main@sha1:<sha> or sha1:<sha>",
        )
    })
}

fn word(event: &Map<String, Value>, name: &str) -> Result<String, InvalidFeedback> {
    let pointer = format!("/{name}");
    match get(event, name) {
        Some(Value::String(text)) if !text.is_empty() => {
            let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            match text.len() <= WORD && text.chars().all(is_word) {
                true => Ok(text.clone()),
                false => refuse(&pointer, "must be one word of letters and digits"),
            }
        }
        None | Some(Value::Null | Value::String(_)) => refuse(&pointer, "is missing"),
        Some(_) => refuse(&pointer, "must be a text"),
    }
}

fn remark(event: &Map<String, Value>, name: &str) -> String {
    let text = get(event, name).and_then(Value::as_str).unwrap_or_default();
    let printable = text.chars().filter(|c| !c.is_control() || *c == '\n');
    printable.take(REMARK).collect()
}

fn refuse<T>(pointer: &str, message: &str) -> Result<T, InvalidFeedback> {
    let field = pointer.trim_start_matches('/').replace('/', ".");
    Err(InvalidFeedback {
        pointer: pointer.to_owned(),
        message: match field.as_str() {
            "" => message.to_owned(),
            field => format!("{field} {message}"),
        },
    })
}
