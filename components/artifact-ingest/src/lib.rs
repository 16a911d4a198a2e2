//! Takes release artifacts from CI.
