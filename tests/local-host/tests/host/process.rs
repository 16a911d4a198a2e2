//! The program `local-host`, as a person or a crash test runs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::Folder;

const SIGKILL: i32 = 9;

/// A running host; killed when dropped.
pub(crate) struct Host {
    child: Child,
    address: String,
    announced: String,
}

impl Host {
    /// Starts `local-host up --no-build` on a free port and waits until it serves.
    pub(crate) fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_local-host"))
            .args([
                "up",
                "--no-build",
                "--listen",
                "127.0.0.1:0",
                "--variable",
                "token=hush",
                "--from",
            ])
            .arg(folder.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (mut announced, mut address) = (String::new(), String::new());
        // The least specific route is printed last.
        while !announced.contains("(wildcard)") {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let mut error = String::new();
                child
                    .stderr
                    .take()
                    .unwrap()
                    .read_to_string(&mut error)
                    .unwrap();
                panic!("the host did not start: {error}");
            }
            if let Some(url) = line.strip_prefix("Serving http://") {
                address = url.trim().to_owned();
            }
            announced.push_str(&line);
        }
        Self {
            child,
            address,
            announced,
        }
    }

    /// The body of the answer, which must be a 200; `None` where the host died before it answered.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> Option<String> {
        let (status, body) = self.exchange(method, path, body)?;
        assert_eq!(status, 200, "{method} {path}: {body}");
        Some(body)
    }

    /// The status and the body of the answer; `None` where the host died before it answered.
    pub(crate) fn exchange(&self, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let head = format!(
            "host: x\r\nconnection: close\r\ncontent-length: {}",
            body.len()
        );
        write!(stream, "{method} {path} HTTP/1.1\r\n{head}\r\n\r\n{body}").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        // The guest's answers are shorter than one chunk.
        let chunked = head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked");
        let body = if chunked {
            body.split("\r\n").nth(1).unwrap_or_default()
        } else {
            body
        };
        Some((status, body.to_owned()))
    }

    /// Waits until the host has died; its exit status, and what it wrote on stderr.
    pub(crate) fn died(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        let mut error = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut error)
            .unwrap();
        (status, error)
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_says_where_it_serves_and_ends_cleanly_on_sigterm() {
    let folder = Folder::new();
    let host = Host::start(&folder, &["--disable-cron"]);
    assert!(
        host.announced.contains("Available Routes:"),
        "{}",
        host.announced
    );
    assert!(
        host.announced.contains(&format!(
            "  guest: http://{}/guest (wildcard)",
            host.address
        )),
        "{}",
        host.announced
    );
    assert_eq!(
        host.call("GET", "/guest/variable?phrase", "").unwrap(),
        "hello, world"
    );
    host.signal("-TERM");
    let (status, error) = host.died();
    assert_eq!((status.code(), error), (Some(0), String::new()));
}

#[test]
fn a_variable_can_be_read_from_a_file() {
    let folder = Folder::new();
    let file = folder.path().join("greeting");
    std::fs::write(&file, "good day").unwrap();
    let variable = format!("greeting=@{}", file.display());
    let host = Host::start(&folder, &["--disable-cron", "--variable", &variable]);
    assert_eq!(
        host.call("GET", "/guest/variable?phrase", "").unwrap(),
        "good day, world"
    );
}

