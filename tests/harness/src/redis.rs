//! A Redis server for one test: the real `redis-server` on a free port, without persistence.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running server; it stops when it is dropped.
pub struct Redis {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Redis {
    /// Starts a server that keeps its files in `folder`. None where `redis-server` is not installed: the test
    /// [says so](crate::skip::not_installed) and passes.
    ///
    /// # Panics
    /// The server cannot be run, ends at once, or does not listen within 30 s.
    pub fn start(test: &str, folder: &Path) -> Option<Self> {
        // Another process may take the port between finding and using it.
        for _ in 0..5 {
            let port = free_port();
            match run(port, folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    crate::skip::not_installed(test, "redis-server");
                    return None;
                }
                child => {
                    let child = child.expect("redis-server can be run");
                    if let Some(child) = listening(child, port) {
                        let folder = folder.to_owned();
                        return Some(Self {
                            child,
                            port,
                            folder,
                        });
                    }
                }
            }
        }
        panic!("redis-server did not start");
    }

    /// SIGKILL, and a new server at the same port: what it held is gone.
    ///
    /// # Panics
    /// The server does not come up again.
    pub fn forget_everything(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A port that was just left may be another client's for a moment.
        for _ in 0..5 {
            let child = run(self.port, &self.folder).expect("redis-server can be run");
            if let Some(child) = listening(child, self.port) {
                self.child = child;
                return;
            }
        }
        panic!("redis-server did not start again");
    }

    /// `redis://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Every key that is set.
    ///
    /// # Panics
    /// The server does not answer.
    pub fn keys(&self) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("Redis listens");
        stream.write_all(b"KEYS *\r\n").expect("Redis reads");
        stream.shutdown(Shutdown::Write).expect("Redis is there");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("Redis answers");
        // RESP: `*<count>`, then `$<length>` and the key, a line each. No key of ours holds a line break.
        assert!(answer.starts_with('*'), "{answer}");
        let lines = answer.lines().skip(1);
        lines.skip(1).step_by(2).map(str::to_owned).collect()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(port: u16, folder: &Path) -> std::io::Result<Child> {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// The server, once it listens; None where it ended instead, or another has the port.
fn listening(mut child: Child, port: u16) -> Option<Child> {
    for _ in 0..1500 {
        if process_at(port).is_some_and(|process| process == child.id()) {
            return Some(child);
        }
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// The process of the Redis server at a port, by its own word; None where none answers.
fn process_at(port: u16) -> Option<u32> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.write_all(b"INFO server\r\nQUIT\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let line = answer
        .lines()
        .find_map(|line| line.strip_prefix("process_id:"))?;
    line.trim().parse().ok()
}

/// A port that nobody listened on a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket").port()
}
