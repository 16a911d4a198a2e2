//! Tokens of CI systems, with an issuer that is really asked for its keys: honest, slow, lying and gone.

use std::time::{SystemTime, UNIX_EPOCH};

use end_to_end::artifacts::{REPOSITORY, artifact, manifest};
use end_to_end::world::{Setup, World};
use harness::client::{Answer, Client};
use harness::oidc_issuer::{Manner, OidcIssuer, SigningKey, unsigned};
use serde_json::{Value, json};

const AUDIENCE: &str = "https://wimble.example";

/// A world whose application takes the tokens of this issuer, as GitHub's.
fn world(test: &'static str, issuer: &OidcIssuer) -> World {
    let url = issuer.url();
    let issuers = format!("issuer={url}&audience={AUDIENCE}&repository=acme/*&provider=github");
    Setup::new(test)
        .variable("oidc_issuers", &issuers)
        .variable("oidc_host", &url)
        .start()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn claims(issuer: &OidcIssuer) -> Value {
    json!({
        "iss": issuer.url(), "aud": AUDIENCE, "repository": REPOSITORY, "iat": now(), "nbf": now() - 10, "exp": now() + 300,
    })
}

fn header(key: &SigningKey, id: &str) -> Value {
    json!({ "typ": "JWT", "alg": key.algorithm(), "kid": id })
}

fn client(world: &World, token: &str) -> Client {
    Client::new(world.client().address(), token)
}

fn ship(world: &World, token: &str, number: usize) -> Answer {
    let shipped = artifact(
        number,
        vec![manifest("staging", "web", &number.to_string())],
    );
    client(world, token).post("/api/artifact", &shipped)
}

fn assert_unauthorized(answer: &Answer, words: &str) {
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(words), "{detail}");
}

fn assert_keys_unknown(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.json()["type"], "urn:wimble:problem:keys-unknown");
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
}

#[test]
fn a_job_ships_for_its_own_repository_without_a_secret() {
    for key in [SigningKey::p256(3), SigningKey::rsa(2048)] {
        let issuer = OidcIssuer::start(vec![key.to_jwk("k1")]);
        let world = world("a_job_ships_without_a_secret", &issuer);
        let token = key.jwt(&header(&key, "k1"), &claims(&issuer));
        // Nobody has read the keys yet: CI is told to come again.
        assert_keys_unknown(&ship(&world, &token, 1));
        let report = world.flush();
        assert_eq!(
            report["oidc"],
            json!([{ "issuer": issuer.url() }]),
            "{report}"
        );
        let shipped = ship(&world, &token, 1).expect(201);
        world.settle();
        let ci = client(&world, &token);
        let id = shipped["id"].as_str().unwrap();
        assert_eq!(ci.get(&format!("/api/artifacts/{id}")).status, 200);
        let request = &world.requests_of(id)[0];
        assert_eq!(
            ci.get(&format!("/api/event?id={request}")).expect(200)["status"],
            "processed"
        );
        // It is a shipper of its own repository, and nothing else.
        let mut other = artifact(2, Vec::new());
        other["version"]["repositoryName"] = json!("acme/api");
        for answer in [
            ci.post("/api/artifact", &other),
            ci.post(
                "/api/releases",
                &json!({ "env": "staging", "artifactId": id }),
            ),
            ci.post("/internal/flush", &json!({})),
            ci.get("/api/artifacts"),
            ci.get("/api/users"),
        ] {
            assert_eq!(answer.status, 403, "{}", answer.text());
        }
        let audit = world.client().get("/api/audit").expect(200);
        let first = &audit["rows"][0];
        assert_eq!(
            first["actor"],
            format!(
                "{REPOSITORY}@{}",
                issuer.url().trim_start_matches("http://")
            )
        );
        assert_eq!(first["via"], format!("oidc {}", issuer.url()));
        assert!(!world.application.log().contains(&token));
        // Once read, the keys are kept: two requests in all.
        assert_eq!(issuer.log(), ["/.well-known/openid-configuration", "/keys"]);
    }
}

