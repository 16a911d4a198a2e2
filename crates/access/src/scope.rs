//! What an act touches: which repository, app and environment. An act that touches all of a kind must say so, for somebody
//! who is limited to a few of them may then not do it.

use std::fmt;

/// A kind of thing that somebody can be limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// The application's repository, `version.repositoryName`.
    Repository,
    /// The app.
    App,
    /// The environment.
    Environment,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 3] = [Self::Repository, Self::App, Self::Environment];

    /// The word in JSON and for people: `repositories`, `apps`, `environments`.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Repository => "repositories",
            Self::App => "apps",
            Self::Environment => "environments",
        }
    }

    pub(crate) fn singular(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::App => "app",
            Self::Environment => "environment",
        }
    }
}

/// How far an act reaches in one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Extent {
    /// The act has nothing to do with it.
    #[default]
    Unrelated,
    /// This one alone.
    One(String),
    /// All there are.
    All,
}

/// What an act touches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    repository: Extent,
    app: Extent,
    environment: Extent,
}

impl Scope {
    /// Nothing that anybody could be limited to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything: what only somebody without any limit may touch.
    pub fn everything() -> Self {
        Self {
            repository: Extent::All,
            app: Extent::All,
            environment: Extent::All,
        }
    }

    /// This repository; none for all of them.
    #[must_use]
    pub fn repository<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.repository = extent(name.into());
        self
    }

    /// This app; none for all of them.
    #[must_use]
    pub fn app<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.app = extent(name.into());
        self
    }

    /// This environment; none for all of them.
    #[must_use]
    pub fn environment<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.environment = extent(name.into());
        self
    }

    /// How far it reaches.
    pub fn extent(&self, dimension: Dimension) -> &Extent {
        match dimension {
            Dimension::Repository => &self.repository,
            Dimension::App => &self.app,
            Dimension::Environment => &self.environment,
        }
    }
}

fn extent(name: Option<&str>) -> Extent {
    name.map_or(Extent::All, |name| Extent::One(name.to_owned()))
}

/// As the audit log shows it: `repository=acme/web environment=staging app=*`; names hold no white space.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for dimension in Dimension::ALL {
            let name = match self.extent(dimension) {
                Extent::Unrelated => continue,
                Extent::One(name) => name.as_str(),
                Extent::All => "*",
            };
            write!(f, "{between}{}={name}", dimension.singular())?;
            between = " ";
        }
        Ok(())
    }
}
