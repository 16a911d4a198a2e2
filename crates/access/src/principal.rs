//! Somebody who has proved who they are, and what they were granted.

use std::fmt;

use domain::Login;

use crate::{Dimension, Limits, Role};

/// A role within limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What.
    pub role: Role,
    /// Where.
    pub limits: Limits,
}

/// How somebody proved who they are. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// The token in the variable `admin_token`.
    AdminToken,
    /// The token with this id.
    Token(String),
    /// A token of this OIDC issuer.
    Oidc(String),
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AdminToken => f.write_str("admin_token"),
            Self::Token(id) => write!(f, "token {id}"),
            Self::Oidc(issuer) => write!(f, "oidc {issuer}"),
        }
    }
}

/// Somebody who has proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The name that releases, logs and the audit log show.
    pub login: Login,
    /// How that is known.
    pub via: Via,
    /// What the user and the token were granted. Each of them must allow an act: a token can narrow what its user may,
    /// never widen it. Without any grant nothing is allowed.
    pub grants: Vec<Grant>,
}

impl Principal {
    /// Whether any grant is limited there. Who is not may be spared the work of finding out what an act touches.
    pub fn is_limited(&self, dimension: Dimension) -> bool {
        let mut grants = self.grants.iter();
        grants.any(|grant| grant.limits.names(dimension).is_some())
    }
}
