//! The services that are told, and a world that tells them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use end_to_end::artifacts::{artifact, manifest};
use end_to_end::world::{Setup, World};
use harness::skip::not_on_spin;
use harness::web_server::{Asked, Told, WebServer};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

pub(super) const SLACK_TOKEN: &str = "xoxb-token-of-the-tests";
pub(super) const DISCORD_TOKEN: &str = "discord-token-of-the-tests";
pub(super) const PATH_SECRET: &str = "path-secret-of-the-tests";
pub(super) const STATUS_TOKEN: &str = "status-token-of-the-tests";
pub(super) const KEY: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

/// The services, on one host: each takes what it is told.
pub(super) fn services() -> WebServer {
    WebServer::start(|asked| match asked.resource() {
        "/slack/chat.postMessage" => Told::new(200, r#"{"ok":true}"#),
        path if path.starts_with("/github") || path.starts_with("/gitlab") => Told::new(201, "{}"),
        _ => Told::new(200, "{}"),
    })
}

pub(super) fn key() -> String {
    format!("whsec_{}", STANDARD.encode(KEY))
}

pub(super) fn slack(host: &str) -> String {
    format!(
        "to=slack&api={host}/slack&token={SLACK_TOKEN}&channel=general&mapping=production=prod-releases"
    )
}

pub(super) fn hook(host: &str) -> String {
    format!(
        "to=webhook&url={host}/hook/{PATH_SECRET}&secret={}",
        key().replace('+', "%2B")
    )
}

pub(super) fn github(host: &str) -> String {
    format!("to=github&api={host}/github&token={STATUS_TOKEN}")
}

pub(super) fn world(test: &'static str, services: &WebServer, destinations: &[String]) -> World {
    Setup::new(test)
        .variable("notifications", &destinations.join(";"))
        .variable("notifications_host", &services.origin())
        .start()
}

pub(super) fn notify(world: &World) -> Value {
    world
        .client()
        .post("/internal/notify", &json!({}))
        .expect(200)
}

pub(super) fn listed(world: &World, query: &str) -> Vec<Value> {
    let answer = world
        .client()
        .get(&format!("/api/notifications?limit=100{query}"))
        .expect(200);
    answer.as_array().unwrap().clone()
}

pub(super) fn body(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).unwrap()
}

/// What reached a path, in its order.
pub(super) fn told(services: &WebServer, prefix: &str) -> Vec<Asked> {
    let log = services.log().into_iter();
    log.filter(|asked| asked.path.starts_with(prefix)).collect()
}

pub(super) fn titles(services: &WebServer) -> Vec<String> {
    let told = told(services, "/slack");
    told.iter()
        .map(|asked| body(asked)["text"].as_str().unwrap().to_owned())
        .collect()
}

/// Ships version `number` of an app, which its policy releases, and flushes.
pub(super) fn release(world: &World, number: usize, env: &str, app: &str) -> String {
    let id = world.ship(&artifact(
        number,
        vec![manifest(env, app, &number.to_string())],
    ));
    world.settle();
    id
}

pub(super) fn flux(world: &World, env: &str, commit: &str, reason: &str, message: &str) {
    let event = json!({ "reason": reason, "message": message, "metadata": { "revision": format!("main@sha1:{commit}") } });
    let path = format!("/api/flux-events?env={env}");
    world.client().post(&path, &event).expect(200);
}

/// Lets so much time pass for everything that waits. Not on Spin.
pub(super) fn pass(world: &World, seconds: i64) {
    let path = world.folder.path().join("application/state/sqlite_db.db");
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(60)).unwrap();
    let later = format!(
        "UPDATE notifications SET due = due - {0} WHERE due IS NOT NULL; UPDATE notification_pauses SET until = until - {0}",
        seconds * 1_000
    );
    connection.execute_batch(&later).unwrap();
}

pub(super) fn skipped(test: &str) -> bool {
    not_on_spin(
        test,
        "only the local host's database can be reached, and only it has kill rules",
    )
}

/// Computed here once more, over the bytes as they came.
pub(super) fn signature(asked: &Asked) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    let (id, at) = (
        asked.header("webhook-id").unwrap(),
        asked.header("webhook-timestamp").unwrap(),
    );
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(&asked.body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}
