//! The use cases: ingest, evaluate, flush, query; written against traits. No platform.
