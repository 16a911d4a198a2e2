//! Every committed answer of real Go, Sprig and Helm (`vectors/`), compared byte for byte. A case listed in `known-differences.json` must
//! still differ; any other must agree.
// Helpers of tests may end a test as the tests themselves may; Clippy knows only the latter by itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use base64::Engine;
use gotemplate::{
    Context, FuncError, Function, Functions, Host, HostError, Instant, KeyKind, Limits, List, Map,
    MissingKey, Object, ParseError, Signature, TemplateSet, Type, Value, sprig,
};
use serde_json::Value as Json;

struct Case {
    id: String,
    template: String,
    data: Json,
    missing_key: Option<String>,
    plain: bool,
    helm: bool,
    answer: Result<Vec<u8>, String>,
}

/// The committed answers, or those of the folder that `VECTORS` names.
fn vectors() -> PathBuf {
    std::env::var_os("VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors"),
        PathBuf::from,
    )
}

fn json(path: &Path) -> Json {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn cases(topic: &Path, sets: &Json) -> Vec<Case> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let case = |line: &str| {
        let case: Json = serde_json::from_str(line).unwrap();
        let answer = match (text(&case["error"]), text(&case["output_base64"])) {
            (Some(error), _) => Err(error),
            (None, Some(bytes)) => Ok(base64::engine::general_purpose::STANDARD
                .decode(bytes)
                .unwrap()),
            (None, None) => Ok(text(&case["output"]).unwrap().into_bytes()),
        };
        Case {
            id: text(&case["id"]).unwrap(),
            template: text(&case["template"]).unwrap(),
            data: text(&case["set"]).map_or_else(|| case["data"].clone(), |set| sets[set].clone()),
            missing_key: text(&case["missingkey"]),
            plain: case["plain"] == true,
            helm: case["peer"] == "helm",
            answer,
        }
    };
    fs::read_to_string(topic)
        .unwrap()
        .lines()
        .map(case)
        .collect()
}

/// The host object of `generate/main.go`.
struct Files {
    name: String,
}

impl Object for Files {
    fn go_type(&self) -> Type {
        Type::Object("*main.Files")
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Name", Value::str(self.name.as_str()))]
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Get" | "Fail" => Some(Signature::fixed(&[Type::String])),
            "Has" => Some(Signature::variadic(&[Type::String])),
            "Count" => Some(Signature::fixed(&[Type::INT, Type::Float64])),
            "Any" => Some(Signature::fixed(&[Type::Interface])),
            _ => None,
        }
    }

    fn call(&self, _: &mut Context<'_>, method: &str, args: &[Value]) -> Result<Value, FuncError> {
        let name = self.name.clone();
        let text = |at: usize| args[at].as_str().unwrap().to_text().into_owned();
        Ok(match (method, args) {
            ("Get", _) => Value::str(format!("{name}/{}", text(0))),
            ("Fail", _) => return Err(FuncError::new(text(0))),
            ("Has", []) => false.into(),
            ("Has", _) => (text(0) == name).into(),
            ("Count", [Value::Int(count, _), Value::Float(part)]) => {
                Value::str(format!("{count} {part}"))
            }
            ("Any", [any]) => any.clone(),
            other => panic!("no such method: {}", other.0),
        })
    }

    fn equal(&self, other: &dyn Object) -> Option<bool> {
        Some(std::ptr::addr_eq(self, other))
    }
}

fn upper(_: &mut Context<'_>, args: &[Value]) -> Result<Value, FuncError> {
    Ok(Value::str(
        args[0].as_str().unwrap().to_text().to_uppercase(),
    ))
}

/// A host with a clock, chance and keys: none of what it gives may show in an answer.
struct Outside;

impl Host for Outside {
    fn now(&self) -> Result<Instant, HostError> {
        Ok(Instant {
            seconds: 1_700_000_000,
            nanoseconds: 0,
        })
    }

    fn random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        for (at, byte) in buffer.iter_mut().enumerate() {
            *byte = (at as u8).wrapping_mul(73).wrapping_add(buffer_seed());
        }
        Ok(())
    }

    fn private_key(&self, kind: KeyKind) -> Result<Vec<u8>, HostError> {
        sprig::generate_key(kind, &mut |buffer| self.random(buffer))
    }
}

// Advances with each draw, so that no two are alike.
fn buffer_seed() -> u8 {
    use std::sync::atomic::{AtomicU8, Ordering};
    static SEED: AtomicU8 = AtomicU8::new(7);
    SEED.fetch_add(31, Ordering::Relaxed)
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(truth) => (*truth).into(),
        Json::Number(number) => number.as_f64().unwrap().into(),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => Value::list(items.iter().map(value).collect()),
        Json::Object(entries) => match entries.get("$") {
            Some(tag) if entries.len() == 1 => {
                typed(tag[0].as_str().unwrap(), tag[1].as_str().unwrap())
            }
            _ => Value::dict(
                entries
                    .iter()
                    .map(|(key, item)| (key.as_str(), value(item))),
            ),
        },
    }
}

