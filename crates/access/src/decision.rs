//! The one decision: may this principal do this, there?

use crate::{Action, Dimension, Extent, Principal, Role, Scope};

/// Why somebody may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The role, of the user or of the token, does not have the action.
    #[error("{login} may not {}: the role {role} does not include it", action.verb())]
    Role {
        /// Who.
        login: String,
        /// The role that lacks it.
        role: Role,
        /// What.
        action: Action,
    },
    /// The limits do not cover the name.
    #[error(
        "{login} may only {} for the {} {names}, not for {wanted}",
        action.verb(), dimension.plural()
    )]
    Limit {
        /// Who.
        login: String,
        /// What.
        action: Action,
        /// The dimension.
        dimension: Dimension,
        /// What is allowed there.
        names: String,
        /// What was wanted.
        wanted: String,
    },
    /// The act touches all, and somebody with limits may not.
    #[error(
        "{login} may only {} for the {} {names}: name one of them, where the route takes a name",
        action.verb(), dimension.plural()
    )]
    All {
        /// Who.
        login: String,
        /// What.
        action: Action,
        /// The dimension.
        dimension: Dimension,
        /// What is allowed there.
        names: String,
    },
    /// Nothing was granted at all.
    #[error("{login} was granted nothing")]
    Nothing {
        /// Who.
        login: String,
    },
}

impl Refusal {
    /// The kind of refusal, stable: `role`, `limit` or `nothing`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Role { .. } => "role",
            Self::Limit { .. } | Self::All { .. } => "limit",
            Self::Nothing { .. } => "nothing",
        }
    }
}

/// Whether the principal may do this there: each grant must have the action, within its limits.
///
/// # Errors
/// [`Refusal`] says why not.
pub fn allowed(principal: &Principal, action: Action, scope: &Scope) -> Result<(), Refusal> {
    allowed_somewhere(principal, action)?;
    for grant in &principal.grants {
        if let Some(dimension) = grant.limits.exceeded(scope) {
            let login = principal.login.to_string();
            let names = grant.limits.names(dimension).unwrap_or_default();
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            let names = names.join(", ");
            return Err(match scope.extent(dimension) {
                Extent::One(wanted) => Refusal::Limit {
                    login,
                    action,
                    dimension,
                    names,
                    wanted: wanted.clone(),
                },
                Extent::All | Extent::Unrelated => Refusal::All {
                    login,
                    action,
                    dimension,
                    names,
                },
            });
        }
    }
    Ok(())
}

/// Whether the principal may do this anywhere at all: what can be said before the request has been read. [`allowed`] must
/// follow once it has.
///
/// # Errors
/// [`Refusal`] says why not.
pub fn allowed_somewhere(principal: &Principal, action: Action) -> Result<(), Refusal> {
    let login = || principal.login.to_string();
    if principal.grants.is_empty() {
        return Err(Refusal::Nothing { login: login() });
    }
    let mut grants = principal.grants.iter();
    match grants.find(|grant| !grant.role.permits(action)) {
        None => Ok(()),
        Some(grant) => Err(Refusal::Role {
            login: login(),
            role: grant.role,
            action,
        }),
    }
}
