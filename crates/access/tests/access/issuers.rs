//! The variable `oidc_issuers`, and what a discovery document may say.

use access::oidc::{DiscoveryError, Issuer, Issuers, Provider};

fn complaint(text: &str) -> String {
    Issuers::parse(text).unwrap_err().to_string()
}

#[test]
fn entries_are_read_and_the_system_is_told_by_the_issuer() {
    let text = "issuer=https://token.actions.githubusercontent.com&audience=https://wimble.example&repository=acme/*;\
                issuer=https://gitlab.example/&audience=wimble&repository=acme/web&repository=acme/api&env=staging&app=web-*;\
                issuer=https://ghes.example/_services/token&audience=wimble&repository=acme/*;\
                issuer=https://git.example&audience=wimble&repository=a/b&provider=github;";
    let issuers = Issuers::parse(text).unwrap();
    let told: Vec<(&str, Provider)> = issuers
        .entries()
        .iter()
        .map(|entry| (entry.url.as_str(), entry.provider))
        .collect();
    assert_eq!(
        told,
        [
            (
                "https://token.actions.githubusercontent.com",
                Provider::GitHub
            ),
            ("https://gitlab.example/", Provider::GitLab),
            ("https://ghes.example/_services/token", Provider::GitHub),
            ("https://git.example", Provider::GitHub),
        ]
    );
    assert_eq!(
        serde_json::to_value(&issuers.entries()[1].limits).unwrap(),
        serde_json::json!({
            "repositories": ["acme/web", "acme/api"], "apps": ["web-*"], "environments": ["staging"],
        })
    );
    assert!(Issuers::parse(" ; ").unwrap().is_empty());
}

#[test]
fn what_could_let_strangers_in_is_refused() {
    let cases = [
        (
            "issuer=https://gitlab.com&audience=w",
            "'repository' is missing",
        ),
        (
            "issuer=https://gitlab.com&audience=w&repository=",
            "entry 1: 'repository' must hold names or globs",
        ),
        (
            "issuer=https://gitlab.com&repository=a/b",
            "'audience' must stand there once",
        ),
        (
            "issuer=https://gitlab.com&audience=&repository=a/b",
            "'audience' must stand there once",
        ),
        (
            "audience=w&repository=a/b",
            "'issuer' must stand there once",
        ),
        (
            "issuer=http://gitlab.com&audience=w&repository=a/b",
            "https URL",
        ),
        ("issuer=gitlab.com&audience=w&repository=a/b", "https URL"),
        (
            "issuer=https://u:p@gitlab.com&audience=w&repository=a/b",
            "https URL",
        ),
        (
            "issuer=https://gitlab.com?x&audience=w&repository=a/b",
            "https URL",
        ),
        (
            "issuer=https://gitlab.com&audience=w&repository=a/b&provider=gitea",
            "github or gitlab",
        ),
        (
            "issuer=https://gitlab.com&audience=w&repository=a/b&repo=x",
            "only issuer, audience",
        ),
        (
            "issuer=https://gitlab.com&audience=w&repository=!a/b",
            "'!' has no meaning",
        ),
    ];
    for (text, words) in cases {
        let complaint = complaint(text);
        assert!(complaint.contains(words), "{text}: {complaint}");
        // A secret that was put there by mistake ends in no log.
        assert!(!complaint.contains("u:p"));
    }
    let many = "issuer=https://gitlab.com&audience=w&repository=a/b;".repeat(21);
    assert!(complaint(&many).contains("more than 20"));
    for loopback in [
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://localhost",
    ] {
        let text = format!("issuer={loopback}&audience=w&repository=a/b");
        assert!(Issuers::parse(&text).is_ok(), "{loopback}");
    }
}

#[test]
fn keys_are_taken_from_the_issuers_own_origin_alone() {
    let issuer = "https://gitlab.example/sub";
    assert_eq!(
        Issuer::discovery_url("https://gitlab.example/"),
        "https://gitlab.example/.well-known/openid-configuration"
    );
    assert_eq!(
        Issuer::discovery_url(issuer),
        "https://gitlab.example/sub/.well-known/openid-configuration"
    );
    let found = |document: &str| Issuer::keys_url(issuer, document.as_bytes());
    let good = r#"{"issuer":"https://gitlab.example/sub","jwks_uri":"https://gitlab.example:443/keys?a=b"}"#;
    assert_eq!(found(good).unwrap(), "https://gitlab.example/keys?a=b");
    let cases = [
        (
            r#"{"issuer":"https://gitlab.example","jwks_uri":"https://gitlab.example/k"}"#,
            DiscoveryError::OtherIssuer,
        ),
        (
            r#"{"jwks_uri":"https://gitlab.example/k"}"#,
            DiscoveryError::OtherIssuer,
        ),
        (
            r#"{"issuer":"https://gitlab.example/sub"}"#,
            DiscoveryError::OtherOrigin,
        ),
        (
            r#"{"issuer":"https://gitlab.example/sub","jwks_uri":"https://evil.example/k"}"#,
            DiscoveryError::OtherOrigin,
        ),
        (
            r#"{"issuer":"https://gitlab.example/sub","jwks_uri":"http://gitlab.example/k"}"#,
            DiscoveryError::OtherOrigin,
        ),
        (
            r#"{"issuer":"https://gitlab.example/sub","jwks_uri":"https://gitlab.example:8443/k"}"#,
            DiscoveryError::OtherOrigin,
        ),
        (
            r#"{"issuer":"https://gitlab.example/sub","jwks_uri":"https://gitlab.example.evil.org/k"}"#,
            DiscoveryError::OtherOrigin,
        ),
        (
            r#"{"issuer":"https://gitlab.example/sub","jwks_uri":"//gitlab.example/k"}"#,
            DiscoveryError::OtherOrigin,
        ),
        ("<html>", DiscoveryError::NotJson),
        ("", DiscoveryError::NotJson),
    ];
    for (document, error) in cases {
        assert_eq!(found(document), Err(error), "{document}");
    }
    assert_eq!(found(&" ".repeat(70_000)), Err(DiscoveryError::NotJson));
    assert_eq!(found(&"[".repeat(5_000)), Err(DiscoveryError::NotJson));
}
