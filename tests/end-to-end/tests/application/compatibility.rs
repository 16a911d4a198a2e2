//! GimletD's wire format: the exchanges of `compatibility.json`, played one after another against one application.
//!
//! Each names what of GimletD it is about: `section` counts as the reference of its behaviour does (1 the HTTP API with a
//! number for each route, 2 artifacts, 5 the GitOps repository, 6 queries and tracking, 8 users and tokens), `ids` are
//! GimletD's faults that it shows mended (see `mended.tsv`). What `capture` takes from an answer stands as `{name}` in those
//! that follow.

use std::collections::{BTreeMap, BTreeSet};

use end_to_end::world::World;
use harness::application::ADMIN_TOKEN;
use harness::client::Answer;
use serde_json::Value;

const EXCHANGES: &str = include_str!("compatibility.json");

type Captured = BTreeMap<String, String>;

#[test]
fn gimletds_clients_get_the_answers_that_they_know() {
    let world = World::start("gimletds_clients_get_the_answers_that_they_know");
    let exchanges: Vec<Value> = serde_json::from_str(EXCHANGES).unwrap();
    let mut captured = Captured::from([("admin".to_owned(), ADMIN_TOKEN.to_owned())]);
    let mut wrong = Vec::new();
    for exchange in &exchanges {
        if exchange["before"] == "settle" {
            world.settle();
        }
        let answer = send(&world, exchange, &captured);
        if let Err(complaint) = check(exchange, &answer, &captured) {
            wrong.push(format!(
                "{} {}: {complaint}\n  {} {}",
                exchange["section"],
                exchange["name"],
                answer.status,
                answer.text()
            ));
        }
        for (name, pointer) in exchange["capture"].as_object().into_iter().flatten() {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let value = body.pointer(pointer.as_str().unwrap());
            let value = value.and_then(Value::as_str).unwrap_or("not captured");
            captured.insert(name.clone(), value.to_owned());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_description_is_served_to_anybody_as_it_was_generated() {
    let world = World::start("the_description_is_served_to_anybody");
    let served = world
        .client()
        .send("GET", "/api/openapi.json", &[], b"")
        .unwrap();
    let file = harness::components::workspace().join("crates/openapi/openapi.json");
    assert_eq!(served.text(), std::fs::read_to_string(file).unwrap());
    assert_eq!(served.header("content-type"), Some("application/json"));
}

#[test]
fn each_part_of_the_wire_format_has_its_exchanges() {
    let exchanges: Vec<Value> = serde_json::from_str(EXCHANGES).unwrap();
    let of = |field: &str| -> BTreeSet<String> {
        let values = exchanges.iter().map(|exchange| exchange[field].as_str());
        values.map(|value| value.unwrap().to_owned()).collect()
    };
    for section in 1..=14 {
        let section = format!("1.{section}");
        assert!(of("section").contains(&section), "{section}");
    }
    for section in ["2.1", "2.2", "5.8", "6.1", "6.3", "6.4", "8"] {
        assert!(of("section").contains(section), "{section}");
    }
    for route in access::Route::ALL {
        // What GimletD does not have, or leaves to other clients.
        let ours = [
            "/healthz",
            "/api/openapi.json",
            "/api/artifacts/{id...}",
            "/api/holds",
            "/api/argocd-events",
            "/api/hooks",
            "/api/audit",
            "/api/policies",
            "/internal",
            "/tokens",
            "/metrics",
            "/api/notifications",
        ];
        if ours.iter().any(|part| route.path().contains(part)) {
            continue;
        }
        let start = route.path().split('{').next().unwrap();
        let found = exchanges.iter().any(|exchange| {
            exchange["method"] == route.method()
                && exchange["path"].as_str().unwrap().starts_with(start)
        });
        assert!(found, "{route:?} has no exchange");
    }
}

fn filled(text: &str, captured: &Captured) -> String {
    let mut text = text.to_owned();
    for (name, value) in captured {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

fn send(world: &World, exchange: &Value, captured: &Captured) -> Answer {
    let fill = |value: &Value| filled(value.as_str().unwrap(), captured);
    let mut headers = Vec::new();
    match exchange["as"].as_str() {
        Some("nobody") => {}
        Some(token) => headers.push((
            "Authorization".to_owned(),
            format!("Bearer {}", filled(token, captured)),
        )),
        None => headers.push(("Authorization".to_owned(), format!("Bearer {ADMIN_TOKEN}"))),
    }
    for (name, value) in exchange["headers"].as_object().into_iter().flatten() {
        headers.push((name.clone(), fill(value)));
    }
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let body = match (&exchange["text"], &exchange["body"]) {
        (Value::String(text), _) => filled(text, captured),
        (_, Value::Null) => String::new(),
        (_, body) => filled(&body.to_string(), captured),
    };
    let (method, path) = (
        exchange["method"].as_str().unwrap(),
        fill(&exchange["path"]),
    );
    world
        .client()
        .send(method, &path, &headers, body.as_bytes())
        .unwrap()
}

fn check(exchange: &Value, answer: &Answer, captured: &Captured) -> Result<(), String> {
    if answer.status != exchange["status"].as_u64().unwrap() as u16 {
        return Err(format!("the status is not {}", exchange["status"]));
    }
    for (name, wanted) in exchange["answer"].as_object().into_iter().flatten() {
        let found = Value::from(answer.header(name));
        fits(wanted, &found, captured, name)?;
    }
    let text = answer.text();
    for part in exchange["raw"].as_array().into_iter().flatten() {
        if !text.contains(part.as_str().unwrap()) {
            return Err(format!("{part} is not in it"));
        }
    }
    if exchange["empty"] == true {
        return match answer.body.is_empty() {
            true => Ok(()),
            false => Err("it has a body".to_owned()),
        };
    }
    let body: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    if let Some(keys) = exchange["keys"].as_array() {
        let found: Vec<&String> = body.as_object().unwrap().keys().collect();
        if found != keys.iter().collect::<Vec<_>>() {
            return Err(format!("the keys are {found:?}"));
        }
    }
    match exchange.get("json") {
        Some(wanted) => {
            fits(wanted, &body, captured, "")?;
            same_keys(wanted, &body, "")
        }
        None => fits(&exchange["includes"], &body, captured, ""),
    }
}

/// What is wanted is found: every member, every element. A text may end in `*`, null means absent, `"null"` null.
fn fits(wanted: &Value, found: &Value, captured: &Captured, at: &str) -> Result<(), String> {
    let differs = || Err(format!("{at} is {found}, not {wanted}"));
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.iter().try_for_each(|(name, wanted)| {
                let at = format!("{at}/{name}");
                match (wanted, found.get(name)) {
                    (Value::Null, None) => Ok(()),
                    (Value::Null, Some(found)) => Err(format!("{at} is {found}, not absent")),
                    (_, None) => Err(format!("{at} is absent")),
                    (wanted, Some(found)) => fits(wanted, found, captured, &at),
                }
            })
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let mut pairs = wanted.iter().zip(found).enumerate();
            pairs.try_for_each(|(place, (wanted, found))| {
                fits(wanted, found, captured, &format!("{at}/{place}"))
            })
        }
        (Value::String(wanted), Value::Null) if wanted == "null" => Ok(()),
        (Value::String(wanted), Value::Number(_)) if wanted == "*" => Ok(()),
        (Value::String(wanted), Value::String(found)) => {
            let wanted = filled(wanted, captured);
            let good = match wanted.strip_suffix('*') {
                Some(start) => found.starts_with(start) && found.len() > start.len(),
                None => *found == wanted,
            };
            if good { Ok(()) } else { differs() }
        }
        _ if wanted == found => Ok(()),
        _ => differs(),
    }
}

/// Nothing is found that is not wanted.
fn same_keys(wanted: &Value, found: &Value, at: &str) -> Result<(), String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            found.iter().try_for_each(|(name, found)| {
                let at = format!("{at}/{name}");
                match wanted.get(name) {
                    None => Err(format!("{at} is {found}, and nothing is wanted there")),
                    Some(wanted) => same_keys(wanted, found, &at),
                }
            })
        }
        (Value::Array(wanted), Value::Array(found)) => {
            let mut pairs = wanted.iter().zip(found);
            pairs.try_for_each(|(wanted, found)| same_keys(wanted, found, at))
        }
        _ => Ok(()),
    }
}
