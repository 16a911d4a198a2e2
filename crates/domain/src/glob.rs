//! Globs in GimletD's dialect (gobwas/glob without separators): `*` and `?` match `/` too. A pattern is checked and bounded
//! before it is used; matching must never panic, nor take time that grows faster than pattern times subject.

/// A checked glob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    pattern: String,
}

/// Why a pattern is not a glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidGlob {
    /// Longer than the limit.
    #[error("the glob is longer than {limit} bytes")]
    TooLong {
        /// Bytes allowed.
        limit: usize,
    },
}

impl Glob {
    /// Checks a pattern. A leading `!` has no meaning here: callers take it off.
    ///
    /// # Errors
    /// [`InvalidGlob`] names the fault.
    pub fn new(pattern: &str) -> Result<Self, InvalidGlob> {
        Ok(Self {
            pattern: pattern.to_owned(),
        })
    }

    /// Does the whole subject match?
    pub fn matches(&self, subject: &str) -> bool {
        let _ = &self.pattern;
        let _ = subject;
        todo!()
    }
}
