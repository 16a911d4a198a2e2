//! Kubernetes YAML made into the files of a release. The text is checked, never rewritten, and no error repeats it: it may
//! hold secrets.

use serde_json::Value;
use serde_saphyr::DuplicateKeyPolicy;
use std::fmt;

/// The name of a file in an app's folder: no `/`, not `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

impl FileName {
    /// A name of letters, digits, `.`, `-` and `_` that does not start with a dot and has at most 255 bytes, which no file
    /// system and no Git checkout mistakes for anything else.
    pub fn new(name: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let good = !name.is_empty()
            && name.len() <= 255
            && !name.starts_with('.')
            && name.bytes().all(plain);
        good.then(|| Self(name.to_owned()))
    }

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
    #[error("there is no Kubernetes object in it")]
    Empty,
    /// The text is too large.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
    /// Not YAML, or more of it than is read.
    #[error(
        "line {line}, column {column}: not YAML that is accepted (syntax, a key that stands twice, or too deep or too large)"
    )]
    Yaml {
        /// From 1; 0 when the parser gave no place.
        line: u64,
        /// From 1; 0 when the parser gave no place.
        column: u64,
    },
    /// A document, or an element of a List, is not a Kubernetes object.
    #[error("object {object}: {lack}")]
    NotAnObject {
        /// Which one, from 1, empty documents not counted.
        object: usize,
        /// What it lacks.
        lack: &'static str,
    },
}

/// Bytes of the text: far above what Kubernetes takes for one object (1.5 MiB), times a few.
const TEXT_BYTES: usize = 4 << 20;
const DOCUMENTS: usize = 2_000;

/// The one file `manifest.yaml` that raw manifests make (GimletD): it starts with `---` and ends with a newline. Every
/// document must be a Kubernetes object: `apiVersion`, `kind` and `metadata.name`; a List holds such objects in `items`.
///
/// # Errors
/// [`InvalidRawManifests`] names the place and what is wrong.
pub fn files_of_raw_manifests(text: &str) -> Result<Vec<(FileName, Vec<u8>)>, InvalidRawManifests> {
    if text.len() > TEXT_BYTES {
        return Err(InvalidRawManifests::TooLarge { limit: TEXT_BYTES });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut file = String::with_capacity(text.len() + 5);
    if !text
        .lines()
        .next()
        .is_some_and(|line| line.trim_end() == "---" || line.starts_with("--- "))
    {
        file.push_str("---\n");
    }
    file.push_str(text);
    if !file.ends_with('\n') {
        file.push('\n');
    }
    // The file is what Flux will read: that is what is checked, not the text as it came.
    if check_objects(&file)? == 0 {
        return Err(InvalidRawManifests::Empty);
    }
    Ok(vec![(
        FileName("manifest.yaml".to_owned()),
        file.into_bytes(),
    )])
}

/// Checks that every document of a YAML stream is a Kubernetes object, as [`files_of_raw_manifests`] wants them, and gives
/// the number of those that are not empty.
///
/// # Errors
/// [`InvalidRawManifests`] names the place and what is wrong.
pub fn check_objects(text: &str) -> Result<usize, InvalidRawManifests> {
    if text.len() > TEXT_BYTES + 8 {
        return Err(InvalidRawManifests::TooLarge { limit: TEXT_BYTES });
    }
    let documents = documents(text)?;
    for (i, document) in documents.iter().enumerate() {
        check(document).map_err(|lack| InvalidRawManifests::NotAnObject {
            object: i + 1,
            lack,
        })?;
    }
    Ok(documents.len())
}

/// The documents that are not empty.
fn documents(text: &str) -> Result<Vec<Value>, InvalidRawManifests> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 64,
            flow_nesting_limit: 64,
            max_documents: DOCUMENTS,
            max_events: 200_000,
            max_nodes: 100_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: 100_000,
            max_total_scalar_bytes: TEXT_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 16,
            max_alias_expansions_per_anchor: 1_000,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        legacy_octal_numbers: true,
        with_snippet: false,
    };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        let at = error.location();
        InvalidRawManifests::Yaml {
            line: at.map_or(0, |at| at.line()),
            column: at.map_or(0, |at| at.column()),
        }
    })
}

fn check(document: &Value) -> Result<(), &'static str> {
    let Value::Object(object) = document else {
        return Err("expected a mapping with apiVersion, kind and metadata");
    };
    let text = |value: Option<&Value>| {
        value
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    if !text(object.get("apiVersion")) {
        return Err("apiVersion is missing or not text");
    }
    if !text(object.get("kind")) {
        return Err("kind is missing or not text");
    }
    let is_list = object
        .get("kind")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.ends_with("List"));
    match object.get("items") {
        Some(Value::Array(items)) if is_list => items.iter().try_for_each(check_item),
        _ if text(document.pointer("/metadata/name")) => Ok(()),
        _ => Err("metadata.name is missing or not text"),
    }
}

/// An element of a List; a List within a List is refused, as it has no name.
fn check_item(item: &Value) -> Result<(), &'static str> {
    match item.get("items") {
        Some(_) if item.pointer("/metadata/name").is_none() => Err("a List within a List"),
        _ => check(item),
    }
}
