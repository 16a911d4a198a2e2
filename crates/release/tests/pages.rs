//! Pages by cursor: every row once, in order, whatever is added meanwhile; answered from an index; and no cursor but ours.

use std::collections::BTreeSet;
use std::rc::Rc;

use access::{Grant, Limits, Role};
use release::database::Sql;
use release::page::Page;
use release::query::{Parameters, QueryError, artifacts, releases};
use release::users::{self, TokenWish};
use serde_json::Value;

use crate::queries::plan;
use crate::world::artifacts::{Shipment, shipped};
use crate::world::executor::run;
use crate::world::ports::{Sqlite, Time};
use crate::world::{ONE, World, evaluate_all, id_of, ship, tick};

fn ask(world: &Rc<World>, list: &str, query: &str) -> Result<Page<Vec<String>>, QueryError> {
    let base = Sqlite(Rc::clone(world));
    let sql = Sql::new(&base);
    let parameters = Parameters::parse(query);
    let text = |value: &Value, field: &str| value[field].as_str().unwrap().to_owned();
    Ok(match list {
        "artifacts" => {
            let page = run(artifacts(&sql, &parameters))?;
            let items: Vec<Value> = serde_json::from_str(&page.items).unwrap();
            Page {
                items: items.iter().map(|item| text(item, "id")).collect(),
                next: page.next,
            }
        }
        "releases" => {
            let page = run(releases(&sql, &parameters))?;
            let commits = page.items.iter().map(|item| text(item, "gitopsRef"));
            Page {
                items: commits.collect(),
                next: page.next,
            }
        }
        _ => {
            let page = run(users::page(&sql, &parameters))?;
            Page {
                items: page.items.into_iter().map(|user| user.login).collect(),
                next: page.next,
            }
        }
    })
}

/// Walks over a list in pages, and does something before each next one.
fn walk(
    world: &Rc<World>,
    list: &str,
    query: &str,
    limit: usize,
    mut between: impl FnMut(),
) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let cursor = next.map_or(String::new(), |next| format!("&cursor={next}"));
        let page = ask(world, list, &format!("{query}&limit={limit}{cursor}")).unwrap();
        assert!(page.items.len() <= limit);
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            return found;
        }
        between();
    }
}

