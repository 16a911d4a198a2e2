//! Tokens of CI systems: honest ones prove their repository, and each known attack is refused for its own reason.

use std::sync::LazyLock;

use access::oidc::{InvalidKeys, Issuers, KeySet, LONGEST_TOKEN, TokenError, Unverified};
use access::{Action, Principal, Scope, Via, allowed};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::oidc_issuer::{SigningKey, unsigned};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: u64 = 1_790_000_000;
const GITHUB: &str = "https://token.actions.githubusercontent.com";
const GITLAB: &str = "https://gitlab.example";
static RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa(2048));
static EC: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::p256(7));

fn issuers() -> Issuers {
    let text = format!(
        "issuer={GITHUB}&audience=https://wimble.example&repository=acme/*;\
         issuer={GITLAB}&audience=wimble&repository=group/*&env=staging"
    );
    Issuers::parse(&text).unwrap()
}

fn keys() -> KeySet {
    set(&[RSA.to_jwk("rsa"), EC.to_jwk("ec")])
}

fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

/// What GitHub puts into a token, as far as anybody here looks at it.
fn claims() -> Value {
    json!({
        "iss": GITHUB, "aud": "https://wimble.example", "sub": "repo:acme/web:ref:refs/heads/main",
        "repository": "acme/web", "iat": NOW - 5, "nbf": NOW - 10, "exp": NOW + 300, "ref": "refs/heads/main",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    match value.is_null() {
        true => drop(claims.as_object_mut().unwrap().remove(name)),
        false => claims[name] = value,
    }
    claims
}

fn header(algorithm: &str, key: &str) -> Value {
    json!({ "typ": "JWT", "alg": algorithm, "kid": key })
}

fn verify(token: &str, keys: &KeySet) -> Result<Principal, TokenError> {
    let issuers = issuers();
    Unverified::parse(token, &issuers, NOW)?.verify(keys)
}

fn ec(claims: &Value) -> String {
    EC.jwt(&header("ES256", "ec"), claims)
}

#[test]
fn an_honest_token_makes_a_shipper_of_its_repository_and_nothing_else() {
    for token in [ec(&claims()), RSA.jwt(&header("RS256", "rsa"), &claims())] {
        let ci = verify(&token, &keys()).unwrap();
        assert_eq!(
            ci.login.as_str(),
            "acme/web@token.actions.githubusercontent.com"
        );
        assert_eq!(ci.via, Via::Oidc(GITHUB.to_owned()));
        let may = |action, repository: &str| {
            allowed(&ci, action, &Scope::new().repository(repository)).is_ok()
        };
        assert!(may(Action::Ship, "acme/web") && may(Action::Read, "acme/web"));
        assert!(!may(Action::Ship, "acme/api") && !may(Action::Read, "acme/api"));
        for action in Action::ALL {
            let shipper = matches!(action, Action::Ship | Action::Read);
            assert_eq!(may(action, "acme/web"), shipper, "{action}");
        }
    }
}

#[test]
fn the_claim_that_counts_is_that_of_the_system() {
    let mut claims = with("iss", json!(GITLAB));
    claims["aud"] = json!(["other", "wimble"]);
    claims["project_path"] = json!("group/deep/web");
    // A claim of the other system's name proves nothing.
    claims["repository"] = json!("group/other");
    let ci = verify(&ec(&claims), &keys()).unwrap();
    let ship = |repository: &str, env: &str| {
        allowed(
            &ci,
            Action::Ship,
            &Scope::new().repository(repository).environment(env),
        )
    };
    assert!(ship("group/deep/web", "staging").is_ok());
    assert!(ship("group/deep/web", "production").is_err());
    assert!(ship("group/other", "staging").is_err());
}

#[test]
fn a_repository_that_nobody_named_may_not_ship_though_its_token_is_sound() {
    let stranger = verify(&ec(&with("repository", json!("evil/web"))), &keys()).unwrap();
    for repository in ["evil/web", "acme/web"] {
        let scope = Scope::new().repository(repository);
        assert!(
            allowed(&stranger, Action::Ship, &scope).is_err(),
            "{repository}"
        );
    }
}

#[test]
fn of_several_entries_of_one_issuer_the_first_that_names_the_repository_counts() {
    let entry = |rest: &str| format!("issuer={GITHUB}&audience=https://wimble.example&{rest}");
    let text = [
        entry("repository=acme/web&env=staging"),
        entry("repository=acme/api&repository=acme/web&env=production"),
    ]
    .join(";");
    let issuers = Issuers::parse(&text).unwrap();
    let ci = |repository: &str| {
        let token = ec(&with("repository", json!(repository)));
        let unverified = Unverified::parse(&token, &issuers, NOW).unwrap();
        unverified.verify(&keys()).unwrap()
    };
    let may = |repository: &str, env: &str| {
        let scope = Scope::new().repository(repository).environment(env);
        allowed(&ci(repository), Action::Ship, &scope).is_ok()
    };
    assert!(may("acme/web", "staging") && !may("acme/web", "production"));
    assert!(may("acme/api", "production") && !may("acme/api", "staging"));
    assert!(!may("evil/web", "staging") && !may("evil/web", "production"));
}

#[test]
fn a_repository_name_is_no_glob() {
    let ci = verify(&ec(&with("repository", json!("acme/*"))), &keys()).unwrap();
    assert!(allowed(&ci, Action::Ship, &Scope::new().repository("acme/web")).is_err());
}

#[test]
fn each_claim_is_held_to_what_it_must_be() {
    use TokenError::{Audience, Claim, Expired, NotYet, UnknownIssuer};
    let cases = [
        ("exp", json!(NOW - 60), Expired),
        ("exp", json!(0), Expired),
        ("exp", json!(NOW - 5), Expired),
        ("exp", Value::Null, Claim("exp")),
        ("exp", json!("1800000000"), Claim("exp")),
        ("exp", json!(-1), Claim("exp")),
        ("exp", json!(1e300), Claim("exp")),
        ("iat", json!(NOW + 61), NotYet),
        ("iat", Value::Null, Claim("iat")),
        ("nbf", json!(NOW + 61), NotYet),
        ("nbf", json!("soon"), Claim("nbf")),
        ("aud", json!("https://other.example"), Audience),
        ("aud", json!("https://wimble.example/"), Audience),
        ("aud", json!(["a", "b"]), Audience),
        ("aud", json!([]), Audience),
        // The audience of another issuer's entry.
        ("aud", json!("wimble"), Audience),
        ("aud", json!(["https://wimble.example", 7]), Claim("aud")),
        ("aud", json!(vec!["x"; 17]), Claim("aud")),
        ("aud", json!({ "https://wimble.example": 1 }), Claim("aud")),
        ("aud", Value::Null, Claim("aud")),
        ("iss", json!("https://evil.example"), UnknownIssuer),
        (
            "iss",
            json!("https://token.actions.githubusercontent.com/"),
            UnknownIssuer,
        ),
        (
            "iss",
            json!("https://token.actions.githubusercontent.com.evil.org"),
            UnknownIssuer,
        ),
        ("iss", json!([GITHUB]), Claim("iss")),
        ("iss", Value::Null, Claim("iss")),
        ("repository", Value::Null, Claim("repository")),
        ("repository", json!(["acme/web"]), Claim("repository")),
        ("repository", json!("acme/../web"), Claim("repository")),
        ("repository", json!("web"), Claim("repository")),
        ("repository", json!("acme/we b"), Claim("repository")),
        (
            "repository",
            json!(format!("acme/{}", "x".repeat(250))),
            Claim("repository"),
        ),
    ];
    for (name, value, error) in cases {
        let token = ec(&with(name, value.clone()));
        assert_eq!(
            verify(&token, &keys()).unwrap_err(),
            error,
            "{name} {value}"
        );
    }
}

#[test]
fn clocks_may_differ_by_a_minute() {
    for (name, value) in [
        ("exp", json!(NOW - 59)),
        ("iat", json!(NOW + 60)),
        ("nbf", json!(NOW + 60)),
        ("nbf", Value::Null),
    ] {
        let mut claims = with(name, value);
        if name == "exp" {
            claims["iat"] = json!(NOW - 400);
        }
        assert!(verify(&ec(&claims), &keys()).is_ok(), "{claims}");
    }
}

#[test]
fn no_algorithm_but_the_two_is_taken_and_none_is_none() {
    for algorithm in [
        "none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "RS384", "RS512", "PS256",
        "ES384", "ES256K", "EdDSA", "rs256", "es256",
    ] {
        let token = EC.jwt(&header(algorithm, "ec"), &claims());
        assert_eq!(
            verify(&token, &keys()).unwrap_err(),
            TokenError::Algorithm,
            "{algorithm}"
        );
        let message = unsigned(&header(algorithm, "ec"), &claims());
        assert_eq!(
            verify(&format!("{message}."), &keys()).unwrap_err(),
            TokenError::Algorithm
        );
    }
    let missing = json!({ "typ": "JWT", "kid": "ec" });
    assert_eq!(
        verify(&EC.jwt(&missing, &claims()), &keys()).unwrap_err(),
        TokenError::Algorithm
    );
}

#[test]
fn an_empty_or_foreign_signature_verifies_nothing() {
    let message = unsigned(&header("ES256", "ec"), &claims());
    let foreign = SigningKey::p256(8);
    for signature in [
        Vec::new(),
        vec![0; 64],
        vec![0xff; 64],
        vec![1; 63],
        vec![1; 65],
        vec![1; 4_000],
        foreign.sign(message.as_bytes()),
        RSA.sign(message.as_bytes()),
    ] {
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&signature));
        assert_eq!(
            verify(&token, &keys()).unwrap_err(),
            TokenError::Signature,
            "{signature:?}"
        );
    }
    let message = unsigned(&header("RS256", "rsa"), &claims());
    for signature in [
        Vec::new(),
        vec![0; 256],
        vec![0xff; 256],
        EC.sign(message.as_bytes()),
    ] {
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&signature));
        assert_eq!(verify(&token, &keys()).unwrap_err(), TokenError::Signature);
    }
}

