//! What controllers say of commits, carried to the releases: sticky, earlier ones with later ones, in any order.

use std::collections::BTreeMap;
use std::rc::Rc;

use domain::{Feedback, is_final};
use release::database::Sql;
use release::feedback::report;
use release::query::{Parameters, event, releases, status};
use release::track;
use serde_json::{Value, json};

use crate::world::artifacts::{Shipment, Sort};
use crate::world::executor::run;
use crate::world::ports::{Sqlite, Time};
use crate::world::{
    ONE, World, ask_delete, ask_for, ask_rollback, evaluate_all, flush, release_version,
    shipped_id, tick,
};

const SHOP: &str = "staging/shop";
const CART: &str = "staging/cart";
const DONE: &str = "ReconciliationSucceeded";
const FAILED: &str = "ReconciliationFailed";

fn say(world: &Rc<World>, env: &str, commit: &str, word: &str) {
    say_at(world, env, commit, word, "2026-09-21T13:13:20Z");
}

fn say_at(world: &Rc<World>, env: &str, commit: &str, word: &str, at: &str) {
    let feedback = Feedback {
        commit: commit.parse().unwrap(),
        status: word.to_owned(),
        description: format!("{word} it is"),
        at: at.to_owned(),
    };
    let base = Sqlite(Rc::clone(world));
    run(report(
        &Sql::new(&base),
        &Time(Rc::clone(world)),
        &env.parse().unwrap(),
        &feedback,
    ))
    .unwrap();
}

/// The word on each release of an environment, oldest first.
fn words(world: &Rc<World>, env: &str) -> Vec<String> {
    let base = Sqlite(Rc::clone(world));
    let asked = Parameters::parse(&format!("env={env}&limit=1000"));
    let listed = run(releases(&Sql::new(&base), &asked)).unwrap();
    let words = listed.items.iter().rev();
    words
        .map(|one| one["gitopsCommitStatus"].as_str().unwrap().to_owned())
        .collect()
}

fn released(world: &Rc<World>, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| {
            release_version(world, number, [SHOP, CART][number % 2]);
            world.tip()
        })
        .collect()
}

fn tracked(world: &Rc<World>, id: &str) -> Value {
    let base = Sqlite(Rc::clone(world));
    let told = run(track::release(
        &Sql::new(&base),
        &Parameters::parse(&format!("id={id}")),
    ));
    serde_json::to_value(told.unwrap()).unwrap()
}

fn current(world: &Rc<World>) -> Value {
    let base = Sqlite(Rc::clone(world));
    Value::Object(run(status(&Sql::new(&base), &Parameters::parse("env=staging"))).unwrap())
}

#[test]
fn w17_the_last_word_stays_and_earlier_commits_are_settled_with_later_ones() {
    let world = World::new(1, ONE);
    let commits = released(&world, 4);
    assert_eq!(words(&world, "staging"), ["NotReconciled"; 4]);
    say(&world, "staging", &commits[0], "Progressing");
    assert_eq!(
        words(&world, "staging"),
        [
            "Progressing",
            "NotReconciled",
            "NotReconciled",
            "NotReconciled"
        ]
    );
    say(&world, "staging", &commits[2], DONE);
    assert_eq!(
        words(&world, "staging"),
        [DONE, DONE, DONE, "NotReconciled"]
    );
    // Late, and out of order: nothing goes back.
    say(&world, "staging", &commits[2], "Progressing");
    say(&world, "staging", &commits[1], FAILED);
    assert_eq!(
        words(&world, "staging"),
        [DONE, DONE, DONE, "NotReconciled"]
    );
    say(&world, "staging", &commits[3], "HealthCheckFailed");
    say(&world, "staging", &commits[3], FAILED);
    say(&world, "staging", &commits[3], DONE);
    assert_eq!(words(&world, "staging"), [DONE, DONE, DONE, FAILED]);
}

#[test]
fn w17_a_commit_of_another_environment_settles_those_before_it_in_this_one() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    release_version(&world, 2, "prod/shop");
    let prod = world.tip();
    release_version(&world, 3, SHOP);
    // Flux applies staging from a revision whose last change was in prod.
    say(&world, "staging", &prod, DONE);
    assert_eq!(words(&world, "staging"), [DONE, "NotReconciled"]);
    assert_eq!(words(&world, "prod"), ["NotReconciled"]);
}

#[test]
fn a_controller_that_is_quicker_than_the_record_is_not_lost() {
    let world = World::new(1, ONE);
    released(&world, 2);
    // The push lands, its answer does not: the commit is recorded by the next flush.
    world.push_fate.set(Some((true, false)));
    shipped_id(&world, &Shipment::new(7, &[SHOP]));
    run(evaluate_all(Rc::clone(&world))).unwrap();
    run(flush(Rc::clone(&world))).unwrap();
    let tip = world.tip();
    assert_eq!(words(&world, "staging").len(), 2);
    say(&world, "staging", &tip, DONE);
    assert_eq!(words(&world, "staging"), ["NotReconciled"; 2]);
    world.push_fate.set(Some((true, true)));
    world.advance_ms(300_000);
    tick(&world);
    assert_eq!(words(&world, "staging"), [DONE; 3]);
}

