//! The traits of `release` on Spin: key-value store, SQLite, variables, outbound HTTP; routing, errors and authentication for the components.
