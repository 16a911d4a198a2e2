//! Sprig's `semver.go`: Masterminds/semver v3.5 versions, with their methods, and constraints.

mod constraint;
mod version;

pub(super) use version::Version;

use super::args::{TEXT, TEXTS, text};
use crate::func::Functions;

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("semver", TEXT, |_, a| {
            Ok(Version::parse(&text(a, 0))?.into_value(true))
        })
        .add("semverCompare", TEXTS, |context, a| {
            let constraints = constraint::Constraints::parse(context, &text(a, 0))?;
            Ok(constraints.allow(&Version::parse(&text(a, 1))?).into())
        });
}
