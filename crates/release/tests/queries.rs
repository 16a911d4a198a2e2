//! The queries of artifacts, held to a naive reading of the same data, and to the use of their indexes.

use std::rc::Rc;

use release::database::Sql;
use release::query::{Parameters, QueryError, artifact, artifacts};
use serde_json::Value;

use crate::world::artifacts::{Shipment, shipped};
use crate::world::executor::run;
use crate::world::ports::Sqlite;
use crate::world::{ONE, World, id_of, ship};

/// An artifact as the naive reading knows it.
#[derive(Debug)]
struct Known {
    id: String,
    created_ms: u64,
    version: Value,
}

/// Ships artifacts of all kinds, several of them within one millisecond.
fn artifacts_of_all_kinds(world: &Rc<World>, count: usize) -> Vec<Known> {
    let random = &world.random;
    let mut known = Vec::new();
    for number in 0..count {
        let mut json = Shipment::new(number, &[]).json();
        let version = json["version"].as_object_mut().unwrap();
        version.insert(
            "repositoryName".to_owned(),
            (*random.pick(&["acme/shop", "acme/cart", "o/x"])).into(),
        );
        version.insert("sha".to_owned(), format!("{:040x}", random.below(8)).into());
        version.insert(
            "branch".to_owned(),
            (*random.pick(&["main", "feature/x", ""])).into(),
        );
        version.insert("message".to_owned(), format!("change {number}").into());
        match random.below(4) {
            0 => {
                version.insert("event".to_owned(), "pr".into());
                version.insert(
                    "sourceBranch".to_owned(),
                    (*random.pick(&["feature/x", "fix"])).into(),
                );
            }
            1 => drop(version.insert("event".to_owned(), "tag".into())),
            _ => {}
        }
        let version = json["version"].clone();
        let stored = ship(world, shipped(&json), None).unwrap();
        known.push(Known {
            id: id_of(&stored.body),
            created_ms: world.now_ms.get(),
            version,
        });
        world.sql("UPDATE artifacts SET evaluated = 1", &[]);
        world.advance_ms([0, 0, 1, 999, 1_000, 61_000][random.below(6)]);
    }
    // Newest first; of one millisecond, the last that came.
    known.reverse();
    known
}

pub(crate) fn date(ms: u64) -> String {
    jiff::Timestamp::from_millisecond(ms as i64)
        .unwrap()
        .to_string()
}

