//! Who may call what: every route of the program, by nobody and by every role, without limits and with limits that cover the
//! request or do not, answers as `authorization.tsv` says. A route without a row fails; so does one that no trigger reaches.

use std::collections::{BTreeMap, BTreeSet};

use access::{Access, Action, Route};
use end_to_end::artifacts::{artifact, manual};
use end_to_end::world::{Setup, World};
use harness::client::Client;
use harness::components::manifest;
use serde_json::{Value, json};

const TABLE: &str = include_str!("authorization.tsv");

/// What a request touches: what the limits of `in` cover, and what they do not.
struct Place {
    repository: &'static str,
    env: &'static str,
    app: &'static str,
    artifact: String,
    request: String,
    commit: String,
}

const WITHIN: [&str; 3] = ["acme/shop", "staging", "web"];
const OUTSIDE: [&str; 3] = ["acme/api", "production", "api"];

fn shipped(number: usize, [repository, env, app]: [&str; 3]) -> Value {
    let mut shipped = artifact(number, vec![manual(env, app, &number.to_string())]);
    shipped["version"]["repositoryName"] = json!(repository);
    shipped
}

/// Something of each place is shipped and released.
fn place(world: &World, number: usize, names: [&'static str; 3]) -> Place {
    let [repository, env, app] = names;
    let artifact = world.ship(&shipped(number, names));
    let request = world.release(&json!({ "env": env, "artifactId": artifact }));
    world.settle();
    let event = world.event(&request);
    let commit = event["gitopsHashes"][0]["hash"]
        .as_str()
        .unwrap()
        .to_owned();
    Place {
        repository,
        env,
        app,
        artifact,
        request,
        commit,
    }
}

/// A client for a column of the table.
fn client(world: &World, column: &str) -> Client {
    let address = world.client().address();
    let Some((role, limits)) = column.split_once('.') else {
        return Client::new(address, "");
    };
    let mut user = json!({ "login": column, "role": role });
    if limits != "free" {
        let [repository, env, app] = WITHIN;
        user["repositories"] = json!([repository]);
        user["environments"] = json!([env]);
        user["apps"] = json!([app]);
    }
    let made = world.client().post("/api/user", &user).expect(201);
    Client::new(address, made["token"].as_str().unwrap())
}

fn route(name: &str) -> Route {
    let mut routes = Route::ALL.iter().copied();
    let found = routes.find(|route| format!("{route:?}") == name);
    found.unwrap_or_else(|| panic!("{name} is no route"))
}

/// The text with its places filled in.
fn filled(text: &str, world: &World, place: &Place, number: usize) -> String {
    let mut text = text.to_owned();
    if text.contains("{hold}") {
        let hold = json!({ "env": place.env, "app": place.app, "reason": "to be lifted" });
        let hold = world.client().post("/api/holds", &hold).expect(201);
        text = text.replace("{hold}", hold["id"].as_str().unwrap());
    }
    let names = [place.repository, place.env, place.app];
    for (name, value) in [
        ("{ship}", shipped(number, names).to_string()),
        ("{repository}", place.repository.to_owned()),
        ("{env}", place.env.to_owned()),
        ("{app}", place.app.to_owned()),
        ("{artifact}", place.artifact.clone()),
        ("{request}", place.request.clone()),
        ("{commit}", place.commit.clone()),
        ("{number}", number.to_string()),
    ] {
        text = text.replace(name, &value);
    }
    text
}

#[test]
fn every_route_answers_every_role_as_the_table_says() {
    let secrets = [
        "github_webhook_secret",
        "gitlab_webhook_token",
        "gitea_webhook_secret",
    ];
    let setup = Setup::new("every_route_answers_every_role");
    let setup = secrets.into_iter().fold(setup, |setup, name| {
        setup.variable(name, "a secret of the tests")
    });
    let world = setup.start();
    world
        .client()
        .post("/api/user", &json!({ "login": "somebody" }))
        .expect(201);
    let (within, outside) = (place(&world, 1, WITHIN), place(&world, 2, OUTSIDE));
    let mut lines = TABLE
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let rows: Vec<Vec<&str>> = lines.collect();
    let mut wrong = Vec::new();
    let mut number = 100;
    for (at, column) in header.iter().enumerate().skip(3) {
        let client = client(&world, column);
        let place = match column.ends_with(".out") {
            true => &outside,
            false => &within,
        };
        // The column before may have deleted it.
        world.release(&json!({ "env": place.env, "artifactId": place.artifact }));
        world.settle();
        for row in &rows {
            number += 1;
            let route = route(row[0]);
            let (path, body) = (
                filled(row[1], &world, place, number),
                filled(row[2], &world, place, number),
            );
            let answer = match *column {
                "nobody" => client.send(route.method(), &path, &[], body.as_bytes()),
                _ => client.authorized(route.method(), &path, &[], body.as_bytes()),
            };
            let answer = answer.unwrap();
            if answer.status.to_string() != row[at] {
                let text = answer.text();
                wrong.push(format!(
                    "{column} {} {path}: {}, not {}: {text}",
                    row[0], answer.status, row[at]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let verdict = world.client().get("/api/audit/verify").expect(200);
    assert_eq!(
        (&verdict["ok"], &verdict["complete"]),
        (&json!(true), &json!(true)),
        "{verdict}"
    );
    assert_every_privileged_route_was_recorded(&world);
}

/// Each privileged action was both allowed and refused in the matrix: the log says so.
fn assert_every_privileged_route_was_recorded(world: &World) {
    let mut seen = BTreeSet::new();
    let mut after = Some(0);
    while let Some(from) = after {
        let page = world
            .client()
            .get(&format!("/api/audit?limit=1000&after={from}"))
            .expect(200);
        for row in page["rows"].as_array().unwrap() {
            let word = |name: &str| row[name].as_str().unwrap().to_owned();
            seen.insert((word("action"), word("outcome")));
        }
        after = page["next"].as_u64();
    }
    for route in Route::ALL {
        let Access::Needs(action) = route.access() else {
            continue;
        };
        let was = |outcome: &str| seen.contains(&(action.to_string(), outcome.to_owned()));
        assert!(was("refused"), "no refusal of {action} is recorded");
        assert_eq!(was("allowed"), action.is_privileged(), "{action}");
    }
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let rows = TABLE.lines().skip(1);
    let named: BTreeSet<&str> = rows.filter_map(|line| line.split('\t').next()).collect();
    let routes: BTreeSet<String> = Route::ALL
        .iter()
        .map(|route| format!("{route:?}"))
        .collect();
    assert_eq!(
        named,
        routes.iter().map(String::as_str).collect(),
        "authorization.tsv"
    );
}

#[test]
fn every_route_is_reached_by_a_trigger_of_its_component() {
    for path in ["spin.toml", "infra/spin-http.toml"] {
        let manifest = manifest(path);
        let triggers = manifest["trigger"]["http"].as_array().unwrap();
        let triggers: BTreeMap<&str, &str> = triggers
            .iter()
            .map(|trigger| {
                (
                    trigger["route"].as_str().unwrap(),
                    trigger["component"].as_str().unwrap(),
                )
            })
            .collect();
        for route in Route::ALL {
            // As Spin does: the exact path first, then the longest one that ends in `...`.
            let mut best = triggers
                .get(route.path())
                .map(|component| (usize::MAX, *component));
            for (pattern, component) in &triggers {
                let Some(prefix) = pattern.strip_suffix("/...") else {
                    continue;
                };
                let below = route.path().strip_prefix(prefix);
                let covers = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                if covers && best.is_none_or(|(length, _)| length < prefix.len() + 1) {
                    best = Some((prefix.len() + 1, component));
                }
            }
            let component = best.map(|(_, component)| component);
            assert_eq!(component, Some(route.component()), "{path}: {route:?}");
        }
    }
}

#[test]
fn every_kind_of_act_has_a_route_or_waits_for_one() {
    // Actions whose routes are still to come; a route for one of them takes it off this list.
    let waiting: [Action; 0] = [];
    for action in Action::ALL {
        let has = Route::ALL
            .iter()
            .any(|route| route.access() == Access::Needs(action));
        assert_ne!(has, waiting.contains(&action), "{action}");
    }
}