#[test]
fn a_public_key_is_never_a_shared_secret() {
    use hmac::{Hmac, Mac as _};
    // The classical confusion: the token says HS256, and its MAC is keyed with the public key's text.
    let message = unsigned(&header("HS256", "rsa"), &claims());
    let jwk = RSA.to_jwk("rsa");
    for secret in [jwk.to_string(), jwk["n"].as_str().unwrap().to_owned()] {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        let token = format!(
            "{message}.{}",
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        );
        assert_eq!(verify(&token, &keys()).unwrap_err(), TokenError::Algorithm);
    }
}

#[test]
fn the_algorithm_must_suit_the_key_that_is_named() {
    let cross = [
        EC.jwt(&header("ES256", "rsa"), &claims()),
        EC.jwt(&header("RS256", "ec"), &claims()),
        RSA.jwt(&header("RS256", "ec"), &claims()),
        RSA.jwt(&header("ES256", "rsa"), &claims()),
    ];
    for token in cross {
        assert_eq!(
            verify(&token, &keys()).unwrap_err(),
            TokenError::UnsuitableKey
        );
    }
}

#[test]
fn the_key_must_be_one_that_the_issuer_has_once() {
    let token = |kid: &str| EC.jwt(&header("ES256", kid), &claims());
    assert_eq!(
        verify(&token("other"), &keys()).unwrap_err(),
        TokenError::UnknownKey
    );
    for kid in ["../../etc/passwd", "ec' OR '1'='1", "EC", "ec "] {
        assert_eq!(
            verify(&token(kid), &keys()).unwrap_err(),
            TokenError::UnknownKey,
            "{kid}"
        );
    }
    let twice = [
        set(&[EC.to_jwk("ec"), EC.to_jwk("ec")]),
        set(&[EC.to_jwk("ec"), RSA.to_jwk("ec")]),
        set(&[
            EC.to_jwk("ec"),
            json!({ "kty": "oct", "kid": "ec", "k": "AAAA" }),
        ]),
    ];
    for keys in twice {
        assert_eq!(
            verify(&token("ec"), &keys).unwrap_err(),
            TokenError::AmbiguousKey
        );
    }
    for kid in [json!(""), json!(7), json!(["ec"]), Value::Null] {
        let header = json!({ "typ": "JWT", "alg": "ES256", "kid": kid });
        let refused = verify(&EC.jwt(&header, &claims()), &keys()).unwrap_err();
        assert_eq!(refused, TokenError::Malformed("it names no key"));
    }
}