#[test]
fn cron_ticks_run_unless_they_are_disabled() {
    let folder = Folder::with("*", "* * * * * *");
    let host = Host::start(&folder, &["--disable-cron"]);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(host.call("GET", "/guest/kv", "").unwrap(), "");
    drop(host);
    let host = Host::start(&folder, &[]);
    while host
        .call("GET", "/guest/kv", "")
        .unwrap()
        .matches("tick.")
        .count()
        < 3
    {
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn two_hosts_share_one_state() {
    let folder = Folder::new();
    let (first, second) = (
        Host::start(&folder, &["--disable-cron"]),
        Host::start(&folder, &["--disable-cron"]),
    );
    first
        .call("POST", "/guest/sqlite", "CREATE TABLE t (x)")
        .unwrap();
    std::thread::scope(|threads| {
        for (thread, host) in [&first, &second, &first, &second].into_iter().enumerate() {
            threads.spawn(move || {
                for n in 0..25 {
                    let insert = format!("BEGIN IMMEDIATE\nINSERT INTO t VALUES ({n})\nCOMMIT");
                    assert_eq!(
                        host.call("POST", "/guest/sqlite", &insert).unwrap(),
                        "[] []"
                    );
                    host.call("PUT", &format!("/guest/kv?{thread}.{n}"), "")
                        .unwrap();
                }
            });
        }
    });
    let count = first
        .call("POST", "/guest/sqlite", "SELECT count(*) AS n FROM t")
        .unwrap();
    assert_eq!(count, r#"["n"] [[Value::Integer(100)]]"#);
    assert_eq!(
        second
            .call("GET", "/guest/kv", "")
            .unwrap()
            .split(',')
            .count(),
        100
    );
}

/// Starts a host with one kill rule, makes the call that it kills, and starts another over what is left.
fn kill(folder: &Folder, rule: &str, calls: &[(&str, &str, &str)]) -> Host {
    let host = Host::start(folder, &["--disable-cron", "--kill-at", rule]);
    let (last, before) = calls.split_last().unwrap();
    for (method, path, body) in before {
        assert!(
            host.call(method, path, body).is_some(),
            "{rule}: died too early, at {path}"
        );
    }
    let (method, path, body) = last;
    assert_eq!(
        host.call(method, path, body),
        None,
        "{rule}: still alive after {path}"
    );
    let (status, error) = host.died();
    assert_eq!(status.signal(), Some(SIGKILL), "{rule}: {error}");
    assert_eq!(error.matches("killed by --kill-at").count(), 1, "{error}");
    Host::start(folder, &["--disable-cron"])
}

#[test]
fn a_kill_rule_ends_the_host_between_two_key_value_writes() {
    let put = |path| ("PUT", path, "v");
    let calls = [
        put("/guest/kv?other"),
        put("/guest/kv?write.1"),
        put("/guest/kv?write.2"),
    ];

    let folder = Folder::new();
    let restarted = kill(&folder, "key-value.set write.*#2 before", &calls);
    assert_eq!(
        restarted.call("GET", "/guest/kv", "").unwrap(),
        "other,write.1"
    );

    let folder = Folder::new();
    let restarted = kill(&folder, "key-value.set write.*#2 after", &calls);
    assert_eq!(
        restarted.call("GET", "/guest/kv", "").unwrap(),
        "other,write.1,write.2"
    );
    drop(restarted);

    let restarted = kill(
        &folder,
        "key-value.delete write.1 before",
        &[("DELETE", "/guest/kv?write.1", "")],
    );
    assert_eq!(
        restarted.call("POST", "/guest/kv?write.1", "").unwrap(),
        "true"
    );
    drop(restarted);
    let restarted = kill(
        &folder,
        "key-value.delete write.1 after",
        &[("DELETE", "/guest/kv?write.1", "")],
    );
    assert_eq!(
        restarted.call("POST", "/guest/kv?write.1", "").unwrap(),
        "false"
    );
    drop(restarted);

    drop(kill(
        &folder,
        "key-value.get-keys before",
        &[put("/guest/kv?x"), ("GET", "/guest/kv", "")],
    ));
    drop(kill(
        &folder,
        "key-value.get write.2 after",
        &[
            ("GET", "/guest/kv?other", ""),
            ("GET", "/guest/kv?write.2", ""),
        ],
    ));
}

#[test]
fn a_kill_rule_ends_the_host_on_either_side_of_a_commit() {
    let transaction = "BEGIN IMMEDIATE\nINSERT INTO t VALUES (1)\nCOMMIT";
    let count = |host: &Host| {
        host.call("POST", "/guest/sqlite", "SELECT count(*) AS n FROM t")
            .unwrap()
    };
    for (rule, rows) in [
        ("sqlite.execute INSERT INTO t* after", 0),
        ("sqlite.execute COMMIT before", 0),
        ("sqlite.execute COMMIT after", 1),
    ] {
        let folder = Folder::new();
        let calls = [
            ("POST", "/guest/sqlite", "CREATE TABLE t (x)"),
            ("POST", "/guest/sqlite", transaction),
        ];
        let restarted = kill(&folder, rule, &calls);
        assert_eq!(
            count(&restarted),
            format!(r#"["n"] [[Value::Integer({rows})]]"#),
            "{rule}"
        );
    }
}

#[test]
fn a_kill_rule_ends_the_host_on_either_side_of_a_request() {
    let upstream_folder = Folder::new();
    let upstream = Host::start(&upstream_folder, &["--disable-cron"]);
    let create = format!("/guest/send?http://{}/guest/sqlite", upstream.address);
    let table = |name: &str| {
        let select = format!("SELECT count(*) FROM sqlite_master WHERE name = '{name}'");
        upstream
            .call("POST", "/guest/sqlite", &select)
            .unwrap()
            .contains("Integer(1)")
    };
    let folder = Folder::new();
    drop(kill(
        &folder,
        "http.send POST */guest/sqlite before",
        &[("POST", &create, "CREATE TABLE early (x)")],
    ));
    assert!(!table("early"));
    drop(kill(
        &folder,
        "http.send POST */guest/sqlite after",
        &[("POST", &create, "CREATE TABLE late (x)")],
    ));
    assert!(table("late"));
}

#[test]
fn build_commands_run_once_each_and_a_failing_one_stops_the_start() {
    let folder = Folder::new();
    let manifest = std::fs::read_to_string(folder.manifest()).unwrap();
    let build = "[component.guest.build]\ncommand = \"echo built >> built.txt\"\n\
                 [component.other.build]\ncommand = [\"echo built >> built.txt\", \"exit 3\"]\n";
    std::fs::write(folder.manifest(), manifest + build).unwrap();
    let up = Command::new(env!("CARGO_BIN_EXE_local-host"))
        .args(["up", "--from"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(!up.status.success());
    let error = String::from_utf8(up.stderr).unwrap();
    assert!(error.contains("`exit 3` failed"), "{error}");
    assert_eq!(read(&folder.path().join("built.txt")), "built\n");
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
