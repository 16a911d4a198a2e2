//! The application as a process: spin.toml on the local host, or on the real Spin when `SPIN_BIN` names it. A test that
//! needs what only the local host can do (kill rules, cron) asks [`on_spin`] first.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::components;
use crate::folder::Folder;
use crate::redis::free_port;

/// The token of the first admin in tests.
pub const ADMIN_TOKEN: &str = "admin-token-of-the-tests";
/// How long a start may take on a crowded machine, components compiled anew.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whether the tests run on the real Spin.
pub fn on_spin() -> bool {
    std::env::var_os("SPIN_BIN").is_some()
}

/// How an application is run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Application variables beside `admin_token`.
    pub variables: BTreeMap<String, String>,
    /// The text of Spin's runtime configuration file; none for files in the state directory.
    pub runtime_config: Option<String>,
    /// Runs the cron trigger. Not on Spin: its cron trigger is a plugin.
    pub cron: bool,
    /// Runs `infra/spin-http.toml` instead of spin.toml. Always so on Spin.
    pub http_only: bool,
    /// Calls at which the local host kills itself; see `cargo up --help`.
    pub kill_at: Vec<String>,
    /// Seconds after which a silent database connection fails, as over libSQL. Not on Spin.
    pub expire_databases: Option<u64>,
    /// Seconds that a request may take, where not the local host's 30.
    pub request_limit: Option<u64>,
    /// Adds `x-local-host-peak-memory` to each answer: the bytes of the component's linear memory. Not on Spin.
    pub report_memory: bool,
}

/// A running application. It is killed when it is dropped; its state stays in the folder.
pub struct Application {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
    options: Options,
}

impl Application {
    /// Builds what is missing, starts the application with its state in `folder`, and waits until `GET /healthz` says ok.
    ///
    /// # Panics
    /// It does not come up; the message holds its log.
    pub fn start(folder: &Path, options: Options) -> Self {
        static FIRST: OnceLock<()> = OnceLock::new();
        FIRST.get_or_init(|| {
            components::build();
            // Compiles the components into the host's cache, before several processes do it side by side.
            let folder = Folder::named("first-start");
            drop(Self::launched(folder.path(), Options::default()));
        });
        Self::launched(folder, options)
    }

    fn launched(folder: &Path, options: Options) -> Self {
        std::fs::create_dir_all(folder).expect("a folder for the application's state");
        let (child, address) = launch(folder, &options);
        let mut application = Self {
            child,
            address,
            folder: folder.to_owned(),
            options,
        };
        application.wait_until_healthy();
        application
    }

    /// Its process, for a look at what it uses.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// How it was started, for another one over the same stores.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// A client with the admin's token.
    pub fn client(&self) -> Client {
        Client::new(self.address, ADMIN_TOKEN)
    }

    /// Kills it, if it is still alive, and starts it over the same state with these kill rules.
    pub fn restart(&mut self, kill_at: &[&str]) {
        self.kill();
        self.options.kill_at = kill_at.iter().map(|&rule| rule.to_owned()).collect();
        let (child, address) = launch(&self.folder, &self.options);
        self.child = child;
        self.address = address;
        self.wait_until_healthy();
    }

    /// SIGKILL, to the process and all that it started.
    pub fn kill(&mut self) {
        self.signal("-KILL");
        let _ = self.child.wait();
    }

    /// SIGTERM, as a platform ends it; gives the status.
    ///
    /// # Panics
    /// It does not end.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("-TERM");
        self.wait_for_end()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// It does not end.
    pub fn wait_for_end(&mut self) -> ExitStatus {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the application did not end:\n{}", self.log());
    }

    /// Waits until it has been killed, by one of its [kill rules](Options::kill_at).
    ///
    /// # Panics
    /// It does not end, or ends in another way.
    pub fn wait_until_killed(&mut self) {
        const SIGKILL: i32 = 9;
        let status = self.wait_for_end();
        assert_eq!(status.signal(), Some(SIGKILL), "{status}: {}", self.log());
    }

