//! Writes queued releases to the Git host, in batches.
