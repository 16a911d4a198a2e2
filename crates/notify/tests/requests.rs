//! What is sent, for every service, and what GimletD's words are. The expected requests are in `vectors/`, written by hand
//! after each service's documentation; the signatures are those of Standard Webhooks' own library.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use domain::GitopsRepositories;
use notify::{
    Destination, Destinations, Event, Gimletd, Links, Message, Place, Sending, WebhookKey, sign,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const HOST: &str = "https://git.example.org";
const COMMIT: &str = "89abcdef89abcdef89abcdef89abcdef89abcdef";

/// A release of a policy, with some fields otherwise; null leaves one out.
fn event(changes: &Value) -> Event {
    let mut event = json!({
        "id": "evt_1", "kind": "release", "outcome": "succeeded", "env": "staging", "app": "web", "triggeredBy": "policy",
        "requestId": "r-1", "repository": "acme/shop", "sha": "0123456789012345678901234567890123456789",
        "gitopsRepo": "acme/gitops", "gitopsRef": COMMIT, "atMs": 1_790_000_000_000_i64,
    });
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    serde_json::from_value(event).unwrap()
}

fn links() -> Links {
    Links::new(
        GitopsRepositories::parse("gitopsRepo=acme/gitops", HOST).ok(),
        HOST,
        false,
    )
}

fn destination(text: &str) -> Destination {
    let all = Destinations::parse(text, &Gimletd::default(), HOST)
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    all.all()[0].clone()
}

fn vectors(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn sent(destination: &Destination, event: &Event) -> http::Request<Vec<u8>> {
    let Place { channel, .. } = destination.place(event).expect("it is told here");
    let sending = Sending {
        id: "msg_1",
        channel: &channel,
        event,
        now_s: 1_790_000_100,
    };
    destination.request(&sending, &links()).unwrap()
}

#[test]
fn each_service_is_sent_what_it_documents() {
    for case in vectors(include_str!("vectors/requests.json")) {
        let name = case["name"].as_str().unwrap();
        let request = sent(
            &destination(case["to"].as_str().unwrap()),
            &event(&case["event"]),
        );
        assert_eq!(request.method(), "POST", "{name}");
        assert_eq!(request.uri().to_string(), case["url"], "{name}");
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body, case["body"], "{name}");
        assert_eq!(
            request.headers()["content-type"],
            "application/json; charset=utf-8",
            "{name}"
        );
        for (header, value) in case["headers"].as_object().unwrap() {
            assert_eq!(
                request.headers()[header],
                value.as_str().unwrap(),
                "{name}: {header}"
            );
        }
    }
}

#[test]
fn the_words_are_gimletds() {
    for case in vectors(include_str!("vectors/titles.json")) {
        let message = Message::new(&event(&case["event"]), &links());
        assert_eq!(message.title, case["title"], "{}", case["fact"]);
    }
}

#[test]
fn a_webhooks_signature_is_that_of_standard_webhooks() {
    let cases = vectors(include_str!("vectors/standard_webhooks.json"));
    for case in &cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let key = WebhookKey::parse(text("key")).unwrap();
        let signature = sign(
            &key,
            text("id"),
            case["timestamp"].as_u64().unwrap(),
            text("body").as_bytes(),
        );
        assert_eq!(signature, text("signature"), "{case}");
    }
    let to = format!(
        "to=webhook&url={HOST}/in&secret={}",
        cases[0]["key"].as_str().unwrap()
    );
    let request = sent(&destination(&to), &event(&json!({})));
    let key = WebhookKey::parse(cases[0]["key"].as_str().unwrap()).unwrap();
    let expected = sign(&key, "msg_1", 1_790_000_100, request.body());
    assert_eq!(request.headers()["webhook-signature"], expected.as_str());
}

#[test]
fn links_are_made_from_what_is_configured_and_never_of_a_guess() {
    let page = |repositories: &str, host: &str, gitlab: bool, repo: Option<&str>| {
        let links = Links::new(
            GitopsRepositories::parse(repositories, host).ok(),
            host,
            gitlab,
        );
        links.gitops_commit(&event(&json!({ "gitopsRepo": repo })), COMMIT)
    };
    let commit = |before: &str| Some(format!("{before}/{COMMIT}"));
    let one = "gitopsRepo=acme/gitops";
    assert_eq!(
        page(one, "https://github.com", false, Some("acme/gitops")),
        commit("https://github.com/acme/gitops/commit")
    );
    assert_eq!(
        page(
            one,
            "https://gitlab.example.org",
            false,
            Some("acme/gitops")
        ),
        commit("https://gitlab.example.org/acme/gitops/-/commit")
    );
    assert_eq!(
        page(one, "https://git.example.org", true, None),
        commit("https://git.example.org/acme/gitops/-/commit")
    );
    assert_eq!(
        page(one, "https://bitbucket.org", false, None),
        commit("https://bitbucket.org/acme/gitops/commits")
    );
    let elsewhere = "gitopsRepo=http://git.local:3000/team/env.git;env=prod&gitopsRepo=acme/prod";
    assert_eq!(
        page(elsewhere, HOST, false, None),
        commit("http://git.local:3000/team/env/commit")
    );
    // A repository that is configured no more has no page, rather than another's.
    assert_eq!(page(one, HOST, false, Some("acme/gone")), None);
    assert_eq!(page("", HOST, false, None), None);
    for short in ["", "n/a", "89abcd", "89abcdef/../x"] {
        assert_eq!(
            links().gitops_commit(&event(&json!({})), short),
            None,
            "{short}"
        );
    }
    for bad in [
        "javascript:alert(1)",
        "https://ann:secret@git.example.org/x",
        "ftp://x/y",
        "//x/y",
        "nothing",
    ] {
        let version = links()
            .version(&event(&json!({ "versionUrl": bad })))
            .unwrap();
        assert!(
            version.starts_with("https://git.example.org/acme/shop/commit/"),
            "{bad}: {version}"
        );
    }
}

