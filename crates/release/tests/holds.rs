//! Holds: no policy goes out while one is in force; people always may.

use std::rc::Rc;

use domain::TriggeredBy;
use release::database::Sql;
use release::hold::{Hold, HoldError, HoldWish, lift, list, place};
use release::query::{Parameters, explain};

use crate::world::artifacts::Shipment;
use crate::world::executor::run;
use crate::world::ports::{Sqlite, Time};
use crate::world::{ONE, World, ask_for, ask_rollback, release_version, shipped_id, tick};

const SHOP: &str = "staging/shop";
const CART: &str = "staging/cart";

fn in_force(world: &Rc<World>, query: &str) -> Vec<String> {
    let base = Sqlite(Rc::clone(world));
    let holds = run(list(&Sql::new(&base), &Parameters::parse(query))).unwrap();
    holds.into_iter().map(|hold| hold.id).collect()
}

fn hold(world: &Rc<World>, env: &str, app: Option<&str>, key: Option<&str>) -> String {
    try_hold(world, env, app, key).unwrap().id
}

fn try_hold(
    world: &Rc<World>,
    env: &str,
    app: Option<&str>,
    key: Option<&str>,
) -> Result<Hold, HoldError> {
    let wish = HoldWish {
        env: env.parse().unwrap(),
        app: app.map(|app| app.parse().unwrap()),
        reason: "the fair is on".parse().unwrap(),
        owner: "ann".parse().unwrap(),
        idempotency_key: key.map(str::to_owned),
    };
    let base = Sqlite(Rc::clone(world));
    run(place(&Sql::new(&base), &Time(Rc::clone(world)), &wish))
}

fn take_away(world: &Rc<World>, id: &str) -> Result<(), HoldError> {
    let base = Sqlite(Rc::clone(world));
    let by: TriggeredBy = "bob".parse().unwrap();
    run(lift(
        &Sql::new(&base),
        &Time(Rc::clone(world)),
        &id.parse().unwrap(),
        &by,
    ))
}

/// The code and the reason of an artifact's only decision.
fn decision(world: &Rc<World>, artifact: &str) -> (bool, String, String) {
    let base = Sqlite(Rc::clone(world));
    let query = format!("artifact={artifact}");
    let template = domain::LiteralText;
    let told = run(explain(
        &Sql::new(&base),
        &template,
        &Parameters::parse(&query),
    ))
    .unwrap();
    let row = told.decisions[0].clone();
    (row.released, row.code, row.reason)
}

#[test]
fn a_rollback_holds_until_somebody_releases_by_hand() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    let target = world.tip();
    release_version(&world, 2, SHOP);
    let rollback = ask_rollback(&world, SHOP, &target, None).unwrap();
    assert_eq!(
        in_force(&world, ""),
        std::slice::from_ref(&rollback),
        "at once"
    );
    tick(&world);
    let held = release_version(&world, 3, SHOP);
    assert_eq!(world.version_of(SHOP), Some(1));
    let (released, code, reason) = decision(&world, &held);
    assert_eq!((released, code.as_str()), (false, "held"));
    let expected = format!(
        "staging/shop is held by ann: rolled back to {target}; release it by hand, or lift hold {rollback}"
    );
    assert_eq!(reason, expected);
    let request = world.sql(
        "SELECT status, status_desc FROM requests WHERE artifact_id = ?1",
        &[held.as_str().into()],
    );
    assert_eq!(request, [["error".to_owned(), expected]]);
    release_version(&world, 4, CART);
    assert_eq!(world.version_of(CART), Some(4), "only its own app is held");
    // By hand, and a policy's release right behind it, in the same push.
    ask_for(&world, &held, SHOP, None).unwrap();
    world.advance_ms(1);
    let next = release_version(&world, 5, SHOP);
    assert_eq!(world.version_of(SHOP), Some(5));
    assert!(decision(&world, &next).0);
    assert!(in_force(&world, "").is_empty());
    assert_eq!(world.sql("SELECT lifted_by FROM holds", &[]), [["ann"]]);
}

