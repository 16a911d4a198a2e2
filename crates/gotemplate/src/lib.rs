//! Go's text/template and Sprig in pure Rust. Never touches the outside but through the `Host` that is passed in, and never
//! exceeds the `Limits` of an execution.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod builtin;
mod context;
mod error;
mod exec;
mod func;
pub mod gofmt;
mod host;
mod lex;
mod node;
mod object;
mod parse;
pub mod sprig;
pub mod strconv;
mod template;
mod types;
mod unicode;
mod value;

pub use context::{Context, Limits};
pub use error::{ExecError, FuncError, Limit, ParseError};
pub use func::{Body, Function, Functions, SharedBody, Signature};
pub use host::{Host, HostError, Instant, KeyKind, NoHost};
pub use object::Object;
pub use template::{MissingKey, TemplateSet};
pub use types::{IntKind, Kind, Type, UintKind};
pub use value::{List, Map, Str, Value};
