//! Spin's SQLite interface, versions 2.0.0 (`spin_sdk::sqlite`) and 3.0.0 (`spin_sdk::sqlite3`), over SQLite files.
//!
//! As in Spin each `open` is a connection of its own, made when it is first used, and closed with the instance that
//! opened it: a transaction that is left open is rolled back. The busy timeout is rusqlite's 5 s, as in Spin.
//!
//! For tests a connection may expire as Spin's do over libSQL: the server closes one that was silent for 10 s, and from
//! then on every statement on it fails.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use wasmtime::component::Resource;

use crate::bindings::imports::fermyon::spin::sqlite as v2;
use crate::bindings::imports::spin::sqlite::sqlite as v3;
use crate::instance::State;

/// A connection, or the promise of one.
#[derive(Clone)]
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Connection {
    path: Arc<Path>,
    opened: Arc<Mutex<Option<Opened>>>,
    /// How long it may be silent.
    expiry: Option<Duration>,
}

struct Opened {
    connection: rusqlite::Connection,
    /// When the last statement ended.
    used: Instant,
}

/// Column names, then rows.
type Answer = (Vec<String>, Vec<Vec<Value>>);

impl Connection {
    fn new(path: Arc<Path>, expiry: Option<Duration>) -> Self {
        Self {
            path,
            opened: Arc::default(),
            expiry,
        }
    }

    /// Runs `work` on the connection, off the async threads. The error is the text that Spin gives the component.
    async fn run<T, F>(&self, work: F) -> Result<T, String>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let this = self.clone();
        let result = tokio::task::spawn_blocking(move || {
            let mut opened = this.opened.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some(expiry), Some(opened)) = (this.expiry, opened.as_ref())
                && opened.used.elapsed() >= expiry
            {
                return Err("The stream has expired due to inactivity".to_owned());
            }
            let last = match opened.take() {
                Some(last) => last.connection,
                None => {
                    rusqlite::Connection::open(&this.path).map_err(|error| error.to_string())?
                }
            };
            let opened = opened.insert(Opened {
                connection: last,
                used: Instant::now(),
            });
            let result = work(&opened.connection);
            opened.used = Instant::now();
            result.map_err(|error| error.to_string())
        });
        result.await.map_err(|error| error.to_string())?
    }

    async fn execute(&self, statement: String, parameters: Vec<Value>) -> Result<Answer, String> {
        self.run(move |db| {
            let mut statement = db.prepare_cached(&statement)?;
            let columns: Vec<String> = statement
                .column_names()
                .into_iter()
                .map(ToOwned::to_owned)
                .collect();
            let width = columns.len();
            let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
            let mut answer = Vec::new();
            while let Some(row) = rows.next()? {
                answer.push(
                    (0..width)
                        .map(|column| row.get(column))
                        .collect::<rusqlite::Result<Vec<Value>>>()?,
                );
            }
            Ok((columns, answer))
        })
        .await
    }
}

impl State {
    fn open_database<E>(
        &mut self,
        label: &str,
        denied: E,
    ) -> wasmtime::Result<Result<Resource<Connection>, E>> {
        match self.component.databases.get(label).cloned() {
            Some(path) => {
                let connection = Connection::new(path, self.component.database_expiry);
                Ok(Ok(self.table.push(connection)?))
            }
            None => Ok(Err(denied)),
        }
    }

    async fn execute_statement(
        &mut self,
        connection: &Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<Answer, String>> {
        let call = self.faults.enter("sqlite.execute", &statement);
        let result = self
            .table
            .get(connection)?
            .execute(statement, parameters)
            .await;
        call.done();
        Ok(result)
    }
}

/// The two versions have the same types; only `changes` and `last-insert-rowid` are new in the second.
macro_rules! convert {
    ($version:ident) => {
        impl From<$version::Value> for Value {
            fn from(value: $version::Value) -> Self {
                match value {
                    $version::Value::Integer(value) => Self::Integer(value),
                    $version::Value::Real(value) => Self::Real(value),
                    $version::Value::Text(value) => Self::Text(value),
                    $version::Value::Blob(value) => Self::Blob(value),
                    $version::Value::Null => Self::Null,
                }
            }
        }

        impl From<Value> for $version::Value {
            fn from(value: Value) -> Self {
                match value {
                    Value::Integer(value) => Self::Integer(value),
                    Value::Real(value) => Self::Real(value),
                    Value::Text(value) => Self::Text(value),
                    Value::Blob(value) => Self::Blob(value),
                    Value::Null => Self::Null,
                }
            }
        }

        impl From<Answer> for $version::QueryResult {
            fn from((columns, rows): Answer) -> Self {
                let row = |values: Vec<Value>| $version::RowResult {
                    values: values.into_iter().map(Into::into).collect(),
                };
                Self {
                    columns,
                    rows: rows.into_iter().map(row).collect(),
                }
            }
        }

        impl $version::Host for State {}
    };
}

convert!(v2);
convert!(v3);

impl v2::HostConnection for State {
    async fn open(
        &mut self,
        database: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, v2::Error>> {
        self.open_database(&database, v2::Error::AccessDenied)
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<v2::Value>,
    ) -> wasmtime::Result<Result<v2::QueryResult, v2::Error>> {
        let parameters = parameters.into_iter().map(Into::into).collect();
        let answer = self
            .execute_statement(&connection, statement, parameters)
            .await?;
        Ok(answer.map(Into::into).map_err(v2::Error::Io))
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl v3::HostConnection for State {
    async fn open(
        &mut self,
        database: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, v3::Error>> {
        self.open_database(&database, v3::Error::AccessDenied)
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<v3::Value>,
    ) -> wasmtime::Result<Result<v3::QueryResult, v3::Error>> {
        let parameters = parameters.into_iter().map(Into::into).collect();
        let answer = self
            .execute_statement(&connection, statement, parameters)
            .await?;
        Ok(answer.map(Into::into).map_err(v3::Error::Io))
    }

    async fn last_insert_rowid(
        &mut self,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        let rowid = self
            .table
            .get(&connection)?
            .run(|db| Ok(db.last_insert_rowid()))
            .await;
        rowid.map_err(wasmtime::Error::msg)
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        let changes = self
            .table
            .get(&connection)?
            .run(|db| Ok(db.changes()))
            .await;
        changes.map_err(wasmtime::Error::msg)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}
