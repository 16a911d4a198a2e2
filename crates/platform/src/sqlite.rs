//! The database `default` through Spin's SQLite interface. One connection a request: a transaction holds on it.

use release::ports::{Database, DatabaseError, Row, SqlValue};
use spin_sdk::sqlite::{Connection, Value};

/// A connection to the database with the label `default`.
pub struct SpinSqlite(Connection);

impl SpinSqlite {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// When the manifest does not give the component the database, or the platform has none of this label.
    pub fn open() -> Result<Self, DatabaseError> {
        Connection::open_default()
            .map(Self)
            .map_err(|error| DatabaseError(error.to_string().into()))
    }
}

impl Database for SpinSqlite {
    async fn execute(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, DatabaseError> {
        let params: Vec<Value> = params.iter().map(to_spin).collect();
        let result = self
            .0
            .execute(sql, &params)
            .map_err(|error| DatabaseError(error.to_string().into()))?;
        Ok(result
            .rows
            .into_iter()
            .map(|row| row.values.into_iter().map(from_spin).collect())
            .collect())
    }
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