fn text<'a>(known: &'a Known, field: &str) -> &'a str {
    known
        .version
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A parameter with the naive reading of it.
type Condition = (Vec<(&'static str, String)>, Box<dyn Fn(&Known) -> bool>);

/// Each filter once in two, with a value that some artifact has.
fn some_conditions(world: &World, known: &[Known]) -> Vec<Condition> {
    let random = &world.random;
    let mut conditions: Vec<Condition> = Vec::new();
    let example = |field| text(random.pick(known), field).to_owned();
    for (name, field) in [
        ("repository", "repositoryName"),
        ("branch", "branch"),
        ("sourceBranch", "sourceBranch"),
    ] {
        let value = example(field);
        if random.one_in(4) && !value.is_empty() {
            conditions.push((
                vec![(name, value.clone())],
                Box::new(move |known| text(known, field) == value),
            ));
        }
    }
    if random.one_in(4) {
        let shas = [example("sha"), example("sha")];
        let asked = shas.iter().map(|sha| ("sha", sha.clone())).collect();
        conditions.push((
            asked,
            Box::new(move |known| shas.iter().any(|sha| sha == text(known, "sha"))),
        ));
    }
    if random.one_in(4) {
        let value = *random.pick(&["push", "tag", "pr"]);
        let is =
            move |known: &Known| text(known, "event") == if value == "push" { "" } else { value };
        conditions.push((vec![("event", value.to_owned())], Box::new(is)));
    }
    let border = random.pick(known).created_ms;
    if random.one_in(4) {
        conditions.push((
            vec![("since", date(border))],
            Box::new(move |known| known.created_ms >= border),
        ));
    }
    let border = random.pick(known).created_ms;
    if random.one_in(4) {
        conditions.push((
            vec![("until", date(border))],
            Box::new(move |known| known.created_ms < border),
        ));
    }
    conditions
}

pub(crate) fn query(parameters: &[(&'static str, String)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    query.finish()
}

fn ask_artifacts(world: &Rc<World>, query: &str) -> Result<Vec<String>, QueryError> {
    let base = Sqlite(Rc::clone(world));
    let answer = run(artifacts(&Sql::new(&base), &Parameters::parse(query)))?;
    let items: Vec<Value> = serde_json::from_str(&answer.items).unwrap();
    let ids = items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned());
    Ok(ids.collect())
}

#[test]
fn artifacts_are_found_by_every_filter_alone_and_together_page_by_page() {
    let world = World::new(7, ONE);
    let known = artifacts_of_all_kinds(&world, 120);
    for _ in 0..600 {
        let conditions = some_conditions(&world, &known);
        let fits = |known: &&Known| conditions.iter().all(|(_, is)| is(known));
        let expected: Vec<&str> = known
            .iter()
            .filter(fits)
            .map(|known| known.id.as_str())
            .collect();
        let limit = 1 + world.random.below(40);
        let asked: Vec<_> = conditions
            .iter()
            .flat_map(|(asked, _)| asked.clone())
            .collect();
        let mut found = Vec::new();
        loop {
            let mut asked = asked.clone();
            asked.push(("limit", limit.to_string()));
            asked.push(("offset", found.len().to_string()));
            let page = ask_artifacts(&world, &query(&asked)).unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found, expected, "{asked:?}");
    }
}

#[test]
fn a_page_has_ten_artifacts_where_nothing_is_said() {
    let world = World::new(7, ONE);
    let known = artifacts_of_all_kinds(&world, 15);
    let ids: Vec<&str> = known.iter().map(|known| known.id.as_str()).collect();
    assert_eq!(ask_artifacts(&world, "").unwrap(), ids[..10]);
    assert_eq!(
        ask_artifacts(&world, "limit=0&offset=10").unwrap(),
        ids[10..]
    );
    assert_eq!(
        ask_artifacts(&world, "limit=&branch=&app=x").unwrap(),
        ids[..10],
        "unknown and empty ones are passed over"
    );
    assert_eq!(
        ask_artifacts(&world, "limit=2&limit=7").unwrap(),
        ids[..2],
        "the first one counts"
    );
}

#[test]
fn parameters_that_cannot_be_understood_are_named() {
    let world = World::new(7, ONE);
    for (asked, named) in [
        ("limit=-2", "limit"),
        ("limit=ten", "limit"),
        ("limit=1001", "limit"),
        ("offset=-3", "offset"),
        ("offset=99999999999999999999", "offset"),
        ("since=yesterday", "since"),
        ("until=2026-13-01T00:00:00Z", "until"),
        ("event=deploy", "event"),
    ] {
        let Err(QueryError::Parameter(error)) = ask_artifacts(&world, asked) else {
            panic!("{asked} was understood");
        };
        assert_eq!(error.parameter, named);
    }
    let many = "sha=a&".repeat(501);
    assert!(matches!(
        ask_artifacts(&world, &many),
        Err(QueryError::Parameter(_))
    ));
    let offset = ask_artifacts(&world, "since=2026-09-21T14:13:20+02:00");
    assert!(offset.is_ok(), "a '+' that was not escaped");
}

/// The plan of the statement that production ran last.
pub(crate) fn plan(world: &World) -> String {
    let (statement, params) = world.last_statement.borrow().clone();
    let rows = world.sql(&format!("EXPLAIN QUERY PLAN {statement}"), &params);
    let steps: Vec<String> = rows.into_iter().map(|row| row[3].clone()).collect();
    steps.join("; ")
}

#[test]
fn s6_every_filter_of_artifacts_is_answered_from_an_index_without_sorting() {
    let world = World::new(7, ONE);
    for (asked, index) in [
        ("repository=a/b", "artifacts_repository (repository=?)"),
        (
            "repository=a/b&since=2026-01-01T00:00:00Z",
            "artifacts_repository (repository=? AND created>?)",
        ),
        ("branch=main", "artifacts_branch (branch=?)"),
        (
            "sourceBranch=fix",
            "artifacts_source_branch (source_branch=?)",
        ),
        ("event=pr", "artifacts_event (event=?)"),
        (
            "event=tag&until=2026-01-01T00:00:00Z",
            "artifacts_event (event=? AND created<?)",
        ),
        (
            "since=2026-01-01T00:00:00Z",
            "artifacts_created (created>?)",
        ),
        (
            "since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z",
            "artifacts_created (created>? AND created<?)",
        ),
    ] {
        ask_artifacts(&world, asked).unwrap();
        assert_eq!(
            plan(&world),
            format!("SEARCH artifacts USING INDEX {index}"),
            "{asked}"
        );
    }
    // In order of arrival, as far as the page goes; pushes are nearly all.
    for asked in ["", "event=push"] {
        ask_artifacts(&world, asked).unwrap();
        assert_eq!(
            plan(&world),
            "SCAN artifacts USING INDEX artifacts_created",
            "{asked}"
        );
    }
    // Few artifacts have one SHA: they are sorted.
    ask_artifacts(&world, "sha=a&sha=b").unwrap();
    let plan = plan(&world);
    assert!(
        plan.contains("SEARCH artifacts USING INDEX artifacts_sha (sha=?)"),
        "{plan}"
    );
}

#[test]
fn an_artifact_is_found_by_its_id_as_it_was_stored() {
    let world = World::new(7, ONE);
    let stored = ship(&world, Shipment::new(1, &["staging/shop"]).shipped(), None).unwrap();
    let base = Sqlite(Rc::clone(&world));
    let sql = Sql::new(&base);
    assert_eq!(
        run(artifact(&sql, &id_of(&stored.body))).unwrap(),
        stored.body
    );
    assert!(plan(&world).starts_with("SEARCH artifacts USING INDEX"));
    let missing = run(artifact(&sql, "acme/shop\n-1")).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "cannot find artifact with id acme/shop-1"
    );
}
