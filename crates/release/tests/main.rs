//! What the use cases promise, tried against real SQL and real Git objects. One program, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

mod audit;
mod charts;
mod cleanup;
mod clients;
mod deadly;
mod delete;
mod duels;
mod enqueue;
mod evaluate;
mod exhaustive;
mod feedback;
mod flush;
mod holds;
mod ingest;
mod manifest_variables;
mod metrics;
mod migrations;
mod notifications;
mod oidc;
mod pages;
mod protocol;
mod queries;
mod releases;
mod remote;
mod retention;
mod rollback;
mod schedule;
mod users;
mod world;
