//! The use cases of the release manager: ingest, evaluate, queue, flush, query. Written against the traits in
//! [`ports`]; this crate must never know a platform, a clock or a socket.
//!
//! Data moves one way. Each arrow is one durable write, and every write may be the last thing a process does:
//!
//! ```text
//! ingest ──▶ SQL artifacts ──▶ KV evaluate.<id>
//! evaluate ──▶ SQL requests ──▶ KV write.<request> ──▶ SQL decisions ──▶ (KV evaluate.<id> deleted)
//! enqueue, rollback, delete ──▶ SQL requests (and holds) ──▶ KV write.<request>
//! flush ──▶ SQL intents ──▶ one push ──▶ SQL requests (and outbox) ──▶ (KV write.<request>, then the intent deleted)
//! notify ──▶ SQL notifications ──▶ (outbox deleted) ──▶ claimed ──▶ sent ──▶ recorded
//! ```
//!
//! # Invariants
//!
//! 1. What was acknowledged is in the database until it has ended. The key-value store says that there is work, in which
//!    order, and may lose everything: the rows then stand in for the keys.
//! 2. A request makes at most one commit, whatever dies and however many replicas flush.
//! 3. The Git host's compare-and-swap of the branch is the only lock. The lease saves work, never correctness.

pub mod ask;
pub mod audit;
pub mod charts;
pub mod cleanup;
pub mod database;
pub mod delete;
mod digest;
pub mod enqueue;
pub mod evaluate;
pub mod feedback;
pub mod flush;
pub mod health;
pub mod hold;
pub mod ingest;
pub mod metrics;
pub mod notifications;
pub mod oidc;
pub mod page;
pub mod ports;
pub mod query;
pub mod queue;
pub mod reach;
pub mod render;
pub mod retention;
pub mod rollback;
pub mod settings;
pub mod source_host;
mod store;
mod suspects;
pub mod sweep;
pub mod template;
pub mod track;
pub mod users;
pub mod webhook;
