//! The template engine for manifests.

use release::template::GoTemplates;

/// What resolves `{{ … }}` in manifests.
#[must_use]
pub fn template() -> GoTemplates {
    GoTemplates::new()
}
