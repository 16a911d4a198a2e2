//! Texts that ask for more than they should get: an error each.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use kustomize::{Json6902Patch, Limits, PatchError, Target};
use proptest::prelude::*;

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";

fn apply(resources: &str, strategic: &str, patch: &str) -> Result<String, PatchError> {
    let target = Target {
        name: "c".to_owned(),
        ..Target::default()
    };
    let patches: Vec<_> = (!patch.is_empty())
        .then(|| Json6902Patch {
            target,
            patch: patch.to_owned(),
        })
        .into_iter()
        .collect();
    kustomize::apply(resources, strategic, &patches, &Limits::default())
}

#[test]
fn deep_nesting_is_refused_in_every_text() {
    let deep = format!("{CONFIG}a: {}{}\n", "[".repeat(5_000), "]".repeat(5_000));
    assert!(matches!(
        apply(&deep, "", ""),
        Err(PatchError::Resources(_))
    ));
    assert!(matches!(
        apply(CONFIG, &deep, ""),
        Err(PatchError::Strategic(_))
    ));
    let value = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let json = format!("[{{\"op\": \"add\", \"path\": \"/a\", \"value\": {value}}}]");
    assert!(matches!(
        apply(CONFIG, "", &json),
        Err(PatchError::Json6902Text { .. })
    ));
    assert!(matches!(
        apply(
            CONFIG,
            "",
            &format!("- {{op: add, path: /a, value: {value}}}")
        ),
        Err(PatchError::Json6902Text { .. })
    ));
}

#[test]
fn nesting_by_operations_is_refused() {
    let mut operations = String::from("- {op: add, path: /a, value: {}}\n");
    let mut path = String::from("/a");
    for _ in 0..400 {
        path.push_str("/a");
        operations.push_str(&format!("- {{op: add, path: {path}, value: {{}}}}\n"));
    }
    assert!(matches!(
        apply(CONFIG, "", &operations),
        Err(PatchError::Operation { operation: 201, .. })
    ));
    // Each copy puts the whole of it inside itself: twice as deep.
    let mut operations = String::from("- {op: add, path: /a, value: {}}\n");
    for levels in [1, 2, 4, 8, 16, 32, 64, 128, 256] {
        operations.push_str(&format!(
            "- {{op: copy, from: /a, path: /a{}}}\n",
            "/b".repeat(levels)
        ));
    }
    assert!(matches!(
        apply(CONFIG, "", &operations),
        Err(PatchError::Operation { operation: 9, .. })
    ));
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb = String::from("x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n");
    for level in 1..9 {
        bomb.push_str(&format!(
            "x{level}: &x{level} [{}]\n",
            vec![format!("*x{}", level - 1); 10].join(", ")
        ));
    }
    assert!(matches!(
        apply(&format!("{CONFIG}{bomb}"), "", ""),
        Err(PatchError::Resources(_))
    ));
    assert!(matches!(
        apply(CONFIG, &format!("{CONFIG}{bomb}"), ""),
        Err(PatchError::Strategic(_))
    ));
}

#[test]
fn a_hundred_thousand_documents_are_refused() {
    let documents: String = (0..100_000)
        .map(|n| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n"))
        .collect();
    assert!(matches!(
        apply(&documents, "", ""),
        Err(PatchError::Resources(_))
    ));
    assert!(matches!(
        apply(CONFIG, &documents, ""),
        Err(PatchError::Strategic(_))
    ));
}

#[test]
fn copies_of_copies_are_refused() {
    let mut operations = String::from("- {op: add, path: /a, value: [x]}\n");
    operations.push_str(&"- {op: copy, from: /a, path: /a/-}\n".repeat(40));
    assert!(matches!(
        apply(CONFIG, "", &operations),
        Err(PatchError::TooLarge(_))
    ));
}

#[test]
fn a_long_value_is_not_given_to_thousands_of_resources() {
    let resources: String = (0..5_000)
        .map(|n| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n"))
        .collect();
    let target = Target {
        name: ".*".to_owned(),
        ..Target::default()
    };
    let patch = format!(
        "- {{op: add, path: /data, value: {{a: {}}}}}",
        "x".repeat(100_000)
    );
    let result = kustomize::apply(
        &resources,
        "",
        &[Json6902Patch { target, patch }],
        &Limits::default(),
    );
    assert!(matches!(result, Err(PatchError::TooLarge(_))));
}

#[test]
fn names_that_are_paths_are_refused() {
    for name in ["../x", "a/b", "..", "'.'", "a%2fb", "\"a\\nb\"", "\"a\\0\""] {
        for field in ["name", "namespace"] {
            let name_field = if field == "name" {
                String::new()
            } else {
                "name: c, ".to_owned()
            };
            let text = format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{{name_field}{field}: {name}}}\n"
            );
            assert!(
                matches!(apply(&text, "", ""), Err(PatchError::NotAnObject { .. })),
                "{text}"
            );
        }
    }
    let renamed = apply(
        CONFIG,
        "",
        "- {op: replace, path: /metadata/name, value: ../../x}",
    );
    assert!(matches!(renamed, Err(PatchError::Operation { .. })));
}