fn ship_one(world: &Rc<World>, number: usize, places: &[&'static str]) -> String {
    let stored = ship(world, shipped(&Shipment::new(number, places).json()), None).unwrap();
    id_of(&stored.body)
}

#[test]
fn w12_a_walk_over_artifacts_finds_each_once_while_others_are_shipped() {
    for limit in [1, 3, 7, 19, 20, 21] {
        let world = World::new(7, ONE);
        let mut ids: Vec<String> = (0..20)
            .map(|number| {
                let id = ship_one(&world, number, &[]);
                world.sql("UPDATE artifacts SET evaluated = 1", &[]);
                // Several of one millisecond.
                world.advance_ms(u64::from(number % 3 == 0));
                id
            })
            .collect();
        ids.reverse();
        let mut number = 100;
        let found = walk(&world, "artifacts", "repository=acme/shop", limit, || {
            number += 1;
            ship_one(&world, number, &[]);
            world.sql("UPDATE artifacts SET evaluated = 1", &[]);
        });
        assert_eq!(found, ids, "{limit} a page");
    }
}

#[test]
fn w12_a_walk_over_releases_finds_each_once_while_others_are_written() {
    let world = World::new(7, ONE);
    let mut release = |number| {
        ship_one(&world, number, &["staging/shop"]);
        run(evaluate_all(Rc::clone(&world))).unwrap();
        tick(&world);
        world.tip()
    };
    let mut commits: Vec<String> = (0..9).map(&mut release).collect();
    commits.reverse();
    let mut number = 100;
    let found = walk(&world, "releases", "env=staging", 2, || {
        number += 1;
        release(number);
    });
    assert_eq!(found, commits);
}

#[test]
fn a_walk_over_users_finds_each_once() {
    let world = World::new(7, ONE);
    let (db, time) = (Sqlite(Rc::clone(&world)), Time(Rc::clone(&world)));
    let grant = Grant {
        role: Role::Viewer,
        limits: Limits::default(),
    };
    let mut expected = vec!["admin".to_owned()];
    for login in ["Zoe", "ann", "bob", "cor", "eve"] {
        let (login, wish) = (login.parse().unwrap(), TokenWish::named("x"));
        let sql = Sql::new(&db);
        run(users::create(&sql, &time, &login, grant.clone(), wish)).unwrap();
        expected.push(login.to_string());
    }
    for limit in 1..=7 {
        assert_eq!(walk(&world, "users", "", limit, || {}), expected);
    }
    let all = ask(&world, "users", "").unwrap();
    assert_eq!((all.items, all.next), (expected, None));
}

#[test]
fn s6_a_cursor_is_answered_from_an_index_and_nothing_is_skipped() {
    let world = World::new(7, ONE);
    for number in 0..3 {
        ship_one(&world, number, &["staging/shop"]);
        run(evaluate_all(Rc::clone(&world))).unwrap();
        tick(&world);
    }
    for (list, query) in [
        ("artifacts", ""),
        ("artifacts", "repository=acme/shop"),
        ("artifacts", "branch=main"),
        ("artifacts", "event=push"),
        ("artifacts", "since=2020-01-01T00:00:00Z"),
        ("releases", "env=staging"),
        ("releases", "env=staging&app=shop"),
        ("releases", "env=staging&git-repo=acme/shop"),
        ("users", ""),
    ] {
        let mut cursor = ask(&world, list, &format!("{query}&limit=1")).unwrap().next;
        if list == "users" {
            // The only user is the admin of the variable.
            cursor = Some("dXNlcnMg".to_owned());
        }
        let cursor = cursor.expect("another page");
        ask(&world, list, &format!("{query}&limit=1&cursor={cursor}")).unwrap();
        let plan = plan(&world);
        let table = if list == "releases" { "r" } else { list };
        let search = plan.split("; ").next().unwrap_or_default();
        assert!(
            search.starts_with(&format!("SEARCH {table} USING INDEX")),
            "{list} {query}: {plan}"
        );
        let bound = search.contains("created<?")
            || search.contains("(created,rowid)<(?,?)")
            || search.contains("created>? AND created<?")
            || search.contains("landed<?")
            || search.contains("login>?");
        assert!(bound, "{list} {query}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{list} {query}: {plan}");
    }
}

#[test]
fn a_cursor_that_is_none_of_this_list_is_refused_by_its_name() {
    let world = World::new(7, ONE);
    for number in 0..2 {
        ship_one(&world, number, &[]);
    }
    let good = ask(&world, "artifacts", "limit=1").unwrap().next.unwrap();
    let long = "A".repeat(2_000);
    // `artifacts x y`, `artifacts 1`, `artifacts`.
    let wrong = [
        "x",
        "=",
        "%00",
        "YXJ0aWZhY3RzIHggeQ",
        "YXJ0aWZhY3RzIDE",
        "YXJ0aWZhY3Rz",
        &long,
    ];
    let mut seen = BTreeSet::new();
    for list in ["artifacts", "releases", "users"] {
        let env = "env=staging&";
        let mut cursors = wrong.to_vec();
        if list != "artifacts" {
            cursors.push(&good);
        }
        for cursor in cursors {
            let asked = ask(&world, list, &format!("{env}cursor={cursor}"));
            let Err(QueryError::Parameter(error)) = asked else {
                panic!("{list} took {cursor}");
            };
            assert_eq!(error.parameter, "cursor");
            seen.insert(list);
        }
    }
    assert_eq!(seen.len(), 3);
    let both = ask(&world, "artifacts", &format!("offset=1&cursor={good}"));
    assert!(matches!(both, Err(QueryError::Parameter(error)) if error.parameter == "offset"));
}

#[test]
fn a_link_asks_the_same_question_without_the_token() {
    let asked = Parameters::parse(
        "repository=acme%2Fshop&sha=a&sha=b&offset=3&access_token=secret&cursor=old&limit=2",
    );
    assert_eq!(
        asked.link("/api/artifacts", "new"),
        "</api/artifacts?repository=acme%2Fshop&sha=a&sha=b&limit=2&cursor=new>; rel=\"next\""
    );
}
