//! Who may do what: the roles and their limits, the routes and the action that each of them is, tokens, the OIDC tokens of
//! CI systems, and the chain of the audit log. It must never do I/O, read a clock or make a random number: the caller
//! passes them in.
//!
//! One function decides: [`allowed`].
//!
//! ```
//! use access::{Action, Grant, Limits, Principal, Role, Scope, Via, allowed};
//!
//! let limits = Limits::of(&["acme/web"], &[], &[]).unwrap();
//! let ci = Principal {
//!     login: "ci".parse().unwrap(),
//!     via: Via::Token("018f".to_owned()),
//!     grants: vec![Grant { role: Role::Shipper, limits }],
//! };
//! assert!(allowed(&ci, Action::Ship, &Scope::new().repository("acme/web")).is_ok());
//! let refusal = allowed(&ci, Action::Ship, &Scope::new().repository("acme/api")).unwrap_err();
//! assert_eq!(refusal.to_string(), "ci may only ship for the repositories acme/web, not for acme/api");
//! assert!(allowed(&ci, Action::Release, &Scope::new()).is_err());
//! ```

mod action;
pub mod audit;
mod decision;
mod limits;
pub mod oidc;
mod principal;
mod role;
mod route;
mod scope;
mod token;

pub use action::Action;
pub use decision::{Refusal, allowed, allowed_somewhere};
pub use limits::{InvalidLimits, Limits, Pattern};
pub use principal::{Grant, Principal, Via};
pub use role::{Role, UnknownRole};
pub use route::{Access, Found, Parameters, Route, find};
pub use scope::{Dimension, Extent, Scope};
pub use token::{Digest, Token, looks_like_jwt};
