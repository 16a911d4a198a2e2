//! Notifications over time: what is an event, who is told, how often, and what a death at any point leaves. The services are
//! simulated and count what reaches them; what is really sent is in the end-to-end tests.

mod deaths;
mod services;

use std::cell::Cell;
use std::rc::Rc;

use domain::Feedback;
use notify::{Destinations, Gimletd, Links};
use release::database::Sql;
use release::feedback::report;
use release::notifications::{Report, RetryError, Settings, again, list, tick as notify_tick};
use release::ports::{Database, SqlValue};
use release::query::Parameters;
use serde_json::json;

use self::services::{Manner, Services};
use crate::world::artifacts::{Shipment, Sort};
use crate::world::executor::{Task, run, step};
use crate::world::ports::{Sqlite, Time};
use crate::world::{
    ONE, World, ask_delete, ask_for, ask_rollback, release_version, shipped_id, tick,
};

const SHOP: &str = "staging/shop";
const CART: &str = "staging/cart";
const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;
/// A chat, a webhook and a commit status.
const ALL: &str = "to=slack&token=t&channel=c&api=https://slack;to=webhook&url=https://hook&secret=whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA;\
                   to=github&token=t&api=https://github";

fn settings(text: &str) -> Settings {
    Settings {
        destinations: Destinations::parse(text, &Gimletd::default(), "https://git.example")
            .unwrap(),
        links: Links::new(None, "https://git.example", false),
    }
}

async fn tell(
    world: Rc<World>,
    services: Rc<Services>,
    to: String,
) -> Result<Report, release::ports::DatabaseError> {
    let (base, time) = (Sqlite(Rc::clone(&world)), Time(Rc::clone(&world)));
    let deadline_ms = world.now_ms.get() + 15_000;
    let settings = settings(&to);
    notify_tick(&Sql::new(&base), &&*services, &time, &settings, deadline_ms).await
}

/// One tick, alone.
fn notify(world: &Rc<World>, services: &Rc<Services>, to: &str) -> Report {
    run(tell(Rc::clone(world), Rc::clone(services), to.to_owned())).unwrap()
}

fn say(world: &Rc<World>, env: &str, commit: &str, word: &str, remark: &str) {
    let feedback = Feedback {
        commit: commit.parse().unwrap(),
        status: word.to_owned(),
        description: remark.to_owned(),
        at: "2020-01-01T00:00:00Z".to_owned(),
    };
    let (base, time) = (Sqlite(Rc::clone(world)), Time(Rc::clone(world)));
    run(report(
        &Sql::new(&base),
        &time,
        &env.parse().unwrap(),
        &feedback,
    ))
    .unwrap();
}

/// State, attempts and reason of every notification, oldest first.
fn rows(world: &World) -> Vec<Vec<String>> {
    world.sql(
        "SELECT destination, state, attempts, reason FROM notifications ORDER BY seq",
        &[],
    )
}

fn states(world: &World) -> Vec<String> {
    world
        .sql(
            "SELECT destination || ' ' || state FROM notifications ORDER BY destination, seq",
            &[],
        )
        .into_iter()
        .flatten()
        .collect()
}

const CHAT: &str = "to=slack&token=t&channel=c&api=https://slack";
const HOOK: &str = "to=webhook&url=https://hook&secret=whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn every_end_of_a_request_is_told_once_in_gimletds_words() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    let first = release_version(&world, 1, SHOP);
    let commit = world.tip();
    release_version(&world, 2, SHOP);
    shipped_id(&world, &Shipment::new(3, &[CART]).sort(Sort::Refused));
    tick(&world);
    ask_rollback(&world, SHOP, &commit, None).unwrap();
    tick(&world);
    ask_for(&world, &first, SHOP, None).unwrap();
    tick(&world);
    // Nothing to change.
    ask_for(&world, &first, SHOP, None).unwrap();
    tick(&world);
    ask_delete(&world, SHOP);
    tick(&world);
    for _ in 0..3 {
        notify(&world, &services, CHAT);
        world.advance_ms(MINUTE);
    }
    let titles: Vec<String> = services
        .told("slack")
        .iter()
        .map(|told| told.split(" *").next().unwrap().trim().to_owned())
        .collect();
    let expected = [
        "Policy based rollout of shop on acme/shop",
        "Policy based rollout of shop on acme/shop",
        "Failed to roll out cart of acme/shop",
        "ann is rolling back shop on staging",
        "ann is rolling out shop on acme/shop",
        "ann is rolling out shop on acme/shop",
        "ann is deleting shop on staging",
    ];
    assert_eq!(titles, expected);
    let unchanged = world.sql("SELECT body ->> '$.outcome' FROM notifications", &[]);
    assert_eq!(
        unchanged.iter().filter(|row| row[0] == "unchanged").count(),
        1
    );
    assert_eq!(world.sql("SELECT count(*) FROM outbox", &[]), [["0"]]);
}

