//! What holds for every value and every text: printing and reading give the value back, nothing panics, nothing grows without bound.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use goyaml::{Limits, Map, Schema, Value};
use proptest::prelude::*;

/// Text that survives go-yaml's own round trip: no C1 controls, no DEL, no NEL (see `round_trip.rs`).
fn text() -> impl Strategy<Value = String> {
    let significant =
        "[ab01:\\-#,\\[\\]{}&*!|>'\"%@`?\\\\ \n\t._+~=<e日é\u{2028}\u{a0}\u{feff}😀\r\u{7}]{0,16}";
    prop_oneof![
        significant,
        "[a-z \n]{0,200}",
        "[-+]?[0-9_.xobe:TZ-]{1,10}",
        proptest::sample::select(vec![
            "yes",
            "null",
            "~",
            "0777",
            "1e3",
            ".inf",
            "2001-01-01",
            "<<",
            "=",
            "1:30",
            "on"
        ])
        .prop_map(str::to_owned),
        any::<String>().prop_map(|s| s
            .chars()
            .filter(|c| !matches!(c, '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}'))
            .collect()),
    ]
}

/// `<<` as a key is printed plain by go-yaml, and read back as a merge.
fn key() -> impl Strategy<Value = String> {
    text().prop_filter("a merge key", |key| key != "<<")
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (u64::try_from(i64::MAX).unwrap() + 1..).prop_map(Value::Uint),
        // Whole floats are printed as integers.
        any::<f64>()
            .prop_filter("JSON has it", |f| f.is_finite() && f.fract() != 0.0)
            .prop_map(Value::Float),
        text().prop_map(Value::String),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Sequence),
            proptest::collection::btree_map(key(), inner, 0..6).prop_map(Value::Mapping),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back_as_it_was(value in value()) {
        let printed = goyaml::to_string(&value).unwrap();
        prop_assert_eq!(goyaml::from_str(&printed, &Limits::default()).unwrap(), value, "{}", printed);
    }

    #[test]
    fn what_is_printed_pretty_reads_back_as_it_was(value in value()) {
        let printed = goyaml::to_string_pretty(&value).unwrap();
        // go-yaml v3 writes a literal block whose first line starts with a tab without the hint that reading it needs.
        prop_assume!(!printed.contains('\t'));
        prop_assert_eq!(goyaml::from_str(&printed, &Limits::default()).unwrap(), value, "{}", printed);
    }

    #[test]
    fn printing_is_the_same_after_a_round_trip(value in value()) {
        let printed = goyaml::to_string(&value).unwrap();
        let again = goyaml::to_string(&goyaml::from_str(&printed, &Limits::default()).unwrap()).unwrap();
        prop_assert_eq!(again, printed);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        read_everyhow(&text)?;
    }

    #[test]
    fn no_yaml_like_text_makes_it_panic(text in "[ab1:\\-#,\\[\\]{}&*!|>'\"%@?\\\\ \n\t.<~\u{85}\u{2028}\u{feff}-]{0,60}") {
        read_everyhow(&text)?;
    }

    #[test]
    fn keys_of_any_kind_can_be_sorted(keys in proptest::collection::vec("[01a.٣²-]{0,6}", 0..200)) {
        let map: Map = keys.into_iter().map(|key| (key, Value::Null)).collect();
        let count = map.len();
        let printed = goyaml::to_string_pretty(&Value::Mapping(map)).unwrap();
        prop_assert_eq!(printed.lines().filter(|line| line.ends_with("null")).count(), count);
    }
}

/// Reads `text` by both schemas; what can be read can be printed.
fn read_everyhow(text: &str) -> Result<(), TestCaseError> {
    let limits = Limits::default();
    if let Ok(value) = goyaml::from_str(text, &limits) {
        prop_assert!(goyaml::to_string_pretty(&value).is_ok());
        let _ = goyaml::to_string(&value);
    }
    if let Ok(values) = goyaml::documents(text, Schema::V3, &limits) {
        prop_assert!(
            values
                .iter()
                .all(|value| goyaml::to_string_pretty(value).is_ok())
        );
    }
    Ok(())
}
