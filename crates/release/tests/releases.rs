//! Releases, statuses, events and health, held to what the commits tell.

use std::rc::Rc;

use domain::ReleaseTrailers;
use release::database::Sql;
use release::ports::{DatabaseError, KeyValueError};
use release::query::{Parameters, QueryError, event, releases, status};
use serde_json::{Value, json};

use crate::queries::{date, plan, query};
use crate::world::artifacts::{Shipment, Sort, shipped};
use crate::world::executor::run;
use crate::world::git_server::Mood;
use crate::world::ports::{Sqlite, Store, Time};
use crate::world::{
    GITOPS, ONE, World, ask_for, evaluate_all, flush, id_of, ship, shipped_id, tick,
};

/// A release as the commits tell it.
#[derive(Debug)]
struct Told {
    commit: String,
    env: String,
    app: String,
    repository: String,
    artifact: String,
    committed_s: i64,
}

/// Releases of two source repositories, and what the commits say of them, newest first.
fn releases_of_all_kinds(world: &Rc<World>) -> Vec<Told> {
    let random = &world.random;
    for number in 0..40 {
        let from = random.below(3);
        let places =
            &["staging/shop", "staging/cart", "prod/shop"][from..=from + random.below(3 - from)];
        let mut json = Shipment::new(number, places).json();
        json["version"]["repositoryName"] = (*random.pick(&["acme/shop", "acme/cart"])).into();
        ship(world, shipped(&json), None).unwrap();
        run(evaluate_all(Rc::clone(world))).unwrap();
        // At most 20 may wait in this world.
        if random.one_in(3) || number % 6 == 5 {
            run(flush(Rc::clone(world))).unwrap();
        }
        world.advance_ms([1, 300, 700, 1_000, 60_000][random.below(5)]);
    }
    tick(world);
    world.server(|server| {
        let told = server.history().into_iter().map(|id| {
            let commit = server.objects().commit(id).unwrap();
            let message = String::from_utf8(commit.message).unwrap();
            let (path, _) = message
                .strip_prefix("[Gimlet] ")
                .unwrap()
                .split_once(' ')
                .unwrap();
            let (env, app) = path.split_once('/').unwrap();
            let artifact = ReleaseTrailers::parse(&message)
                .unwrap()
                .artifact_id
                .as_str()
                .to_owned();
            Told {
                commit: id.to_string(),
                env: env.to_owned(),
                app: app.to_owned(),
                repository: artifact[..9].to_owned(),
                artifact,
                committed_s: commit.committer_seconds.unwrap(),
            }
        });
        told.collect()
    })
}

fn ask_releases(world: &Rc<World>, query: &str) -> Result<Vec<Value>, QueryError> {
    let base = Sqlite(Rc::clone(world));
    Ok(run(releases(&Sql::new(&base), &Parameters::parse(query)))?.items)
}

#[test]
fn releases_are_found_by_every_filter_alone_and_together_page_by_page() {
    let world = World::new(11, ONE);
    let told = releases_of_all_kinds(&world);
    assert!(told.len() > 50, "{}", told.len());
    for _ in 0..400 {
        let random = &world.random;
        let env = *random.pick(&["staging", "prod", "test"]);
        let app = random.one_in(2).then(|| *random.pick(&["shop", "cart"]));
        let repository = random
            .one_in(2)
            .then(|| *random.pick(&["acme/shop", "acme/cart"]));
        // Borders on a commit's second, and half a second after it.
        let border = || random.pick(&told).committed_s * 1_000 + 500 * random.below(2) as i64;
        let since = random.one_in(3).then(border);
        let until = random.one_in(3).then(border);
        let fits = |told: &&Told| {
            let at = told.committed_s * 1_000;
            told.env == env
                && app.is_none_or(|app| told.app == app)
                && repository.is_none_or(|repository| told.repository == repository)
                && since.is_none_or(|since| at >= since)
                && until.is_none_or(|until| at < until)
        };
        let expected: Vec<&str> = told
            .iter()
            .filter(fits)
            .map(|told| told.commit.as_str())
            .collect();
        let mut asked = vec![
            ("env", env.to_owned()),
            ("limit", (1 + random.below(20)).to_string()),
        ];
        asked.extend(app.map(|app| ("app", app.to_owned())));
        asked.extend(repository.map(|repository| ("git-repo", repository.to_owned())));
        asked.extend(since.map(|since| ("since", date(since as u64))));
        asked.extend(until.map(|until| ("until", date(until as u64))));
        let mut found = Vec::new();
        loop {
            let mut asked = asked.clone();
            asked.push(("offset", found.len().to_string()));
            let page = ask_releases(&world, &query(&asked)).unwrap();
            if page.is_empty() {
                break;
            }
            found.extend(
                page.iter()
                    .map(|release| release["gitopsRef"].as_str().unwrap().to_owned()),
            );
        }
        assert_eq!(found, expected, "{asked:?}");
    }
}