fn typed(name: &str, text: &str) -> Value {
    match name {
        "int" => Value::int(text.parse().unwrap()),
        "int64" => Value::int64(text.parse().unwrap()),
        "uint64" => Value::Uint(text.parse().unwrap(), gotemplate::UintKind::Uint64),
        "float64" => text.parse::<f64>().unwrap().into(),
        "bytes" => Value::Bytes(Rc::from(text.as_bytes())),
        "latin1" => Value::str(text.chars().map(|letter| letter as u8).collect::<Vec<u8>>()),
        "strings" => Value::strings(text.split(',')),
        "ints" => Value::List(List::new(
            Type::INTS,
            text.split(',')
                .map(|number| Value::int(number.parse().unwrap()))
                .collect(),
        )),
        "stringmap" => {
            let entries = text.split(',').map(|part| part.split_once('=').unwrap());
            Value::Map(Map::of(
                Type::STRING_MAP,
                entries.map(|(key, item)| (key, item.into())),
            ))
        }
        "nilmap" => Value::Map(Map::nil(Type::DICT)),
        "nillist" => Value::List(List::nil(Type::LIST)),
        "time" => made_by(&format!(
            "mustToDate \"2006-01-02T15:04:05.999999999Z07:00\" {text:?}"
        )),
        "files" => Value::Object(Rc::new(Files {
            name: text.to_owned(),
        })),
        "func" => Value::Func(
            Function::new(Signature::fixed(&[Type::String]), upper).typed("func(string) string"),
        ),
        other => panic!("unknown type {other}"),
    }
}

/// The value that a call of Sprig's gives.
fn made_by(call: &str) -> Value {
    let made = Rc::new(std::cell::RefCell::new(Value::Nil));
    let kept = made.clone();
    let mut functions = sprig::functions();
    let keep = Function::shared(
        Signature::fixed(&[Type::Interface]),
        Rc::new(move |_, args| {
            *kept.borrow_mut() = args[0].clone();
            Ok(Value::str(""))
        }),
    );
    functions.insert("keep", keep);
    let mut templates = TemplateSet::new(functions);
    templates
        .parse("made", format!("{{{{ {call} | keep }}}}"))
        .unwrap();
    templates
        .execute(
            &mut Vec::new(),
            "made",
            Value::Nil,
            &Limits::default(),
            &Outside,
        )
        .unwrap();
    made.take()
}

fn render(case: &Case, all: &Rc<Functions>, plain: &Rc<Functions>) -> Result<Vec<u8>, String> {
    let option = match case.missing_key.as_deref() {
        Some("zero") => MissingKey::Zero,
        Some("error") => MissingKey::Error,
        _ if case.helm => MissingKey::Zero,
        _ => MissingKey::Default,
    };
    let functions = if case.plain { plain } else { all };
    let mut templates = TemplateSet::new(functions.clone())
        .named("case")
        .missing_key(option);
    templates
        .parse("case", &case.template)
        .map_err(|error: ParseError| error.to_string())?;
    let mut out = Vec::new();
    templates
        .execute(
            &mut out,
            "case",
            value(&case.data),
            &Limits::default(),
            &Outside,
        )
        .map_err(|error| error.to_string())?;
    if case.helm {
        // Helm takes these out of everything that it renders.
        out = as_json_text(&out).replace("<no value>", "").into_bytes();
    }
    Ok(out)
}

/// The text as Go's JSON hands it over: each byte that is not UTF-8 is U+FFFD.
fn as_json_text(output: &[u8]) -> String {
    let mut text = String::new();
    for chunk in output.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{FFFD}'));
    }
    text
}

fn shown(answer: &Result<Vec<u8>, String>) -> String {
    match answer {
        Ok(output) => format!("output {:?}", String::from_utf8_lossy(output)),
        Err(error) => format!("error  {error:?}"),
    }
}

#[test]
fn answers_are_those_of_go_sprig_and_helm() {
    let sets = json(&vectors().join("data.json"));
    let known: BTreeMap<String, String> =
        serde_json::from_value(json(&vectors().join("known-differences.json"))).unwrap();
    let all = Rc::new(sprig::functions());
    // Without Sprig's slice, Go's own is called.
    let mut without_slice = Functions::new();
    for name in all.names().filter(|name| *name != "slice") {
        if let Some(function) = all.get(name) {
            without_slice.insert(name, function.clone());
        }
    }
    let plain = Rc::new(without_slice);
    let mut topics: Vec<PathBuf> = fs::read_dir(vectors())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    topics.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "jsonl")
    });
    topics.sort();
    let only = std::env::var("TOPIC").unwrap_or_default();
    let (mut count, mut wrong, mut differing) = (0, Vec::new(), BTreeSet::new());
    for case in topics
        .iter()
        .flat_map(|topic| cases(topic, &sets))
        .filter(|case| case.id.starts_with(&only))
    {
        count += 1;
        let own = render(&case, &all, &plain);
        if own == case.answer {
            continue;
        }
        differing.insert(case.id.clone());
        if !known.contains_key(&case.id) {
            wrong.push(format!(
                "{} {}\n  theirs: {}\n  ours:   {}",
                case.id,
                case.template,
                shown(&case.answer),
                shown(&own)
            ));
        }
    }
    let mended: Vec<&String> = known
        .keys()
        .filter(|id| id.starts_with(&only) && !differing.contains(*id))
        .collect();
    assert!(
        count >= 1500 || !only.is_empty(),
        "only {count} cases were found"
    );
    assert!(
        known.len() < 15,
        "{} differences are too many to accept",
        known.len()
    );
    assert!(
        wrong.is_empty(),
        "{} of {count} cases differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        mended.is_empty(),
        "these agree now, take them off the list: {mended:?}"
    );
}