#[test]
fn expressions_are_bounded() {
    for name in [
        "(",
        "(a{1000}){1000}",
        "a{99999999}",
        "[",
        "\\p{Greek",
        "(?<x",
    ] {
        let target = Target {
            name: name.to_owned(),
            ..Target::default()
        };
        let patch = Json6902Patch {
            target,
            patch: "- {op: remove, path: /x}".to_owned(),
        };
        let result = kustomize::apply(CONFIG, "", &[patch], &Limits::default());
        assert!(
            matches!(result, Err(PatchError::Target { number: 1, .. })),
            "{name}"
        );
    }
    let target = Target {
        name: "(c|c)*(c|c)*(c|c)*x".to_owned(),
        ..Target::default()
    };
    let patch = Json6902Patch {
        target,
        patch: "- {op: remove, path: /x}".to_owned(),
    };
    let long_name = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}}}\n",
        "c".repeat(50_000)
    );
    assert!(matches!(
        kustomize::apply(&long_name, "", &[patch], &Limits::default()),
        Err(PatchError::Unmatched { number: 1 })
    ));
}

#[test]
fn errors_show_no_contents() {
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: c}\nstringData: {token: hunter2}\n";
    let errors = [
        apply(secret, &secret.replace("{token: hunter2}", "[hunter2]"), ""),
        apply(
            secret,
            "",
            "- {op: test, path: /stringData/token, value: hunter2x}",
        ),
        apply(
            secret,
            "",
            "- {op: add, path: /stringData/token/x, value: hunter2}",
        ),
        apply(&format!("{secret}---\n{secret}"), "", ""),
    ];
    for error in errors {
        let error = error.unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{error:?}"
        );
    }
}

/// Objects and patches of a few fields, lists with and without keys, directives, nulls and wrong shapes.
fn object() -> impl Strategy<Value = String> {
    let scalar = proptest::sample::select(vec![
        "null",
        "1",
        "a",
        "'b'",
        "true",
        "{}",
        "[]",
        "[null]",
        "1.5",
        "{$patch: delete}",
        "[{$patch: replace}]",
    ]);
    let value = scalar
        .prop_map(str::to_owned)
        .prop_recursive(4, 30, 5, |inner| {
            let key = proptest::sample::select(vec![
                "name",
                "a",
                "containers",
                "ports",
                "containerPort",
                "protocol",
                "env",
                "$patch",
                "$retainKeys",
                "$setElementOrder/containers",
                "$deleteFromPrimitiveList/a",
                "volumes",
                "metadata",
                "apiVersion",
                "kind",
                "finalizers",
            ]);
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5)
                    .prop_map(|items| format!("[{}]", items.join(", "))),
                proptest::collection::btree_map(key, inner, 0..5).prop_map(|map| format!(
                    "{{{}}}",
                    map.into_iter()
                        .map(|(k, v)| format!("{k}: {v}"))
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            ]
        });
    value.prop_map(|spec| {
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {spec}\n")
    })
}

fn operation() -> impl Strategy<Value = String> {
    let path = "(/(spec|a|-|0|1|-1|containers|~1|metadata|name)){0,4}";
    (
        proptest::sample::select(vec!["add", "remove", "replace", "move", "copy", "test"]),
        path,
        path,
    )
        .prop_map(|(op, from, path)| {
            format!("- {{op: {op}, from: '{from}', path: '{path}', value: [x]}}\n")
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_patch_makes_it_panic(resource in object(), patch in object(), operations in proptest::collection::vec(operation(), 0..6)) {
        let target = Target { kind: "Pod".to_owned(), name: "p".to_owned(), ..Target::default() };
        let patches: Vec<_> = operations.into_iter().map(|patch| Json6902Patch { target: target.clone(), patch }).collect();
        let _ = kustomize::apply(&resource, &patch, &patches, &Limits::default());
    }

    #[test]
    fn an_empty_patch_changes_nothing_the_second_time(resource in object()) {
        let nothing = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n";
        if let Ok(once) = kustomize::apply(&resource, nothing, &[], &Limits::default()) {
            let twice = kustomize::apply(&once, nothing, &[], &Limits::default()).unwrap();
            prop_assert_eq!(twice, once);
        }
    }

    #[test]
    fn no_text_makes_it_panic(a in "[ab1:\\-#,\\[\\]{}&*!|>'\"\n .kindmetadataname]{0,80}", b in any::<String>()) {
        let _ = apply(&a, &b, &a);
        let _ = apply(CONFIG, &a, &b);
    }
}
