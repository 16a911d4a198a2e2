//! Queues releases that people ask for.
