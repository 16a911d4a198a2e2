//! What can go wrong, one enum per operation: parsing, executing, and a function's own failure. Messages of the
//! template language are Go's, byte for byte, so they keep Go's letter case.

use thiserror::Error;

/// Why a template text was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Go's message: `template: name:1: unexpected "}" in operand`.
    #[error("{0}")]
    Syntax(String),
    /// The text needs more than a limit allows.
    #[error("template: {template}:{line}: {limit}")]
    Limit {
        /// The template.
        template: String,
        /// The line, from 1.
        line: usize,
        /// What was exceeded.
        limit: Limit,
    },
}

/// Why an execution ended early. What was written before it is no result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExecError {
    /// Go's message: `template: name:1:12: executing "name" at <.x.y>: nil pointer evaluating interface {}.y`.
    #[error("{0}")]
    Failed(String),
    /// A budget ran out.
    #[error("template: {location}: {limit}")]
    Limit {
        /// The template, line and column where it did.
        location: String,
        /// What was exceeded.
        limit: Limit,
    },
}

/// A budget that ran out, with its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Limit {
    /// Too many nodes evaluated, loop rounds made, or work charged by functions.
    #[error("execution needs more than {0} steps")]
    Steps(u64),
    /// Too much output.
    #[error("output is larger than {0} bytes")]
    Output(usize),
    /// The strings and lists made by functions are too large together.
    #[error("functions made more than {0} bytes")]
    Memory(usize),
    /// One string or list would be too large.
    #[error("a value would be larger than {0} bytes")]
    Value(usize),
    /// Templates, parentheses, control structures or values are nested too deep.
    #[error("nesting is deeper than {0} levels")]
    Depth(usize),
}

/// A function's failure.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FuncError {
    /// The error that the Go function returns; the engine puts `error calling NAME: ` before it.
    #[error("{0}")]
    Message(String),
    /// A budget ran out: ends the execution as it stands, whatever called the function.
    #[error("{0}")]
    Limit(#[from] Limit),
}

impl FuncError {
    /// The error that the Go function returns.
    pub fn new(message: impl Into<String>) -> FuncError {
        FuncError::Message(message.into())
    }
}

impl From<ExecError> for FuncError {
    fn from(error: ExecError) -> FuncError {
        match error {
            ExecError::Failed(message) => FuncError::Message(message),
            ExecError::Limit { limit, .. } => FuncError::Limit(limit),
        }
    }
}

impl From<ParseError> for FuncError {
    fn from(error: ParseError) -> FuncError {
        match error {
            ParseError::Syntax(message) => FuncError::Message(message),
            ParseError::Limit { limit, .. } => FuncError::Limit(limit),
        }
    }
}
