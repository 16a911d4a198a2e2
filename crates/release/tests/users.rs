//! Users and tokens: who a token is, until when, and what a process that dies leaves behind.

use std::rc::Rc;

use access::{Action, Digest, Grant, Limits, Principal, Role, Scope, allowed};
use release::database::Sql;
use release::ports::{Database, DatabaseError, Row, SqlValue};
use release::users::{self, Minted, TokenWish, User, UserError};

use crate::world::executor::run;
use crate::world::ports::{Sqlite, Time};
use crate::world::{ONE, World};

fn grant(role: Role) -> Grant {
    Grant {
        role,
        limits: Limits::default(),
    }
}

fn make(world: &Rc<World>, login: &str, role: Role) -> Result<(User, Minted), UserError> {
    let db = Sqlite(Rc::clone(world));
    let time = Time(Rc::clone(world));
    let wish = TokenWish::named("first");
    let login = login.parse().unwrap();
    run(users::create(
        &Sql::new(&db),
        &time,
        &login,
        grant(role),
        wish,
    ))
}

fn mint(world: &Rc<World>, login: &str, wish: TokenWish) -> Result<(User, Minted), UserError> {
    let db = Sqlite(Rc::clone(world));
    let time = Time(Rc::clone(world));
    run(users::mint(&Sql::new(&db), &time, login, wish))
}

fn who(world: &Rc<World>, token: &Minted) -> Option<Principal> {
    let db = Sqlite(Rc::clone(world));
    let digest = Digest::of(token.token.reveal());
    run(users::authenticate(
        &Sql::new(&db),
        &digest,
        world.now_ms.get(),
    ))
    .unwrap()
}

fn remove(world: &Rc<World>, login: &str) -> Result<(), UserError> {
    let db = Sqlite(Rc::clone(world));
    let time = Time(Rc::clone(world));
    run(users::delete(&Sql::new(&db), &time, login))
}

#[test]
fn a_user_is_known_by_the_first_token_and_by_every_other() {
    let world = World::new(1, ONE);
    let (user, first) = make(&world, "ci", Role::Shipper).unwrap();
    assert_eq!(
        (user.login.as_str(), user.grant.role),
        ("ci", Role::Shipper)
    );
    let (_, second) = mint(&world, "ci", TokenWish::named("second")).unwrap();
    assert_ne!(first.token, second.token);
    for token in [&first, &second] {
        assert_eq!(who(&world, token).unwrap().login.as_str(), "ci");
    }
    let stored = world.sql("SELECT * FROM tokens", &[]);
    let text = format!("{stored:?}");
    for token in [&first, &second] {
        assert!(text.contains(&token.token.digest().to_hex()));
        assert!(!text.contains(token.token.reveal()));
    }
}

#[test]
fn a_login_is_given_once_and_never_the_admins() {
    let world = World::new(1, ONE);
    make(&world, "ann", Role::Viewer).unwrap();
    assert!(matches!(
        make(&world, "ann", Role::Admin),
        Err(UserError::Taken(_))
    ));
    for login in ["admin", "Admin", "acme/web", "a%2Fb", "x?y"] {
        let made = make(&world, login, Role::Viewer);
        assert!(matches!(made, Err(UserError::Unfit(..))), "{login}");
    }
    assert!(matches!(remove(&world, "admin"), Err(UserError::BuiltIn)));
    assert_eq!(world.sql("SELECT role FROM users", &[]), [["viewer"]]);
    assert_eq!(world.sql("SELECT count(*) FROM tokens", &[]), [["1"]]);
}

#[test]
fn a_removed_user_is_nobody_at_once_and_comes_back_without_old_tokens() {
    let world = World::new(1, ONE);
    let (_, old) = make(&world, "ann", Role::Admin).unwrap();
    remove(&world, "ann").unwrap();
    assert_eq!(who(&world, &old), None);
    let (_, new) = make(&world, "ann", Role::Viewer).unwrap();
    assert_eq!(who(&world, &old), None);
    assert!(who(&world, &new).is_some());
    // One that was never there is no error, as in GimletD.
    remove(&world, "nobody").unwrap();
}

