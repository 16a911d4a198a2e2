//! Kubernetes objects out of YAML, as kustomize's resource factory loads them. Never touches anything but their annotations.

use goyaml::{Limits, Map, ParseError, PrintError, Schema, Value};

use crate::error::PatchError;
use crate::schema;

/// What tells one resource from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceId {
    /// `apps` of `apps/v1`; empty for the core group.
    pub group: String,
    /// `v1` of `apps/v1`.
    pub version: String,
    /// `Deployment`.
    pub kind: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`, empty if there is none.
    pub namespace: String,
}

impl ResourceId {
    /// Reads the identity of an object.
    fn of(object: &Value) -> Result<Self, &'static str> {
        let text = |value: Option<&Value>| value.and_then(scalar_text).unwrap_or_default();
        let api_version = text(object.get("apiVersion"));
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let metadata = object.get("metadata").ok_or("metadata is missing")?;
        let id = Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text(object.get("kind")),
            name: text(metadata.get("name")),
            namespace: text(metadata.get("namespace")),
        };
        if id.kind.is_empty() {
            return Err("kind is missing");
        }
        if id.name.is_empty() {
            return Err("metadata.name is missing");
        }
        if !is_path_segment(&id.name) || !is_path_segment(&id.namespace) {
            return Err("metadata.name or metadata.namespace is no path segment");
        }
        Ok(id)
    }

    /// The `apiVersion` field.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The namespace that counts: none for kinds without one, `default` if it is not said.
    pub(crate) fn effective_namespace(&self) -> &str {
        if schema::is_cluster_scoped(&self.api_version(), &self.kind) {
            "_non_namespaceable_"
        } else if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }

    /// Whether both name the same object.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.group, &self.version, &self.kind, &self.name)
            == (&other.group, &other.version, &other.kind, &other.name)
            && self.effective_namespace() == other.effective_namespace()
    }
}

impl std::fmt::Display for ResourceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind, self.name)?;
        if !self.namespace.is_empty() {
            write!(f, " in namespace {}", self.namespace)?;
        }
        Ok(())
    }
}

/// Names end up in URLs and file names: Kubernetes' `ValidatePathSegmentName`, and no control characters.
fn is_path_segment(name: &str) -> bool {
    name != "." && name != ".." && !name.contains(['/', '%']) && !name.chars().any(char::is_control)
}

/// A Kubernetes object and who it was before it was patched.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    original: ResourceId,
    id: ResourceId,
    object: Value,
}

impl Resource {
    /// Its identity now.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }

    /// Its identity as loaded, which patches may also name.
    pub(crate) fn original_id(&self) -> &ResourceId {
        &self.original
    }

    /// The object.
    #[must_use]
    pub fn object(&self) -> &Value {
        &self.object
    }

    /// The object as kustomize prints it, without a leading `---`.
    ///
    /// # Errors
    /// Values that YAML has no room for.
    pub fn to_yaml(&self) -> Result<String, PrintError> {
        goyaml::to_string(&self.object)
    }

    pub(crate) fn take_object(&mut self) -> Value {
        std::mem::take(&mut self.object)
    }

    /// Puts the patched object back.
    pub(crate) fn set_object(&mut self, mut object: Value) -> Result<(), &'static str> {
        settle_annotations(&mut object)?;
        self.id = ResourceId::of(&object)?;
        self.object = object;
        Ok(())
    }

    fn new(mut object: Value, source: Source) -> Result<Self, &'static str> {
        let id = ResourceId::of(&object)?;
        if source == Source::Resources {
            settle_annotations(&mut object)?;
        }
        Ok(Self {
            original: id.clone(),
            id,
            object,
        })
    }
}

/// A scalar as the text kustomize compares: `80` and `"80"` are the same.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(b) => Some(b.to_string()),
        Value::Int(i) => Some(i.to_string()),
        Value::Uint(u) => Some(u.to_string()),
        Value::Float(f) => Some(f.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
    }
}

/// Annotations by which kustomize keeps its own books.
fn is_bookkeeping(name: &str) -> bool {
    name.starts_with("internal.config.kubernetes.io/")
        || matches!(
            name,
            "config.kubernetes.io/index"
                | "config.kubernetes.io/path"
                | "config.kubernetes.io/origin"
                | "config.k8s.io/id"
        )
}

/// Makes every annotation text, drops kustomize's own, and the field if none is left, as its `SetAnnotations`.
fn settle_annotations(object: &mut Value) -> Result<(), &'static str> {
    let Value::Mapping(fields) = object else {
        return Ok(());
    };
    let Some(Value::Mapping(metadata)) = fields.get_mut("metadata") else {
        return Ok(());
    };
    let mut settled = Map::new();
    match metadata.remove("annotations") {
        Some(Value::Sequence(_)) => return Err("metadata.annotations is a list"),
        Some(Value::Mapping(annotations)) => {
            for (name, value) in annotations
                .into_iter()
                .filter(|(name, _)| !is_bookkeeping(name))
            {
                let text = if value == Value::Null {
                    Some("null".to_owned())
                } else {
                    scalar_text(&value)
                };
                settled.insert(name, Value::String(text.unwrap_or_default()));
            }
        }
        _ => {}
    }
    if !settled.is_empty() {
        metadata.insert("annotations".to_owned(), Value::Mapping(settled));
    }
    Ok(())
}

/// Which text is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Resources,
    Strategic,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Strategic => "strategic merge patches",
        }
    }

    fn unreadable(self, error: ParseError) -> PatchError {
        match self {
            Self::Resources => PatchError::Resources(error),
            Self::Strategic => PatchError::Strategic(error),
        }
    }
}

/// Loads every object of a stream: empty documents are left out, lists give their items, objects marked as local are dropped.
pub(crate) fn load(
    text: &str,
    source: Source,
    limits: &Limits,
) -> Result<Vec<Resource>, PatchError> {
    const ANNOTATIONS: &[&str] = &["metadata", "annotations"];
    const LABELS: &[&str] = &["metadata", "labels"];
    let paths: &[&[&str]] = if source == Source::Resources {
        &[ANNOTATIONS]
    } else {
        &[ANNOTATIONS, LABELS]
    };
    let unreadable = |error| source.unreadable(error);
    let mut documents =
        goyaml::documents_with_texts(text, Schema::V3, limits, paths).map_err(unreadable)?;
    if source == Source::Strategic {
        // A null in a patch takes the annotation or label away, and is no text.
        let nulls = goyaml::documents(text, Schema::V3, limits).map_err(unreadable)?;
        for (document, as_read) in documents.iter_mut().zip(&nulls) {
            paths
                .iter()
                .for_each(|path| restore_nulls(document, as_read, path));
        }
    }
    let mut resources = Vec::new();
    for (number, document) in documents.into_iter().enumerate() {
        if document != Value::Null {
            load_object(document, source, &mut resources).map_err(|problem| {
                PatchError::NotAnObject {
                    text: source.name(),
                    number: number + 1,
                    problem,
                }
            })?;
        }
    }
    Ok(resources)
}

/// Puts the nulls of the mapping at `path` back.
fn restore_nulls(document: &mut Value, as_read: &Value, path: &[&str]) {
    let (Value::Mapping(fields), Value::Mapping(read)) = (document, as_read) else {
        return;
    };
    match path.split_first() {
        Some((step, rest)) => {
            if let (Some(field), Some(read)) = (fields.get_mut(*step), read.get(*step)) {
                restore_nulls(field, read, rest);
            }
        }
        None => {
            for (name, _) in read.iter().filter(|(_, value)| **value == Value::Null) {
                fields.insert(name.clone(), Value::Null);
            }
        }
    }
}

fn load_object(
    mut object: Value,
    source: Source,
    resources: &mut Vec<Resource>,
) -> Result<(), &'static str> {
    let is_list = object
        .get("kind")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.ends_with("List"));
    if is_list
        && let Value::Mapping(fields) = &mut object
        && let Some(Value::Sequence(items)) = fields.get_mut("items")
    {
        return std::mem::take(items)
            .into_iter()
            .try_for_each(|item| load_object(item, source, resources));
    }
    let annotations = object
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"));
    let local =
        annotations.and_then(|annotations| annotations.get("config.kubernetes.io/local-config"));
    if local.and_then(Value::as_str) != Some("true") {
        resources.push(Resource::new(object, source)?);
    }
    Ok(())
}
