//! What a flush does in one replica: one push for all, and the right thing after each answer of a host.

use std::rc::Rc;

use release::flush::git_host::Cause;
use release::ports::SqlValue;

use crate::world::artifacts::{Shipment, Sort};
use crate::world::executor::run;
use crate::world::git_server::Mood;
use crate::world::{GITOPS, ONE, World, ask_for, flush, shipped_id, tick};

const SHOP: &[&str] = &["staging/shop"];

fn statuses(world: &World) -> Vec<String> {
    let rows = world.sql("SELECT status FROM requests ORDER BY created, id", &[]);
    rows.concat()
}

fn nothing_waits(world: &World) -> bool {
    world.keys("write.").is_empty() && world.open_intents() == 0
}

/// Ships `count` versions of the shop, a millisecond after one another.
fn ship_versions(world: &Rc<World>, count: usize) {
    for number in 0..count {
        shipped_id(world, &Shipment::new(number, SHOP));
        world.advance_ms(1);
    }
}

#[test]
fn all_that_waits_is_one_push_of_one_commit_each_in_order() {
    let world = World::new(1, ONE);
    ship_versions(&world, 15);
    let report = tick(&world);
    let repository = &report.repositories[GITOPS];
    assert_eq!(
        (repository.pushes, repository.released, repository.waiting),
        (1, 15, 0)
    );
    world.server(|server| {
        assert_eq!(server.sizes, [15]);
        assert_eq!(server.asked, 3, "the tip, the trees, the push");
        assert_eq!(server.history().len(), 15);
    });
    assert!(nothing_waits(&world));
}

#[test]
fn what_changes_nothing_is_no_commit_and_no_push() {
    let world = World::new(1, ONE);
    let artifact = shipped_id(&world, &Shipment::new(1, SHOP).without_policy());
    ask_for(&world, &artifact, "staging/shop", None).unwrap();
    tick(&world);
    ask_for(&world, &artifact, "staging/shop", None).unwrap();
    let report = tick(&world);
    assert_eq!(report.repositories[GITOPS].unchanged, 1);
    assert_eq!(world.server(|server| server.pushes), 1);
    assert_eq!(statuses(&world), ["processed", "processed"]);
}

#[test]
fn a_batch_is_halved_until_the_host_takes_it() {
    for cause in [Cause::TooLarge, Cause::Operator] {
        let world = World::new(1, ONE);
        world.server(|server| server.most_commits = Some((3, cause)));
        ship_versions(&world, 10);
        tick(&world);
        assert_eq!(statuses(&world), ["processed"; 10]);
        world.server(|server| {
            assert!(
                server.sizes.iter().all(|size| *size <= 3),
                "{:?}",
                server.sizes
            );
            assert_eq!(server.sizes.iter().sum::<usize>(), 10);
        });
        assert!(nothing_waits(&world));
    }
}

#[test]
fn a_request_that_no_host_takes_gives_up_and_holds_up_only_its_own_app() {
    let world = World::new(1, ONE);
    shipped_id(&world, &Shipment::new(0, &["staging/cart"]));
    world.advance_ms(1);
    shipped_id(&world, &Shipment::new(1, SHOP).sort(Sort::Poisoned));
    world.advance_ms(1);
    shipped_id(&world, &Shipment::new(2, &["staging/shop", "prod/shop"]));
    let by_place = "SELECT status FROM requests ORDER BY created, env";
    tick(&world);
    assert_eq!(
        world.sql(by_place, &[]).concat(),
        ["processed", "new", "processed", "new"]
    );
    tick(&world);
    tick(&world);
    assert_eq!(
        world.sql(by_place, &[]).concat(),
        ["processed", "error", "processed", "processed"]
    );
    let why = world.sql(
        "SELECT status_desc FROM requests WHERE status = 'error'",
        &[],
    );
    assert_eq!(
        why,
        [["gave up after 3 attempts: unpack failed: a file is not allowed"]]
    );
    assert!(nothing_waits(&world));
}

#[test]
fn what_fails_for_a_passing_cause_is_not_overtaken_and_then_released() {
    let world = World::new(1, ONE);
    shipped_id(&world, &Shipment::new(0, SHOP).sort(Sort::Failing(2)));
    world.advance_ms(1);
    shipped_id(&world, &Shipment::new(1, SHOP));
    tick(&world);
    tick(&world);
    assert_eq!(statuses(&world), ["new", "new"]);
    tick(&world);
    assert_eq!(statuses(&world), ["processed", "processed"]);
    assert_eq!(world.server(|server| server.sizes.clone()), [2]);
}

#[test]
fn a_refused_request_ends_with_its_reason_and_holds_up_nobody() {
    let world = World::new(1, ONE);
    shipped_id(&world, &Shipment::new(0, SHOP).sort(Sort::Refused));
    world.advance_ms(1);
    shipped_id(&world, &Shipment::new(1, SHOP));
    tick(&world);
    assert_eq!(statuses(&world), ["error", "processed"]);
    let why = world.sql(
        "SELECT status_desc FROM requests WHERE status = 'error'",
        &[],
    );
    assert!(why[0][0].starts_with("chart:"), "{why:?}");
}