#[test]
fn a_release_is_told_in_gimletds_words() {
    let world = World::new(11, ONE);
    let artifact = shipped_id(&world, &Shipment::new(1, &["staging/shop"]));
    tick(&world);
    let commit = world.server(|server| server.history()[0]).to_string();
    let expected = json!({
        "app": "shop", "env": "staging", "artifactId": artifact, "triggeredBy": "policy",
        "version": { "repositoryName": "acme/shop", "sha": format!("{:040x}", 1), "branch": "main" },
        "gitopsRef": commit, "gitopsRepo": "acme/gitops", "created": 1_790_000_000,
        "gitopsCommitStatus": "NotReconciled", "gitopsCommitStatusDesc": "",
    });
    assert_eq!(ask_releases(&world, "env=staging").unwrap(), [expected]);
    let missing = ask_releases(&world, "app=shop").unwrap_err();
    assert_eq!(missing.to_string(), "env parameter is mandatory");
}

#[test]
fn s3_s4_every_filter_of_releases_is_answered_from_an_index_without_sorting() {
    let world = World::new(11, ONE);
    for (asked, index) in [
        ("env=prod", "requests_env_history (env=? AND landed>?)"),
        (
            "env=prod&app=shop",
            "requests_history (env=? AND app=? AND landed>?)",
        ),
        (
            "env=prod&git-repo=a/b",
            "requests_source_history (env=? AND repository=? AND landed>?)",
        ),
        (
            "env=prod&since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z",
            "requests_env_history (env=? AND landed>?)",
        ),
    ] {
        ask_releases(&world, asked).unwrap();
        let plan = plan(&world);
        assert!(
            plan.starts_with(&format!("SEARCH r USING INDEX {index}; ")) && !plan.contains("SCAN"),
            "{asked}: {plan}"
        );
        assert!(!plan.contains("TEMP B-TREE"), "{asked}: {plan}");
        // Whether a release was rolled back is one look at an index.
        let look = "SEARCH b USING COVERING INDEX requests_rollbacks";
        assert!(plan.contains(look), "{asked}: {plan}");
    }
}

#[test]
fn the_status_is_the_last_release_of_each_app() {
    let world = World::new(13, ONE);
    let told = releases_of_all_kinds(&world);
    let base = Sqlite(Rc::clone(&world));
    let sql = Sql::new(&base);
    let ask = |query: &str| run(status(&sql, &Parameters::parse(query)));
    for (env, apps) in [
        ("staging", vec!["cart", "shop"]),
        ("prod", vec!["shop"]),
        ("test", vec![]),
    ] {
        let answer = ask(&format!("env={env}")).unwrap();
        assert_eq!(answer.keys().collect::<Vec<_>>(), apps, "{env}");
        for (app, release) in &answer {
            let last = told
                .iter()
                .find(|told| told.env == env && told.app == *app)
                .unwrap();
            assert_eq!(release["gitopsRef"], last.commit.as_str());
            assert_eq!(release["artifactId"], last.artifact.as_str());
            assert_eq!(ask(&format!("env={env}&app={app}")).unwrap()[app], *release);
        }
    }
    let plan = plan(&world);
    assert!(
        !plan.contains("SCAN r") && !plan.contains("SCAN requests"),
        "{plan}"
    );
    let missing = ask("env=staging&app=other").unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with("other does not stand in staging")
    );
}

#[test]
fn an_event_tells_how_a_request_stands() {
    let world = World::new(11, ONE);
    let base = Sqlite(Rc::clone(&world));
    let sql = Sql::new(&base);
    let ask = |id: &str| {
        let event = run(event(&sql, &Parameters::parse(&format!("id={id}")))).unwrap();
        serde_json::to_value(event).unwrap()
    };
    let good = shipped_id(
        &world,
        &Shipment::new(1, &["staging/shop"]).without_policy(),
    );
    let id = ask_for(&world, &good, "staging/shop", None).unwrap();
    let told = ask(&id);
    assert_eq!(
        (&told["status"], &told["statusDesc"]),
        (&json!("new"), &json!(""))
    );
    assert_eq!(told["gitopsHashes"], json!([]));
    tick(&world);
    let told = ask(&id);
    let commit = world.server(|server| server.history()[0]).to_string();
    assert_eq!(told["status"], "processed");
    assert_eq!(
        told["gitopsHashes"],
        json!([{ "hash": commit, "status": "N/A" }])
    );
    assert_eq!(
        told["results"],
        json!([{ "id": id, "app": "shop", "env": "staging", "status": "success", "hash": commit }])
    );
    let missing = run(event(
        &sql,
        &Parameters::parse("id=00000000-0000-7000-8000-000000000000"),
    ));
    assert!(matches!(missing, Err(QueryError::NotFound(_))));
    assert!(matches!(
        run(event(&sql, &Parameters::parse(""))),
        Err(QueryError::Parameter(_))
    ));
}

