//! The database `default` through Spin's SQLite interface. One connection a request: a transaction holds on it. Outside a
//! transaction a connection that was silent for a while is opened anew, because a libSQL server has closed it by then.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use release::ports::{Database, DatabaseError, Row, SqlValue};
use spin_sdk::sqlite::{Connection, Error, Value};
use wasi::clocks::monotonic_clock::now;

/// A libSQL server closes a stream that was silent for 10 s (`EXPIRATION` in `libsql-server/src/hrana/http/stream.rs`), and
/// Spin's client finds no way back: every statement on that connection fails. A Git host or a chat may take longer than that
/// to answer. Opening costs nothing: Spin connects with the first statement.
const SILENCE: Duration = Duration::from_secs(5);

/// A connection to the database with the label `default`.
pub struct SpinSqlite {
    connection: RefCell<Connection>,
    /// When the last statement ended, in the monotonic clock's nanoseconds.
    used: Cell<u64>,
    /// Another connection would not be in it.
    in_transaction: Cell<bool>,
}

impl SpinSqlite {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// When the manifest does not give the component the database, or the platform has none of this label.
    pub fn open() -> Result<Self, DatabaseError> {
        let connection = Connection::open_default().map_err(failed)?;
        Ok(Self {
            connection: RefCell::new(connection),
            used: Cell::new(now()),
            in_transaction: Cell::new(false),
        })
    }

    /// Opens the connection anew if it may be closed.
    fn refresh(&self) -> Result<(), Error> {
        let silent = Duration::from_nanos(now().saturating_sub(self.used.get()));
        if silent >= SILENCE && !self.in_transaction.get() {
            self.connection.replace(Connection::open_default()?);
        }
        Ok(())
    }
}

impl Database for SpinSqlite {
    async fn execute(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, DatabaseError> {
        let params: Vec<Value> = params.iter().map(to_spin).collect();
        self.refresh().map_err(failed)?;
        let result = self.connection.borrow().execute(sql, &params);
        self.used.set(now());
        let result = result.map_err(failed)?;
        match sql {
            "COMMIT" | "ROLLBACK" => self.in_transaction.set(false),
            _ if sql.starts_with("BEGIN") => self.in_transaction.set(true),
            _ => {}
        }
        Ok(result
            .rows
            .into_iter()
            .map(|row| row.values.into_iter().map(from_spin).collect())
            .collect())
    }
}

fn failed(error: Error) -> DatabaseError {
    DatabaseError(error.to_string().into())
}

fn to_spin(value: &SqlValue) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Integer(number) => Value::Integer(*number),
        SqlValue::Real(number) => Value::Real(*number),
        SqlValue::Text(text) => Value::Text(text.clone()),
        SqlValue::Blob(bytes) => Value::Blob(bytes.clone()),
    }
}

fn from_spin(value: Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Integer(number) => SqlValue::Integer(number),
        Value::Real(number) => SqlValue::Real(number),
        Value::Text(text) => SqlValue::Text(text),
        Value::Blob(bytes) => SqlValue::Blob(bytes),
    }
}
