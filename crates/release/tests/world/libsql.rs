//! What a libSQL server makes of our SQL. It reads each statement with a parser of its own, refuses some kinds, and hands SQLite
//! what it prints from what it read (`libsql-server/src/query_analysis.rs`): that must be the same program.

use std::cell::RefCell;
use std::collections::BTreeSet;

use fallible_iterator::FallibleIterator as _;
use libsql_sqlite3_parser::ast::{Cmd, Stmt};
use libsql_sqlite3_parser::lexer::sql::Parser;
use rusqlite::Connection;

thread_local! {
    static CHECKED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// The server has a journal of its own; production goes on when it refuses this.
pub(crate) fn may_refuse(sql: &str) -> bool {
    sql == "PRAGMA journal_mode = WAL"
}

/// The statement as a libSQL server runs it.
///
/// # Panics
/// It would refuse the statement.
pub(crate) fn printed(sql: &str) -> String {
    // Large, and no part of a thread's stack on the server either.
    let mut parser = Box::new(Parser::new(sql.as_bytes()));
    let read = parser.next();
    let Ok(Some(command)) = read else {
        panic!("libSQL cannot read this ({read:?}): {sql}");
    };
    assert!(is_taken(&command), "libSQL does not take this: {sql}");
    assert!(
        matches!(parser.next(), Ok(None)),
        "more than one statement: {sql}"
    );
    command.to_string()
}

/// Checks, once a thread, that what a libSQL server runs is the same program of SQLite's virtual machine.
///
/// # Panics
/// It is not.
pub(crate) fn check(connection: &Connection, sql: &str) {
    if may_refuse(sql) || CHECKED.with_borrow(|checked| checked.contains(sql)) {
        return;
    }
    let ours = program(connection, sql);
    let theirs = printed(sql);
    // The program that makes a table holds the text itself; migrations are run as they are printed.
    let is_schema = sql.starts_with("CREATE") || sql.starts_with("ALTER");
    // What SQLite does not take is a fault of its own kind, which the caller hears of.
    if let (Ok(ours), false) = (ours, is_schema) {
        let theirs = program(connection, &theirs);
        assert_eq!(
            theirs.as_ref(),
            Ok(&ours),
            "libSQL runs something else: {sql}"
        );
    }
    CHECKED.with_borrow_mut(|checked| checked.insert(sql.to_owned()));
}

/// Opcodes with their operands; without comments.
fn program(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("EXPLAIN {sql}"))?;
    let rows = statement.query_map([], |row| {
        let operands: [rusqlite::types::Value; 6] = [
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
            row.get(6)?,
        ];
        Ok(format!("{operands:?}"))
    })?;
    rows.collect()
}

/// The kinds that we use, of those that a server takes.
fn is_taken(command: &Cmd) -> bool {
    matches!(
        command,
        Cmd::Stmt(
            Stmt::Begin(..)
                | Stmt::Commit(..)
                | Stmt::Rollback { .. }
                | Stmt::CreateTable { .. }
                | Stmt::CreateIndex { .. }
                | Stmt::CreateTrigger { .. }
                | Stmt::DropTable { .. }
                | Stmt::DropIndex { .. }
                | Stmt::DropTrigger { .. }
                | Stmt::AlterTable(..)
                | Stmt::Insert { .. }
                | Stmt::Update { .. }
                | Stmt::Delete { .. }
                | Stmt::Select(..)
        )
    )
}
