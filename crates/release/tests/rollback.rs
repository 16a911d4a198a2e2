//! Rollbacks: one commit that puts back what a release wrote, whatever came between, and nothing else.

use std::rc::Rc;

use release::database::Sql;
use release::query::{Parameters, releases, status};
use release::rollback::RollbackError;
use serde_json::Value;

use crate::world::artifacts::Shipment;
use crate::world::executor::run;
use crate::world::ports::Sqlite;
use crate::world::{
    ONE, World, ask_delete, ask_for, ask_rollback, release_version, shipped_id, tick,
};

const SHOP: &str = "staging/shop";
const CART: &str = "staging/cart";

fn history(world: &World) -> usize {
    world.server(|server| server.history().len())
}

/// The version and the flag of each listed release, newest first.
fn told(world: &Rc<World>, query: &str) -> Vec<(usize, bool)> {
    let base = Sqlite(Rc::clone(world));
    let asked = format!("{query}&limit=1000");
    let listed = run(releases(&Sql::new(&base), &Parameters::parse(&asked))).unwrap();
    let one = |release: &Value| {
        let sha = release["version"]["sha"].as_str().unwrap();
        let version = usize::from_str_radix(sha, 16).unwrap();
        (version, release["rolledBack"] == true)
    };
    listed.items.iter().map(one).collect()
}

fn current(world: &Rc<World>, query: &str) -> Value {
    let base = Sqlite(Rc::clone(world));
    let answer = run(status(&Sql::new(&base), &Parameters::parse(query))).unwrap();
    Value::Object(answer)
}

#[test]
fn w1_test_revert_to_goes_back_by_one_commit_and_twice_is_once() {
    let world = World::new(1, ONE);
    let commits: Vec<String> = (0..4)
        .map(|number| {
            release_version(&world, number, SHOP);
            world.tip()
        })
        .collect();
    let first = ask_rollback(&world, SHOP, &commits[1], None).unwrap();
    tick(&world);
    assert_eq!((world.version_of(SHOP), history(&world)), (Some(1), 5));
    assert_eq!(
        world.request(&first),
        ("processed".into(), String::new(), world.tip())
    );
    let again = ask_rollback(&world, SHOP, &commits[1], None).unwrap();
    tick(&world);
    assert_eq!((world.version_of(SHOP), history(&world)), (Some(1), 5));
    assert_eq!(
        world.request(&again),
        ("processed".into(), String::new(), String::new())
    );
    // To the commit of the rollback itself: what it put back.
    ask_rollback(&world, SHOP, &world.tip(), None).unwrap();
    tick(&world);
    assert_eq!(history(&world), 5);
    ask_rollback(&world, SHOP, &commits[0], None).unwrap();
    tick(&world);
    assert_eq!((world.version_of(SHOP), history(&world)), (Some(0), 6));
    assert_eq!(
        told(&world, "env=staging"),
        [(3, true), (2, true), (1, true), (0, false)]
    );
    // Forward again.
    ask_rollback(&world, SHOP, &commits[3], None).unwrap();
    tick(&world);
    assert_eq!(world.version_of(SHOP), Some(3));
    assert_eq!(
        told(&world, "env=staging"),
        [(3, false), (2, true), (1, true), (0, false)]
    );
}

#[test]
fn w2_another_app_of_the_environment_is_left_alone() {
    let world = World::new(1, ONE);
    let first = release_version(&world, 1, SHOP);
    let target = world.tip();
    release_version(&world, 2, SHOP);
    release_version(&world, 7, CART);
    assert_eq!(world.record("staging/release.json").unwrap()["app"], "cart");
    ask_rollback(&world, SHOP, &target, None).unwrap();
    let report = tick(&world);
    assert_eq!(report.repositories.values().next().unwrap().released, 1);
    assert_eq!(
        (world.version_of(SHOP), world.version_of(CART)),
        (Some(1), Some(7))
    );
    let record = world.record("staging/shop/release.json").unwrap();
    assert_eq!(record["artifactId"], first.as_str());
    assert_eq!(
        world.record("staging/release.json").unwrap(),
        record,
        "the last release of the environment"
    );
    assert_eq!(
        world.record("staging/cart/release.json").unwrap()["app"],
        "cart"
    );
    let status = current(&world, "env=staging");
    assert_eq!(status["shop"]["artifactId"], first.as_str());
    assert_eq!(status["shop"]["gitopsRef"], world.tip());
    assert_eq!(
        status["shop"]["triggeredBy"], "policy",
        "as the record says"
    );
    assert_eq!(told(&world, "env=staging&app=cart"), [(7, false)]);
}