#[test]
fn w11_the_recorded_commit_is_the_one_that_the_host_accepted() {
    let world = World::new(1, ONE);
    release_version(&world, 1, SHOP);
    for number in 2..5 {
        shipped_id(&world, &Shipment::new(number, &[SHOP, CART]));
        run(evaluate_all(Rc::clone(&world))).unwrap();
        world.push_fate.set(Some((number % 2 == 0, false)));
        run(flush(Rc::clone(&world))).unwrap();
        world.server(|server| server.edit("docs/a.md", Some(&number.to_string()), 1_790_000_000));
        world.push_fate.set(Some((true, true)));
        world.advance_ms(300_000);
        tick(&world);
    }
    let there: Vec<String> =
        world.server(|server| server.history().iter().map(ToString::to_string).collect());
    let recorded = world
        .sql(
            "SELECT gitops_ref FROM requests WHERE status = 'processed'",
            &[],
        )
        .concat();
    assert_eq!(recorded.len(), 7);
    for commit in &recorded {
        assert!(there.contains(commit), "{commit} is not in the branch");
    }
}

#[test]
fn w13_each_app_of_a_request_is_told_by_itself_up_to_the_cluster() {
    let world = World::new(1, ONE);
    let artifact = shipped_id(&world, &Shipment::new(1, &[SHOP, CART]));
    let base = Sqlite(Rc::clone(&world));
    let asked = Parameters::parse(&format!("artifactId={artifact}"));
    let track_artifact =
        || serde_json::to_value(run(track::artifact(&Sql::new(&base), &asked)).unwrap()).unwrap();
    assert_eq!(
        track_artifact(),
        json!({ "status": "new", "statusDesc": "", "type": "artifact", "results": [] })
    );
    run(evaluate_all(Rc::clone(&world))).unwrap();
    let told = track_artifact();
    assert_eq!(
        (&told["status"], &told["results"][0]["status"]),
        (&json!("new"), &json!("pending"))
    );
    tick(&world);
    let told = track_artifact();
    assert_eq!(told["status"], "processed");
    for (result, app) in told["results"]
        .as_array()
        .unwrap()
        .iter()
        .zip(["cart", "shop"])
    {
        assert_eq!(
            (&result["app"], &result["status"]),
            (&json!(app), &json!("success"))
        );
        assert_eq!(result["gitopsCommitStatus"], "NotReconciled");
    }
    say(&world, "staging", &world.tip(), DONE);
    for result in track_artifact()["results"].as_array().unwrap() {
        assert_eq!(result["gitopsCommitStatus"], DONE);
        assert_eq!(
            result["gitopsCommitStatusDesc"],
            "ReconciliationSucceeded it is"
        );
    }
    let bad = shipped_id(&world, &Shipment::new(2, &[SHOP]).sort(Sort::Refused));
    tick(&world);
    let asked = Parameters::parse(&format!("artifactId={bad}"));
    let told = run(track::artifact(&Sql::new(&base), &asked)).unwrap();
    assert_eq!(
        (told.status.as_str(), told.results[0].status),
        ("error", "failure")
    );
    assert!(
        told.status_desc.starts_with("staging/shop: chart:"),
        "{}",
        told.status_desc
    );
}

#[test]
fn what_changed_nothing_is_as_applied_as_what_stands_there() {
    let world = World::new(1, ONE);
    let artifact = shipped_id(&world, &Shipment::new(1, &[SHOP]).without_policy());
    ask_for(&world, &artifact, SHOP, None).unwrap();
    tick(&world);
    let again = ask_for(&world, &artifact, SHOP, None).unwrap();
    tick(&world);
    let told = tracked(&world, &again);
    assert_eq!(
        (
            &told["results"][0]["hash"],
            &told["results"][0]["gitopsCommitStatus"]
        ),
        (&json!(world.tip()), &json!("NotReconciled"))
    );
    say(&world, "staging", &world.tip(), DONE);
    assert_eq!(
        tracked(&world, &again)["results"][0]["gitopsCommitStatus"],
        DONE
    );
    // Nothing was ever there: nothing to wait for.
    let nothing = ask_delete(&world, CART);
    tick(&world);
    let told = tracked(&world, &nothing);
    assert_eq!(
        (&told["type"], &told["results"][0]["gitopsCommitStatus"]),
        (&json!("delete"), &json!(DONE))
    );
    assert_eq!(told["results"][0].get("hash"), None);
}

