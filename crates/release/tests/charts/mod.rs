//! Charts from real servers on loopback: a Helm repository, an OCI registry, `git http-backend`.

mod git;
mod registry;
mod repository;
pub(crate) mod shelf;