#[test]
fn an_event_of_several_apps_is_new_while_any_waits_and_an_error_if_any_failed() {
    let world = World::new(11, ONE);
    let base = Sqlite(Rc::clone(&world));
    let mut json = Shipment::new(1, &["staging/shop", "staging/cart"])
        .without_policy()
        .json();
    let refused = Shipment::new(1, &["staging/api"])
        .without_policy()
        .sort(Sort::Refused)
        .json();
    let waiting = Shipment::new(1, &["staging/web"])
        .without_policy()
        .sort(Sort::Failing(1))
        .json();
    for other in [refused, waiting] {
        let manifest = other["environments"][0].clone();
        json["environments"].as_array_mut().unwrap().push(manifest);
    }
    let artifact = id_of(&ship(&world, shipped(&json), None).unwrap().body);
    let id = ask_for(&world, &artifact, "staging", None).unwrap();
    let ask = || {
        let parameters = Parameters::parse(&format!("id={id}"));
        serde_json::to_value(run(event(&Sql::new(&base), &parameters)).unwrap()).unwrap()
    };
    let words = |told: &Value| -> Vec<String> {
        let results = told["results"].as_array().unwrap().iter();
        results
            .map(|one| format!("{} {}", one["app"], one["status"]).replace('"', ""))
            .collect()
    };
    tick(&world);
    let told = ask();
    assert_eq!(told["status"], "new");
    assert_eq!(
        words(&told),
        ["api failure", "cart success", "shop success", "web new"]
    );
    tick(&world);
    let told = ask();
    assert_eq!(told["status"], "error");
    assert!(
        told["statusDesc"]
            .as_str()
            .unwrap()
            .starts_with("staging/api: chart:"),
        "{told}"
    );
    assert_eq!(
        words(&told),
        ["api failure", "cart success", "shop success", "web success"]
    );
    assert_eq!(told["gitopsHashes"].as_array().unwrap().len(), 3);
}

#[test]
fn the_health_tells_what_waits_and_who_is_left_alone() {
    let world = World::new(11, ONE);
    let base = Sqlite(Rc::clone(&world));
    let ask = || {
        let (store, time) = (Store(Rc::clone(&world)), Time(Rc::clone(&world)));
        serde_json::to_value(run(release::health::health(Ok(&store), Ok(&base), &time))).unwrap()
    };
    shipped_id(&world, &Shipment::new(1, &["staging/shop"]));
    assert_eq!(ask()["waitingEvaluations"], 1);
    world.server(|server| server.mood = Mood::Busy);
    tick(&world);
    let health = ask();
    assert_eq!(
        (&health["status"], &health["waitingWrites"]),
        (&json!("ok"), &json!(1))
    );
    assert_eq!(health["oldestWriteAgeSeconds"], 5);
    assert_eq!(health["paused"][0]["url"], GITOPS);
    world.advance_ms(2_000);
    assert_eq!(ask()["paused"], json!([]), "the pause is over");
}

#[test]
fn the_health_names_what_does_not_answer_and_what_could_not_be_opened() {
    let world = World::new(12, ONE);
    let (store, base, time) = (
        Store(Rc::clone(&world)),
        Sqlite(Rc::clone(&world)),
        Time(Rc::clone(&world)),
    );
    let no_store = KeyValueError {
        operation: "open",
        source: "no such store".into(),
    };
    let no_database = DatabaseError("no such database".into());
    let ask = |store: Result<&Store, &KeyValueError>, base: Result<&Sqlite, &DatabaseError>| {
        let health = run(release::health::health(store, base, &time));
        (health.status, health.database, health.key_value)
    };
    let ok = || "ok".to_owned();
    assert_eq!(ask(Ok(&store), Ok(&base)), ("ok", ok(), ok()));
    let told = "key-value store: open failed: no such store".to_owned();
    assert_eq!(ask(Err(&no_store), Ok(&base)), ("error", ok(), told));
    let told = "database: no such database".to_owned();
    assert_eq!(ask(Ok(&store), Err(&no_database)), ("error", told, ok()));
    world.port_failures.set(1);
    let (status, database, key_value) = ask(Ok(&store), Ok(&base));
    assert_eq!(status, "error");
    assert!(database.starts_with("database: the platform failed"));
    assert!(key_value.starts_with("key-value store: keys failed: the platform failed"));
}
