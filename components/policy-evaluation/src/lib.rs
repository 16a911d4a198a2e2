//! Decides which artifacts are released where, and says why.