#[test]
fn w18_flux_is_heard_when_its_word_changes_and_not_when_it_repeats_itself() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    release_version(&world, 1, SHOP);
    let commit = world.tip();
    notify(&world, &services, CHAT);
    services.taken.borrow_mut().clear();
    let stranger = "1234567890123456789012345678901234567890";
    for (env, commit, word, remark) in [
        ("staging", commit.as_str(), "Progressing", "started"),
        (
            "staging",
            &commit,
            "HealthCheckFailed",
            "timeout after 30.1s",
        ),
        (
            "staging",
            &commit,
            "HealthCheckFailed",
            "timeout after 30.2s",
        ),
        (
            "staging",
            &commit,
            "Progressing",
            "Health check passed in 3s",
        ),
        (
            "staging",
            &commit,
            "Progressing",
            "Health check passed in 4s",
        ),
        ("staging", &commit, "ReconciliationSucceeded", "applied"),
        (
            "staging",
            &commit,
            "ReconciliationSucceeded",
            "applied again",
        ),
        // The last word stays, so this says nothing new.
        ("staging", &commit, "ReconciliationFailed", "late"),
        // A person's commit, of which no release is known. It fails again, within the same second perhaps.
        ("production", stranger, "HealthCheckFailed", "timeout"),
        ("production", stranger, "Progressing", "again"),
        ("production", stranger, "HealthCheckFailed", "timeout"),
        ("production", stranger, "ValidationFailed", "line 3"),
    ] {
        say(&world, env, commit, word, remark);
        notify(&world, &services, CHAT);
    }
    let short: String = commit.chars().take(7).collect();
    let expected = [
        format!("Gitops changes from {short} have health issues"),
        format!("Applied resources from {short} are up and healthy"),
        format!("ReconciliationSucceeded: {short}"),
        "Gitops changes from 1234567 have health issues".to_owned(),
        "Gitops changes from 1234567 have health issues".to_owned(),
        "Gitops changes from 1234567 failed to apply".to_owned(),
    ];
    let told = services.told("slack");
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (told, expected) in told.iter().zip(&expected) {
        assert!(told.starts_with(expected), "{told}");
    }
    // Whoever wants to can hear of beginnings too.
    say(
        &world,
        "staging",
        "0000000000000000000000000000000000000001",
        "Progressing",
        "started",
    );
    notify(&world, &services, &format!("{CHAT}&progress=true"));
    assert!(
        services
            .told("slack")
            .last()
            .unwrap()
            .starts_with("Applying gitops changes from 0000000")
    );
}

#[test]
fn an_upgrade_tells_nobody_of_the_past() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    for number in 1..4 {
        release_version(&world, number, SHOP);
    }
    say(
        &world,
        "staging",
        &world.tip(),
        "ReconciliationFailed",
        "no",
    );
    // As it was before there were notifications, and what came after them.
    world.connection.commit();
    for name in [
        "ends_are_told",
        "ends_are_told_at_once",
        "reports_are_told",
        "reports_are_told_again",
    ] {
        world.sql(&format!("DROP TRIGGER {name}"), &[]);
    }
    for table in ["outbox", "notifications", "notification_pauses", "attempts"] {
        world.sql(&format!("DROP TABLE {table}"), &[]);
    }
    world.sql("ALTER TABLE tokens DROP COLUMN lives", &[]);
    world.sql(
        "DELETE FROM migrations WHERE number >= (SELECT max(number) - 2 FROM migrations)",
        &[],
    );
    // The first tick migrates.
    notify(&world, &services, ALL);
    assert_eq!((services.asked.get(), rows(&world).len()), (0, 0));
    // What comes after is told, and so is a new word on an old commit.
    release_version(&world, 4, SHOP);
    notify(&world, &services, ALL);
    assert_eq!(
        states(&world),
        ["github sent", "slack sent", "webhook sent"]
    );
}

