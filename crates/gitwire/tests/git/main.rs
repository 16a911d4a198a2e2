//! gitwire against the real `git http-backend`, which checks every pushed object (`receive.fsckObjects`). Needs git.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be, in its helpers too"
)]

mod edits;
mod fetch;
mod hosts;
mod push;
mod servers;
mod support;
