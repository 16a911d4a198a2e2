//! Any bytes as a template, with all of Sprig: no panic, no overflow, output within its limit, and what parses prints to a
//! text that parses to itself.
#![no_main]

use gotemplate::{Limits, NoHost, TemplateSet, Value, sprig};
use libfuzzer_sys::fuzz_target;

fn data() -> Value {
    Value::dict([
        ("a", Value::int(1)),
        ("s", Value::str("text")),
        ("m", Value::dict([("k", Value::str("v")), ("nil", Value::Nil)])),
        ("l", Value::list(vec![Value::str("x"), Value::Float(2.5), Value::Nil])),
    ])
}

fuzz_target!(|text: &[u8]| {
    let limits =
        Limits { steps: 20_000, output: 1 << 16, memory: 1 << 22, value: 1 << 16, ..Limits::default() };
    let functions = std::rc::Rc::new(sprig::repeatable());
    let mut set = TemplateSet::new(functions.clone());
    if set.parse("t", text).is_err() {
        return;
    }
    let mut out = Vec::new();
    let _ = set.execute(&mut out, "t", data(), &limits, &NoHost);
    assert!(out.len() <= limits.output);
    let printed = set.source("t").expect("the template was parsed");
    let mut again = TemplateSet::new(functions);
    if again.parse("t", &printed).is_ok() {
        assert_eq!(again.source("t").expect("the template was parsed"), printed);
    }
});