    /// What it and its components have printed since the first start.
    pub fn log(&self) -> String {
        log_of(&self.folder)
    }

    fn signal(&self, signal: &str) {
        // The group: `spin up` runs its triggers in processes of their own.
        let group = format!("-{}", self.child.id());
        let mut kill = Command::new("kill");
        let _ = kill
            .args([signal, "--", &group])
            .stderr(Stdio::null())
            .status();
    }

    fn wait_until_healthy(&mut self) {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            let answer = self.client().send("GET", "/healthz", &[], b"");
            if answer.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                panic!("the application ended ({status}):\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the application is not healthy:\n{}", self.log());
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.len().saturating_sub(60);
            eprintln!(
                "the end of the application's log:\n{}",
                lines[last..].join("\n")
            );
        }
    }
}

fn log_of(folder: &Path) -> String {
    let read = |name| std::fs::read(folder.join(name)).unwrap_or_default();
    let bytes = [read("host.log"), read("components.log")].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn launch(folder: &Path, options: &Options) -> (Child, SocketAddr) {
    // The free port may be gone by the time that it is used.
    for _ in 0..5 {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("host.log"))
            .expect("the application's log can be written");
        let mut child = command(folder, options, address)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be written twice"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("the host can be started");
        if listens(&mut child, address, folder) {
            return (child, address);
        }
    }
    panic!("the host did not start:\n{}", log_of(folder));
}

/// Waits until it says that it serves the address; false where it ended instead. To be reached is not enough: the port
/// may have gone to somebody else's server in the meantime.
fn listens(child: &mut Child, address: SocketAddr, folder: &Path) -> bool {
    let said = format!("Serving http://{address}");
    let log = folder.join("host.log");
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return false;
        }
        if std::fs::read_to_string(&log).is_ok_and(|text| text.contains(&said)) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

fn command(folder: &Path, options: &Options, address: SocketAddr) -> Command {
    let spin = std::env::var_os("SPIN_BIN");
    let mut command = match &spin {
        Some(spin) => Command::new(spin),
        None => Command::new(components::local_host()),
    };
    let manifest = match options.http_only || spin.is_some() {
        true => "infra/spin-http.toml",
        false => "spin.toml",
    };
    command
        .args(["up", "--from"])
        .arg(components::workspace().join(manifest))
        .args(["--listen", &address.to_string(), "--state-dir"])
        .arg(folder.join("state"));
    let admin_token = ("admin_token", ADMIN_TOKEN);
    let variables = options.variables.iter();
    let variables = variables.map(|(name, value)| (name.as_str(), value.as_str()));
    // What a test sets itself wins.
    for (name, value) in std::iter::once(admin_token)
        .filter(|_| !options.variables.contains_key("admin_token"))
        .chain(variables)
    {
        command.args(["--variable", &format!("{name}={value}")]);
    }
    if let Some(text) = &options.runtime_config {
        let path = folder.join("runtime-config.toml");
        std::fs::write(&path, text).expect("the runtime configuration can be written");
        command.arg("--runtime-config-file").arg(path);
    }
    if spin.is_none() {
        command.args(local_host_arguments(folder, options));
    }
    command
}

fn local_host_arguments(folder: &Path, options: &Options) -> Vec<OsString> {
    let log = folder.join("components.log").into_os_string();
    let mut arguments = vec!["--no-build".into(), "--log-file".into(), log];
    if !options.cron {
        arguments.push("--disable-cron".into());
    }
    if options.report_memory {
        arguments.push("--report-memory".into());
    }
    if let Some(limit) = options.request_limit {
        arguments.extend(["--request-limit".into(), limit.to_string().into()]);
    }
    if let Some(seconds) = options.expire_databases {
        arguments.extend(["--expire-databases".into(), seconds.to_string().into()]);
    }
    for rule in &options.kill_at {
        arguments.extend(["--kill-at".into(), rule.into()]);
    }
    arguments
}