#[test]
fn an_app_comes_back_past_its_deletion() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    let target = world.tip();
    release_version(&world, 2, SHOP);
    ask_delete(&world, SHOP);
    tick(&world);
    assert_eq!(world.version_of(SHOP), None);
    let deletion = world.tip();
    ask_rollback(&world, SHOP, &target, None).unwrap();
    tick(&world);
    assert_eq!((world.version_of(SHOP), history(&world)), (Some(1), 4));
    assert_eq!(told(&world, "env=staging"), [(2, true), (1, false)]);
    let refused = ask_rollback(&world, SHOP, &deletion, None).unwrap_err();
    assert!(
        matches!(refused, RollbackError::NotARelease { .. }),
        "{refused}"
    );
}

#[test]
fn w1_an_unknown_target_is_refused_and_nothing_is_written() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    let shop = world.tip();
    release_version(&world, 2, CART);
    let cart = world.tip();
    world.server(|server| server.edit("docs/a.md", Some("by hand\n"), 1_790_000_000));
    let tip = world.tip();
    for target in ["0123456789", &tip, &cart, &"0".repeat(40)] {
        let refused = ask_rollback(&world, SHOP, target, None).unwrap_err();
        assert!(
            matches!(refused, RollbackError::UnknownTarget { .. }),
            "{refused}"
        );
        let told = refused.to_string();
        assert!(
            told.contains("GET /api/releases?env=staging&app=shop"),
            "{told}"
        );
        assert_eq!(
            told.contains("there is one of staging/cart"),
            target == cart,
            "{told}"
        );
    }
    assert_eq!(world.sql("SELECT count(*) FROM holds", &[]), [["0"]]);
    tick(&world);
    assert_eq!(world.tip(), tip);
    for digits in [4, 7, 39] {
        ask_rollback(&world, SHOP, &shop[..digits], None).unwrap();
    }
}

#[test]
fn w1_a_short_target_must_mean_one_commit() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    let real = world.tip();
    // A second commit that begins the same, and one of another app, which does not count.
    let twin = format!("{}{}", &real[..10], "f".repeat(30));
    for (id, app) in [("a", "shop"), ("b", "cart")] {
        world.sql(
            "INSERT INTO requests (id, kind, artifact_id, env, app, triggered_by, created, status, gitops_repo, gitops_ref,
                committed, landed, tree, body)
             SELECT ?1, kind, artifact_id, env, ?2, triggered_by, created, status, gitops_repo, ?3, committed,
                (SELECT max(landed) + 1 FROM requests), tree, body FROM requests LIMIT 1",
            &[id.into(), app.into(), twin.as_str().into()],
        );
    }
    let refused = ask_rollback(&world, SHOP, &real[..7], None).unwrap_err();
    let RollbackError::Ambiguous {
        candidates, count, ..
    } = &refused
    else {
        panic!("{refused}")
    };
    let listed: Vec<&str> = candidates
        .iter()
        .map(|one| one.gitops_ref.as_str())
        .collect();
    assert_eq!((*count, listed), (2, vec![twin.as_str(), real.as_str()]));
    world.sql("DELETE FROM requests WHERE gitops_ref = ?1", &[twin.into()]);
    ask_rollback(&world, SHOP, &real[..7], None).unwrap();
}