#[test]
fn the_status_shows_what_is_wanted_beside_what_is_applied() {
    let world = World::new(1, ONE);
    let first = release_version(&world, 1, SHOP);
    let target = world.tip();
    assert_eq!(current(&world)["shop"]["applied"], Value::Null);
    say(&world, "staging", &target, DONE);
    let second = release_version(&world, 2, SHOP);
    let shop = current(&world)["shop"].clone();
    assert_eq!(
        (&shop["artifactId"], &shop["gitopsCommitStatus"]),
        (&json!(second), &json!("NotReconciled"))
    );
    assert_eq!(
        shop["applied"],
        json!({ "gitopsRef": target, "artifactId": first, "at": 1_789_996_400 })
    );
    say(&world, "staging", &world.tip(), FAILED);
    let shop = current(&world)["shop"].clone();
    assert_eq!(
        (&shop["gitopsCommitStatus"], &shop["applied"]["artifactId"]),
        (&json!(FAILED), &json!(first))
    );
    ask_rollback(&world, SHOP, &target, None).unwrap();
    tick(&world);
    say(&world, "staging", &world.tip(), DONE);
    let shop = current(&world)["shop"].clone();
    assert_eq!(shop["applied"]["gitopsRef"], world.tip());
    assert_eq!(shop["applied"]["artifactId"], first.as_str());
}

#[test]
fn commits_and_events_show_what_was_said() {
    let world = World::new(1, ONE);
    let commits = released(&world, 25);
    say(&world, "staging", &commits[20], DONE);
    let base = Sqlite(Rc::clone(&world));
    let sql = Sql::new(&base);
    let listed = run(track::gitops_commits(&sql, &Parameters::parse(""))).unwrap();
    let shas: Vec<&str> = listed.iter().map(|one| one.sha.as_str()).collect();
    let newest: Vec<&str> = commits.iter().rev().take(20).map(String::as_str).collect();
    assert_eq!(shas, newest);
    assert_eq!(
        (listed[0].status.as_str(), listed[19].status.as_str()),
        ("NotReconciled", DONE)
    );
    assert_eq!(
        (listed[19].created, listed[19].env.as_str()),
        (1_789_996_400, "staging")
    );
    assert!(
        run(track::gitops_commits(&sql, &Parameters::parse("env=prod")))
            .unwrap()
            .is_empty()
    );
    let id = world
        .sql(
            "SELECT id FROM requests WHERE gitops_ref = ?1",
            &[commits[20].as_str().into()],
        )
        .concat();
    let told = run(event(&sql, &Parameters::parse(&format!("id={}", id[0])))).unwrap();
    assert_eq!(
        serde_json::to_value(&told.gitops_hashes).unwrap(),
        json!([{ "hash": commits[20], "status": DONE, "statusDesc": "ReconciliationSucceeded it is" }])
    );
}

/// A naive reading of the rules beside the statements: what is final stays; what is not takes what is said of it or of a
/// later commit.
#[test]
fn w17_any_order_of_events_ends_as_a_naive_reading_says() {
    for seed in 0..6 {
        let world = World::new(seed, ONE);
        let commits = released(&world, 8);
        let mut expected = vec!["NotReconciled".to_owned(); commits.len()];
        let mut said: BTreeMap<usize, String> = BTreeMap::new();
        for _ in 0..40 {
            let at = world.random.below(commits.len());
            let word = *world.random.pick(&[
                "Progressing",
                "Progressing",
                "HealthCheckFailed",
                DONE,
                FAILED,
            ]);
            say(&world, "staging", &commits[at], word);
            if said.get(&at).is_some_and(|word| is_final(word)) {
                continue;
            }
            said.insert(at, word.to_owned());
            for earlier in expected
                .iter_mut()
                .take(at + 1)
                .filter(|word| !is_final(word))
            {
                word.clone_into(earlier);
            }
            assert_eq!(words(&world, "staging"), expected, "seed {seed}");
        }
    }
}

#[test]
fn reports_are_forgotten_after_thirty_days_and_what_they_said_stays() {
    let world = World::new(21, ONE);
    let commit = released(&world, 1).remove(0);
    let at = |day: i64| Feedback {
        commit: commit.parse().unwrap(),
        status: DONE.to_owned(),
        description: String::new(),
        at: jiff::Timestamp::from_second(1_790_000_000 + day * 86_400)
            .unwrap()
            .to_string(),
    };
    let say = |env: &str, feedback: &Feedback| {
        let base = Sqlite(Rc::clone(&world));
        let time = Time(Rc::clone(&world));
        run(report(
            &Sql::new(&base),
            &time,
            &env.parse().unwrap(),
            feedback,
        ))
        .unwrap();
    };
    say("staging", &at(0));
    world.advance_ms(31 * 86_400_000);
    say("other", &at(31));
    let left = world.sql("SELECT env FROM reports", &[]);
    assert_eq!(left, [["other"]]);
    assert_eq!(words(&world, "staging"), [DONE]);
}

/// What is remembered for a month is not remembered for longer because somebody says that it is to come.
#[test]
fn nothing_is_said_in_the_future() {
    let world = World::new(1, ONE);
    let commits = released(&world, 1);
    say_at(&world, "staging", &commits[0], DONE, "9999-12-31T23:59:59Z");
    let now_s = (world.now_ms.get() / 1000).to_string();
    assert_eq!(world.sql("SELECT created FROM reports", &[]), [[now_s]]);
}
