//! Go's text/template and Sprig in pure Rust.
