//! Real peers for tests: a Git server, a Helm repository, an OCI registry, Redis, a proxy that breaks what passes it, and the application itself as a process.
//! A test tool: it stops with a message where something it needs is missing. Nothing here stands in for the real thing.

pub mod api_description;
pub mod application;
pub mod chart_archive;
pub mod chart_repository;
pub mod client;
pub mod components;
pub mod fault_proxy;
pub mod folder;
pub mod git_server;
mod http;
pub mod oci_registry;
pub mod oidc_issuer;
pub mod redis;
pub mod skip;
pub mod web_server;
