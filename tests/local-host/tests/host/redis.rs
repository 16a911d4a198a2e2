//! Key-value over a real Redis, started here on a free port.

use std::process::Command;

use harness::redis::Redis;

use crate::Folder;
use crate::process::Host;

fn config(redis: &Redis, folder: &Folder) -> String {
    let path = folder.path().join("redis.toml");
    let text = format!(
        "[key_value_store.default]\ntype = \"redis\"\nurl = \"{}\"\n",
        redis.url()
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn two_hosts_share_one_redis() {
    let files = tempfile::tempdir().unwrap();
    let Some(redis) = Redis::start("two_hosts_share_one_redis", files.path()) else {
        return;
    };
    let (one, two) = (Folder::new(), Folder::new());
    let arguments = |folder: &Folder| {
        [
            "--disable-cron".to_owned(),
            "--runtime-config-file".to_owned(),
            config(&redis, folder),
        ]
    };
    let start =
        |folder: &Folder| Host::start(folder, &arguments(folder).each_ref().map(String::as_str));
    let (first, second) = (start(&one), start(&two));
    let call =
        |host: &Host, method: &str, path: &str, body: &str| host.call(method, path, body).unwrap();
    assert_eq!(call(&first, "GET", "/guest/kv?a", ""), "none");
    assert_eq!(call(&first, "PUT", "/guest/kv?a", "1"), "set");
    assert_eq!(call(&second, "GET", "/guest/kv?a", ""), "1");
    assert_eq!(call(&second, "PUT", "/guest/kv?b.c", ""), "set");
    assert_eq!(call(&first, "GET", "/guest/kv", ""), "a,b.c");
    assert_eq!(call(&first, "POST", "/guest/kv?b.c", ""), "true");
    assert_eq!(call(&second, "DELETE", "/guest/kv?a", ""), "deleted");
    assert_eq!(call(&first, "POST", "/guest/kv?a", ""), "false");
    // Each host has kept its own SQLite file.
    call(&first, "POST", "/guest/sqlite", "CREATE TABLE t (x)");
    assert!(call(&second, "POST", "/guest/sqlite", "SELECT x FROM t").starts_with("Error::Io("));
}

/// `.ci/run` looks for such lines in what `cargo test` prints, where libtest shows nothing of a test that passes.
#[test]
fn without_redis_a_test_passes_and_says_that_it_was_skipped() {
    let nothing = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "redis::two_hosts_share_one_redis"])
        .env("PATH", nothing.path())
        .env_remove("RUST_TEST_NOCAPTURE")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (printed, said) = (text(&output.stdout), text(&output.stderr));
    assert!(
        printed.contains("test redis::two_hosts_share_one_redis ... ok"),
        "{printed}"
    );
    let skip = "SKIPPED: two_hosts_share_one_redis: redis-server is not installed";
    assert!(said.lines().any(|line| line == skip), "{said}");
}

#[test]
fn a_redis_that_is_away_is_an_error_of_the_call() {
    let folder = Folder::new();
    let path = folder.path().join("redis.toml");
    let config =
        "[key_value_store.default]\ntype = \"redis\"\nurl = \"redis://:secret@127.0.0.1:1\"\n";
    std::fs::write(&path, config).unwrap();
    let log = folder.path().join("components.log");
    let (path, log) = (path.to_str().unwrap(), log.to_str().unwrap());
    let host = Host::start(
        &folder,
        &[
            "--disable-cron",
            "--runtime-config-file",
            path,
            "--log-file",
            log,
        ],
    );
    let (status, body) = host.exchange("GET", "/guest/kv?a", "").unwrap();
    assert_eq!(status, 500, "{body}");
    assert!(!body.contains("secret"), "{body}");
    let printed = std::fs::read_to_string(log).unwrap();
    assert!(
        printed.contains("refused") && !printed.contains("secret"),
        "{printed}"
    );
}