#[test]
fn a_policy_that_waits_behind_a_rollback_in_the_same_push_is_held() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    let target = world.tip();
    release_version(&world, 2, SHOP);
    ask_rollback(&world, SHOP, &target, None).unwrap();
    world.advance_ms(1);
    release_version(&world, 3, SHOP);
    assert_eq!(world.version_of(SHOP), Some(1));
}

#[test]
fn a_release_by_hand_from_before_the_rollback_lifts_nothing() {
    let world = World::new(1, ONE);
    let first = release_version(&world, 1, SHOP);
    let target = world.tip();
    release_version(&world, 2, SHOP);
    ask_for(&world, &first, SHOP, None).unwrap();
    world.advance_ms(1);
    ask_rollback(&world, SHOP, &target, None).unwrap();
    tick(&world);
    assert_eq!(in_force(&world, "env=staging&app=shop").len(), 1);
}

#[test]
fn a_hold_on_an_environment_stops_policies_and_no_person() {
    let world = World::new(1, ONE);
    let id = hold(&world, "staging", None, None);
    let artifact = release_version(&world, 1, SHOP);
    assert!(world.server(|server| server.tip).is_none());
    assert_eq!(decision(&world, &artifact).1, "held");
    release_version(&world, 1, "prod/shop");
    assert_eq!(world.version_of("prod/shop"), Some(1));
    ask_for(&world, &artifact, SHOP, None).unwrap();
    tick(&world);
    assert_eq!(world.version_of(SHOP), Some(1));
    assert_eq!(
        in_force(&world, "env=staging&app=cart"),
        std::slice::from_ref(&id),
        "what was placed on purpose stays"
    );
    take_away(&world, &id).unwrap();
    take_away(&world, &id).unwrap();
    assert!(in_force(&world, "").is_empty());
    assert_eq!(world.sql("SELECT lifted_by FROM holds", &[]), [["bob"]]);
    release_version(&world, 2, SHOP);
    assert_eq!(world.version_of(SHOP), Some(2));
    let unknown = take_away(&world, "00000000-0000-7000-8000-000000000000");
    assert!(matches!(unknown, Err(HoldError::Unknown(_))));
}

#[test]
fn a_hold_with_a_key_is_one_hold() {
    let world = World::new(1, ONE);
    let id = hold(&world, "staging", Some("shop"), Some("k"));
    assert_eq!(hold(&world, "staging", Some("shop"), Some("k")), id);
    assert_ne!(hold(&world, "staging", Some("cart"), Some("k")), id);
    assert_eq!(in_force(&world, "env=staging&app=shop"), [id]);
}

/// Whoever is told that it holds must be able to rely on it.
#[test]
fn a_key_whose_hold_was_lifted_holds_nothing_and_says_so() {
    let world = World::new(1, ONE);
    let id = hold(&world, "staging", None, Some("freeze"));
    take_away(&world, &id).unwrap();
    let again = try_hold(&world, "staging", None, Some("freeze"));
    assert!(matches!(again, Err(HoldError::Lifted(known)) if known.as_str() == id));
    assert!(in_force(&world, "env=staging").is_empty());
    let new = hold(&world, "staging", None, Some("freeze again"));
    assert_eq!(in_force(&world, "env=staging"), [new]);
}

#[test]
fn a_rollback_that_is_asked_for_again_holds_again() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    let target = world.tip();
    release_version(&world, 2, SHOP);
    let id = ask_rollback(&world, SHOP, &target, Some("k")).unwrap();
    world.sql(
        "UPDATE requests SET status = 'error' WHERE id = ?1",
        &[id.as_str().into()],
    );
    tick(&world);
    assert_eq!(
        in_force(&world, ""),
        std::slice::from_ref(&id),
        "a rollback that failed keeps its hold"
    );
    take_away(&world, &id).unwrap();
    assert_eq!(ask_rollback(&world, SHOP, &target, Some("k")).unwrap(), id);
    assert_eq!(in_force(&world, ""), [id]);
    tick(&world);
    shipped_id(&world, &Shipment::new(3, &[SHOP]));
    tick(&world);
    assert_eq!(world.version_of(SHOP), Some(1));
}
