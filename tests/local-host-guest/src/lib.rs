//! A component that reaches every interface that the local host offers. Its paths say what it does; it answers in JSON
//! or text. Test code: it trusts its caller.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test guest: its panics and its output are what is tested"
)]

mod cron;

use spin_sdk::http::{IntoResponse, Method, Request, Response, send};
use spin_sdk::http_component;
use spin_sdk::key_value::Store;
use spin_sdk::sqlite::{Connection, Value};
use spin_sdk::{sqlite3, variables};

#[http_component]
async fn handle(request: Request) -> anyhow::Result<impl IntoResponse> {
    let path = request.path().to_owned();
    let argument = request.query().to_owned();
    let body = match path.trim_start_matches("/guest") {
        "/headers" => headers(&request),
        "/kv" => key_value(request.method(), &argument, request.body())?,
        "/kv-label" => Store::open(&argument)
            .err()
            .map_or("opened".to_owned(), |error| format!("{error:?}")),
        "/sqlite" => sqlite(request.body())?,
        "/sqlite-two" => two_connections()?,
        "/sqlite3" => sqlite_3()?,
        "/sqlite-label" => Connection::open(&argument)
            .err()
            .map_or("opened".to_owned(), |error| format!("{error:?}")),
        "/variable" => variables::get(&argument).unwrap_or_else(|error| format!("{error:?}")),
        "/environment" => std::env::var(&argument).unwrap_or_else(|_| "unset".to_owned()),
        "/send" => outbound(&argument, request.into_body()).await,
        "/spin" => loop {
            std::hint::black_box(());
        },
        "/panic" => panic!("as asked"),
        "/log" => {
            println!("stdout {argument}");
            eprintln!("stderr {argument}");
            String::new()
        }
        "/allocate" => std::hint::black_box(vec![1_u8; argument.parse()?])
            .len()
            .to_string(),
        "/count" => request.body().len().to_string(),
        _ => path.clone(),
    };
    Ok(Response::builder()
        .status(200)
        .header("content-type", "text/plain")
        .body(body)
        .build())
}

/// One `name: value` a line, for the headers that Spin adds.
fn headers(request: &Request) -> String {
    let spin = request
        .headers()
        .filter(|(name, _)| name.starts_with("spin-"));
    let lines: Vec<String> = spin
        .map(|(name, value)| format!("{name}: {}", value.as_str().unwrap()))
        .collect();
    lines.join("\n")
}

/// GET reads the key, PUT writes it, DELETE deletes it, HEAD says whether it is there; without a key, lists them.
fn key_value(method: &Method, key: &str, value: &[u8]) -> anyhow::Result<String> {
    let store = Store::open_default()?;
    Ok(match method {
        Method::Put => {
            store.set(key, value)?;
            "set".to_owned()
        }
        Method::Delete => {
            store.delete(key)?;
            "deleted".to_owned()
        }
        Method::Post => store.exists(key)?.to_string(),
        _ if key.is_empty() => {
            let mut keys = store.get_keys()?;
            keys.sort();
            keys.join(",")
        }
        _ => store.get(key)?.map_or("none".to_owned(), |value| {
            String::from_utf8_lossy(&value).into_owned()
        }),
    })
}

/// Runs each line of the body as a statement on one connection; answers with the last one's columns and rows.
fn sqlite(statements: &[u8]) -> anyhow::Result<String> {
    let connection = Connection::open_default()?;
    let mut last = String::new();
    for statement in std::str::from_utf8(statements)?.lines() {
        match connection.execute(statement, &[]) {
            Ok(result) => last = format!("{:?} {:?}", result.columns, rows(&result.rows)),
            Err(error) => return Ok(format!("{error:?}")),
        }
    }
    Ok(last)
}

fn rows(rows: &[spin_sdk::sqlite::RowResult]) -> Vec<&[Value]> {
    rows.iter().map(|row| row.values.as_slice()).collect()
}

/// What one connection has not committed, another does not see; every kind of value comes back as it went in.
fn two_connections() -> anyhow::Result<String> {
    let (first, second) = (Connection::open_default()?, Connection::open_default()?);
    let count = |connection: &Connection| -> anyhow::Result<i64> {
        let result = connection.execute("SELECT count(*) FROM kinds", &[])?;
        Ok(result.rows[0].get::<i64>(0).unwrap())
    };
    first.execute("PRAGMA journal_mode=WAL", &[])?;
    first.execute("CREATE TABLE IF NOT EXISTS kinds (a, b, c, d, e)", &[])?;
    first.execute("BEGIN IMMEDIATE", &[])?;
    let values = [
        Value::Integer(i64::MIN),
        Value::Real(0.5),
        Value::Text("ő\0".to_owned()),
        Value::Blob(vec![0, 255]),
        Value::Null,
    ];
    first.execute("INSERT INTO kinds VALUES (?, ?, ?, ?, ?)", &values)?;
    let (inside, outside) = (count(&first)?, count(&second)?);
    first.execute("COMMIT", &[])?;
    let after = count(&second)?;
    let read = second.execute("SELECT * FROM kinds", &[])?;
    Ok(format!("{inside} {outside} {after} {:?}", rows(&read.rows)))
}

/// Version 3 of the interface: what the last statement changed.
fn sqlite_3() -> anyhow::Result<String> {
    let connection = sqlite3::Connection::open_default()?;
    connection.execute(
        "CREATE TABLE IF NOT EXISTS numbered (id INTEGER PRIMARY KEY, x)",
        &[],
    )?;
    connection.execute("INSERT INTO numbered (x) VALUES (1), (2)", &[])?;
    Ok(format!(
        "{} {}",
        connection.changes(),
        connection.last_insert_rowid()
    ))
}

/// Posts the body to `url`; answers with the status and the body that came back, or the error.
async fn outbound(url: &str, body: Vec<u8>) -> String {
    let request = Request::builder()
        .method(Method::Post)
        .uri(url)
        .body(body)
        .build();
    match send::<_, Response>(request).await {
        Ok(response) => format!(
            "{} {}",
            response.status(),
            String::from_utf8_lossy(response.body())
        ),
        Err(error) => format!("error {error:?}"),
    }
}
