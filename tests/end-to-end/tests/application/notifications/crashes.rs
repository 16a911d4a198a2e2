//! The application dies around each step of telling: a chat is told once at most, a webhook of everything.

use std::collections::BTreeSet;

use end_to_end::cases;
use serde_json::json;

use super::services::*;

#[test]
fn a_tick_may_die_around_each_of_its_steps() {
    if skipped("a_tick_may_die_around_each_of_its_steps") {
        return;
    }
    let rules = [
        "sqlite.execute INSERT INTO notifications* before",
        "sqlite.execute INSERT INTO notifications* after",
        "sqlite.execute DELETE FROM outbox* before",
        "sqlite.execute DELETE FROM outbox* after",
        "sqlite.execute UPDATE notifications SET state = 'sending'* before",
        "sqlite.execute UPDATE notifications SET state = 'sending'* after",
        "http.send POST */slack/* before",
        "http.send POST */slack/* after",
        "http.send POST */hook/* before",
        "http.send POST */hook/* after",
        "sqlite.execute UPDATE notifications SET state = [?]3* before",
        "sqlite.execute UPDATE notifications SET state = [?]3* after",
        "sqlite.execute UPDATE notifications SET state = [?]3*#2 after",
    ];
    cases::run(4, &rules.map(|rule| (rule, rule)), |rule| tick_dies(rule));
}

fn tick_dies(rule: &str) {
    let services = services();
    let to = [slack(&services.origin()), hook(&services.origin())];
    let mut world = world("a_tick_may_die_around_each_of_its_steps", &services, &to);
    release(&world, 1, "staging", "web");
    release(&world, 2, "production", "web");
    world.application.restart(&[rule]);
    let answer = world.client().try_post("/internal/notify", &[], &json!({}));
    assert!(answer.is_err(), "{rule}: {}", answer.unwrap().text());
    world.application.wait_until_killed();
    world.application.restart(&[]);
    for _ in 0..3 {
        notify(&world);
        pass(&world, 3_600);
    }
    // A chat is told once at most, and where it may not have been told, that is known.
    let chat: Vec<String> = told(&services, "/slack")
        .iter()
        .map(|asked| body(asked)["channel"].to_string())
        .collect();
    let distinct: BTreeSet<&String> = chat.iter().collect();
    assert_eq!(distinct.len(), chat.len(), "{rule}: {chat:?}");
    let unknown = listed(&world, "&destination=slack&status=unknown").len();
    let sent = listed(&world, "&destination=slack&status=sent").len();
    assert_eq!(sent + unknown, 2, "{rule}");
    assert!(
        unknown <= 1 && chat.len() + unknown >= 2,
        "{rule}: {chat:?}"
    );
    // A webhook is told of everything, and knows what it has heard before by its id.
    let ids: BTreeSet<String> = told(&services, "/hook")
        .iter()
        .map(|asked| asked.header("webhook-id").unwrap().to_owned())
        .collect();
    assert_eq!(
        (
            ids.len(),
            listed(&world, "&destination=webhook&status=sent").len()
        ),
        (2, 2),
        "{rule}"
    );
    assert!(told(&services, "/hook").len() <= 3, "{rule}");
    for asked in told(&services, "/hook") {
        assert_eq!(
            asked.header("webhook-signature"),
            Some(signature(&asked).as_str())
        );
    }
}