#[test]
fn no_attack_on_the_token_lets_anybody_in() {
    let (key, rsa, mallory) = (
        SigningKey::p256(3),
        SigningKey::rsa(2048),
        SigningKey::p256(4),
    );
    let twin = SigningKey::p256(5);
    let issuer = OidcIssuer::start(vec![
        key.to_jwk("ec"),
        rsa.to_jwk("rsa"),
        twin.to_jwk("twin"),
        twin.to_jwk("twin"),
    ]);
    let world = world("no_attack_on_the_token_lets_anybody_in", &issuer);
    world.flush();
    let with = |name: &str, value: Value| {
        let mut claims = claims(&issuer);
        claims[name] = value;
        key.jwt(&header(&key, "ec"), &claims)
    };
    let good = claims(&issuer);
    let of_header = |header: Value| key.jwt(&header, &good);
    let none = unsigned(&json!({ "alg": "none", "kid": "ec" }), &good);
    let old = json!({ "iat": now() - 900, "nbf": now() - 900, "exp": now() - 600 });
    let mut expired = good.clone();
    expired
        .as_object_mut()
        .unwrap()
        .extend(old.as_object().unwrap().clone());
    let bomb = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    let unknown = json!({ "typ": "JWT", "alg": "ES256", "kid": "gone" });
    let mut before = good.clone();
    before["iat"] = json!(now() - 200);
    let cases = [
        ("alg none", format!("{none}."), "RS256 or ES256"),
        (
            "HS256",
            of_header(json!({ "alg": "HS256", "kid": "rsa" })),
            "RS256 or ES256",
        ),
        (
            "a key of another type",
            of_header(json!({ "alg": "ES256", "kid": "rsa" })),
            "not made for its algorithm",
        ),
        (
            "a foreign key",
            mallory.jwt(&header(&key, "ec"), &good),
            "signature is wrong",
        ),
        (
            "a key that stands twice",
            twin.jwt(&header(&twin, "twin"), &good),
            "more than once",
        ),
        (
            "an unknown key",
            key.jwt(&unknown, &before),
            "does not have",
        ),
        (
            "expired",
            key.jwt(&header(&key, "ec"), &expired),
            "has expired",
        ),
        (
            "the future",
            with("iat", json!(now() + 600)),
            "not valid yet",
        ),
        (
            "another audience",
            with("aud", json!("https://other.example")),
            "another audience",
        ),
        (
            "another issuer",
            with("iss", json!("https://evil.example")),
            "none of the variable oidc_issuers",
        ),
        (
            "no repository",
            with("repository", json!(7)),
            "'repository'",
        ),
        ("a bomb", with("x", json!([[[[[[1]]]]]])), "not a JWT"),
        (
            "huge",
            with("x", json!("x".repeat(8_000))),
            "a valid token is needed",
        ),
        ("no base64", format!("{bomb}.{bomb}.x"), "not a JWT"),
    ];
    for (name, token, words) in &cases {
        println!("{name}");
        assert_unauthorized(&ship(&world, token, 1), words);
    }
    // By the query, where proxies would log it, no such token is taken.
    let honest = with("x", json!(1));
    let path = format!("/api/artifacts?repository={REPOSITORY}&access_token={honest}");
    assert_eq!(
        world.client().send("GET", &path, &[], b"").unwrap().status,
        401
    );
    assert_eq!(ship(&world, &honest, 1).status, 201);
    // A sound token of a repository that nobody named proves who it is, and that it may not.
    let stranger = ship(&world, &with("repository", json!("evil/web")), 2);
    assert_eq!(stranger.status, 403, "{}", stranger.text());
    let all = world.client().get("/api/artifacts").expect(200);
    assert_eq!(all.as_array().unwrap().len(), 1);
}

