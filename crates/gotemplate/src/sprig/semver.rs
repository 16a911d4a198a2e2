//! Sprig's `semver.go`: Masterminds/semver v3.5 versions, with their methods, and constraints. Helm chooses a chart's version by the
//! same library, so both are public.
//!
//! ```
//! use gotemplate::sprig::semver::{Constraints, Version};
//!
//! let constraints = Constraints::read("^1.2 || 3.x")?;
//! assert!(constraints.allow(&Version::parse("1.10.0")?));
//! assert!(!constraints.allow(&Version::parse("1.10.0-rc.1")?), "a pre-release has to be asked for");
//! # Ok::<(), gotemplate::FuncError>(())
//! ```

mod constraint;
mod version;

pub use constraint::Constraints;
pub use version::Version;

use super::args::{TEXT, TEXTS, text};
use crate::func::Functions;

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("semver", TEXT, |_, a| {
            Ok(Version::parse(&text(a, 0))?.into_value(true))
        })
        .add("semverCompare", TEXTS, |context, a| {
            let constraints = Constraints::parse(context, &text(a, 0))?;
            Ok(constraints.allow(&Version::parse(&text(a, 1))?).into())
        });
}
