//! Releases that people ask for, from the wish to its end.

use release::ask::Full;
use release::enqueue::EnqueueError;

use crate::world::artifacts::{Shipment, Sort};
use crate::world::git_server::Mood;
use crate::world::{ONE, World, ask_for, shipped_id, tick};

const PLACES: &[&str] = &["staging/shop", "staging/cart", "prod/shop"];

fn manual(number: usize) -> Shipment {
    Shipment::new(number, PLACES).without_policy()
}

fn rows(world: &World) -> Vec<Vec<String>> {
    world.sql(
        "SELECT id, group_id, env, app, status FROM requests ORDER BY env, app",
        &[],
    )
}

#[test]
fn one_app_is_one_request_with_the_id_that_was_told() {
    let world = World::new(1, ONE);
    let artifact = shipped_id(&world, &manual(1));
    let id = ask_for(&world, &artifact, "staging/shop", None).unwrap();
    assert_eq!(rows(&world), [[&id, "", "staging", "shop", "new"]]);
    assert_eq!(world.keys("write.").len(), 1);
    tick(&world);
    assert_eq!(rows(&world)[0][4], "processed");
}

#[test]
fn all_apps_of_an_environment_are_one_group() {
    let world = World::new(1, ONE);
    let artifact = shipped_id(&world, &manual(1));
    let id = ask_for(&world, &artifact, "staging", None).unwrap();
    let queued = rows(&world);
    assert_eq!(queued.len(), 2);
    assert!(
        queued
            .iter()
            .all(|row| row[1] == id && row[2] == "staging" && row[0] != id)
    );
    tick(&world);
    assert!(
        rows(&world)
            .iter()
            .all(|row| row[4] == "processed" && row[1] == id)
    );
}

#[test]
fn what_cannot_be_released_is_refused_and_says_what_there_is() {
    let world = World::new(1, ONE);
    let artifact = shipped_id(&world, &manual(1));
    let unknown = "acme/shop-00000000-0000-4000-8000-000000000000";
    let refused = ask_for(&world, unknown, "staging", None).unwrap_err();
    assert!(matches!(refused, EnqueueError::UnknownArtifact(_)));
    for place in ["test", "staging/checkout", "prod/cart"] {
        let refused = ask_for(&world, &artifact, place, None).unwrap_err();
        let EnqueueError::NothingToRelease { wanted, has, .. } = refused else {
            panic!("{place}: {refused}");
        };
        assert_eq!(wanted, place);
        assert_eq!(has, "staging/shop, staging/cart, prod/shop");
    }
    assert!(rows(&world).is_empty() && world.keys("write.").is_empty());
}

#[test]
fn the_same_wish_with_the_same_key_is_queued_once() {
    let world = World::new(1, ONE);
    let artifact = shipped_id(&world, &manual(1));
    let id = ask_for(&world, &artifact, "staging", Some("k")).unwrap();
    let before = (rows(&world), world.store.borrow().clone());
    world.advance_ms(3_000);
    assert_eq!(
        ask_for(&world, &artifact, "staging", Some("k")).unwrap(),
        id
    );
    assert_eq!((rows(&world), world.store.borrow().clone()), before);
    tick(&world);
    assert_eq!(
        ask_for(&world, &artifact, "staging", Some("k")).unwrap(),
        id
    );
    assert!(world.keys("write.").is_empty());
    assert_ne!(
        ask_for(&world, &artifact, "staging", Some("another")).unwrap(),
        id
    );
    assert_ne!(
        ask_for(&world, &artifact, "staging/shop", Some("k")).unwrap(),
        id
    );
}

#[test]
fn without_a_key_each_wish_is_its_own_and_the_second_changes_nothing() {
    let world = World::new(1, ONE);
    let artifact = shipped_id(&world, &manual(1));
    let first = ask_for(&world, &artifact, "staging/shop", None).unwrap();
    world.advance_ms(1);
    let second = ask_for(&world, &artifact, "staging/shop", None).unwrap();
    assert_ne!(first, second);
    tick(&world);
    let ended = world.sql(
        "SELECT id, status, gitops_ref <> '' FROM requests ORDER BY created",
        &[],
    );
    assert_eq!(
        ended,
        [[&first, "processed", "1"], [&second, "processed", ""]]
    );
}

#[test]
fn what_ended_as_an_error_is_tried_again_under_its_id() {
    let world = World::new(1, ONE);
    let shipment = manual(1).sort(Sort::Failing(4));
    let artifact = shipped_id(&world, &shipment);
    let id = ask_for(&world, &artifact, "staging", Some("k")).unwrap();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        tick(&world);
        statuses.extend(rows(&world).into_iter().map(|row| row[4].clone()));
    }
    assert_eq!(statuses, ["new", "new", "new", "new", "error", "error"]);
    assert!(world.keys("write.").is_empty());
    assert_eq!(
        ask_for(&world, &artifact, "staging", Some("k")).unwrap(),
        id
    );
    let again = world.sql(
        "SELECT status, status_desc, attempts, ended FROM requests",
        &[],
    );
    assert!(again.iter().all(|row| *row == ["new", "", "0", ""]));
    tick(&world);
    tick(&world);
    assert!(
        rows(&world)
            .iter()
            .all(|row| row[4] == "processed" && row[1] == id)
    );
    assert_eq!(world.server(|server| server.history().len()), 2);
}

#[test]
fn rows_without_keys_are_released_all_the_same() {
    let world = World::new(1, ONE);
    let artifact = shipped_id(&world, &manual(1));
    ask_for(&world, &artifact, "prod/shop", None).unwrap();
    // The process died before the key was set, or the store lost it.
    world.store.borrow_mut().clear();
    tick(&world);
    assert_eq!(rows(&world)[0][4], "processed");
    assert!(world.keys("").is_empty());
}

#[test]
fn a_full_queue_takes_nothing() {
    let world = World::new(1, ONE);
    let artifact = shipped_id(&world, &manual(1));
    tick(&world);
    world.server(|server| server.mood = Mood::Silent);
    for _ in 0..20 {
        ask_for(&world, &artifact, "prod/shop", None).unwrap();
        world.advance_ms(1);
    }
    let refused = ask_for(&world, &artifact, "prod/shop", None).unwrap_err();
    assert!(matches!(
        refused,
        EnqueueError::Full(Full { waiting: 20, .. })
    ));
    assert_eq!((rows(&world).len(), world.keys("write.").len()), (20, 20));
}
