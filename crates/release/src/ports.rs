//! What this crate asks of the world: a key-value store, a database, an HTTP client, a clock, randomness. Every
//! implementation is a thin adapter; none may retry, cache or reorder.
//!
//! All are asynchronous without `Send`: a component is single-threaded, and tests step replicas one call at a time.

#![allow(async_fn_in_trait)]

use std::error::Error;

/// A failure of a port, with the platform's own words. The message must hold no secret.
pub type PortError = Box<dyn Error + Send + Sync>;

/// The key-value store failed.
#[derive(Debug, thiserror::Error)]
#[error("key-value store: {operation} failed: {source}")]
pub struct KeyValueError {
    /// The call that failed, such as `get`.
    pub operation: &'static str,
    /// Why.
    pub source: PortError,
}

/// The wiring: a shared store of small values. Only these calls are portable between Spin's stores.
pub trait KeyValue {
    /// The value of a key, if it is set.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError>;
    /// Sets a key, durably when this returns.
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KeyValueError>;
    /// Deletes a key; one that is not set is no error.
    async fn delete(&self, key: &str) -> Result<(), KeyValueError>;
    /// Every key. Reads the whole store: only the flush, the evaluation and the health check call it.
    async fn keys(&self) -> Result<Vec<String>, KeyValueError>;
}

/// A value in or out of a SQL statement.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlValue {
    /// NULL.
    Null,
    /// INTEGER, 64 bits.
    Integer(i64),
    /// REAL.
    Real(f64),
    /// TEXT.
    Text(String),
    /// BLOB.
    Blob(Vec<u8>),
}

impl From<&str> for SqlValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for SqlValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for SqlValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}
impl<T: Into<SqlValue>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of an answer, in the order of the statement's columns.
pub type Row = Vec<SqlValue>;

/// The database failed or refused a statement.
#[derive(Debug, thiserror::Error)]
#[error("database: {0}")]
pub struct DatabaseError(pub PortError);

/// One connection to a SQLite-compatible database. Transactions hold on it.
pub trait Database {
    /// Runs one statement and collects its rows.
    async fn execute(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, DatabaseError>;
}

/// An HTTP exchange did not come to an answer. Where it is not said that the request was never sent, the server may have
/// acted on it.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The request was never sent: the platform forbids the host.
    #[error("the host {origin} is not allowed: {hint}")]
    NotAllowed {
        /// Scheme, host and port.
        origin: String,
        /// What to change.
        hint: String,
    },
    /// The request was never sent: no connection came about.
    #[error("{origin} cannot be reached: {source}")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// Why.
        source: PortError,
    },
    /// No answer, or a broken one.
    #[error("no answer from {origin}: {source}")]
    Network {
        /// Scheme, host and port.
        origin: String,
        /// Why.
        source: PortError,
    },
    /// The answer is larger than the limit.
    #[error("the answer of {origin} is larger than {limit} bytes")]
    TooLarge {
        /// Scheme, host and port.
        origin: String,
        /// The limit, in bytes.
        limit: usize,
    },
}

/// An HTTP client. It follows no redirects and adds no credentials.
pub trait HttpClient {
    /// Sends a request and reads the whole answer, `limit` bytes at most.
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        limit: usize,
    ) -> Result<http::Response<Vec<u8>>, HttpError>;
}

/// Time and randomness.
pub trait Clock {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;
    /// 16 random bytes.
    fn random(&self) -> [u8; 16];
    /// Waits.
    async fn sleep_ms(&self, ms: u64);
}

/// The time as the database keeps it: milliseconds since the Unix epoch.
pub(crate) fn now_ms(clock: &impl Clock) -> i64 {
    i64::try_from(clock.now_ms()).unwrap_or(i64::MAX)
}

/// A random, time-ordered identifier (UUIDv7, RFC 9562 section 5.7).
pub fn new_uuid(clock: &impl Clock) -> uuid::Uuid {
    let random = clock.random();
    let mut tail = [0u8; 10];
    for (to, from) in tail.iter_mut().zip(random) {
        *to = from;
    }
    uuid::Builder::from_unix_timestamp_millis(clock.now_ms(), &tail).into_uuid()
}
