//! JSON read under limits: bytes, depth, nodes and texts are bounded, a key twice in one object and NUL are refused.
//! It must never recurse deeper than the limit.

/// How much JSON is read before it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// Bytes of the whole document.
    pub bytes: usize,
    /// Objects and arrays inside each other; at most 100 (the parser itself stops at 128).
    pub depth: usize,
    /// Values of all kinds in the document.
    pub nodes: usize,
}
