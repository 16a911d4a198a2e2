//! Ingest: what is shipped is stored once, and queued until it is evaluated.

use std::rc::Rc;

use release::ask::Full;
use release::ingest::IngestError;

use crate::world::artifacts::{Shipment, shipped};
use crate::world::executor::run;
use crate::world::{ONE, World, evaluate_all, id_of, ship, shipped_id};

const SHOP: &[&str] = &["staging/shop"];

fn stored(world: &World) -> usize {
    world.sql("SELECT id FROM artifacts", &[]).len()
}

#[test]
fn a_shipped_artifact_is_stored_with_our_id_and_time_and_queued() {
    let world = World::new(1, ONE);
    let mut json = Shipment::new(1, SHOP).json();
    json["id"] = "mine".into();
    json["created"] = 7.into();
    let answer = ship(&world, shipped(&json), None).unwrap();
    assert!(answer.new);
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert!(body["id"].as_str().unwrap().starts_with("acme/shop-"));
    assert_eq!(body["created"], 1_790_000_000);
    let rows = world.sql(
        "SELECT id, created, repository, sha, branch, event, evaluated, body FROM artifacts",
        &[],
    );
    let id = id_of(&answer.body);
    let sha = format!("{:040x}", 1);
    assert_eq!(
        rows,
        [[
            id.as_str(),
            "1790000000000",
            "acme/shop",
            &sha,
            "main",
            "push",
            "",
            &answer.body
        ]]
    );
    let keys = world.keys("");
    assert_eq!(keys.len(), 1);
    assert_eq!(world.store.borrow()[&keys[0]], id.as_bytes());
}

#[test]
fn the_same_content_is_stored_once_whatever_its_key_and_white_space() {
    let world = World::new(1, ONE);
    let first = ship(&world, Shipment::new(1, SHOP).shipped(), Some("a")).unwrap();
    world.advance_ms(9_000);
    for key in [None, Some("a"), Some("b")] {
        let again = ship(&world, Shipment::new(1, SHOP).shipped(), key).unwrap();
        assert!(!again.new);
        assert_eq!(again.body, first.body);
    }
    assert_eq!(stored(&world), 1);
    assert_eq!(world.keys("evaluate.").len(), 1);
}

#[test]
fn the_same_key_gives_the_first_artifact_of_the_same_version() {
    let world = World::new(1, ONE);
    let first = ship(&world, Shipment::new(1, SHOP).shipped(), Some("run-7")).unwrap();
    let mut json = Shipment::new(1, SHOP).json();
    json["items"] = serde_json::json!([{ "name": "a second try of the same job" }]);
    let again = ship(&world, shipped(&json), Some("run-7")).unwrap();
    assert_eq!(again.body, first.body);
    assert_eq!(stored(&world), 1);
}

#[test]
fn a_key_that_another_version_used_is_refused() {
    let world = World::new(1, ONE);
    ship(&world, Shipment::new(1, SHOP).shipped(), Some("run-7")).unwrap();
    let refused = ship(&world, Shipment::new(2, SHOP).shipped(), Some("run-7")).unwrap_err();
    assert!(
        matches!(refused, IngestError::KeyReused { ref sha, .. } if *sha == format!("{:040x}", 1))
    );
    assert_eq!(stored(&world), 1);
}

/// A job that ships an artifact for each app must not lose all but the first.
#[test]
fn a_key_that_was_used_for_other_apps_or_another_branch_is_refused() {
    let world = World::new(1, ONE);
    ship(&world, Shipment::new(1, SHOP).shipped(), Some("run-7")).unwrap();
    let mut branch = Shipment::new(1, SHOP).json();
    branch["version"]["branch"] = "release".into();
    let mut event = Shipment::new(1, SHOP).json();
    event["version"]["event"] = "pr".into();
    let others = [
        Shipment::new(1, &["staging/cart"]).json(),
        Shipment::new(1, &["production/shop"]).json(),
        Shipment::new(1, &["staging/shop", "staging/cart"]).json(),
        branch,
        event,
    ];
    for other in &others {
        let refused = ship(&world, shipped(other), Some("run-7"));
        assert!(
            matches!(refused, Err(IngestError::KeyReused { .. })),
            "{other}"
        );
    }
    assert_eq!(stored(&world), 1);
    for (number, other) in others.iter().enumerate() {
        let key = format!("run-7-{number}");
        assert!(ship(&world, shipped(other), Some(&key)).unwrap().new);
    }
}

#[test]
fn what_died_before_its_key_was_set_is_queued_by_shipping_it_again() {
    let world = World::new(1, ONE);
    shipped_id(&world, &Shipment::new(1, SHOP));
    world.store.borrow_mut().clear();
    shipped_id(&world, &Shipment::new(1, SHOP));
    assert_eq!(world.keys("evaluate.").len(), 1);
}

#[test]
fn what_was_evaluated_is_not_queued_again() {
    let world = World::new(1, ONE);
    shipped_id(&world, &Shipment::new(1, SHOP));
    run(evaluate_all(Rc::clone(&world))).unwrap();
    shipped_id(&world, &Shipment::new(1, SHOP));
    assert!(world.keys("evaluate.").is_empty());
}

#[test]
fn a_full_queue_takes_nothing_and_stores_nothing() {
    let world = World::new(1, ONE);
    for number in 0..20 {
        shipped_id(&world, &Shipment::new(number, SHOP));
    }
    let refused = ship(&world, Shipment::new(20, SHOP).shipped(), None).unwrap_err();
    assert!(matches!(
        refused,
        IngestError::Full(Full {
            waiting: 20,
            retry_after_s: 10
        })
    ));
    assert_eq!((stored(&world), world.keys("").len()), (20, 20));
    // Evaluated, they wait as releases.
    run(evaluate_all(Rc::clone(&world))).unwrap();
    assert!(ship(&world, Shipment::new(20, SHOP).shipped(), None).is_err());
    run(crate::world::flush(Rc::clone(&world))).unwrap();
    assert!(
        ship(&world, Shipment::new(20, SHOP).shipped(), None)
            .unwrap()
            .new
    );
}
