//! Limits: which repositories, apps and environments somebody may touch, by name or by glob. An absent limit is none; an empty
//! list is refused, because one could read it either way.

use std::fmt;

use domain::{Glob, InvalidGlob};
use serde::{Deserialize, Serialize};

use crate::{Dimension, Extent, Scope};

/// Names in one list.
const NAMES: usize = 100;
/// Bytes of one name: the longest repository.
const NAME: usize = 255;

/// An exact name, or a glob in the dialect of the manifests' branch filters (`*` crosses `/`).
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct Pattern {
    text: String,
    /// None where it is an exact name alone.
    glob: Option<Glob>,
}

/// Why limits are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLimits {
    /// An empty list.
    #[error("must not be an empty list: leave it out for no limit")]
    Empty,
    /// Too many names.
    #[error("must hold at most {NAMES} names")]
    TooMany,
    /// A name that is too long.
    #[error("must hold names of at most {NAME} bytes")]
    TooLong,
    /// A negation: what is not named is out of reach already.
    #[error("must hold names that are allowed: a '!' has no meaning here")]
    Negated,
    /// Not a glob.
    #[error("must hold names or globs: {0}")]
    Glob(#[from] InvalidGlob),
}

impl Pattern {
    /// Checks a name or glob.
    ///
    /// # Errors
    /// [`InvalidLimits`] says what is wrong.
    pub fn new(text: &str) -> Result<Self, InvalidLimits> {
        if text.len() > NAME {
            return Err(InvalidLimits::TooLong);
        }
        if text.starts_with('!') {
            return Err(InvalidLimits::Negated);
        }
        if text.is_empty() {
            return Err(InvalidGlob::Empty.into());
        }
        Ok(Self {
            text: text.to_owned(),
            glob: Some(Glob::new(text)?),
        })
    }

    /// Whether it covers this name.
    pub fn covers(&self, name: &str) -> bool {
        let glob = self.glob.as_ref();
        self.text == name || glob.is_some_and(|glob| glob.matches(name))
    }
}

impl TryFrom<String> for Pattern {
    type Error = InvalidLimits;
    fn try_from(text: String) -> Result<Self, InvalidLimits> {
        Self::new(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What somebody is limited to; the default is no limit.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repositories: Option<Vec<Pattern>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    apps: Option<Vec<Pattern>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environments: Option<Vec<Pattern>>,
}

impl Limits {
    /// Limits to these names; an empty list here is no limit.
    ///
    /// # Errors
    /// [`InvalidLimits`] says what is wrong.
    pub fn of(
        repositories: &[&str],
        apps: &[&str],
        environments: &[&str],
    ) -> Result<Self, InvalidLimits> {
        let mut limits = Self::default();
        for (dimension, names) in Dimension::ALL
            .into_iter()
            .zip([repositories, apps, environments])
        {
            if !names.is_empty() {
                limits = limits.limited(dimension, names)?;
            }
        }
        Ok(limits)
    }

    /// A limit to this repository, whatever characters its name holds.
    pub fn to_repository(name: &domain::RepositoryName) -> Self {
        let pattern = Pattern {
            text: name.to_string(),
            glob: None,
        };
        Self {
            repositories: Some(vec![pattern]),
            ..Self::default()
        }
    }

    /// With a limit in one more dimension.
    ///
    /// # Errors
    /// [`InvalidLimits`] says what is wrong.
    pub fn limited(
        mut self,
        dimension: Dimension,
        names: &[impl AsRef<str>],
    ) -> Result<Self, InvalidLimits> {
        if names.is_empty() {
            return Err(InvalidLimits::Empty);
        }
        if names.len() > NAMES {
            return Err(InvalidLimits::TooMany);
        }
        let patterns = names
            .iter()
            .map(|name| Pattern::new(name.as_ref()))
            .collect::<Result<_, _>>()?;
        *match dimension {
            Dimension::Repository => &mut self.repositories,
            Dimension::App => &mut self.apps,
            Dimension::Environment => &mut self.environments,
        } = Some(patterns);
        Ok(self)
    }

    /// The names in one dimension; none where there is no limit.
    pub fn names(&self, dimension: Dimension) -> Option<&[Pattern]> {
        match dimension {
            Dimension::Repository => self.repositories.as_deref(),
            Dimension::App => self.apps.as_deref(),
            Dimension::Environment => self.environments.as_deref(),
        }
    }

    /// Whether this repository is within them.
    pub(crate) fn covers_repository(&self, name: &str) -> bool {
        self.exceeded(&Scope::new().repository(name)).is_none()
    }

    /// The first dimension in which the scope reaches further than the limits.
    pub(crate) fn exceeded(&self, scope: &Scope) -> Option<Dimension> {
        Dimension::ALL.into_iter().find(|dimension| {
            let Some(names) = self.names(*dimension) else {
                return false;
            };
            match scope.extent(*dimension) {
                Extent::Unrelated => false,
                Extent::All => true,
                Extent::One(name) => !names.iter().any(|pattern| pattern.covers(name)),
            }
        })
    }
}
