//! Names: what each kind takes, what it refuses, and by which rule.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
// clippy.toml exempts test functions alone, not what they call.

use domain::{
    AppName, ArtifactId, BranchName, CommitId, EnvName, InvalidName, Login, NameRule, Namespace,
    RepositoryName, RequestId, Sha, TriggeredBy, sanitize_dns_name,
};
use std::{fmt::Display, str::FromStr};

fn accepts<N: FromStr<Err = InvalidName> + Display>(texts: &[&str]) {
    for text in texts {
        assert_eq!(text.parse::<N>().unwrap().to_string(), *text);
    }
}

fn refuses<N: FromStr<Err = InvalidName> + Display>(cases: &[(&str, NameRule)]) {
    for (text, rule) in cases {
        match text.parse::<N>() {
            Ok(name) => panic!("'{name}' was accepted"),
            Err(error) => assert_eq!(error.rule, *rule, "{text:?}"),
        }
    }
}

#[test]
fn apps_environments_and_namespaces_are_dns_labels() {
    let (n53, n54, n63, n64) = (
        "a".repeat(53),
        "a".repeat(54),
        "a".repeat(63),
        "a".repeat(64),
    );
    accepts::<AppName>(&["a", "0", "my-app-2", &n53]);
    accepts::<EnvName>(&["production", &n63]);
    accepts::<Namespace>(&["default", &n63]);
    refuses::<AppName>(&[("", NameRule::NotEmpty), (&n54, NameRule::AtMost(53))]);
    refuses::<EnvName>(&[("", NameRule::NotEmpty), (&n64, NameRule::AtMost(63))]);
    for text in [
        ".", "..", "a/b", "-a", "a-", "A", "a_b", "a.b", "a b", "a\n", "é", "a\0", "{{ .X }}",
    ] {
        refuses::<AppName>(&[(text, NameRule::DnsLabel)]);
        refuses::<EnvName>(&[(text, NameRule::DnsLabel)]);
        refuses::<Namespace>(&[(text, NameRule::DnsLabel)]);
    }
}

#[test]
fn repositories_have_an_owner_and_no_dots() {
    let long = format!("o/{}", "r".repeat(254));
    accepts::<RepositoryName>(&["o/r", "group/sub/deeper/r", "o/r.go", "O/R_1"]);
    refuses::<RepositoryName>(&[
        ("", NameRule::NotEmpty),
        ("r", NameRule::OwnerSlashName),
        ("/r", NameRule::OwnerSlashName),
        ("o/", NameRule::OwnerSlashName),
        ("o//r", NameRule::OwnerSlashName),
        ("o/./r", NameRule::OwnerSlashName),
        ("../r", NameRule::OwnerSlashName),
        ("o\\x/r", NameRule::OwnerSlashName),
        ("o/r\u{7}", NameRule::NoControl),
        ("o/r\u{202e}", NameRule::NoControl),
        ("o/r r", NameRule::NoSpace),
        (&long, NameRule::AtMost(255)),
    ]);
}

#[test]
fn ids_are_what_they_were_made_from() {
    let uuid = uuid::Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let id = ArtifactId::new(&"o/r".parse().unwrap(), uuid);
    assert_eq!(id.as_str(), "o/r-01234567-89ab-cdef-0123-456789abcdef");
    accepts::<ArtifactId>(&[id.as_str(), "o/r-x-01234567-89ab-cdef-0123-456789abcdef"]);
    refuses::<ArtifactId>(&[
        ("", NameRule::NotEmpty),
        ("o/r", NameRule::RepositoryDashUuid),
        (
            "o/r-01234567-89AB-cdef-0123-456789abcdef",
            NameRule::RepositoryDashUuid,
        ),
        (
            "-01234567-89ab-cdef-0123-456789abcdef",
            NameRule::RepositoryDashUuid,
        ),
        (
            "r-01234567-89ab-cdef-0123-456789abcdef",
            NameRule::RepositoryDashUuid,
        ),
        (
            "o/\u{e9}01234567-89ab-cdef-0123-456789abcdef",
            NameRule::RepositoryDashUuid,
        ),
        (
            "\u{e9}01234567-89ab-cdef-0123-456789abcdef",
            NameRule::RepositoryDashUuid,
        ),
    ]);
    assert_eq!(
        RequestId::new(uuid).as_str(),
        "01234567-89ab-cdef-0123-456789abcdef"
    );
    refuses::<RequestId>(&[
        ("", NameRule::NotEmpty),
        ("0123456789abcdef0123456789abcdef", NameRule::Uuid),
        ("01234567-89AB-cdef-0123-456789abcdef", NameRule::Uuid),
        ("01234567-89ab-cdef-0123-456789abcde-", NameRule::Uuid),
        (
            "01234567-89ab-cdef-0123-456789abcdef0",
            NameRule::AtMost(36),
        ),
    ]);
}