#[test]
fn a_revoked_token_is_nobodys_at_once_and_others_stay() {
    let world = World::new(1, ONE);
    let (_, first) = make(&world, "ann", Role::Viewer).unwrap();
    let (_, second) = mint(&world, "ann", TokenWish::named("second")).unwrap();
    make(&world, "bob", Role::Viewer).unwrap();
    let db = Sqlite(Rc::clone(&world));
    let sql = Sql::new(&db);
    // Only by its own user's name.
    run(users::revoke(&sql, "bob", &first.info.id)).unwrap();
    assert!(who(&world, &first).is_some());
    run(users::revoke(&sql, "ann", &first.info.id)).unwrap();
    assert_eq!(who(&world, &first), None);
    assert!(who(&world, &second).is_some());
    run(users::revoke(&sql, "ann", &first.info.id)).unwrap();
}

#[test]
fn x5_a_token_expires_to_the_millisecond() {
    let world = World::new(1, ONE);
    make(&world, "ann", Role::Viewer).unwrap();
    let wish = TokenWish {
        lives_ms: Some(10_000),
        ..TokenWish::named("short")
    };
    let (_, token) = mint(&world, "ann", wish).unwrap();
    world.advance_ms(9_999);
    assert!(who(&world, &token).is_some());
    world.advance_ms(1);
    assert_eq!(who(&world, &token), None);
}

#[test]
fn a_rotated_token_opens_until_its_grace_is_over() {
    let world = World::new(1, ONE);
    make(&world, "ann", Role::Releaser).unwrap();
    let limits = Limits::of(&[], &[], &["staging"]).unwrap();
    let wish = TokenWish {
        role: Some(Role::Shipper),
        limits,
        lives_ms: Some(100_000),
        ..TokenWish::named("ci")
    };
    let (_, old) = mint(&world, "ann", wish).unwrap();
    world.advance_ms(50_000);
    let db = Sqlite(Rc::clone(&world));
    let (sql, time) = (Sql::new(&db), Time(Rc::clone(&world)));
    let new = run(users::rotate(&sql, &time, "ann", &old.info.id, 5_000)).unwrap();
    assert_eq!(
        (&new.info.name, &new.info.grant),
        (&old.info.name, &old.info.grant)
    );
    assert_eq!(new.info.expires_ms, Some(world.now_ms.get() + 100_000));
    assert!(who(&world, &old).is_some() && who(&world, &new).is_some());
    world.advance_ms(5_000);
    assert_eq!(who(&world, &old), None);
    assert!(who(&world, &new).is_some());
    let gone = run(users::rotate(&sql, &time, "ann", &old.info.id, 5_000));
    assert!(matches!(gone, Err(UserError::UnknownToken(_))));
    // Grace never lengthens a life.
    let last = run(users::rotate(&sql, &time, "ann", &new.info.id, 900_000)).unwrap();
    world.advance_ms(100_000);
    assert_eq!((who(&world, &new), who(&world, &last)), (None, None));
}

/// Whoever did not get the answer asks again: the second new token must not end with the grace of the old one.
#[test]
fn a_token_that_is_rotated_twice_has_the_same_life_each_time() {
    for lives_ms in [None, Some(100_000)] {
        let world = World::new(1, ONE);
        make(&world, "ann", Role::Releaser).unwrap();
        let wish = TokenWish {
            lives_ms,
            ..TokenWish::named("ci")
        };
        let (_, old) = mint(&world, "ann", wish).unwrap();
        let db = Sqlite(Rc::clone(&world));
        let (sql, time) = (Sql::new(&db), Time(Rc::clone(&world)));
        for _ in 0..3 {
            world.advance_ms(1_000);
            let new = run(users::rotate(&sql, &time, "ann", &old.info.id, 5_000)).unwrap();
            let expires_ms = lives_ms.map(|lives| world.now_ms.get() + lives);
            assert_eq!(new.info.expires_ms, expires_ms);
        }
        world.advance_ms(3_000);
        assert_eq!(who(&world, &old), None);
    }
}

