//! Spin, for the components: the traits of `release` on the platform's key-value store, SQLite, variables and HTTP, and
//! what every HTTP route shares: who calls, how much is read, how errors look. It must decide nothing about releases.

pub mod answer;
pub mod auth;
pub mod body;
pub mod call;
mod clock;
pub mod cron;
pub mod failures;
mod http_client;
pub mod journal;
mod key_value;
pub mod log;
mod permit;
pub mod settings;
mod sqlite;
mod template;
mod timeout;

pub use answer::{Answer, Problem};
pub use call::{Call, serve};
pub use clock::SystemClock;
pub use http_client::{BoundedHttp, OutboundHttp};
pub use key_value::SpinKeyValue;
pub use sqlite::SpinSqlite;
pub use template::template;
