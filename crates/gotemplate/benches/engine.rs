//! How fast templates parse and execute, beside Go's own engine and the crate `gotmpl`.
//!
//! `cargo bench -p gotemplate` prints the times of each and their ratios; Go is asked only if `go` can be run. The same
//! program runs in Wasm (`--target wasm32-wasip2`), where it prints this crate's times alone.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot measure"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use gotemplate::{Functions, Limits, NoHost, TemplateSet, Value};
use serde_json::json;

struct Case {
    name: &'static str,
    text: &'static str,
    data: serde_json::Value,
}

fn cases() -> Vec<Case> {
    let item = |index: i32| json!({"name": format!("item-{index}"), "port": index, "enabled": index % 10 != 0});
    let items: Vec<_> = (0..10_000).map(item).collect();
    let data = |text| serde_json::from_str(text).expect("the case's data is JSON");
    vec![
        Case {
            name: "manifest",
            text: include_str!("cases/manifest.tmpl"),
            data: data(include_str!("cases/manifest.json")),
        },
        Case {
            name: "chart",
            text: include_str!("cases/chart.tmpl"),
            data: data(include_str!("cases/chart.json")),
        },
        Case {
            name: "loop",
            text: include_str!("cases/loop.tmpl"),
            data: json!({ "items": items }),
        },
    ]
}

fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => number.as_i64().map_or_else(
            || Value::Float(number.as_f64().unwrap_or_default()),
            Value::int,
        ),
        serde_json::Value::String(text) => Value::str(text.as_str()),
        serde_json::Value::Array(items) => Value::list(items.iter().map(value).collect()),
        serde_json::Value::Object(entries) => Value::dict(
            entries
                .iter()
                .map(|(key, item)| (key.as_str(), value(item))),
        ),
    }
}

/// Nanoseconds for one run: the best of several, since what the machine does besides only ever adds time.
fn best(mut work: impl FnMut()) -> f64 {
    let mut count = 1u32;
    loop {
        let start = Instant::now();
        (0..count).for_each(|_| work());
        if start.elapsed() > Duration::from_millis(20) {
            break;
        }
        count *= 2;
    }
    let rounds = (0..15).map(|_| {
        let start = Instant::now();
        (0..count).for_each(|_| work());
        start.elapsed()
    });
    rounds.min().unwrap_or_default().as_nanos() as f64 / f64::from(count)
}

/// Nanoseconds to parse and to execute.
type Times = (f64, f64);

fn ours(case: &Case) -> (Times, Vec<u8>) {
    let functions = std::rc::Rc::new(Functions::new());
    let empty = TemplateSet::new(functions);
    let parse = best(|| {
        let mut set = empty.clone();
        set.parse(case.name, case.text).expect("the case parses");
        black_box(set);
    });
    let mut set = empty;
    set.parse(case.name, case.text).expect("the case parses");
    let data = value(&case.data);
    let limits = Limits::default();
    let mut out = Vec::new();
    let execute = best(|| {
        out.clear();
        set.execute(&mut out, case.name, data.clone(), &limits, &NoHost)
            .expect("the case executes");
    });
    ((parse, execute), out)
}

#[cfg(not(target_family = "wasm"))]
fn gotmpl(case: &Case) -> (Times, Vec<u8>) {
    let data = gotmpl::to_value(&case.data).expect("the data converts");
    let parse = best(|| {
        black_box(
            gotmpl::Template::new(case.name)
                .parse(case.text)
                .expect("the case parses"),
        );
    });
    let template = gotmpl::Template::new(case.name)
        .parse(case.text)
        .expect("the case parses");
    let mut out = Vec::new();
    let execute = best(|| {
        out.clear();
        template
            .execute(&mut out, &data)
            .expect("the case executes");
    });
    ((parse, execute), out)
}

/// Go's times and the length of its output, by case; empty where there is no Go.
#[cfg(not(target_family = "wasm"))]
fn go() -> Vec<(String, Times, usize)> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/benches");
    let mut command = std::process::Command::new("go");
    command
        .args([
            "run",
            &format!("{dir}/peer/main.go"),
            &format!("{dir}/cases"),
        ])
        .env("GO111MODULE", "off");
    let Ok(output) = command.output() else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let mut fields = line.split(' ');
        let name = fields.next()?.to_owned();
        let mut number = || fields.next()?.parse::<f64>().ok();
        Some((name, (number()?, number()?), number()? as usize))
    };
    text.lines().filter_map(line).collect()
}

fn show(name: &str, engine: &str, (parse, execute): Times, (our_parse, our_execute): Times) {
    println!(
        "{name:10} {engine:12} parse {:9.1} µs ({:5.2}×)   execute {:9.1} µs ({:5.2}×)",
        parse / 1000.0,
        parse / our_parse,
        execute / 1000.0,
        execute / our_execute,
    );
}

fn main() {
    #[cfg(not(target_family = "wasm"))]
    let go = go();
    for case in cases() {
        let (times, out) = ours(&case);
        show(case.name, "gotemplate", times, times);
        #[cfg(not(target_family = "wasm"))]
        {
            let (theirs, their_out) = gotmpl(&case);
            assert_eq!(
                String::from_utf8_lossy(&out),
                String::from_utf8_lossy(&their_out),
                "the outputs must agree"
            );
            show(case.name, "gotmpl", theirs, times);
            if let Some((_, theirs, length)) = go.iter().find(|(name, ..)| name == case.name) {
                assert_eq!(*length, out.len(), "the outputs must agree");
                show(case.name, "go", *theirs, times);
            }
        }
        black_box(out);
    }
}
