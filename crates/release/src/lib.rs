//! The use cases of the release manager: ingest, evaluate, queue, flush, query. Written against the traits in
//! [`ports`]; this crate must never know a platform, a clock or a socket.
//!
//! Data moves one way. Each arrow is one durable write, and every write may be the last thing a process does:
//!
//! ```text
//! ingest ──▶ SQL artifacts ──▶ KV evaluate.<id>
//! evaluate ──▶ KV write.<request> ──▶ SQL decisions, requests ──▶ (KV evaluate.<id> deleted)
//! enqueue ──▶ KV write.<request> ──▶ SQL requests
//! flush ──▶ KV intent.<id> ──▶ one push ──▶ SQL requests ──▶ (KV write.<request>, intent.<id> deleted)
//! ```
//!
//! # Invariants
//!
//! 1. What was acknowledged is in the database or in the key-value store until it has ended.
//! 2. A request makes at most one commit, whatever dies and however many replicas flush.
//! 3. The Git host's compare-and-swap of the branch is the only lock. The lease saves work, never correctness.

pub mod database;
pub mod enqueue;
pub mod evaluate;
pub mod flush;
pub mod health;
pub mod ingest;
pub mod ports;
pub mod query;
pub mod queue;
pub mod render;
pub mod settings;
mod store;
