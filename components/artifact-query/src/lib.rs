//! Answers what was shipped, released and applied.