#[test]
fn commits_are_tokens_at_the_source_and_hashes_in_the_gitops_repository() {
    accepts::<Sha>(&[
        "1",
        "ea9ab7cc31b2599bf4afcfd639da516ca27a4780",
        "r1234@trunk",
    ]);
    refuses::<Sha>(&[
        ("", NameRule::NotEmpty),
        ("a b", NameRule::NoSpace),
        ("a\u{a0}b", NameRule::NoSpace),
        ("a\r", NameRule::NoControl),
    ]);
    accepts::<CommitId>(&[&"0a".repeat(20), &"0a".repeat(32)]);
    refuses::<CommitId>(&[
        ("abc", NameRule::FullHash),
        (&"0A".repeat(20), NameRule::FullHash),
        (&"zz".repeat(20), NameRule::FullHash),
    ]);
}

#[test]
fn branches_are_what_git_accepts() {
    accepts::<BranchName>(&["main", "release/1.2", "a@b", "ünï"]);
    for text in [
        "-x", "@", "HEAD", "a..b", "a@{b", "a~b", "a^", "a:b", "a?", "a*", "a[", "a\\b", "/a",
        "a/", "a//b", ".a", "a/.b", "a.", "a.lock", "a.lock/b",
    ] {
        refuses::<BranchName>(&[(text, NameRule::Branch)]);
    }
    refuses::<BranchName>(&[("a b", NameRule::NoSpace), ("a\u{7f}", NameRule::NoControl)]);
}

#[test]
fn nobody_can_be_called_policy() {
    accepts::<Login>(&["alice", "ci@example.org"]);
    refuses::<Login>(&[
        ("policy", NameRule::Reserved),
        ("Policy", NameRule::Reserved),
        ("a\nb", NameRule::NoControl),
    ]);
    assert_eq!(
        "policy".parse::<TriggeredBy>().unwrap(),
        TriggeredBy::Policy
    );
    assert_eq!("alice".parse::<TriggeredBy>().unwrap().as_str(), "alice");
    assert!("POLICY".parse::<TriggeredBy>().is_err());
}

#[test]
fn json_is_checked_like_everything_else() {
    assert_eq!(
        serde_json::from_str::<AppName>(r#""a""#).unwrap().as_str(),
        "a"
    );
    let error = serde_json::from_str::<AppName>(r#""../x""#)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("app is not valid: it must be a Kubernetes name"),
        "{error}"
    );
}

#[test]
fn sanitize_dns_name_answers_as_gimletd_does() {
    let a62 = "a".repeat(62);
    let table = [
        ("CamelCase_with_snake", "camelcase-with-snake".to_owned()),
        (
            "dependabot/npm_and_yarn/ws-5.2.3",
            "dependabot-npm-and-yarn-ws-5-2-3".to_owned(),
        ),
        (
            "-can't start with dashes, nor end-",
            "can-t-start-with-dashes-nor-end".to_owned(),
        ),
        ("!nope", "nope".to_owned()),
        ("dope", "dope".to_owned()),
        ("___", String::new()),
        ("", String::new()),
        ("Ünï/code", "n-code".to_owned()),
        (&format!("{a62}/bbb"), "a".repeat(53)),
        (&format!("/{}", "a".repeat(70)), "a".repeat(52)),
        (&format!("{}/b", "a".repeat(52)), "a".repeat(52)),
        ("\u{212a}elvin", "kelvin".to_owned()),
    ];
    for (input, output) in table {
        assert_eq!(sanitize_dns_name(input), output, "{input}");
    }
}

proptest::proptest! {
    #[test]
    fn what_is_sanitised_is_a_name_or_empty(text in "\\PC{0,90}") {
        let name = sanitize_dns_name(&text);
        // One dash is taken off each end, as GimletD does; runs are one dash already, so none is left.
        proptest::prop_assert!(name.is_empty() || name.parse::<AppName>().is_ok(), "{}", name);
    }

    #[test]
    fn any_text_is_a_name_or_an_error(text in "\\PC{0,80}") {
        let _ = text.parse::<ArtifactId>();
        let _ = text.parse::<RepositoryName>();
        let _ = text.parse::<RequestId>();
        let _ = text.parse::<BranchName>();
    }
}
