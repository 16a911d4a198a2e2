//! Evaluation: each policy decides once, says why, and a second evaluation changes nothing.

use std::rc::Rc;

use domain::LiteralText;
use release::database::Sql;
use release::query::{Parameters, explain};

use crate::world::artifacts::{Shipment, Sort};
use crate::world::executor::run;
use crate::world::ports::Sqlite;
use crate::world::{ONE, World, evaluate_all, shipped_id, tick};

const BOTH: &[&str] = &["staging/shop", "prod/shop"];

#[test]
fn every_policy_that_matches_queues_its_release_and_nothing_waits_any_more() {
    let world = World::new(1, ONE);
    shipped_id(&world, &Shipment::new(1, BOTH));
    let report = run(evaluate_all(Rc::clone(&world))).unwrap();
    assert_eq!(
        (report.artifacts, report.queued, report.unfinished),
        (1, 2, false)
    );
    assert_eq!(world.keys("write.").len(), 1, "one durable write for both");
    assert!(world.keys("evaluate.").is_empty());
    let rows = world.sql(
        "SELECT env, app, triggered_by, status, repository FROM requests ORDER BY env",
        &[],
    );
    assert_eq!(rows[0], ["prod", "shop", "policy", "new", "acme/shop"]);
    assert_eq!(rows[1], ["staging", "shop", "policy", "new", "acme/shop"]);
}

#[test]
fn a_second_evaluation_makes_the_same_keys_and_rows() {
    let world = World::new(1, ONE);
    shipped_id(&world, &Shipment::new(1, BOTH));
    run(evaluate_all(Rc::clone(&world))).unwrap();
    let (store, rows) = (
        world.store.borrow().clone(),
        world.sql("SELECT * FROM requests", &[]),
    );
    let decided = world.sql("SELECT * FROM decisions", &[]);
    // It died before its last word.
    world.sql("UPDATE artifacts SET evaluated = NULL", &[]);
    world.advance_ms(1_234);
    run(evaluate_all(Rc::clone(&world))).unwrap();
    assert_eq!(*world.store.borrow(), store);
    assert_eq!(world.sql("SELECT * FROM requests", &[]), rows);
    assert_eq!(world.sql("SELECT * FROM decisions", &[]), decided);
}

#[test]
fn w10_an_evaluation_after_the_release_queues_nothing() {
    let world = World::new(1, ONE);
    shipped_id(&world, &Shipment::new(1, BOTH));
    tick(&world);
    world.sql("UPDATE artifacts SET evaluated = NULL", &[]);
    let report = run(evaluate_all(Rc::clone(&world))).unwrap();
    assert_eq!(report.queued, 0);
    assert!(world.keys("write.").is_empty());
}

#[test]
fn artifacts_are_evaluated_in_the_order_in_which_they_came_with_or_without_a_key() {
    let world = World::new(1, ONE);
    for number in 0..5 {
        shipped_id(&world, &Shipment::new(number, &["staging/shop"]));
        world.advance_ms(1);
        // The first one's key is not set yet, or lost.
        world.store.borrow_mut().retain(|_, _| number > 0);
    }
    tick(&world);
    let shas = world.sql(
        "SELECT a.sha FROM requests AS r JOIN artifacts AS a ON a.id = r.artifact_id ORDER BY r.landed",
        &[],
    );
    let expected: Vec<String> = (0..5).map(|number| format!("{number:040x}")).collect();
    assert_eq!(shas.concat(), expected);
}

#[test]
fn a_left_over_key_goes() {
    let world = World::new(1, ONE);
    shipped_id(&world, &Shipment::new(1, BOTH));
    let store = world.store.borrow().clone();
    run(evaluate_all(Rc::clone(&world))).unwrap();
    world.store.borrow_mut().extend(store);
    run(evaluate_all(Rc::clone(&world))).unwrap();
    assert!(world.keys("evaluate.").is_empty());
}

#[test]
fn each_yes_and_no_is_recorded_with_its_reason_and_can_be_explained() {
    let world = World::new(1, ONE);
    let mut json =
        Shipment::new(1, &["staging/shop", "prod/shop", "prod/cart", "test/shop"]).json();
    let manifests = json["environments"].as_array_mut().unwrap();
    manifests[1]["deploy"]["branch"] = "release".into();
    manifests[2].as_object_mut().unwrap().remove("deploy");
    manifests[3]["deploy"]["branch"] = "[".into();
    let shipped = crate::world::artifacts::shipped(&json);
    let id = crate::world::id_of(&crate::world::ship(&world, shipped, None).unwrap().body);
    let asked = Parameters::parse(&format!("artifact={id}"));
    let base = Sqlite(Rc::clone(&world));
    let before = run(explain(&Sql::new(&base), &LiteralText, &asked)).unwrap();
    assert!(!before.evaluated && before.decisions.is_empty());
    assert_eq!(before.manifests.len(), 4);
    run(evaluate_all(Rc::clone(&world))).unwrap();
    let after = run(explain(&Sql::new(&base), &LiteralText, &asked)).unwrap();
    assert!(after.evaluated);
    let said: Vec<(bool, &str)> = after
        .decisions
        .iter()
        .map(|row| (row.released, row.code.as_str()))
        .collect();
    assert_eq!(
        said.iter().filter(|(released, _)| *released).count(),
        1,
        "{said:?}"
    );
    assert!(said[0].0 && after.decisions[0].request_id.is_some());
    for (decision, manifest) in after.decisions.iter().zip(&after.manifests) {
        assert_eq!(decision.code, manifest.decision.reason.code());
        assert_eq!(decision.reason, manifest.message);
        assert!(!decision.reason.is_empty());
    }
    let codes: std::collections::BTreeSet<&str> = said.iter().map(|(_, code)| *code).collect();
    assert_eq!(codes.len(), 4, "{said:?}");
}

#[test]
fn an_artifact_without_policies_is_done_at_once() {
    let world = World::new(1, ONE);
    shipped_id(
        &world,
        &Shipment::new(1, BOTH).without_policy().sort(Sort::Good),
    );
    run(evaluate_all(Rc::clone(&world))).unwrap();
    assert!(world.keys("").is_empty());
    assert_eq!(
        world.sql("SELECT released, code FROM decisions", &[]).len(),
        2
    );
}