#[test]
fn without_destinations_nothing_is_kept_and_a_quiet_tick_is_one_statement() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    release_version(&world, 1, SHOP);
    notify(&world, &services, "");
    assert_eq!(world.sql("SELECT count(*) FROM outbox", &[]), [["0"]]);
    // What was discarded is told to nobody later.
    notify(&world, &services, ALL);
    assert_eq!(services.asked.get(), 0);
    for to in ["", ALL] {
        let counting = Counting {
            base: Sqlite(Rc::clone(&world)),
            statements: Cell::new(0),
        };
        let time = Time(Rc::clone(&world));
        run(notify_tick(
            &Sql::new(&counting),
            &&*services,
            &time,
            &settings(to),
            u64::MAX,
        ))
        .unwrap();
        assert_eq!(counting.statements.get(), 1, "{to}");
    }
}

/// Counts statements.
struct Counting {
    base: Sqlite,
    statements: Cell<usize>,
}

impl Database for Counting {
    async fn execute(
        &self,
        sql: &str,
        params: &[SqlValue],
    ) -> Result<Vec<release::ports::Row>, release::ports::DatabaseError> {
        self.statements.set(self.statements.get() + 1);
        self.base.execute(sql, params).await
    }
}

#[test]
fn where_nobody_looks_the_outbox_grows_no_further() {
    let world = World::new(1, ONE);
    world.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20100)
         INSERT INTO outbox (source, subject, env, status, description, at) SELECT 'report', '', '', '', '', 0 FROM n",
        &[],
    );
    assert_eq!(
        world.sql("SELECT count(*), min(seq) FROM outbox", &[]),
        [["20000", "101"]]
    );
}

#[test]
fn what_is_looked_at_and_claimed_is_found_by_an_index() {
    let world = World::new(1, ONE);
    let plans = [
        "SELECT NULL FROM (SELECT 1 FROM outbox LIMIT 1)
         UNION ALL SELECT DISTINCT destination FROM notifications WHERE due IS NOT NULL AND due <= 1",
        "SELECT n.seq FROM notifications AS n WHERE n.due IS NOT NULL AND n.destination = 'a' AND n.due <= 1
            AND NOT EXISTS (SELECT 1 FROM notifications AS e WHERE e.due IS NOT NULL AND e.destination = 'a'
                AND e.lane = n.lane AND e.seq < n.seq AND e.attempts < 3) ORDER BY n.seq LIMIT 1",
        "SELECT seq FROM notifications WHERE ended < 1 LIMIT 500",
        "SELECT id FROM notifications WHERE env = 'a' ORDER BY seq DESC LIMIT 1",
        "SELECT id FROM notifications WHERE state = 'a' ORDER BY seq DESC LIMIT 1",
    ];
    for statement in plans {
        for row in world.sql(&format!("EXPLAIN QUERY PLAN {statement}"), &[]) {
            let scans = row[3].starts_with("SCAN notifications") || row[3].starts_with("SCAN n");
            assert!(!scans || row[3].contains("INDEX"), "{statement}: {row:?}");
        }
    }
}

#[test]
fn yesterdays_events_are_not_told_today() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    release_version(&world, 1, SHOP);
    world.advance_ms(DAY + 10_000);
    release_version(&world, 2, SHOP);
    let report = notify(&world, &services, CHAT);
    assert_eq!((report.events, report.too_old), (1, 1));
    assert_eq!(services.told("slack").len(), 1);
}

