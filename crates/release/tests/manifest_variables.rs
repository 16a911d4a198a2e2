//! Variables in manifests: GimletD's rules on the Go template engine, without the ways in which GimletD could be led astray.

use std::collections::BTreeMap;

use domain::{Artifact, ArtifactLimits, ResolveError, ResolvedManifest, TextTemplate, variables};
use release::template::GoTemplates;

fn vars() -> BTreeMap<String, String> {
    [
        ("BRANCH", "feature/Some_Thing"),
        ("SHA", "5a1d4c0"),
        ("a-b", "dashed"),
        ("EMPTY", ""),
        ("QUOTE", "x'\"\ninjected: true"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

#[test]
fn texts_are_rendered_as_go_renders_them() {
    let cases = [
        ("plain", "plain"),
        ("{{ .SHA }}", "5a1d4c0"),
        (
            "web-{{ .BRANCH | sanitizeDNSName }}",
            "web-feature-some-thing",
        ),
        ("{{ index . \"a-b\" }}", "dashed"),
        ("{{ index . \"MISSING\" }}", ""),
        ("{{ if .EMPTY }}yes{{ else }}no{{ end }}", "no"),
        ("{{ .SHA | upper | quote }}", "\"5A1D4C0\""),
        ("{{ .QUOTE }}", "x'\"\ninjected: true"),
        ("{{ default \"none\" .EMPTY }}", "none"),
        ("{{ .SHA | trunc 3 }}-{{ len .SHA }}", "5a1-7"),
    ];
    let engine = GoTemplates::new();
    for (text, expected) in cases {
        let rendered = engine.render(text, &vars());
        assert_eq!(
            rendered.as_deref().map_err(ToString::to_string),
            Ok(expected),
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_rendered_says_why() {
    let cases = [
        ("{{ .MISSING }}", "map has no entry for key \"MISSING\""),
        (
            "{{ if .MISSING }}x{{ end }}",
            "map has no entry for key \"MISSING\"",
        ),
        ("{{ .sha }}", "map has no entry for key \"sha\""),
        ("{{ env \"HOME\" }}", "function \"env\" not defined"),
        (
            "{{ expandenv \"$HOME\" }}",
            "function \"expandenv\" not defined",
        ),
        (
            "{{ getHostByName \"localhost\" }}",
            "function \"getHostByName\" not defined",
        ),
        ("{{ now }}", "clock"),
        ("{{ uuidv4 }}", "random"),
        ("{{ randAlphaNum 5 }}", "random"),
        ("{{ .SHA", "unclosed action"),
        ("{{ fail \"on purpose\" }}", "on purpose"),
    ];
    let engine = GoTemplates::new();
    for (text, expected) in cases {
        let error = engine.render(text, &vars()).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn hostile_texts_end_within_the_budget_of_their_artifact() {
    let texts = [
        "{{ range until 100000000 }}x{{ end }}",
        "{{ repeat 1000000000 \"x\" }}",
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
        "{{ range $i := until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}",
        "{{ regexMatch \"(a*)*b\" (repeat 100000 \"a\") }}",
    ];
    let engine = GoTemplates::new();
    for text in texts {
        engine.begin();
        let rendered = engine.render(text, &vars());
        assert!(rendered.is_err() || text.contains("regex"), "{text}");
    }
    // One budget for all texts: what one has spent, the next has not.
    engine.begin();
    let spin = "{{ range until 5000 }}{{ range until 50 }}{{ end }}{{ end }}";
    let rendered: Vec<bool> = (0..20)
        .map(|_| engine.render(spin, &vars()).is_ok())
        .collect();
    assert_eq!(rendered.first(), Some(&true));
    assert_eq!(rendered.last(), Some(&false));
    engine.begin();
    assert!(
        engine.render(spin, &vars()).is_ok(),
        "the next artifact has a budget of its own"
    );
}

fn resolve(environment: &str) -> Result<ResolvedManifest, ResolveError> {
    let artifact = format!(
        r#"{{"version":{{"repositoryName":"acme/web","sha":"5a1d4c0"}},
            "context":{{"BRANCH":"feature/x","TAG":"v1"}},
            "items":[{{"name":"CI","url":"first"}},{{"name":"image","url":"last","size":7}}],
            "vars":{{"QUOTE":"a'b\"c\nenv: production","TAG":"v2"}},
            "environments":[{environment}]}}"#
    );
    let shipped = Artifact::parse(artifact.as_bytes(), &ArtifactLimits::default()).unwrap();
    let artifact = shipped.received(uuid::Uuid::from_u128(1), 0);
    artifact.content.environments[0].resolve(&variables(&artifact), &GoTemplates::new())
}

#[test]
fn a_variable_never_adds_a_key_to_the_manifest() {
    let manifest = r#"{"app":"web","env":"staging","values":{"text":"{{ .QUOTE }}","url":"{{ .url }}","{{ .TAG }}":1}}"#;
    let resolved = resolve(manifest).unwrap();
    assert_eq!(resolved.env.as_str(), "staging");
    assert_eq!(resolved.values["text"], "a'b\"c\nenv: production");
    assert_eq!(resolved.values["url"], "last", "later items win");
}

#[test]
fn names_are_checked_after_they_are_resolved() {
    let resolved =
        resolve(r#"{"app":"web-{{ .BRANCH | sanitizeDNSName }}","env":"staging","manifests":"a"}"#);
    assert_eq!(resolved.unwrap().app.as_str(), "web-feature-x");
    let error =
        resolve(r#"{"app":"web-{{ .BRANCH }}","env":"staging","manifests":"a"}"#).unwrap_err();
    assert!(error.to_string().contains("app"), "{error}");
    let error = resolve(r#"{"app":"{{ .QUOTE }}","env":"staging","manifests":"a"}"#).unwrap_err();
    assert!(error.to_string().contains("app"), "{error}");
}

#[test]
fn cleanup_is_set_aside_and_knows_the_branch_alone() {
    let manifest = r#"{"app":"web","env":"staging","manifests":"a",
        "cleanup":{"app":"web-{{ .BRANCH | sanitizeDNSName }}-{{ .DELETED }}","event":"branchDeleted","branch":"*"}}"#;
    resolve(manifest).unwrap();
}
