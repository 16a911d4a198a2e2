//! Databases in memory whose migrations are done: a world takes one, and gives it back as it was.

use std::cell::RefCell;
use std::ops::Deref;

use release::database::Sql;
use release::ports::{Database, DatabaseError, Row, SqlValue};
use rusqlite::Connection;

use super::executor::run;
use super::libsql;
use super::ports::execute;

thread_local! {
    static IDLE: RefCell<Vec<Connection>> = const { RefCell::new(Vec::new()) };
}

/// A database with an empty schema. All that is done in it is one transaction, which is rolled back in the end: migrating, and
/// preparing each statement anew, took longer than many a test.
pub(crate) struct Memory(Option<Connection>);

impl Memory {
    pub(crate) fn new() -> Self {
        let idle = IDLE.with_borrow_mut(Vec::pop);
        let connection = idle.unwrap_or_else(migrated);
        connection.execute_batch("BEGIN").unwrap();
        Self(Some(connection))
    }

    /// From here on there is no transaction, as migrations need it: this database ends with its world.
    pub(crate) fn commit(&self) {
        self.execute_batch("COMMIT").unwrap();
    }
}

impl Deref for Memory {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0.as_ref().unwrap()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take()
            && connection.execute_batch("ROLLBACK").is_ok()
        {
            // None is kept by a thread that ends.
            let _ = IDLE.try_with(|idle| idle.borrow_mut().push(connection));
        }
    }
}

/// The schema as a libSQL server would make it, which is as good for SQLite.
fn migrated() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.set_prepared_statement_cache_capacity(128);
    run(Sql::new(&Plain(&connection)).migrate()).unwrap();
    connection
}

struct Plain<'a>(&'a Connection);

impl Database for Plain<'_> {
    async fn execute(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, DatabaseError> {
        if libsql::may_refuse(sql) {
            return execute(self.0, sql, params);
        }
        execute(self.0, &libsql::printed(sql), params)
    }
}
