//! Who may do what, tried case by case and by chance. One program, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod audit;
mod decisions;
mod issuers;
mod jwt;
mod routes;
mod tokens;
