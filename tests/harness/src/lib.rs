//! Real peers for tests: git http-backend, Redis, a fault-injecting proxy, the local host as a process.

pub mod git_server;
