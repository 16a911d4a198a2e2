//! What clients send wrong: each request of the table in `bad_input.json` is refused with a problem (RFC 9457) that says what
//! is wrong, and leaves nothing behind.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use end_to_end::artifacts::{artifact, manifest};
use end_to_end::world::{Setup, World};
use harness::application::ADMIN_TOKEN;
use harness::client::Answer;
use serde_json::{Value, json};

const TABLE: &str = include_str!("bad_input.json");

#[test]
fn w9_every_bad_request_is_refused_and_leaves_nothing() {
    let secrets = [
        "github_webhook_secret",
        "gitlab_webhook_token",
        "gitea_webhook_secret",
    ];
    let setup = Setup::new("w9_every_bad_request_is_refused_and_leaves_nothing");
    let setup = secrets.iter().fold(setup, |setup, name| {
        setup.variable(name, "secret-of-the-tests")
    });
    let world = setup.start();
    let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.settle();
    let before = state(&world);
    let table: Vec<Value> = serde_json::from_str(TABLE).unwrap();
    assert!(table.len() >= 250);
    let mut wrong = Vec::new();
    for row in &table {
        let answer = send(&world, row, &id);
        if let Err(complaint) = check(row, &answer) {
            wrong.push(format!(
                "{}: {complaint}\n  {} {}",
                row["name"],
                answer.status,
                answer.text()
            ));
        } else if state(&world) != before {
            wrong.push(format!("{}: something was stored", row["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    world.flush();
    assert_eq!(state(&world), before);
    assert!(!world.application.log().contains(ADMIN_TOKEN));
}

/// All that clients can see.
fn state(world: &World) -> Vec<Value> {
    let mut seen: Vec<Value> = [
        "/api/artifacts?limit=1000",
        "/api/releases?env=staging",
        "/api/holds",
        "/api/users",
        "/healthz",
    ]
    .iter()
    .map(|path| world.client().get(path).expect(200))
    .collect();
    seen.push(world.gitops.tip("main").into());
    seen
}

fn send(world: &World, row: &Value, id: &str) -> Answer {
    let method = row["method"].as_str().unwrap();
    let path = row["path"].as_str().unwrap().replace("{id}", id);
    let mut headers: Vec<(String, String)> = Vec::new();
    match row.get("authorization") {
        None => headers.push(("Authorization".to_owned(), format!("Bearer {ADMIN_TOKEN}"))),
        Some(Value::Null) => {}
        Some(value) => headers.push(("Authorization".to_owned(), text(value))),
    }
    for (name, value) in row["headers"].as_object().into_iter().flatten() {
        headers.push((name.clone(), text(value)));
    }
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let body = body(row, id);
    let answer = world.client().send(method, &path, &headers, &body);
    answer.unwrap_or_else(|error| panic!("{}: no answer: {error}", row["name"]))
}

/// A text, or `{"repeat": [unit, count]}` with what stands before and after it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        _ => {
            let (unit, count) = (
                value["repeat"][0].as_str().unwrap(),
                value["repeat"][1].as_u64().unwrap(),
            );
            let part = |name: &str| value[name].as_str().unwrap_or_default();
            format!(
                "{}{}{}",
                part("before"),
                unit.repeat(usize::try_from(count).unwrap()),
                part("after")
            )
        }
    }
}

/// `body` is sent as it is if it is a text, else as JSON; `bytes` are sent in hexadecimal; `artifact` is a good artifact with
/// some places, given as JSON pointers, set to something else (`null` takes them away).
fn body(row: &Value, id: &str) -> Vec<u8> {
    if let Some(bytes) = row["bytes"].as_str() {
        let digits = |at: usize| u8::from_str_radix(&bytes[at..at + 2], 16).unwrap();
        return (0..bytes.len()).step_by(2).map(digits).collect();
    }
    if let Some(changes) = row["artifact"].as_object() {
        let mut good = artifact(2, vec![manifest("staging", "web", "two")]);
        for (pointer, value) in changes {
            set(&mut good, pointer, value);
        }
        return good.to_string().into_bytes();
    }
    match &row["body"] {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        value if value.get("repeat").is_some() => text(value).into_bytes(),
        value => value.to_string().replace("{id}", id).into_bytes(),
    }
}

fn set(document: &mut Value, pointer: &str, value: &Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let value = match value.get("repeat") {
        Some(_) => Value::String(text(value)),
        None => value.clone(),
    };
    match document.pointer_mut(parent).unwrap() {
        Value::Object(fields) if value.is_null() => drop(fields.remove(name)),
        Value::Object(fields) => drop(fields.insert(name.to_owned(), value)),
        Value::Array(elements) => elements[name.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer} is in nothing"),
    }
}

/// A problem has a type, a title, the status, and a detail that tells people something.
fn check(row: &Value, answer: &Answer) -> Result<(), String> {
    let expect = |what: &str, found: &Value, wanted: &Value| match found == wanted {
        true => Ok(()),
        false => Err(format!("{what} is {found}, not {wanted}")),
    };
    expect("the status", &answer.status.into(), &row["status"])?;
    let kind = answer.header("content-type").unwrap_or_default();
    expect(
        "the content type",
        &kind.into(),
        &"application/problem+json".into(),
    )?;
    let problem: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    expect("the problem's status", &problem["status"], &row["status"])?;
    let wanted = format!("urn:wimble:problem:{}", row["type"].as_str().unwrap());
    expect("the type", &problem["type"], &wanted.into())?;
    for member in ["title", "detail"] {
        if problem[member].as_str().is_none_or(str::is_empty) {
            return Err(format!("no {member}"));
        }
    }
    if let Some(field) = row.get("field") {
        expect("the field", &problem["field"], field)?;
    }
    for (name, value) in row["answer"].as_object().into_iter().flatten() {
        expect(name, &answer.header(name).into(), value)?;
    }
    if answer.text().contains(ADMIN_TOKEN) {
        return Err("the token is in the answer".to_owned());
    }
    Ok(())
}

/// What is no text is no key, which is not the same as none: the release would be made again.
#[test]
fn an_idempotency_key_that_is_no_text_is_refused() {
    let world = World::start("an_idempotency_key_that_is_no_text_is_refused");
    let mut stream = TcpStream::connect(world.client().address()).unwrap();
    let head = format!(
        "POST /api/delete?env=staging&app=web HTTP/1.1\r\nHost: wimble\r\nConnection: close\r\n\
         Content-Length: 0\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\nIdempotency-Key: k"
    );
    let request = [head.as_bytes(), &[0xe9], b"y\r\n\r\n"].concat();
    stream.write_all(&request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(world.health()["waitingWrites"], 0);
}

#[test]
fn without_an_admin_token_nobody_is_served() {
    let cases = [("", "not set"), ("short", "shorter than 16")];
    for (token, words) in cases {
        let world = Setup::new("without_an_admin_token_nobody_is_served")
            .variable("admin_token", token)
            .start();
        for (method, path) in [
            ("GET", "/api/artifacts"),
            ("POST", "/api/artifact"),
            ("POST", "/internal/flush"),
        ] {
            let authorization = format!("Bearer {token}");
            let headers = [("Authorization", authorization.as_str())];
            let answer = world.client().send(method, path, &headers, b"{}").unwrap();
            assert_eq!(answer.status, 503, "{}", answer.text());
            let problem = answer.json();
            assert_eq!(problem["type"], "urn:wimble:problem:not-configured");
            assert!(
                problem["detail"].as_str().unwrap().contains(words),
                "{problem}"
            );
        }
    }
}

#[test]
fn tokens_are_taken_as_gimletds_clients_send_them() {
    let world = World::start("tokens_are_taken_as_gimletds_clients_send_them");
    let status = |headers: &[(&str, &str)], query: &str| {
        let path = format!("/api/artifacts{query}");
        world
            .client()
            .send("GET", &path, headers, b"")
            .unwrap()
            .status
    };
    let bearer = |word: &str| format!("{word}{ADMIN_TOKEN}");
    for word in ["Bearer ", "bearer ", "BEARER ", ""] {
        assert_eq!(
            status(&[("Authorization", &bearer(word))], ""),
            200,
            "{word:?}"
        );
    }
    assert_eq!(status(&[], &format!("?access_token={ADMIN_TOKEN}")), 200);
    // A header that is there counts, even if the query has the right token.
    assert_eq!(
        status(
            &[("Authorization", "Bearer wrong")],
            &format!("?access_token={ADMIN_TOKEN}")
        ),
        401
    );
    assert_eq!(status(&[], ""), 401);
}

#[test]
fn x7_a_smaller_body_limit_is_kept() {
    let world = Setup::new("x7_a_smaller_body_limit_is_kept")
        .variable("max_body_bytes", "2000")
        .start();
    let mut large = artifact(1, Vec::new());
    large["context"]["FILL"] = json!("x".repeat(2000));
    let problem = world.client().post("/api/artifact", &large).expect(413);
    assert_eq!(
        (&problem["type"], &problem["limit"]),
        (&json!("urn:wimble:problem:too-large"), &json!(2000))
    );
    world.ship(&artifact(1, Vec::new()));
}
