//! The migration for tokens that are rotated more than once. Never edited once released.

/// `lives` is the life that a token was made with, in milliseconds, whatever becomes of `expires` when it is rotated; 0 for
/// good; NULL for tokens of earlier versions until they are rotated.
pub(super) const TOKENS: &[&str] = &["ALTER TABLE tokens ADD COLUMN lives INTEGER"];
