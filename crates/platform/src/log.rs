//! Logs: one JSON object a line on standard error, where Spin collects them. Never a token, an authorization header or a
//! secret variable: callers pass names and numbers, not requests.

#![allow(clippy::print_stderr)]

use release::ports::Clock as _;
use serde_json::{Map, Value};

use crate::SystemClock;

/// How much a line matters.
#[derive(Debug, Clone, Copy)]
pub enum Level {
    /// What happened.
    Info,
    /// What somebody should look at.
    Error,
}

/// Writes one line.
pub fn write(level: Level, component: &str, message: &str, fields: &[(&str, Value)]) {
    let mut line = Map::new();
    line.insert("timeMs".to_owned(), SystemClock.now_ms().into());
    line.insert(
        "level".to_owned(),
        match level {
            Level::Info => "info",
            Level::Error => "error",
        }
        .into(),
    );
    line.insert("component".to_owned(), component.into());
    line.insert("message".to_owned(), message.into());
    for (name, value) in fields {
        line.insert((*name).to_owned(), value.clone());
    }
    // As one text: standard error has no buffer, and each piece would be a call to the host.
    let mut line = Value::Object(line).to_string();
    line.push('\n');
    eprint!("{line}");
}