#[test]
fn a_target_that_is_gone_by_the_time_of_the_flush_is_refused_and_holds_up_nobody() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    let target = world.tip();
    release_version(&world, 2, SHOP);
    let moved = ask_rollback(&world, SHOP, &target, None).unwrap();
    world.sql(
        "UPDATE requests SET gitops_repo = 'acme/other' WHERE gitops_ref = ?1",
        &[target.as_str().into()],
    );
    let cart = ask_for(
        &world,
        &shipped_id(&world, &Shipment::new(3, &[CART]).without_policy()),
        CART,
        None,
    );
    tick(&world);
    let (status, reason, _) = world.request(&moved);
    assert_eq!(status, "error");
    assert!(
        reason.contains("acme/other") && reason.contains("release its artifact"),
        "{reason}"
    );
    assert_eq!(world.request(&cart.unwrap()).0, "processed");
}

#[test]
fn a_folder_that_the_host_does_not_give_ends_the_rollback_alone() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    let target = world.tip();
    release_version(&world, 2, SHOP);
    let id = ask_rollback(&world, SHOP, &target, None).unwrap();
    let nowhere = "0123456789abcdef0123456789abcdef01234567";
    world.sql(
        "UPDATE requests SET tree = ?1 WHERE gitops_ref = ?2",
        &[nowhere.into(), target.as_str().into()],
    );
    shipped_id(&world, &Shipment::new(3, &[CART]));
    for _ in 0..3 {
        tick(&world);
    }
    let (status, reason, _) = world.request(&id);
    assert_eq!(status, "error");
    assert!(reason.contains(nowhere), "{reason}");
    assert_eq!(
        (world.version_of(SHOP), world.version_of(CART)),
        (Some(2), Some(3))
    );
}

#[test]
fn a_rollback_with_a_key_is_one_rollback() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    let target = world.tip();
    release_version(&world, 2, SHOP);
    let first = ask_rollback(&world, SHOP, &target, Some("k")).unwrap();
    assert_eq!(
        ask_rollback(&world, SHOP, &target[..9], Some("k")).unwrap(),
        first
    );
    tick(&world);
    assert_eq!(
        ask_rollback(&world, SHOP, &target, Some("k")).unwrap(),
        first
    );
    tick(&world);
    assert_eq!(history(&world), 3);
    assert_eq!(world.sql("SELECT count(*) FROM holds", &[]), [["1"]]);
}

/// A naive reading of what was released, rolled back and deleted, beside the answers.
#[test]
fn rolled_back_is_told_as_a_naive_reading_tells_it() {
    for seed in 0..8 {
        let world = World::new(seed, ONE);
        let mut releases: Vec<(usize, String, bool)> = Vec::new();
        let mut stands: Option<usize> = None;
        for number in 1..25 {
            match world.random.below(5) {
                0 if !releases.is_empty() => {
                    let at = world.random.below(releases.len());
                    ask_rollback(&world, SHOP, &releases[at].1, None).unwrap();
                    tick(&world);
                    if stands != Some(releases[at].0) {
                        releases[at].2 = false;
                        for later in &mut releases[at + 1..] {
                            later.2 = true;
                        }
                    }
                    stands = Some(releases[at].0);
                }
                1 => {
                    ask_delete(&world, SHOP);
                    tick(&world);
                    stands = None;
                }
                _ => {
                    let shipment = Shipment::new(number, &[SHOP]).without_policy();
                    let artifact = shipped_id(&world, &shipment);
                    ask_for(&world, &artifact, SHOP, None).unwrap();
                    tick(&world);
                    releases.push((number, world.tip(), false));
                    stands = Some(number);
                }
            }
            assert_eq!(world.version_of(SHOP), stands, "seed {seed}");
            let expected: Vec<(usize, bool)> =
                releases.iter().rev().map(|one| (one.0, one.2)).collect();
            assert_eq!(
                told(&world, "env=staging&app=shop"),
                expected,
                "seed {seed}"
            );
        }
    }
}