#[test]
fn a_token_brings_no_key_and_no_address_of_its_own() {
    let mallory = SigningKey::p256(9);
    let own = json!({
        "typ": "JWT", "alg": "ES256", "kid": "ec", "jwk": mallory.to_jwk("ec"), "jku": "https://evil.example/keys",
        "x5u": "https://evil.example/cert", "x5c": ["AAAA"],
    });
    assert_eq!(
        verify(&mallory.jwt(&own, &claims()), &keys()).unwrap_err(),
        TokenError::Signature
    );
    let mut critical = header("ES256", "ec");
    critical["crit"] = json!(["b64"]);
    critical["b64"] = json!(false);
    let refused = verify(&EC.jwt(&critical, &claims()), &keys()).unwrap_err();
    assert_eq!(refused, TokenError::Malformed("it has critical extensions"));
    let mut other = header("ES256", "ec");
    other["typ"] = json!("at+jwt");
    assert!(verify(&EC.jwt(&other, &claims()), &keys()).is_err());
}

#[test]
fn whatever_is_no_small_jwt_is_refused_before_it_is_read() {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let good = ec(&claims());
    let header = part(&header("ES256", "ec").to_string());
    let bomb = part(&format!("{}{}", "[".repeat(2_000), "]".repeat(2_000)));
    let nested = part(&format!(
        "{{\"a\":{}1{}}}",
        "{\"a\":".repeat(200),
        "}".repeat(200)
    ));
    let wide = part(&json!(vec![0; 300]).to_string());
    let twice = part(
        r#"{"iss":"https://evil.example","iss":"https://token.actions.githubusercontent.com"}"#,
    );
    let cases = [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        format!("{good}."),
        format!("{good}.x"),
        format!("{good}="),
        format!("{good} "),
        good.replace('.', ".."),
        good.replacen('.', ".=", 1),
        "x".repeat(LONGEST_TOKEN + 1),
        format!("{}.{}.", "A".repeat(3_000), "A".repeat(3_000)),
        format!("{header}.{bomb}.AAAA"),
        format!("{header}.{nested}.AAAA"),
        format!("{header}.{wide}.AAAA"),
        format!("{header}.{twice}.AAAA"),
        format!("{header}.{}.AAAA", part("null")),
        format!("{header}.{}.AAAA", part("\u{0}")),
        format!("{header}.{}.AAAA", URL_SAFE_NO_PAD.encode([0xff, 0xfe])),
        format!("{bomb}.{}.AAAA", part("{}")),
    ];
    for token in cases {
        let refused = verify(&token, &keys()).unwrap_err();
        assert!(
            matches!(refused, TokenError::Malformed(_)),
            "{token}: {refused:?}"
        );
    }
    // base64url has one spelling for each value: the last character's spare bits must be zero.
    let (message, signature) = good.rsplit_once('.').unwrap();
    let respelt = format!("{message}.{}", respell(signature));
    assert!(matches!(
        verify(&respelt, &keys()).unwrap_err(),
        TokenError::Malformed(_)
    ));
}