#[test]
fn a_new_key_is_read_when_a_token_names_it() {
    let (old, new) = (SigningKey::p256(3), SigningKey::p256(4));
    let issuer = OidcIssuer::start(vec![old.to_jwk("old")]);
    let world = world("a_new_key_is_read_when_a_token_names_it", &issuer);
    world.flush();
    issuer.set_keys(vec![old.to_jwk("old"), new.to_jwk("new")]);
    let token = new.jwt(&header(&new, "new"), &claims(&issuer));
    for _ in 0..5 {
        assert_keys_unknown(&ship(&world, &token, 1));
        // Asked for, but never twice within a minute.
        world.flush();
    }
    assert_eq!(issuer.log().len(), 2);
    // What is known goes on.
    let token = old.jwt(&header(&old, "old"), &claims(&issuer));
    assert_eq!(ship(&world, &token, 2).status, 201);
}

#[test]
fn an_issuer_that_lies_or_stalls_neither_breaks_nor_holds_up_the_flush() {
    let key = SigningKey::p256(3);
    for manner in [
        Manner::Silent,
        Manner::Dripping,
        Manner::Huge,
        Manner::OtherIssuer,
        Manner::OtherOrigin,
        Manner::Redirecting,
        Manner::Garbage,
        Manner::Failing,
    ] {
        let issuer = OidcIssuer::start(vec![key.to_jwk("k1")]);
        issuer.behave(manner);
        let world = world("an_issuer_that_lies_or_stalls", &issuer);
        let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
        let report = world.flush();
        let problem = report["oidc"][0]["problem"].as_str().unwrap_or_default();
        assert!(!problem.is_empty(), "{manner:?}: {report}");
        let request = world.requests_of(&id)[0].clone();
        assert_eq!(world.event(&request)["status"], "processed", "{manner:?}");
        assert!(world.application.log().contains("keys not read"));
        // What it gave is believed by nobody.
        let token = key.jwt(&header(&key, "k1"), &claims(&issuer));
        assert_keys_unknown(&ship(&world, &token, 2));
        // It is left alone for a minute.
        let asked = issuer.log().len();
        assert_eq!(world.flush().get("oidc"), None, "{manner:?}");
        assert_eq!(issuer.log().len(), asked);
    }
}

#[test]
fn a_silent_issuer_does_not_keep_the_flush_from_its_work() {
    let issuer = OidcIssuer::start(Vec::new());
    issuer.behave(Manner::Silent);
    let world = world("a_silent_issuer_does_not_keep_the_flush", &issuer);
    let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    std::thread::scope(|scope| {
        let ticking = scope.spawn(|| world.flush());
        // The release is recorded while the tick still waits for the keys.
        world.wait_until("the release is done", || {
            let requests = world.requests_of(&id);
            !requests.is_empty() && world.event(&requests[0])["status"] == "processed"
        });
        let report = ticking.join().unwrap();
        assert!(report["oidc"][0]["problem"].is_string(), "{report}");
    });
}

#[test]
fn without_issuers_no_such_token_is_taken_and_wrong_ones_are_reported() {
    let key = SigningKey::p256(3);
    let issuer = OidcIssuer::start(vec![key.to_jwk("k1")]);
    let token = key.jwt(&header(&key, "k1"), &claims(&issuer));
    let world = World::start("without_issuers_no_such_token_is_taken");
    assert_unauthorized(&ship(&world, &token, 1), "a valid token is needed");
    assert_eq!(world.flush().get("oidc"), None);
    let wrong = format!("issuer={}&audience={AUDIENCE}", issuer.url());
    let world = Setup::new("wrong_issuers_are_reported")
        .variable("oidc_issuers", &wrong)
        .start();
    let answer = ship(&world, &token, 1);
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.json()["variable"], "oidc_issuers");
    // Everybody else is served, and the flush runs.
    let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    world.settle();
    world.assert_each_once(&world.requests_of(&id));
    assert!(world.application.log().contains("repository"));
}
