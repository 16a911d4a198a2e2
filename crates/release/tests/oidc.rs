//! The keys of OIDC issuers over time: when they are read, how long they are used, and who may ask for newer ones. What an
//! issuer answers is in the end-to-end tests, over a real connection; here the clock moves.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use access::Principal;
use access::oidc::{Issuers, TokenError};
use harness::oidc_issuer::SigningKey;
use release::database::Sql;
use release::oidc::{OidcError, Refreshed, authenticate, refresh};
use release::ports::{HttpClient, HttpError};
use serde_json::{Value, json};

use crate::world::executor::run;
use crate::world::ports::{Sqlite, Time};
use crate::world::{ONE, World};

const ISSUER: &str = "https://gitlab.example";
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// The issuer's answers, from memory.
struct Web {
    keys: RefCell<Vec<Value>>,
    up: Cell<bool>,
    asked: Cell<usize>,
}

impl Web {
    fn with(keys: &[Value]) -> Self {
        Self {
            keys: RefCell::new(keys.to_vec()),
            up: Cell::new(true),
            asked: Cell::new(0),
        }
    }
}

impl HttpClient for Web {
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        _: usize,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        let url = request.uri().to_string();
        let body = match url.strip_prefix(ISSUER) {
            Some("/.well-known/openid-configuration") => {
                self.asked.set(self.asked.get() + 1);
                json!({ "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys") })
            }
            Some("/keys") => json!({ "keys": *self.keys.borrow() }),
            _ => panic!("asked for {url}"),
        };
        let status = if self.up.get() { 200 } else { 503 };
        let answer = http::Response::builder().status(status);
        Ok(answer.body(body.to_string().into_bytes()).unwrap())
    }
}

fn issuers() -> Issuers {
    Issuers::parse(&format!(
        "issuer={ISSUER}&audience=wimble&repository=acme/*"
    ))
    .unwrap()
}

fn tick(world: &Rc<World>, web: &Web) -> Vec<Refreshed> {
    let db = Sqlite(Rc::clone(world));
    let time = Time(Rc::clone(world));
    run(refresh(&Sql::new(&db), web, &time, &issuers(), u64::MAX)).unwrap()
}

/// A job comes with a token that was just made with this key.
fn come(world: &Rc<World>, key: &SigningKey, id: &str) -> Result<Principal, OidcError> {
    let now_ms = world.now_ms.get();
    let now = now_ms / 1000;
    let header = json!({ "typ": "JWT", "alg": key.algorithm(), "kid": id });
    let claims = json!({
        "iss": ISSUER, "aud": "wimble", "project_path": "acme/web", "iat": now, "exp": now + 300,
    });
    let db = Sqlite(Rc::clone(world));
    let token = key.jwt(&header, &claims);
    run(authenticate(&Sql::new(&db), &issuers(), &token, now_ms))
}

fn is_unknown(outcome: &Result<Principal, OidcError>) -> bool {
    matches!(outcome, Err(OidcError::KeysUnknown { .. }))
}

#[test]
fn keys_are_read_at_first_then_each_hour() {
    let (world, key) = (World::new(1, ONE), SigningKey::p256(3));
    let web = Web::with(&[key.to_jwk("k")]);
    assert!(is_unknown(&come(&world, &key, "k")));
    world.advance_ms(1);
    for minute in 0..180 {
        let due = minute % 60 == 0;
        assert_eq!(tick(&world, &web).len(), usize::from(due), "{minute}");
        assert!(come(&world, &key, "k").is_ok());
        world.advance_ms(MINUTE);
    }
    assert_eq!(web.asked.get(), 3);
}

#[test]
fn a_failing_issuer_is_asked_once_a_minute_and_its_keys_are_used_for_a_day() {
    let (world, key) = (World::new(1, ONE), SigningKey::p256(3));
    let web = Web::with(&[key.to_jwk("k")]);
    tick(&world, &web);
    web.up.set(false);
    let began = world.now_ms.get();
    world.advance_ms(HOUR);
    for _ in 0..20 {
        tick(&world, &web);
        world.advance_ms(6_000);
    }
    assert_eq!(web.asked.get(), 1 + 2, "twice in two minutes");
    world.advance_ms(24 * HOUR - 1 - (world.now_ms.get() - began));
    assert!(come(&world, &key, "k").is_ok());
    world.advance_ms(1);
    assert!(is_unknown(&come(&world, &key, "k")));
    web.up.set(true);
    tick(&world, &web);
    assert!(come(&world, &key, "k").is_ok());
}

#[test]
fn a_new_key_is_read_when_it_is_asked_for_but_once_a_minute() {
    let (old, new) = (SigningKey::p256(3), SigningKey::p256(4));
    let world = World::new(1, ONE);
    let web = Web::with(&[old.to_jwk("old")]);
    tick(&world, &web);
    web.keys.borrow_mut().push(new.to_jwk("new"));
    assert!(tick(&world, &web).is_empty());
    assert!(is_unknown(&come(&world, &new, "new")));
    assert!(tick(&world, &web).is_empty(), "not within the minute");
    world.advance_ms(MINUTE);
    assert_eq!(tick(&world, &web).len(), 1);
    assert!(come(&world, &new, "new").is_ok() && come(&world, &old, "old").is_ok());
}

#[test]
fn a_key_that_newer_keys_do_not_hold_is_nobodys() {
    let (key, mallory) = (SigningKey::p256(3), SigningKey::p256(4));
    let world = World::new(1, ONE);
    let web = Web::with(&[key.to_jwk("k")]);
    let now = world.now_ms.get() / 1000;
    let header = json!({ "typ": "JWT", "alg": "ES256", "kid": "made-up" });
    let claims = json!({
        "iss": ISSUER, "aud": "wimble", "project_path": "acme/web", "iat": now, "exp": now + 3_600,
    });
    let token = mallory.jwt(&header, &claims);
    world.advance_ms(2 * MINUTE);
    tick(&world, &web);
    let db = Sqlite(Rc::clone(&world));
    let refused = run(authenticate(
        &Sql::new(&db),
        &issuers(),
        &token,
        world.now_ms.get(),
    ));
    assert!(
        matches!(refused, Err(OidcError::Token(TokenError::UnknownKey))),
        "{refused:?}"
    );
    world.advance_ms(MINUTE);
    assert!(
        tick(&world, &web).is_empty(),
        "made-up keys make nobody ask"
    );
}

#[test]
fn a_withdrawn_key_opens_nothing_once_the_keys_were_read_again() {
    let (old, new) = (SigningKey::p256(3), SigningKey::p256(4));
    let world = World::new(1, ONE);
    let web = Web::with(&[old.to_jwk("old")]);
    tick(&world, &web);
    *web.keys.borrow_mut() = vec![new.to_jwk("new")];
    world.advance_ms(HOUR);
    tick(&world, &web);
    assert!(come(&world, &old, "old").is_err());
    assert!(come(&world, &new, "new").is_ok());
}

#[test]
fn only_one_of_two_replicas_asks() {
    let (world, key) = (World::new(1, ONE), SigningKey::p256(3));
    let web = Web::with(&[key.to_jwk("k")]);
    for _ in 0..2 {
        tick(&world, &web);
    }
    assert_eq!(web.asked.get(), 1);
    // Without issuers nobody is asked and nothing is read.
    let db = Sqlite(Rc::clone(&world));
    let time = Time(Rc::clone(&world));
    let none = run(refresh(
        &Sql::new(&db),
        &web,
        &time,
        &Issuers::default(),
        u64::MAX,
    ))
    .unwrap();
    assert!(none.is_empty());
}