#[test]
fn a_refusal_is_tried_again_later_and_later_and_then_given_up() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    services.behave("slack", Manner::Refusing(500, None));
    release_version(&world, 1, SHOP);
    let began = world.now_ms.get();
    let mut tries = Vec::new();
    for _ in 0..4_000 {
        let before = services.asked.get();
        notify(&world, &services, CHAT);
        if services.asked.get() > before {
            tries.push((world.now_ms.get() - began) / 1_000);
        }
        world.advance_ms(5_000);
    }
    assert_eq!(tries.len(), 10, "{tries:?}");
    let waits: Vec<u64> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (wait, middle) in waits
        .iter()
        .zip([5, 15, 45, 135, 405, 1_215, 3_600, 3_600, 3_600])
    {
        // A fifth more or less, and up to five seconds until the next tick.
        assert!(
            *wait * 5 >= middle * 4 && *wait * 5 <= middle * 6 + 25,
            "{waits:?}"
        );
    }
    assert_eq!(
        rows(&world),
        [["slack", "failed", "10", "it answered 500 (tried 10 times)"]]
    );
    // Somebody has looked, and mended it.
    services.behave("slack", Manner::Well);
    let base = Sqlite(Rc::clone(&world));
    let sql = Sql::new(&base);
    let time = Time(Rc::clone(&world));
    let listed = run(list(
        &sql,
        &Parameters::parse("status=failed&env=staging&destination=slack"),
    ))
    .unwrap();
    let id = listed[0]["id"].as_str().unwrap();
    assert_eq!(
        (&listed[0]["type"], &listed[0]["channel"]),
        (&json!("release.succeeded"), &json!("c"))
    );
    assert!(run(list(&sql, &Parameters::parse("status=gone"))).is_err());
    assert!(matches!(
        run(again(&sql, &time, "msg_0")),
        Err(RetryError::NotFound(_))
    ));
    run(again(&sql, &time, id)).unwrap();
    notify(&world, &services, CHAT);
    assert_eq!(services.told("slack").len(), 1);
    assert!(
        matches!(run(again(&sql, &time, id)), Err(RetryError::NotEnded(state)) if state == "sent")
    );
}

#[test]
fn a_service_that_asks_for_a_pause_is_left_alone_as_a_whole() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    for (number, place) in [SHOP, CART, "production/shop"].into_iter().enumerate() {
        release_version(&world, number, place);
    }
    services.behave("slack", Manner::Refusing(429, Some(120)));
    let to = format!("{CHAT};{HOOK}");
    notify(&world, &services, &to);
    // One for the chat, three for the webhook.
    assert_eq!(services.asked.get(), 4);
    services.behave("slack", Manner::Well);
    for _ in 0..23 {
        world.advance_ms(5_000);
        notify(&world, &services, &to);
    }
    assert_eq!(
        (services.asked.get(), services.told("slack").len()),
        (4, 0),
        "115 s are less than 120"
    );
    world.advance_ms(5_000);
    notify(&world, &services, &to);
    assert_eq!(
        (services.told("slack").len(), services.told("hook").len()),
        (3, 3)
    );
}

#[test]
fn a_service_that_is_gone_gets_everything_in_order_when_it_is_back() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    services.behave("slack", Manner::Gone);
    for number in 1..=5 {
        release_version(&world, number, [SHOP, CART][number % 2]);
        notify(&world, &services, CHAT);
        world.advance_ms(1_000);
    }
    assert!(
        services.asked.get() < 4,
        "it was knocked at for each of them"
    );
    assert!(rows(&world).iter().all(|row| row[1] == "waiting"));
    services.behave("slack", Manner::Well);
    world.advance_ms(10 * MINUTE);
    notify(&world, &services, CHAT);
    let apps: Vec<String> = services
        .told("slack")
        .iter()
        .map(|told| told.split(' ').nth(4).unwrap().to_owned())
        .collect();
    assert_eq!(apps, ["cart", "shop", "cart", "shop", "cart"]);
}

