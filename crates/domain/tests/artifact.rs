//! Artifacts as CI ships them: what is read, what is refused and where, what comes out again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
// clippy.toml exempts test functions alone, not what they call.

use domain::{
    Artifact, ArtifactLimits, GitEvent, InvalidArtifact, JsonLimits, ShippedArtifact, variables,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn parse(text: &str) -> Result<ShippedArtifact, InvalidArtifact> {
    Artifact::parse(text.as_bytes(), &ArtifactLimits::default())
}

fn received(text: &str) -> Artifact {
    parse(text)
        .unwrap()
        .received(uuid::Uuid::from_u128(7), 1_600_000_000)
}

fn with(extra: &Value) -> String {
    let mut document = json!({"version": {"repositoryName": "o/r", "sha": "1"}});
    document
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    document.to_string()
}

/// Every field, in Go's order, as GimletD prints it.
const FULL: &str = concat!(
    r#"{"id":"o/r-00000000-0000-0000-0000-000000000007","created":1600000000,"version":{"repositoryName":"o/r","sha":"ea9ab7cc","#,
    r#""created":1599999999,"branch":"feature/x","event":"pr","sourceBranch":"s","targetBranch":"t","tag":"v1","authorName":"A","#,
    r#""authorEmail":"a@b","committerName":"C","committerEmail":"c@d","message":"a \u003c b \u0026\u0026 c\n","url":"https://x"},"#,
    r#""context":{"CI":"true","SHA":"1"},"environments":[{"app":"my-app","env":"staging","namespace":"ns","#,
    r#""deploy":{"tag":"v*","branch":"main","event":"push","commitMessagePatterns":["x*"]},"#,
    r#""cleanup":{"app":"p-{{ .BRANCH }}","event":"branchDeleted","branch":"feature/*"},"#,
    r#""chart":{"repository":"https://r","name":"onechart","version":"0.10.0"},"values":{"a":{"x":1,"y":[true,null,1.5]},"b":"{{ .SHA }}"},"#,
    r#""strategicMergePatches":"---\n","json6902Patches":[{"patch":"- op: x","target":{"group":"apps","version":"v1","kind":"Deployment","name":"d"}}],"#,
    r#""manifests":"kind: x","preview":false,"dependencies":[{"name":"d"}]}],"cueEnvironments":["configs: []"],"#,
    r#""items":[{"n":1,"name":"CI","url":"u"}],"vars":{"V":"1"},"fake":true}"#,
);

#[test]
fn every_field_is_kept_in_go_s_order() {
    let artifact = received(FULL);
    assert_eq!(artifact.to_json(), FULL);
    let stored = Artifact::from_stored(FULL.as_bytes()).unwrap();
    assert_eq!(stored, artifact);
}

#[test]
fn keys_are_read_in_any_case_and_unknown_ones_are_ignored() {
    let artifact = parse(
        r#"{"VERSION":{"RepositoryName":"o/r","SHA":"1","extra":{}},"Environments":[{"App":"a","Env":"e","CHART":{"Name":"n"}}],"x":[1]}"#,
    )
    .unwrap();
    assert_eq!(artifact.environments[0].app, "a");
    assert_eq!(artifact.environments[0].chart.name, "n");
}

#[test]
fn push_is_never_written_and_absent_or_null_means_push() {
    for event in ["", r#","event":null"#, r#","event":"push""#] {
        let text = format!(r#"{{"version":{{"repositoryName":"o/r","sha":"1"{event}}}}}"#);
        let artifact = received(&text);
        assert_eq!(artifact.content.version.event, GitEvent::Push);
        assert_eq!(
            artifact.to_json(),
            r#"{"id":"o/r-00000000-0000-0000-0000-000000000007","created":1600000000,"version":{"repositoryName":"o/r","sha":"1"}}"#
        );
    }
}

#[test]
fn a_policy_without_event_is_not_a_policy_for_push() {
    let artifact = parse(&with(
        &json!({"environments": [{"app": "a", "env": "e", "deploy": {"branch": "main"}}]}),
    ))
    .unwrap();
    assert_eq!(
        artifact.environments[0].deploy.as_ref().unwrap().event,
        None
    );
}

#[test]
fn the_client_s_id_and_date_are_dropped() {
    let shipped =
        parse(r#"{"id":7,"created":"never","version":{"repositoryName":"o/r","sha":"1"}}"#)
            .unwrap();
    let artifact = shipped.received(uuid::Uuid::from_u128(1), 5);
    assert_eq!(
        artifact.id.as_str(),
        "o/r-00000000-0000-0000-0000-000000000001"
    );
    assert_eq!(artifact.created, 5);
}

#[test]
fn templates_stand_in_for_names_until_they_are_resolved() {
    let manifest = json!({"app": "a-{{ .BRANCH }}", "env": "{{ .ENV }}", "namespace": "{{ .NS }}"});
    assert!(parse(&with(&json!({"environments": [manifest]}))).is_ok());
}

#[test]
fn what_is_refused_is_refused_at_its_place() {
    let mut rows = 0;
    for line in include_str!("vectors/refused-artifacts.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let [name, pointer, part, document] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not a row: {line}");
        };
        rows += 1;
        let error = parse(document).expect_err(name);
        let at_place = error.pointer == pointer
            || (pointer.ends_with('/') && error.pointer.starts_with(pointer));
        assert!(at_place, "{name}: {error}");
        assert!(error.message.contains(part), "{name}: {error}");
    }
    assert!(rows >= 50, "{rows}");
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let error = Artifact::parse(b"{\"version\":\"\xff\"}", &ArtifactLimits::default()).unwrap_err();
    assert!(error.message.contains("UTF-8"), "{error}");
}

#[test]
fn each_limit_holds_at_its_edge() {
    let small = ArtifactLimits {
        json: JsonLimits {
            bytes: 2_000,
            depth: 6,
            nodes: 60,
            text: 40,
            key: 21,
        },
        manifests: 2,
        vars: 3,
        patterns: 2,
        short_text: 10,
        long_text: 20,
    };
    let nested = |depth: usize| {
        let open = "[".repeat(depth);
        let close = "]".repeat(depth);
        format!(r#"{{"version":{{"repositoryName":"o/r","sha":"1"}},"x":{open}{close}}}"#)
    };
    let manifest = json!({"app": "a", "env": "e"});
    let patterns = |n: usize| json!({"environments": [{"app": "a", "env": "e", "deploy": {"commitMessagePatterns": vec!["a"; n]}}]});
    let vars = |n: usize| json!({"vars": (0..n).map(|i| (i.to_string(), json!("v"))).collect::<serde_json::Map<_, _>>()});
    let sized = |n: usize| {
        let text = with(&json!({}));
        format!("{text}{}", " ".repeat(n - text.len()))
    };
    let table = [
        ("bytes", sized(2_000), sized(2_001)),
        ("depth", nested(5), nested(6)),
        (
            "nodes",
            with(&json!({"x": vec![1; 55]})),
            with(&json!({"x": vec![1; 57]})),
        ),
        (
            "text",
            with(&json!({"x": "a".repeat(40)})),
            with(&json!({"x": "a".repeat(41)})),
        ),
        (
            "key",
            with(&json!({"a".repeat(21): 1})),
            with(&json!({"a".repeat(22): 1})),
        ),
        (
            "manifests",
            with(&json!({"environments": vec![&manifest; 2]})),
            with(&json!({"environments": vec![&manifest; 3]})),
        ),
        (
            "CUE files",
            with(&json!({"cueEnvironments": ["", ""]})),
            with(&json!({"cueEnvironments": ["", "", ""]})),
        ),
        (
            "items",
            with(&json!({"items": [{}, {}, {}]})),
            with(&json!({"items": [{}, {}, {}, {}]})),
        ),
        ("vars", with(&vars(3)), with(&vars(4))),
        (
            "long text",
            with(&json!({"vars": {"a": "v".repeat(20)}})),
            with(&json!({"vars": {"a": "v".repeat(21)}})),
        ),
        ("patterns", with(&patterns(2)), with(&patterns(3))),
    ];
    for (name, inside, outside) in table {
        let answer = |text: &str| Artifact::parse(text.as_bytes(), &small);
        assert!(answer(&inside).is_ok(), "{name}: {:?}", answer(&inside));
        assert!(answer(&outside).is_err(), "{name}");
    }
}

#[test]
fn endless_nesting_is_refused_without_recursion() {
    for open in ["[", "{\"a\":"] {
        let text = format!(r#"{{"x":{}"#, open.repeat(150_000));
        let limits = ArtifactLimits {
            json: JsonLimits {
                depth: usize::MAX,
                ..ArtifactLimits::default().json
            },
            ..ArtifactLimits::default()
        };
        let error = Artifact::parse(text.as_bytes(), &limits).unwrap_err();
        assert!(
            error.message.contains("nested deeper than 100 levels"),
            "{error}"
        );
    }
}

#[test]
fn what_is_accepted_can_always_be_read_back_from_the_store() {
    // Go's escapes make the stored text six times as long as what was shipped: 7 MB, of 1.2 MB.
    let vars = (0..20).map(|name| (name.to_string(), "<".repeat(60_000).into()));
    let vars: serde_json::Map<String, serde_json::Value> = vars.collect();
    let text = with(&json!({"x": "", "vars": vars}));
    assert!(text.len() < ArtifactLimits::MOST_BYTES);
    let limits = ArtifactLimits {
        json: JsonLimits {
            bytes: text.len(),
            ..ArtifactLimits::default().json
        },
        ..ArtifactLimits::default()
    };
    let artifact = Artifact::parse(text.as_bytes(), &limits)
        .unwrap()
        .received(uuid::Uuid::nil(), 1);
    assert!(artifact.to_json().len() > 5 * text.len());
    assert_eq!(
        Artifact::from_stored(artifact.to_json().as_bytes()).unwrap(),
        artifact
    );
}

#[test]
fn the_fingerprint_is_of_the_content_alone() {
    let one = parse(
        r#"{"id":"x","version":{"repositoryName":"o/r","sha":"1"},"vars":{"a":"1","b":"2"},"items":[{"a":1,"b":{"c":1,"d":2}}]}"#,
    );
    let two = parse(
        r#"{ "items":[{"b":{"d":2,"c":1},"a":1}], "Vars":{"b":"2","a":"1"}, "version":{"sha":"1","event":"push","repositoryName":"o/r"}}"#,
    );
    let three = parse(r#"{"version":{"repositoryName":"o/r","sha":"1"},"vars":{"a":"1","b":"3"}}"#);
    let print = |artifact: &Result<ShippedArtifact, _>| artifact.as_ref().unwrap().fingerprint();
    assert_eq!(print(&one), print(&two));
    assert_ne!(print(&one), print(&three));
    assert_eq!(print(&one).len(), 64);
}

#[test]
fn variables_come_from_context_items_and_vars_and_the_later_wins() {
    let artifact = received(&with(&json!({
        "context": {"A": "context", "B": "context", "C": "context"},
        "items": [{"name": "one", "B": "item", "number": 1}, {"name": "two", "C": "item", "number": true}],
        "vars": {"C": "vars", "D": "vars"},
    })));
    let vars: Vec<(String, String)> = variables(&artifact).into_iter().collect();
    let expected = [
        ("A", "context"),
        ("B", "item"),
        ("C", "vars"),
        ("D", "vars"),
        ("name", "two"),
    ];
    assert_eq!(
        vars,
        expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[^\0]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map("[a-z<&é/~]{0,4}", inner, 0..5)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_end_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Artifact::parse(&bytes, &ArtifactLimits::default());
    }

    /// JSON that is nearly an artifact gets deeper than random bytes.
    #[test]
    fn any_value_in_any_field_ends_without_a_panic(
        field in prop::sample::select(vec!["version", "context", "environments", "items", "vars", "cueEnvironments", "fake"]),
        value in any_json(),
    ) {
        let _ = parse(&with(&json!({field: value})));
        let _ = parse(&with(&json!({"environments": [{"app": "a", "env": "e", field: value}]})));
    }

    #[test]
    fn parse_write_parse_is_identity(
        values in any_json(), text in "[^\0]{0,30}", vars in prop::collection::btree_map("[A-Z]{1,4}", "[^\0]{0,10}", 0..4),
        event in prop::sample::select(vec!["push", "tag", "pr"]), date in 0..253_402_300_799i64,
    ) {
        let mut version = json!({"repositoryName": "o/r", "sha": "1", "message": text, "branch": text, "created": date});
        version["event"] = json!(event);
        let manifest = json!({"app": "a", "env": "e", "values": {"v": values}, "manifests": text, "dependencies": [values]});
        let document = json!({"version": version, "environments": [manifest], "items": [{"i": values}], "vars": vars});
        let first = received(&document.to_string());
        let second = Artifact::from_stored(first.to_json().as_bytes()).unwrap();
        prop_assert_eq!(&first, &second);
        prop_assert_eq!(first.to_json(), second.to_json());
    }
}