#[test]
fn commits_of_other_hosts_and_events_without_a_version_have_no_status() {
    for to in ["to=github&token=t", "to=gitlab&token=t"] {
        let to = destination(to);
        for changes in [
            json!({ "kind": "rollback" }),
            json!({ "kind": "delete" }),
            json!({ "kind": "sync", "status": "ReconciliationSucceeded" }),
            json!({ "repository": null }),
            json!({ "sha": null }),
            json!({ "sha": "../../../../evil/evil/statuses/0123456789" }),
        ] {
            assert_eq!(to.place(&event(&changes)), None, "{changes}");
        }
    }
    assert_eq!(
        destination("to=github&token=t").place(&event(&json!({ "repository": "a/b/c" }))),
        None
    );
    // One line for each place of a commit, the newest last: the lane is the line.
    let lane = destination("to=github&token=t")
        .place(&event(&json!({})))
        .unwrap()
        .lane;
    assert_eq!(
        lane,
        "acme/shop@0123456789012345678901234567890123456789 gitops/staging/web"
    );
}

#[test]
fn an_event_goes_where_it_is_wanted() {
    let table = [
        ("to=teams&url=https://t", json!({}), true),
        (
            "to=teams&url=https://t&env=prod*&env=staging",
            json!({}),
            true,
        ),
        ("to=teams&url=https://t&env=prod*", json!({}), false),
        ("to=teams&url=https://t&app=web", json!({}), true),
        ("to=teams&url=https://t&app=api", json!({}), false),
        (
            "to=teams&url=https://t&app=web",
            json!({ "kind": "sync", "app": "" }),
            false,
        ),
        ("to=teams&url=https://t&only=failures", json!({}), false),
        (
            "to=teams&url=https://t&only=failures",
            json!({ "outcome": "failed" }),
            true,
        ),
        (
            "to=teams&url=https://t",
            json!({ "kind": "sync", "outcome": "progressing" }),
            false,
        ),
        (
            "to=teams&url=https://t&progress=true",
            json!({ "kind": "sync", "outcome": "progressing" }),
            true,
        ),
        ("to=slack&token=t&mapping=prod=p", json!({}), false),
        ("to=slack&token=t&mapping=staging=s", json!({}), true),
    ];
    for (to, changes, wanted) in table {
        assert_eq!(
            destination(to).place(&event(&changes)).is_some(),
            wanted,
            "{to} {changes}"
        );
    }
}

/// Every text of a payload, wherever it stands.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|one| texts(one, found)),
        Value::Object(fields) => fields.values().for_each(|one| texts(one, found)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strangers_texts_stay_texts_and_within_the_limits(
        piece in "[\\PC\u{0}-\u{1f}<>&@*`_!]{0,40}", times in 1_usize..300, app in ".{0,300}", who in ".{0,300}", env in ".{0,300}", repository in ".{0,400}",
        outcome in prop::sample::select(vec!["succeeded", "unchanged", "failed"]),
        kind in prop::sample::select(vec!["release", "rollback", "delete", "sync"]),
    ) {
        let detail = piece.repeat(times);
        let event = event(&json!({ "detail": detail, "app": app, "triggeredBy": who, "env": env, "repository": repository,
            "outcome": outcome, "kind": kind, "status": "ReconciliationFailed", "target": who }));
        for to in ["to=slack&token=t&channel=c", "to=discord&token=t&channel=1", "to=teams&url=https://t"] {
            let body: Value = serde_json::from_slice(sent(&destination(to), &event).body()).unwrap();
            prop_assert!(body.to_string().len() < 28_000, "{to}");
            let mut found = Vec::new();
            texts(&body, &mut found);
            for text in found {
                prop_assert!(text.chars().count() <= 4_100, "{to}");
                prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{to}: {text:?}");
                let text = text.replace("\\<", "");
                prop_assert!(!text.contains("<!") && !text.contains("<@"), "{to}: {text:?}");
                prop_assert!(!text.contains("{{DATE"), "{to}: {text:?}");
            }
        }
    }
}
