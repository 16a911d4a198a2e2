//! The ports over one simulated world: a key-value store in memory, real SQL, a clock that moves only when told.

use std::rc::Rc;

use release::ports::{
    Clock, Database, DatabaseError, KeyValue, KeyValueError, PortError, Row, SqlValue,
};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use super::World;
use super::executor::turn;
use super::libsql;

/// The simulated key-value store.
pub(crate) struct Store(pub(crate) Rc<World>);
/// A connection to the real database, shared by all: SQLite runs one statement at a time anyway.
pub(crate) struct Sqlite(pub(crate) Rc<World>);
/// The simulated clock, and the seed's randomness.
pub(crate) struct Time(pub(crate) Rc<World>);

impl World {
    /// One call of a port: a point before and a point after the effect, and now and then a failure at either.
    pub(super) async fn call<T>(&self, act: impl FnOnce() -> T) -> Result<T, PortError> {
        turn().await;
        let once_in = self.port_failures.get();
        if once_in > 0 && self.random.one_in(once_in) {
            return Err("the platform failed before it acted".into());
        }
        let done = act();
        turn().await;
        if once_in > 0 && self.random.one_in(once_in) {
            return Err("the platform failed after it acted".into());
        }
        Ok(done)
    }
}

impl Store {
    async fn call<T>(
        &self,
        operation: &'static str,
        act: impl FnOnce() -> T,
    ) -> Result<T, KeyValueError> {
        let called = self.0.call(act).await;
        called.map_err(|source| KeyValueError { operation, source })
    }
}

impl KeyValue for Store {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        let world = &self.0;
        self.call("get", || {
            // The lease saves work and must not be needed: some worlds never see it.
            let blind = key.starts_with("lease.") && !world.lease_seen.get();
            let store = world.store.borrow();
            store.get(key).filter(|_| !blind).cloned()
        })
        .await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KeyValueError> {
        let world = &self.0;
        assert!(key.len() <= 255 && value.len() <= 1_000_000);
        self.call("set", || {
            if key.starts_with("write.") {
                world.announced(value);
            }
            let mut store = world.store.borrow_mut();
            store.insert(key.to_owned(), value.to_vec());
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<(), KeyValueError> {
        let world = &self.0;
        self.call("delete", || world.store.borrow_mut().remove(key))
            .await
            .map(|_| ())
    }

    async fn keys(&self) -> Result<Vec<String>, KeyValueError> {
        let world = &self.0;
        self.call("keys", || {
            let mut keys: Vec<String> = world.store.borrow().keys().cloned().collect();
            // No store promises an order.
            keys.reverse();
            keys
        })
        .await
    }
}

impl Database for Sqlite {
    async fn execute(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, DatabaseError> {
        let world = &self.0;
        let called = world.call(|| {
            libsql::check(&world.connection, sql);
            let rows = execute(&world.connection, sql, params);
            if let (true, [_, SqlValue::Text(body)]) = (sql.contains("INTO intents"), params) {
                world.check_intent(body);
            }
            *world.last_statement.borrow_mut() = (sql.to_owned(), params.to_vec());
            if sql.contains("INTO requests") || sql.contains("UPDATE requests") {
                world.check_requests();
                world.note_rows();
            }
            rows
        });
        called.await.map_err(DatabaseError)?
    }
}

/// Runs one statement of production on a real SQLite connection.
pub(crate) fn execute(
    connection: &rusqlite::Connection,
    sql: &str,
    params: &[SqlValue],
) -> Result<Vec<Row>, DatabaseError> {
    let failed = |error: rusqlite::Error| DatabaseError(error.into());
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let columns = statement.column_count();
    let bound = rusqlite::params_from_iter(params.iter().map(Bound));
    let mut rows = statement.query(bound).map_err(failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(match row.get_ref(column).map_err(failed)? {
                ValueRef::Null => SqlValue::Null,
                ValueRef::Integer(number) => SqlValue::Integer(number),
                ValueRef::Real(number) => SqlValue::Real(number),
                ValueRef::Text(text) => SqlValue::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(bytes) => SqlValue::Blob(bytes.to_vec()),
            });
        }
        found.push(values);
    }
    Ok(found)
}

struct Bound<'a>(&'a SqlValue);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(match self.0 {
            SqlValue::Null => Value::Null,
            SqlValue::Integer(number) => Value::Integer(*number),
            SqlValue::Real(number) => Value::Real(*number),
            SqlValue::Text(text) => Value::Text(text.clone()),
            SqlValue::Blob(bytes) => Value::Blob(bytes.clone()),
        }))
    }
}

impl Clock for Time {
    fn now_ms(&self) -> u64 {
        self.0.now_ms.get()
    }

    fn random(&self) -> [u8; 16] {
        self.0.random.bytes()
    }

    async fn sleep_ms(&self, _: u64) {
        turn().await;
    }
}
