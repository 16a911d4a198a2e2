//! The application as its clients see it, on the local host or on the real Spin (`SPIN_BIN`), with real Git.

mod audit;
mod authorization;
mod bad_input;
mod batches;
mod changes;
mod charts;
mod ci_shippers;
mod compatibility;
mod crashes;
mod feedback;
mod git_failures;
mod git_servers;
mod infrastructure;
mod manifests;
mod mended;
mod notifications;
mod observability;
mod oidc;
mod queries;
mod queue;
mod races;
mod releases;
mod repositories;
mod shipping;
mod storm;
mod users;
