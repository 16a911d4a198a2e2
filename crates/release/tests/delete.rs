//! Deletions: a request like any other, and one commit that removes the app and what speaks of it.

use std::rc::Rc;

use release::database::Sql;
use release::query::{Parameters, status};

use crate::world::executor::run;
use crate::world::ports::Sqlite;
use crate::world::{GITOPS, ONE, World, ask_delete, release_version, tick};

const SHOP: &str = "staging/shop";
const CART: &str = "staging/cart";

fn standing(world: &Rc<World>) -> Vec<String> {
    let base = Sqlite(Rc::clone(world));
    let answer = run(status(&Sql::new(&base), &Parameters::parse("env=staging"))).unwrap();
    answer.keys().cloned().collect()
}

#[test]
fn w7_a_deletion_is_tracked_and_its_failure_is_told() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    let id = ask_delete(&world, SHOP);
    assert_eq!(world.request(&id).0, "new");
    world.server(|server| server.mood = crate::world::git_server::Mood::Protected);
    let report = tick(&world);
    assert!(report.repositories[GITOPS].problem.is_some());
    assert_eq!(
        world.request(&id).0,
        "new",
        "not told as done while the host refuses"
    );
    assert_eq!(standing(&world), ["shop"]);
    world.server(|server| server.mood = crate::world::git_server::Mood::Well);
    world.advance_ms(300_000);
    tick(&world);
    assert_eq!(
        world.request(&id),
        ("processed".into(), String::new(), world.tip())
    );
    assert!(standing(&world).is_empty());
    let message = world.server(|server| {
        let commit = server.objects().commit(server.tip.unwrap()).unwrap();
        String::from_utf8(commit.message).unwrap()
    });
    assert_eq!(
        message,
        format!(
            "[GimletD delete] staging/shop deleted by ann\n\nRelease-Id: {id}\nTriggered-By: ann\n"
        )
    );
}

#[test]
fn what_is_not_there_is_deleted_without_a_commit() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    let tip = world.tip();
    let id = ask_delete(&world, CART);
    let report = tick(&world);
    assert_eq!(report.repositories[GITOPS].unchanged, 1);
    assert_eq!(
        world.request(&id),
        ("processed".into(), String::new(), String::new())
    );
    assert_eq!(world.tip(), tip);
}

#[test]
fn w15_the_record_of_the_environment_speaks_of_no_app_that_is_gone() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    release_version(&world, 2, CART);
    ask_delete(&world, SHOP);
    tick(&world);
    assert_eq!(world.record("staging/release.json").unwrap()["app"], "cart");
    assert_eq!(standing(&world), ["cart"]);
    ask_delete(&world, CART);
    tick(&world);
    assert_eq!(world.record("staging/release.json"), None);
    let root = world.server(|server| server.root());
    assert_eq!(root, gitwire::TreeId::EMPTY);
    release_version(&world, 3, SHOP);
    assert_eq!(standing(&world), ["shop"]);
}

#[test]
fn w8_only_the_named_app_is_deleted() {
    for name in ["", ".", "..", "a/b", "../prod", "Shop", "-a"] {
        assert!(name.parse::<domain::AppName>().is_err(), "{name:?}");
        assert!(name.parse::<domain::EnvName>().is_err(), "{name:?}");
    }
    let world = World::new(1, ONE);
    for place in [SHOP, CART, "prod/shop"] {
        release_version(&world, 1, place);
    }
    ask_delete(&world, SHOP);
    tick(&world);
    let left = [SHOP, CART, "prod/shop"].map(|place| world.version_of(place));
    assert_eq!(left, [None, Some(1), Some(1)]);
}
