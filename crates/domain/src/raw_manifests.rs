//! Kubernetes YAML made into the files of a release. The text is checked, never rewritten, and no error repeats it: it may
//! hold secrets.

use std::fmt;

use goyaml::{Limits, ParseError, Schema, Value};

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
    /// Not YAML that Flux reads, or more of it than is read.
    #[error("{}{problem}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Yaml {
        /// From 1 in the text as it was given, where the problem has a place.
        line: Option<usize>,
        /// What is wrong, in go-yaml's words where these repeat nothing of the text.
        problem: String,
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
    let first = text.lines().next();
    let marked = first.is_some_and(|line| line.trim_end() == "---" || line.starts_with("--- "));
    if !marked {
        file.push_str("---\n");
    }
    file.push_str(text);
    if !file.ends_with('\n') {
        file.push('\n');
    }
    // The file is what Flux will read: that is what is checked, not the text as it came.
    if count_objects(&file, usize::from(!marked))? == 0 {
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
    count_objects(text, 0)
}

/// The same for a text before which so many lines were put.
fn count_objects(text: &str, before: usize) -> Result<usize, InvalidRawManifests> {
    if text.len() > TEXT_BYTES + 8 {
        return Err(InvalidRawManifests::TooLarge { limit: TEXT_BYTES });
    }
    let documents = documents(text, before)?;
    for (i, document) in documents.iter().enumerate() {
        check(document).map_err(|lack| InvalidRawManifests::NotAnObject {
            object: i + 1,
            lack,
        })?;
    }
    Ok(documents.len())
}

/// The documents that are not empty, read as Flux reads them (go-yaml v3).
fn documents(text: &str, before: usize) -> Result<Vec<Value>, InvalidRawManifests> {
    let limits = Limits {
        depth: 64,
        nodes: 100_000,
        bytes: TEXT_BYTES,
        documents: DOCUMENTS,
    };
    let documents = goyaml::documents(text, Schema::V3, &limits);
    let mut documents = documents.map_err(|error| InvalidRawManifests::Yaml {
        line: error.line().map(|line| line.saturating_sub(before)),
        problem: without_text(&error, before),
    })?;
    documents.retain(|document| *document != Value::Null);
    Ok(documents)
}

/// What is wrong, without the keys, anchors and values that the error names.
fn without_text(error: &ParseError, before: usize) -> String {
    match error {
        ParseError::Syntax { problem, .. } => format!("not YAML: {problem}"),
        ParseError::Duplicate { first, .. } => {
            let first = first.saturating_sub(before);
            format!("a key that stands on line {first} already")
        }
        ParseError::Limit { limit, unit } => format!("more than {limit} {unit} of YAML"),
        ParseError::Key(_) => "a key that is not text: quote it".to_owned(),
        ParseError::Json(value) => format!("{value} is a number that JSON does not have"),
        ParseError::Decode { .. } => {
            "an alias, merge or tag that cannot be followed: no such anchor, one that holds itself, \
             too many aliases, or a value that is not of its tag"
                .to_owned()
        }
    }
}

fn check(document: &Value) -> Result<(), &'static str> {
    if document.as_mapping().is_none() {
        return Err("expected a mapping with apiVersion, kind and metadata");
    }
    let text = |value: Option<&Value>| {
        value
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    if !text(document.get("apiVersion")) {
        return Err("apiVersion is missing or not text");
    }
    if !text(document.get("kind")) {
        return Err("kind is missing or not text");
    }
    let is_list = document
        .get("kind")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.ends_with("List"));
    match document.get("items") {
        Some(Value::Sequence(items)) if is_list => items.iter().try_for_each(check_item),
        _ if text(name(document)) => Ok(()),
        _ => Err("metadata.name is missing or not text"),
    }
}

/// `metadata.name` of an object.
fn name(object: &Value) -> Option<&Value> {
    object.get("metadata")?.get("name")
}

/// An element of a List; a List within a List is refused, as it has no name.
fn check_item(item: &Value) -> Result<(), &'static str> {
    match item.get("items") {
        Some(_) if name(item).is_none() => Err("a List within a List"),
        _ => check(item),
    }
}
