//! The schema: made by whoever comes first, once, while others wait or come at the same time.

use std::sync::Barrier;

use release::database::{SCHEMA_VERSION, Sql};
use release::ports::{Database, DatabaseError, Row, SqlValue};

use crate::world::executor::run;
use crate::world::ports::execute;

/// A connection of its own to a file, as Spin opens it: with a busy handler.
pub(crate) struct Connection(rusqlite::Connection);

impl Connection {
    pub(crate) fn open(path: &std::path::Path) -> Self {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection
            .busy_timeout(std::time::Duration::from_secs(60))
            .unwrap();
        Self(connection)
    }
}

impl Database for Connection {
    async fn execute(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, DatabaseError> {
        execute(&self.0, sql, params)
    }
}

#[test]
fn connections_that_start_together_migrate_once() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wimble.db");
        let start = Barrier::new(4);
        let applied: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let connection = Connection::open(&path);
                        start.wait();
                        run(Sql::new(&connection).migrate()).unwrap()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(applied, SCHEMA_VERSION, "each migration by one of them");
    }
}

#[test]
fn first_statements_that_meet_an_empty_database_together_all_succeed() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wimble.db");
        let start = Barrier::new(4);
        std::thread::scope(|scope| {
            for number in 0..4 {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    let connection = Connection::open(path);
                    start.wait();
                    let insert = "INSERT INTO intents (id, body) VALUES (?1, '')";
                    let sql = Sql::new(&connection);
                    run(sql.run(insert, &[i64::from(number).into()])).unwrap();
                });
            }
        });
        let connection = Connection::open(&path);
        let rows = run(Sql::new(&connection).run("SELECT count(*) FROM intents", &[])).unwrap();
        assert_eq!(rows, [[SqlValue::Integer(4)]]);
    }
}

#[test]
fn a_current_schema_is_left_alone_and_a_wrong_statement_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(&folder.path().join("wimble.db"));
    let sql = Sql::new(&connection);
    assert_eq!(run(sql.migrate()).unwrap(), SCHEMA_VERSION);
    assert_eq!(run(sql.migrate()).unwrap(), 0);
    let error = run(sql.run("SELECT nothing FROM nowhere", &[])).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
}