/// The same bytes for a lax decoder: 64 bytes leave four spare bits in the last character.
fn respell(signature: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = signature.bytes().last().unwrap();
    let value = ALPHABET.iter().position(|byte| *byte == last).unwrap();
    let other = char::from(ALPHABET[value ^ 1]);
    format!("{}{other}", &signature[..signature.len() - 1])
}

#[test]
fn a_key_set_that_lies_holds_nothing_that_verifies() {
    let small = SigningKey::rsa(1024);
    let point = |x: &str| json!({ "kty": "EC", "crv": "P-256", "kid": "ec", "x": x, "y": x });
    let off_curve = point(&URL_SAFE_NO_PAD.encode([1; 32]));
    let none_fits = [
        vec![],
        vec![json!(7), json!(null), json!([])],
        vec![small.to_jwk("rsa")],
        vec![json!({ "kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB" })],
        vec![json!({ "kty": "RSA", "kid": "a", "n": "%%%", "e": "AQAB" })],
        vec![
            json!({ "kty": "RSA", "kid": "a", "n": URL_SAFE_NO_PAD.encode([0xff; 513]), "e": "AQAB" }),
        ],
        vec![
            json!({ "kty": "RSA", "kid": "a", "n": URL_SAFE_NO_PAD.encode([0xff; 256]), "e": "AQ" }),
        ],
        vec![
            json!({ "kty": "RSA", "kid": "a", "n": URL_SAFE_NO_PAD.encode([0xfe; 256]), "e": "AQAB" }),
        ],
        vec![json!({ "kty": "oct", "kid": "a", "k": "c2VjcmV0" })],
        vec![off_curve],
        vec![point("")],
        vec![json!({ "kty": "EC", "crv": "P-384", "kid": "a", "x": "AA", "y": "AA" })],
    ];
    for keys in none_fits {
        let text = json!({ "keys": keys }).to_string();
        assert_eq!(
            KeySet::parse(text.as_bytes()).unwrap_err(),
            InvalidKeys::NoneFits,
            "{text}"
        );
    }
    let mut without_id = EC.to_jwk("ec");
    without_id.as_object_mut().unwrap().remove("kid");
    for wrong in ["enc", "SIG", ""] {
        let mut key = EC.to_jwk("ec");
        key["use"] = json!(wrong);
        let text = json!({ "keys": [key, without_id] }).to_string();
        assert_eq!(
            KeySet::parse(text.as_bytes()).unwrap_err(),
            InvalidKeys::NoneFits
        );
    }
    for (name, wrong) in [("alg", json!("RS256")), ("key_ops", json!(["encrypt"]))] {
        let mut key = EC.to_jwk("ec");
        key[name] = wrong;
        let keys = set(&[key, RSA.to_jwk("rsa")]);
        assert_eq!(
            verify(&ec(&claims()), &keys).unwrap_err(),
            TokenError::UnsuitableKey
        );
    }
    for (text, error) in [
        (String::new(), InvalidKeys::NotJson),
        ("[".repeat(100_000), InvalidKeys::NotJson),
        (" ".repeat(200_000), InvalidKeys::NotJson),
        ("{}".to_owned(), InvalidKeys::NoKeys),
        (r#"{"keys":{}}"#.to_owned(), InvalidKeys::NoKeys),
        (
            json!({ "keys": vec![json!({}); 65] }).to_string(),
            InvalidKeys::NoKeys,
        ),
        (r#"{"keys":[],"keys":[]}"#.to_owned(), InvalidKeys::NotJson),
    ] {
        assert_eq!(KeySet::parse(text.as_bytes()).unwrap_err(), error);
    }
}

proptest! {
    /// One character of a token that is another one: nobody is let in.
    #[test]
    fn no_changed_token_verifies(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let honest = ec(&claims());
        let at = at.index(honest.len());
        let mut changed = honest.clone();
        changed.replace_range(at..=at, &to);
        prop_assert_eq!(verify(&changed, &keys()).is_ok(), changed == honest);
    }

    /// Any text at all is answered, not with a panic.
    #[test]
    fn any_text_is_answered(token in "\\PC{0,200}", text in "\\PC{0,200}") {
        prop_assert!(verify(&token, &keys()).is_err());
        let parts = [token.as_str(), &text, &token].join(".");
        prop_assert!(verify(&parts, &keys()).is_err());
        let _ = KeySet::parse(text.as_bytes());
        let _ = Issuers::parse(&text);
    }
}