#[test]
fn one_that_is_never_taken_does_not_hold_up_its_environment_for_long() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    services.behave("slack", Manner::Refusing(500, None));
    release_version(&world, 1, SHOP);
    notify(&world, &services, CHAT);
    release_version(&world, 2, CART);
    release_version(&world, 3, "production/shop");
    notify(&world, &services, CHAT);
    // Another environment has not waited for it.
    let attempts: Vec<String> = rows(&world).into_iter().map(|row| row[2].clone()).collect();
    assert_eq!(attempts[1..], ["0", "1"]);
    for _ in 0..20 {
        notify(&world, &services, CHAT);
        world.advance_ms(5_000);
    }
    let attempts: Vec<usize> = rows(&world)
        .into_iter()
        .map(|row| row[2].parse().unwrap())
        .collect();
    assert!(attempts[0] >= 3 && attempts[1] >= 1, "{attempts:?}");
}

#[test]
fn an_older_status_never_comes_after_a_newer_one() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    let to = "to=github&token=t&api=https://github";
    let id = release_version(&world, 1, SHOP);
    notify(&world, &services, to);
    services.behave("github", Manner::Refusing(500, None));
    let wish = |key| ask_for(&world, &id, SHOP, Some(key)).unwrap();
    wish("one");
    tick(&world);
    for _ in 0..100 {
        notify(&world, &services, to);
        world.advance_ms(5_000);
    }
    wish("two");
    tick(&world);
    notify(&world, &services, to);
    let attempts: Vec<usize> = rows(&world)
        .into_iter()
        .map(|row| row[2].parse().unwrap())
        .collect();
    assert!(attempts[1] > 3 && attempts[2] == 0, "{attempts:?}");
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again_where_that_does_no_harm() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    for host in ["slack", "hook", "github"] {
        services.behave(host, Manner::Mute);
    }
    release_version(&world, 1, SHOP);
    notify(&world, &services, ALL);
    for host in ["slack", "hook", "github"] {
        services.behave(host, Manner::Well);
    }
    for _ in 0..5 {
        world.advance_ms(MINUTE);
        notify(&world, &services, ALL);
    }
    assert_eq!(
        states(&world),
        ["github sent", "slack unknown", "webhook sent"]
    );
    for (host, times) in [("slack", 1), ("hook", 2), ("github", 2)] {
        let counts = services.counts(host);
        assert_eq!(
            counts.values().copied().collect::<Vec<_>>(),
            [times],
            "{host}"
        );
    }
    // The receiver knows a repetition by its id.
    assert_eq!(services.counts("hook").len(), 1);
}

#[test]
fn a_destination_that_is_silent_keeps_nobody_waiting_but_itself() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    services.behave("slack", Manner::Silent);
    for number in 1..=3 {
        release_version(&world, number, SHOP);
    }
    let mut ticking = ticking(&world, &services);
    for _ in 0..2_000 {
        assert!(!step(&mut ticking), "it waits for the chat");
    }
    assert_eq!(
        (services.told("hook").len(), services.told("github").len()),
        (3, 3)
    );
    // Other ticks do not knock there meanwhile, and go on with the rest.
    release_version(&world, 4, "production/shop");
    notify(&world, &services, ALL);
    assert_eq!(
        (services.told("hook").len(), services.told("slack").len()),
        (4, 0)
    );
    let sending = world.sql(
        "SELECT count(*) FROM notifications WHERE state = 'sending'",
        &[],
    );
    assert_eq!(sending, [["1"]]);
}

#[test]
fn what_is_for_a_destination_that_is_gone_from_the_configuration_is_given_up() {
    let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
    services.behave("slack", Manner::Gone);
    release_version(&world, 1, SHOP);
    notify(&world, &services, CHAT);
    world.advance_ms(MINUTE);
    notify(&world, &services, HOOK);
    let rows = rows(&world);
    assert_eq!(
        (rows[0][1].as_str(), rows[0][3].as_str()),
        ("failed", "there is no destination of this name any more")
    );
}

fn ticking(world: &Rc<World>, services: &Rc<Services>) -> Task {
    let told = tell(Rc::clone(world), Rc::clone(services), ALL.to_owned());
    Box::pin(async move { drop(told.await) })
}
