//! The template engine for manifests.

use domain::LiteralText;

/// What resolves `{{ … }}` in manifests.
#[must_use]
pub fn template() -> LiteralText {
    LiteralText
}
