//! What holds for every template text: no panic, the printed form parses to itself, output stays within its limit.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what helps a test fails as a test does"
)]

use gotemplate::{Functions, Limits, NoHost, TemplateSet, Value};
use proptest::prelude::*;

/// Texts that are templates more often than chance would have it.
fn template() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "{{", "}}", "{{-", "-}}", " ", "\n", "(", ")", "|", ".", "$", "$x", "$x := ", "$x = ", ", ", ".a", ".m.k",
            ".l", "if ", "else ", "else if ", "else with ", "end", "range ", "with ", "define ", "template ", "block ",
            "break", "continue", "nil", "true", "1", "-7", "0x1F", "1e3", "'a'", "\"s\"", "`r`", "print ", "printf ",
            "\"%v %[2]*.3q\" ", "len ", "index ", "slice ", "eq ", "and ", "or ", "not ", "html ", "call ", "/* c */",
            "{{end}}", "{{else}}", "{{if .a}}", "{{range $i, $e := .l}}", "{{with .m}}", "{{.a}}", "{{$x := 1}}",
            "{{template \"t\" .}}", "{{define \"d\"}}", "{{break}}",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn data() -> Value {
    Value::dict([
        ("a", Value::int(1)),
        (
            "m",
            Value::dict([("k", Value::str("v")), ("nil", Value::Nil)]),
        ),
        (
            "l",
            Value::list(vec![Value::str("x"), Value::Float(2.5), Value::Nil]),
        ),
    ])
}

fn limits() -> Limits {
    Limits {
        steps: 20_000,
        output: 4096,
        memory: 1 << 20,
        value: 4096,
        ..Limits::default()
    }
}

/// Parses and executes; gives back the printed form of what parsed.
fn run(text: &[u8]) -> Option<Vec<u8>> {
    let mut set = TemplateSet::new(Functions::new());
    set.parse("t", text).ok()?;
    let mut out = Vec::new();
    let _ = set.execute(&mut out, "t", data(), &limits(), &NoHost);
    assert!(out.len() <= limits().output, "wrote {} bytes", out.len());
    set.source("t")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_parse_or_fail_without_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
        run(&text);
    }

    #[test]
    fn any_bytes_in_an_action_parse_or_fail_without_panic(text in prop::collection::vec(any::<u8>(), 0..60)) {
        run(&[b"{{", text.as_slice(), b"}}"].concat());
    }

    #[test]
    fn what_parses_prints_to_a_text_that_parses_to_the_same(text in template()) {
        // Text that holds delimiters after trimming, such as "{{" from "{ {{- 1}}", cannot be told from an action.
        if let Some(printed) = run(text.as_bytes()) {
            if let Some(again) = run(&printed) {
                prop_assert_eq!(printed, again);
            } else {
                // Only a template that names another one may fail to parse alone.
                prop_assert!(text.contains("define") || text.contains("block"), "{:?} printed as {:?}", text,
                    String::from_utf8_lossy(&printed));
            }
        }
    }

    #[test]
    fn any_format_and_operands_print_without_panic(
        format in "[%\\[\\]0-9.*+# a-zA-Z-]{0,24}",
        text in prop::collection::vec(any::<u8>(), 0..8),
        number in any::<i64>(),
        float in any::<f64>(),
    ) {
        let mut set = TemplateSet::new(Functions::new());
        set.parse("t", "{{printf .f .s .n .d .nil .l}}").expect("it parses");
        let list = Value::list(vec![Value::str(text.clone()), Value::Float(float), Value::Nil]);
        let data = Value::dict([
            ("f", Value::str(format)),
            ("s", Value::str(text)),
            ("n", Value::int(number)),
            ("d", Value::Float(float)),
            ("nil", Value::Nil),
            ("l", list),
        ]);
        let mut out = Vec::new();
        let _ = set.execute(&mut out, "t", data, &limits(), &NoHost);
        prop_assert!(out.len() <= limits().output);
    }

    #[test]
    fn a_float_reads_back_from_every_shortest_form(bits in any::<u64>()) {
        let float = f64::from_bits(bits);
        for verb in [b'e', b'f', b'g', b'x'] {
            let text = gotemplate::strconv::format_float(float, verb, -1);
            let read = gotemplate::strconv::parse_float(&text).expect("it was printed as a number");
            prop_assert!(read.to_bits() == float.to_bits() || read.is_nan() && float.is_nan(), "{float} as {text:?}");
        }
    }
}
