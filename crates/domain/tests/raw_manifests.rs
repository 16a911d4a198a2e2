//! Literal Kubernetes YAML: the one file it becomes, and what is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
// clippy.toml exempts test functions alone, not what they call.

use domain::{FileName, InvalidRawManifests, files_of_raw_manifests};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v";

fn file(text: &str) -> String {
    let mut files = files_of_raw_manifests(text).unwrap();
    let (name, content) = files.remove(0);
    assert!(files.is_empty());
    assert_eq!(name.as_str(), "manifest.yaml");
    String::from_utf8(content).unwrap()
}

#[test]
fn the_file_starts_with_a_marker_and_ends_with_a_newline() {
    assert_eq!(file(CONFIG), format!("---\n{CONFIG}\n"));
    assert_eq!(
        file(&format!("---\n{CONFIG}\n")),
        format!("---\n{CONFIG}\n")
    );
    assert_eq!(
        file(&format!("--- # one\n{CONFIG}\n---\n{CONFIG}2\n")),
        format!("--- # one\n{CONFIG}\n---\n{CONFIG}2\n")
    );
    assert_eq!(
        file(&format!("\u{feff}{CONFIG}")),
        format!("---\n{CONFIG}\n")
    );
    assert_eq!(
        file(&format!("# Only a comment\n---\n{CONFIG}\n---\n")),
        format!("---\n# Only a comment\n---\n{CONFIG}\n---\n")
    );
}

#[test]
fn lists_hold_objects() {
    let item = "- apiVersion: v1\n  kind: Secret\n  metadata: {name: s}\n";
    assert!(files_of_raw_manifests(&format!("apiVersion: v1\nkind: List\nitems:\n{item}")).is_ok());
    let nameless = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n";
    assert!(files_of_raw_manifests(nameless).is_err());
}

#[test]
fn what_is_no_kubernetes_object_is_refused_by_its_number() {
    let table = [
        ("kind: x\nmetadata: {name: a}", 1, "apiVersion is missing"),
        ("apiVersion: v1\nmetadata: {name: a}", 1, "kind is missing"),
        ("apiVersion: v1\nkind: x", 1, "metadata.name is missing"),
        (
            "apiVersion: v1\nkind: x\nmetadata: {generateName: a}",
            1,
            "metadata.name is missing",
        ),
        (
            "apiVersion: v1\nkind: x\nmetadata: {name: ''}",
            1,
            "metadata.name is missing",
        ),
        (
            "apiVersion: 1\nkind: x\nmetadata: {name: a}",
            1,
            "apiVersion is missing or not text",
        ),
        (
            "apiVersion: v1\nkind: x\nmetadata: {name: a}\n---\n- a",
            2,
            "expected a mapping",
        ),
        (
            "apiVersion: v1\nkind: x\nmetadata: {name: a}\n---\n---\nhello",
            2,
            "expected a mapping",
        ),
        (
            "apiVersion: v1\nkind: List\nitems: [{items: []}]",
            1,
            "a List within a List",
        ),
    ];
    for (text, number, part) in table {
        match files_of_raw_manifests(text) {
            Err(InvalidRawManifests::NotAnObject { object, lack }) => {
                assert_eq!(object, number, "{text}");
                assert!(lack.contains(part), "{text}: {lack}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn nothing_to_release_is_an_error() {
    for text in ["", "\n\n", "---\n", "# nothing\n", "---\n---\nnull\n"] {
        assert_eq!(
            files_of_raw_manifests(text),
            Err(InvalidRawManifests::Empty),
            "{text:?}"
        );
    }
}

#[test]
fn broken_or_hostile_yaml_is_an_error_that_does_not_repeat_it() {
    let laughs = (1..12).fold("a0: &a0 [s3cret,s3cret]\n".to_owned(), |text, i| {
        let last = format!("*a{}", i - 1);
        format!("{text}a{i}: &a{i} [{}]\n", [last.as_str(); 9].join(","))
    });
    let deep = format!("a: {}", "[".repeat(20_000));
    let block = (0..5_000).fold(String::new(), |text, i| {
        format!("{text}{}a:\n", " ".repeat(i % 500))
    });
    let many = "---\na: s3cret\n".repeat(3_000);
    for text in [
        "a: s3cret: b",
        "a: 's3cret",
        "a: s3cret\na: b",
        "\ts3cret: x",
        "%YAML 9 s3cret\na: {",
        &laughs,
        &deep,
        &block,
        &many,
    ] {
        let error = files_of_raw_manifests(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }
    let large = format!("# {}", "x".repeat(5 << 20));
    assert!(matches!(
        files_of_raw_manifests(&large),
        Err(InvalidRawManifests::TooLarge { .. })
    ));
}

#[test]
fn what_is_wrong_with_yaml_is_told_with_its_line() {
    let table = [
        (
            "# A comment\na: b: c\n",
            "line 2: not YAML: mapping values are not allowed in this context",
        ),
        (
            "---\na: b\n- c\n",
            "line 3: not YAML: did not find expected key",
        ),
        (
            "a: 1\nb:\n  c: 1\n  c: 2\n",
            "line 4: a key that stands on line 3 already",
        ),
        (
            "a: *b\n",
            "line 1: an alias, merge or tag that cannot be followed",
        ),
        ("a: 1\nb: {1: x}\n", "a key that is not text: quote it"),
        ("a: .nan\n", "NaN is a number that JSON does not have"),
        (
            "a: 1\nb: \u{1}\n",
            "line 2: not YAML: control characters are not allowed",
        ),
    ];
    for (text, told) in table {
        let error = files_of_raw_manifests(text).unwrap_err().to_string();
        assert!(error.starts_with(told), "{text:?}: {error}");
    }
}

#[test]
fn a_file_name_cannot_leave_its_folder() {
    for name in ["manifest.yaml", "a_b-c.yml", "A"] {
        assert_eq!(FileName::new(name).unwrap().to_string(), name);
    }
    for name in [
        "",
        ".",
        "..",
        ".git",
        "a/b",
        "a\\b",
        "a b",
        "é",
        "a\0",
        &"a".repeat(256),
    ] {
        assert_eq!(FileName::new(name), None, "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_files_or_an_error(text in "[ -~\n]{0,80}") {
        let _ = files_of_raw_manifests(&text);
    }

    #[test]
    fn nearly_yaml_is_files_or_an_error(text in "(a: |- |---\n|\n|  |&x |\\*x|\\[|\\{|\\}|\\]|,|\"|'|\\|\n|>|!!|%|#|b){0,30}") {
        let _ = files_of_raw_manifests(&text);
    }
}
