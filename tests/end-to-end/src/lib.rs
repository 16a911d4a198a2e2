//! What the end-to-end tests share: a world with the application and its Git server, artifacts to ship, and the Git history
//! read back. Nothing here looks into the application: it is seen as its clients and its Git server see it.

pub mod artifacts;
pub mod cases;
pub mod history;
pub mod person;
pub mod world;
