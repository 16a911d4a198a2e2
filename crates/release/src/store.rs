//! The statements over the artifact store and the history: one module a table. Nothing else holds SQL.

pub(crate) mod artifacts;
pub(crate) mod attempts;
pub(crate) mod audit;
pub(crate) mod branches;
pub(crate) mod charts;
pub(crate) mod decisions;
pub(crate) mod history;
pub(crate) mod holds;
pub(crate) mod intents;
pub(crate) mod metrics;
pub(crate) mod notifications;
pub(crate) mod oidc;
pub(crate) mod outbox;
pub(crate) mod remotes;
pub(crate) mod reports;
pub(crate) mod requests;
pub(crate) mod retention;
pub(crate) mod trees;
pub(crate) mod users;
