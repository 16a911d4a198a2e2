//! A small Spin-compatible host for tests and the quick start. Production is Spin.