/// What an earlier version stored says nothing of its life.
#[test]
fn a_token_of_an_earlier_version_is_rotated_with_what_is_known_of_its_life() {
    for (lives_ms, known) in [(None, None), (Some(100_000), Some(100_000))] {
        let world = World::new(1, ONE);
        make(&world, "ann", Role::Releaser).unwrap();
        let wish = TokenWish {
            lives_ms,
            ..TokenWish::named("ci")
        };
        let (_, old) = mint(&world, "ann", wish).unwrap();
        world.sql("UPDATE tokens SET lives = NULL", &[]);
        let db = Sqlite(Rc::clone(&world));
        let (sql, time) = (Sql::new(&db), Time(Rc::clone(&world)));
        for _ in 0..2 {
            let new = run(users::rotate(&sql, &time, "ann", &old.info.id, 5_000)).unwrap();
            let expires_ms = known.map(|lives: u64| world.now_ms.get() + lives);
            assert_eq!(new.info.expires_ms, expires_ms);
        }
    }
}

#[test]
fn a_token_may_less_than_its_user_and_never_more() {
    let world = World::new(1, ONE);
    make(&world, "ann", Role::Shipper).unwrap();
    let wish = TokenWish {
        role: Some(Role::Admin),
        ..TokenWish::named("too much")
    };
    let (_, token) = mint(&world, "ann", wish).unwrap();
    let ann = who(&world, &token).unwrap();
    assert!(allowed(&ann, Action::Ship, &Scope::everything()).is_ok());
    assert!(allowed(&ann, Action::Users, &Scope::everything()).is_err());
}

#[test]
fn a_user_has_a_hundred_tokens_at_most() {
    let world = World::new(1, ONE);
    make(&world, "ann", Role::Viewer).unwrap();
    for number in 1..100 {
        mint(&world, "ann", TokenWish::named(&number.to_string())).unwrap();
    }
    let refused = mint(&world, "ann", TokenWish::named("one too many"));
    assert!(matches!(refused, Err(UserError::TooManyTokens(_))));
}

/// A database that dies at the nth statement.
struct Dying<'a> {
    inner: &'a Sqlite,
    left: std::cell::Cell<usize>,
}

impl Database for Dying<'_> {
    async fn execute(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, DatabaseError> {
        let left = self.left.get().checked_sub(1);
        self.left
            .set(left.ok_or_else(|| DatabaseError("dead".into()))?);
        self.inner.execute(sql, params).await
    }
}

#[test]
fn a_process_that_dies_while_it_makes_a_user_leaves_nothing_that_opens() {
    let mut died = 0;
    for statements in 0..20 {
        let world = World::new(1, ONE);
        let db = Sqlite(Rc::clone(&world));
        run(Sql::new(&db).migrate()).unwrap();
        let time = Time(Rc::clone(&world));
        let dying = Dying {
            inner: &db,
            left: std::cell::Cell::new(statements),
        };
        let login = "ann".parse().unwrap();
        let wish = TokenWish::named("first");
        let sql = Sql::new(&dying);
        let made = run(users::create(&sql, &time, &login, grant(Role::Admin), wish));
        let users = world.sql("SELECT count(*) FROM users", &[])[0][0].clone();
        let open = "SELECT count(*) FROM tokens JOIN users ON users.id = tokens.user_id";
        let open = world.sql(open, &[])[0][0].clone();
        if made.is_ok() {
            assert_eq!((users.as_str(), open.as_str()), ("1", "1"));
            continue;
        }
        died += 1;
        assert_eq!((users.as_str(), open.as_str()), ("0", "0"), "{statements}");
        // The same call can be made again, and what was left behind goes when it is an hour old.
        let (_, token) = make(&world, "ann", Role::Viewer).unwrap();
        assert!(who(&world, &token).is_some());
        world.advance_ms(3_700_000);
        make(&world, "bob", Role::Viewer).unwrap();
        assert_eq!(world.sql("SELECT count(*) FROM tokens", &[]), [["2"]]);
    }
    assert!(died >= 4, "{died}");
}