#[test]
fn an_environment_without_a_repository_is_an_error_that_names_the_variable() {
    let world = World::new(1, "env=prod&gitopsRepo=acme/gitops");
    shipped_id(&world, &Shipment::new(0, SHOP));
    tick(&world);
    let rows = world.sql("SELECT status, status_desc FROM requests", &[]);
    assert_eq!(rows[0][0], "error");
    assert!(
        rows[0][1].contains("staging") && rows[0][1].contains("gitops_repos"),
        "{rows:?}"
    );
    assert_eq!(world.server(|server| server.asked), 0);
    assert!(nothing_waits(&world));
}

#[test]
fn an_answer_that_is_lost_is_found_in_the_branch_and_nothing_is_pushed_twice() {
    let world = World::new(1, ONE);
    ship_versions(&world, 3);
    world.push_fate.set(Some((true, false)));
    tick(&world);
    assert_eq!(
        (world.server(|server| server.pushes), world.open_intents()),
        (1, 1)
    );
    assert_eq!(statuses(&world), ["new"; 3]);
    world.push_fate.set(Some((true, true)));
    tick(&world);
    assert_eq!(world.server(|server| server.pushes), 1);
    let told: Vec<String> = world
        .sql("SELECT gitops_ref FROM requests ORDER BY landed DESC", &[])
        .concat();
    let history = world.server(|server| server.history());
    assert_eq!(
        told,
        history.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
    assert!(nothing_waits(&world));
}

#[test]
fn a_store_that_forgets_everything_makes_no_push_twice() {
    let world = World::new(1, ONE);
    ship_versions(&world, 3);
    world.push_fate.set(Some((true, false)));
    tick(&world);
    world.store.borrow_mut().clear();
    shipped_id(&world, &Shipment::new(9, SHOP));
    world.push_fate.set(Some((true, true)));
    tick(&world);
    assert_eq!(world.server(|server| server.sizes.clone()), [3, 1]);
    assert_eq!(statuses(&world), ["processed"; 4]);
    assert!(nothing_waits(&world));
}

#[test]
fn while_pushes_are_lost_intents_do_not_pile_up() {
    let world = World::new(1, ONE);
    world.push_fate.set(Some((false, false)));
    for number in 0..4 {
        shipped_id(&world, &Shipment::new(number, SHOP));
        for _ in 0..100 {
            tick(&world);
            assert_eq!(world.open_intents(), 1);
        }
    }
    world.push_fate.set(Some((true, true)));
    world.advance_ms(301_000);
    tick(&world);
    assert_eq!(statuses(&world), ["processed"; 4]);
    assert!(nothing_waits(&world));
}

#[test]
fn a_push_that_arrives_after_a_larger_one_was_tried_counts_as_far_as_it_goes() {
    let world = World::new(1, ONE);
    world.push_fate.set(None);
    ship_versions(&world, 2);
    run(crate::world::evaluate_all(Rc::clone(&world))).unwrap();
    // The first flush dies with its push under way.
    let mut first: crate::world::executor::Task = Box::pin({
        let world = Rc::clone(&world);
        async move { drop(flush(world).await) }
    });
    while world.server(|server| server.flights.is_empty()) {
        assert!(!crate::world::executor::step(&mut first));
    }
    drop(first);
    world.advance_ms(9_000);
    // The second builds on it, with one more, and is lost.
    shipped_id(&world, &Shipment::new(7, SHOP));
    let early = world.server(|server| server.flights.remove(0));
    world.push_fate.set(Some((false, false)));
    tick(&world);
    assert_eq!(world.open_intents(), 1, "the larger one speaks for both");
    world.server(|server| server.flights.push(early));
    world.resolve(GITOPS, 0, true, true);
    world.push_fate.set(Some((true, true)));
    tick(&world);
    assert_eq!(world.server(|server| server.sizes.clone()), [2, 1]);
    assert_eq!(statuses(&world), ["processed"; 3]);
    assert!(nothing_waits(&world));
}

#[test]
fn a_host_that_asks_for_patience_is_left_alone_for_so_long() {
    let world = World::new(1, ONE);
    ship_versions(&world, 1);
    world.server(|server| server.mood = Mood::Busy);
    tick(&world);
    assert_eq!(world.server(|server| server.asked), 1);
    world.server(|server| server.mood = Mood::Well);
    let report = tick(&world);
    assert_eq!(
        report.repositories[GITOPS].problem.as_deref(),
        Some("too many requests")
    );
    assert_eq!(world.server(|server| server.asked), 1, "5 s later");
    tick(&world);
    assert_eq!(statuses(&world), ["processed"], "10 s later");
    assert!(world.keys("").is_empty(), "the pause is over");
}

#[test]
fn a_host_that_fails_is_asked_ever_more_rarely() {
    for mood in [Mood::Silent, Mood::Unauthorized, Mood::Protected] {
        let world = World::new(1, ONE);
        ship_versions(&world, 1);
        world.server(|server| server.mood = mood);
        for _ in 0..720 {
            tick(&world);
        }
        let asked = world.server(|server| server.asked);
        assert!(asked < 100, "{mood:?}: {asked} requests in an hour");
        assert_eq!(statuses(&world), ["new"]);
        assert_eq!(
            world.open_intents(),
            0,
            "a definite answer leaves nothing open"
        );
        world.server(|server| server.mood = Mood::Well);
        world.advance_ms(301_000);
        tick(&world);
        assert_eq!(statuses(&world), ["processed"]);
    }
}

#[test]
fn an_intent_for_which_nothing_waits_is_looked_at_ever_more_rarely_until_the_branch_moves() {
    let world = World::new(1, ONE);
    ship_versions(&world, 1);
    world.push_fate.set(Some((false, false)));
    tick(&world);
    // An operator gave up on it.
    world.sql("UPDATE requests SET status = 'error'", &[]);
    world.advance_ms(301_000);
    tick(&world);
    let before = world.server(|server| server.asked);
    for _ in 0..720 {
        tick(&world);
    }
    let asked = world.server(|server| server.asked) - before;
    assert!(asked < 200, "{asked} requests in an hour");
    assert_eq!(world.open_intents(), 1);
    world.push_fate.set(Some((true, true)));
    world.server(|server| server.edit("README.md", Some("hello"), 1_790_000_000));
    shipped_id(&world, &Shipment::new(2, SHOP));
    tick(&world);
    assert!(nothing_waits(&world));
}

#[test]
fn environments_that_share_a_repository_are_one_push() {
    let world = World::new(
        1,
        "env=staging&gitopsRepo=acme/gitops;gitopsRepo=acme/gitops",
    );
    shipped_id(&world, &Shipment::new(1, &["staging/shop", "prod/shop"]));
    tick(&world);
    world.server(|server| assert_eq!((server.sizes.clone(), server.asked), (vec![2], 3)));
}

#[test]
fn a_repository_that_fails_does_not_hold_up_another() {
    let world = World::new(
        1,
        "gitopsRepo=acme/gitops;env=prod&repoPerEnv=true&gitopsRepo=acme/prod",
    );
    shipped_id(&world, &Shipment::new(1, &["staging/shop", "prod/shop"]));
    world.server(|server| server.mood = Mood::Silent);
    tick(&world);
    let rows = world.sql(
        "SELECT env, status, gitops_repo FROM requests ORDER BY env",
        &[],
    );
    assert_eq!(
        rows,
        [["prod", "processed", "acme/prod"], ["staging", "new", ""]]
    );
    let git = world.git.borrow();
    let prod = &git["https://git.example/acme/prod.git"];
    let record: Vec<&[u8]> = vec![b"shop", b"release.json"];
    assert!(
        prod.objects().file(prod.root(), &record).unwrap().is_some(),
        "without the environment's folder"
    );
}

#[test]
fn a_key_that_is_left_over_goes_without_a_word_to_the_host() {
    let world = World::new(1, ONE);
    ship_versions(&world, 1);
    run(crate::world::evaluate_all(Rc::clone(&world))).unwrap();
    let store = world.store.borrow().clone();
    tick(&world);
    world.store.borrow_mut().extend(store);
    let asked = world.server(|server| server.asked);
    tick(&world);
    assert!(world.keys("").is_empty());
    assert_eq!(world.server(|server| server.asked), asked);
}

#[test]
fn a_lease_is_respected_until_it_is_over_and_never_for_ever() {
    let world = World::new(1, ONE);
    ship_versions(&world, 1);
    run(crate::world::evaluate_all(Rc::clone(&world))).unwrap();
    let hold = |until_ms: u64| {
        let lease =
            format!(r#"{{"owner":"00000000-0000-0000-0000-000000000000","until_ms":{until_ms}}}"#);
        world
            .store
            .borrow_mut()
            .insert("lease.flush".to_owned(), lease.into_bytes());
    };
    let now = world.now_ms.get();
    hold(now + 8_000);
    assert!(run(flush(Rc::clone(&world))).unwrap().busy);
    hold(now + 3_600_000);
    assert!(
        !run(flush(Rc::clone(&world))).unwrap().busy,
        "a clock was wrong"
    );
    assert_eq!(statuses(&world), ["processed"]);
}

#[test]
fn a_value_of_another_version_stays_for_the_build_that_knows_it() {
    let world = World::new(1, ONE);
    let key = "write.1790000000000.00000000-0000-7000-8000-000000000000";
    world
        .store
        .borrow_mut()
        .insert(key.to_owned(), br#"{"v":99}"#.to_vec());
    tick(&world);
    assert_eq!(world.keys("write."), [key]);
    let none: &[SqlValue] = &[];
    assert!(world.sql("SELECT id FROM requests", none).is_empty());
}
