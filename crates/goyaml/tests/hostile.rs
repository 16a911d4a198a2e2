//! Texts that ask for more than they should get: an error each, quickly.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use goyaml::{Limits, Map, ParseError, PrintError, Schema, Value};

fn error(text: &str) -> String {
    goyaml::from_str(text, &Limits::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn an_alias_bomb_is_refused_as_go_refuses_it() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert_eq!(error(&bomb), "yaml: document contains excessive aliasing");
}

#[test]
fn an_alias_to_long_text_counts_its_bytes() {
    let text = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(1 << 20),
        vec!["*a"; 90].join(", ")
    );
    assert_eq!(
        error(&text),
        "yaml: document exceeds the limit of 67108864 bytes"
    );
}

#[test]
fn merges_of_merges_are_bounded() {
    let mut bomb = String::from("a0: &a0 {x: 1, y: 2}\n");
    for level in 1..40 {
        bomb.push_str(&format!(
            "a{level}: &a{level} {{<<: [*a{0}, *a{0}, *a{0}]}}\n",
            level - 1
        ));
    }
    assert!(goyaml::from_str(&bomb, &Limits::default()).is_err());
    assert!(goyaml::documents(&bomb, Schema::V3, &Limits::default()).is_err());
}

#[test]
fn depth_is_bounded_however_it_is_written() {
    let too_deep = "yaml: document exceeds the limit of 200 levels";
    assert_eq!(error(&"[".repeat(100_000)), too_deep);
    assert_eq!(error(&"{a: ".repeat(50_000)), too_deep);
    assert_eq!(error(&"- ".repeat(5_000)), too_deep);
    let mut block = String::new();
    for level in 0..3_000 {
        block.push_str(&" ".repeat(level));
        block.push_str("a:\n");
    }
    assert_eq!(error(&block), too_deep);
    let mut chain = String::from("a0: &a0 [x]\n");
    for level in 1..300 {
        chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(goyaml::from_str(&chain, &Limits::default()).is_err());
}

#[test]
fn an_anchor_inside_itself_is_refused() {
    assert_eq!(
        error("a: &a [*a]\n"),
        "yaml: anchor 'a' value contains itself"
    );
    assert_eq!(
        error("a: &a\n  <<: *a\n"),
        "yaml: anchor 'a' value contains itself"
    );
}

#[test]
fn documents_and_nodes_are_counted_over_the_stream() {
    let stream = "---\na: 1\n".repeat(10_001);
    let limit = |limit, unit| ParseError::Limit { limit, unit };
    assert_eq!(
        goyaml::documents(&stream, Schema::V3, &Limits::default()),
        Err(limit(10_000, "documents"))
    );
    let limits = Limits {
        nodes: 1_000,
        ..Limits::default()
    };
    assert!(matches!(
        goyaml::documents(&"---\na: 1\n".repeat(900), Schema::V3, &limits),
        Err(ParseError::Limit { unit: "nodes", .. })
    ));
}

#[test]
fn long_plain_keys_and_many_openings_take_linear_time() {
    // Quadratic scanners need hours for these.
    assert!(goyaml::from_str(&"? ".repeat(200_000), &Limits::default()).is_err());
    assert!(goyaml::from_str(&"a: [".repeat(200_000), &Limits::default()).is_err());
    assert!(goyaml::from_str(&"x ".repeat(2_000_000), &Limits::default()).is_ok());
    assert!(goyaml::from_str(&format!("[{}]", "a, ".repeat(200_000)), &Limits::default()).is_ok());
    assert!(goyaml::from_str(&format!("\"{}", "a ".repeat(500_000)), &Limits::default()).is_err());
}

#[test]
fn values_that_json_lacks_are_not_printed() {
    assert_eq!(
        goyaml::to_string(&Value::Float(f64::NAN)),
        Err(PrintError::Number("NaN"))
    );
    assert_eq!(
        goyaml::to_string_pretty(&Value::Float(f64::NEG_INFINITY)),
        Ok("-.inf\n".to_owned())
    );
    assert_eq!(
        goyaml::to_string(&Value::String("a\u{7f}".to_owned())),
        Err(PrintError::ControlCharacter)
    );
    let mut deep = Value::Null;
    for _ in 0..500 {
        deep = Value::Mapping(Map::from([("a".to_owned(), deep)]));
    }
    assert_eq!(goyaml::to_string(&deep), Err(PrintError::Depth(250)));
    assert_eq!(goyaml::to_string_pretty(&deep), Err(PrintError::Depth(250)));
}

#[test]
fn schemas_differ_as_go_yaml_v2_and_v3() {
    let v3 = |text: &str| {
        goyaml::documents(text, Schema::V3, &Limits::default())
            .map(|mut documents| documents.remove(0))
    };
    let v2 = |text: &str| goyaml::from_str(text, &Limits::default());
    let text = |s: &str| Value::String(s.to_owned());
    assert_eq!(v2("k: on\n").unwrap().get("k"), Some(&Value::Bool(true)));
    assert_eq!(v3("k: on\n").unwrap().get("k"), Some(&text("on")));
    assert_eq!(
        v2("k: 2001-1-2\n").unwrap().get("k"),
        Some(&text("2001-1-2"))
    );
    assert_eq!(
        v3("k: 2001-1-2\n").unwrap().get("k"),
        Some(&text("2001-01-02T00:00:00Z"))
    );
    assert_eq!(v2("k: 1\nk: 2\n").unwrap().get("k"), Some(&Value::Int(2)));
    assert!(v3("k: 1\nk: 2\n").is_err());
    let merged = "a: &a {x: 1, y: 1}\nb: {x: 2, <<: *a}\n";
    assert_eq!(
        v2(merged).unwrap().get("b").unwrap().get("x"),
        Some(&Value::Int(1))
    );
    assert_eq!(
        v3(merged).unwrap().get("b").unwrap().get("x"),
        Some(&Value::Int(2))
    );
}
