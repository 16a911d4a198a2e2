//! A Git server for tests: the real `git http-backend` behind HTTP on 127.0.0.1, with a log of what was asked. Never for anything but tests:
//! it trusts every request that passes its one check of credentials.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base64::Engine;
use tempfile::TempDir;
use tiny_http::{Header, Request, Response, Server};

/// What a request must carry.
#[derive(Debug, Clone, Default)]
pub enum Auth {
    /// Nothing.
    #[default]
    Open,
    /// HTTP Basic with this name and password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
    /// `Authorization: Bearer` with this token.
    Bearer(String),
}

impl Auth {
    /// Whether a request with this `Authorization` is let in.
    pub(crate) fn allows(&self, given: Option<&str>) -> bool {
        let wanted = match self {
            Auth::Open => return true,
            Auth::Basic { username, password } => {
                let pair = format!("{username}:{password}");
                format!(
                    "Basic {}",
                    base64::engine::general_purpose::STANDARD.encode(pair)
                )
            }
            Auth::Bearer(token) => format!("Bearer {token}"),
        };
        given == Some(wanted.as_str())
    }
}

/// How a server behaves. The default is an open server as a forge has it: filters allowed, every pushed object checked.
#[derive(Debug, Clone)]
pub struct Options {
    /// What a request must carry; anything else is answered with 401.
    pub auth: Auth,
    /// `uploadpack.allowFilter`.
    pub allow_filter: bool,
    /// Hides the `Git-Protocol` header from Git, as an old server or a careless proxy does: only protocol version 0 is spoken.
    pub protocol_v0_only: bool,
    /// `receive.fsckObjects` and `transfer.fsckObjects`.
    pub fsck_objects: bool,
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the repositories are; a temporary directory where none is given.
    pub root: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            auth: Auth::Open,
            allow_filter: true,
            protocol_v0_only: false,
            fsck_objects: true,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            root: None,
        }
    }
}

/// One request and its answer, as the server saw them. Lengths are those of the bodies, in bytes, after any transfer coding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// `GET` or `POST`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// Length of the request's body.
    pub request_bytes: usize,
    /// Length of the answer's body.
    pub response_bytes: usize,
    /// How long Git took: the server's own time, without the way there and back.
    pub took: Duration,
}

/// A running server. It stops when it is dropped.
pub struct GitServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
    /// Holds the temporary directory for as long as the server runs.
    _temporary: Option<TempDir>,
}

struct Shared {
    server: Server,
    options: Options,
    root: PathBuf,
    backend: PathBuf,
    log: Mutex<Vec<Exchange>>,
    stopping: AtomicBool,
}

/// A bare repository of the server, for looking at with the git command.
#[derive(Debug, Clone)]
pub struct Repository {
    path: PathBuf,
}

impl GitServer {
    /// Starts a server.
    pub fn start(options: Options) -> Self {
        let temporary = options
            .root
            .is_none()
            .then(|| TempDir::with_prefix("git-server-").expect("a temporary directory"));
        let root = match (&options.root, &temporary) {
            (Some(root), _) => root.clone(),
            (None, Some(directory)) => directory.path().to_owned(),
            (None, None) => unreachable!("one of the two is there"),
        };
        let server = Server::http(options.listen).expect("the address to listen on is free");
        let address = server.server_addr().to_ip().expect("an IP address");
        let shared = Arc::new(Shared {
            server,
            options,
            root,
            backend: http_backend(),
            log: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || accept(&accepting));
        Self {
            shared,
            address,
            acceptor: Some(acceptor),
            _temporary: temporary,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a repository, without credentials.
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// Makes an empty bare repository, such as `gitops.git`, with the default branch `main`.
    pub fn create_repository(&self, name: &str) -> Repository {
        let repository = self.repository(name);
        let path = repository.path.to_str().expect("a path in UTF-8");
        let options = &self.shared.options;
        let init = ["init", "--quiet", "--bare", "--initial-branch=main", path];
        run_git(&self.shared.root, &init, None);
        let settings = [
            ("http.receivepack", true),
            ("uploadpack.allowFilter", options.allow_filter),
            ("receive.fsckObjects", options.fsck_objects),
            ("transfer.fsckObjects", options.fsck_objects),
        ];
        for (key, value) in settings {
            repository.git(&["config", key, if value { "true" } else { "false" }]);
        }
        repository
    }

    /// A repository that is there already.
    pub fn repository(&self, name: &str) -> Repository {
        Repository {
            path: self.shared.root.join(name),
        }
    }

    /// What was asked since the start, or since the log was cleared, in the order of the answers.
    pub fn log(&self) -> Vec<Exchange> {
        self.shared
            .log
            .lock()
            .expect("no panic while logging")
            .clone()
    }

    /// Forgets what was asked.
    pub fn clear_log(&self) {
        self.shared
            .log
            .lock()
            .expect("no panic while logging")
            .clear();
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.server.unblock();
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn http_backend() -> PathBuf {
    let output = Command::new("git")
        .arg("--exec-path")
        .output()
        .expect("git is installed");
    let directory = String::from_utf8(output.stdout).expect("a path in UTF-8");
    let backend = Path::new(directory.trim()).join("git-http-backend");
    assert!(
        backend.exists(),
        "{} is missing; install Git with its HTTP backend",
        backend.display()
    );
    backend
}

fn accept(shared: &Arc<Shared>) {
    while let Ok(request) = shared.server.recv() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || answer(&shared, request));
    }
}

fn answer(shared: &Shared, mut request: Request) {
    let mut body = Vec::new();
    // tiny_http undoes chunks; a gzip body is undone by Git itself.
    if request.as_reader().read_to_end(&mut body).is_err() {
        return;
    }
    let since = Instant::now();
    let answer = if shared
        .options
        .auth
        .allows(header(&request, "authorization"))
    {
        run_backend(shared, &request, &body)
    } else {
        Answer {
            status: 401,
            headers: vec![(
                "WWW-Authenticate".to_owned(),
                "Basic realm=\"tests\"".to_owned(),
            )],
            body: Vec::new(),
        }
    };
    let exchange = Exchange {
        method: request.method().to_string(),
        path: request.url().to_owned(),
        status: answer.status,
        request_bytes: body.len(),
        response_bytes: answer.body.len(),
        took: since.elapsed(),
    };
    shared
        .log
        .lock()
        .expect("no panic while logging")
        .push(exchange);
    let headers = answer
        .headers
        .iter()
        .filter_map(|(name, value)| Header::from_bytes(name.as_bytes(), value.as_bytes()).ok())
        .collect();
    let length = answer.body.len();
    let body = std::io::Cursor::new(answer.body);
    // A client that has gone away is its own affair.
    let _ = request.respond(Response::new(
        answer.status.into(),
        headers,
        body,
        Some(length),
        None,
    ));
}

fn header<'a>(request: &'a Request, name: &'static str) -> Option<&'a str> {
    let found = request
        .headers()
        .iter()
        .find(|header| header.field.equiv(name));
    found.map(|header| header.value.as_str())
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Runs `git http-backend` as a CGI program (RFC 3875, git-http-backend(1)).
fn run_backend(shared: &Shared, request: &Request, body: &[u8]) -> Answer {
    let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
    let mut command = Command::new(&shared.backend);
    isolate(&mut command, &shared.root);
    command
        .env("GIT_PROJECT_ROOT", &shared.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", request.method().to_string())
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("REMOTE_USER", "tests")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let passed = [
        ("content-type", "CONTENT_TYPE"),
        ("content-encoding", "HTTP_CONTENT_ENCODING"),
    ];
    for (name, variable) in passed {
        if let Some(value) = header(request, name) {
            command.env(variable, value);
        }
    }
    if let Some(version) = header(request, "git-protocol")
        && !shared.options.protocol_v0_only
    {
        command.env("GIT_PROTOCOL", version);
    }
    let mut child = command.spawn().expect("git http-backend starts");
    let mut stdin = child.stdin.take().expect("its input is piped");
    let output = std::thread::scope(|scope| {
        // Git may answer, and stop reading, before it has read everything.
        scope.spawn(move || stdin.write_all(body));
        child.wait_with_output().expect("git http-backend ends")
    });
    read_cgi(&output.stdout)
}

/// Takes the headers off a CGI answer.
fn read_cgi(output: &[u8]) -> Answer {
    let mut answer = Answer {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let mut rest = output;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(&rest[..end]).trim_end().to_owned();
        rest = &rest[end + 1..];
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            Some(("Status", status)) => {
                let code = status.split(' ').next().and_then(|code| code.parse().ok());
                answer.status = code.unwrap_or(500);
            }
            Some((name, value)) => answer.headers.push((name.to_owned(), value.to_owned())),
            None => answer.status = 500,
        }
    }
    answer.body = rest.to_vec();
    answer
}

/// Leaves the command nothing of the developer's own Git configuration.
fn isolate(command: &mut Command, home: &Path) {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("LC_ALL", "C")
        .env("GIT_AUTHOR_NAME", "Ann Author")
        .env("GIT_AUTHOR_EMAIL", "ann@example.org")
        .env("GIT_COMMITTER_NAME", "Cor Committer")
        .env("GIT_COMMITTER_EMAIL", "cor@example.org");
}

fn run_git(directory: &Path, arguments: &[&str], input: Option<&[u8]>) -> Vec<u8> {
    let mut command = Command::new("git");
    isolate(&mut command, directory);
    let stdin = if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    };
    let mut child = command
        .current_dir(directory)
        .args(arguments)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("git is installed");
    let pipe = child.stdin.take();
    let output = std::thread::scope(|scope| {
        if let (Some(mut pipe), Some(input)) = (pipe, input) {
            scope.spawn(move || pipe.write_all(input));
        }
        child.wait_with_output().expect("git ends")
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "git {arguments:?} failed: {errors}"
    );
    output.stdout
}

/// The size of a made-up GitOps repository.
#[derive(Debug, Clone, Copy)]
pub struct Filling {
    /// Environments: `env-0`, `env-1` and so on.
    pub environments: usize,
    /// Apps in each environment: `app-0`, `app-1` and so on.
    pub apps: usize,
    /// Files of each app: `file-0.yaml` and so on.
    pub files: usize,
    /// Commits on `main`: the first makes every file, each of the others changes one.
    pub commits: usize,
}

impl Repository {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs git in it and returns what it prints, without the last line break.
    ///
    /// # Panics
    /// Git fails: the message holds what it said.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = run_git(&self.path, arguments, None);
        String::from_utf8_lossy(&output).trim_end().to_owned()
    }

    /// Runs git in it with an input, and returns what it prints, in bytes.
    ///
    /// # Panics
    /// Git fails: the message holds what it said.
    pub fn git_with_input(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        run_git(&self.path, arguments, Some(input))
    }

    /// Puts a hook (githooks(5)) in the place of the one of this name: the lines of a shell script.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn hook(&self, name: &str, lines: &str) {
        let path = self.path.join("hooks").join(name);
        let script = format!("#!/bin/sh\n{lines}\n");
        std::fs::write(&path, script).expect("a hook is written");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, executable).expect("a hook that may be run");
    }

    /// Removes a hook.
    ///
    /// # Panics
    /// There is none.
    pub fn remove_hook(&self, name: &str) {
        std::fs::remove_file(self.path.join("hooks").join(name)).expect("there is such a hook");
    }

    /// Checks every object and every link between them.
    ///
    /// # Panics
    /// `git fsck --full --strict` finds anything at all.
    pub fn fsck(&self) {
        let found = self.git(&[
            "fsck",
            "--full",
            "--strict",
            "--no-dangling",
            "--no-progress",
        ]);
        assert_eq!(found, "", "git fsck found something");
    }

    /// The commit that a branch stands at, as 40 hexadecimal digits.
    pub fn tip(&self, branch: &str) -> String {
        self.git(&["rev-parse", &format!("refs/heads/{branch}")])
    }

    /// Fills it quickly, by `git fast-import`, with `<environment>/<app>/<file>.yaml`.
    pub fn fill(&self, filling: Filling) {
        let mut stream = Vec::new();
        let total = filling.environments * filling.apps * filling.files;
        let mut parts = vec![(0..total).collect::<Vec<_>>()];
        parts.extend((1..filling.commits).map(|commit| vec![commit * 7919 % total.max(1)]));
        for (commit, changed) in parts.iter().enumerate() {
            let seconds = 1_600_000_000 + commit * 60;
            let message = format!("commit {commit}");
            let head = format!(
                "commit refs/heads/main\ncommitter Cor Committer <cor@example.org> {seconds} +0000\ndata {}\n{message}\n",
                message.len()
            );
            stream.extend_from_slice(head.as_bytes());
            for file in changed {
                let (app, file) = (file / filling.files, file % filling.files);
                let (environment, app) = (app / filling.apps, app % filling.apps);
                let content = manifest(app, file, commit);
                let entry = format!(
                    "M 100644 inline env-{environment}/app-{app}/file-{file}.yaml\ndata {}\n{content}\n",
                    content.len()
                );
                stream.extend_from_slice(entry.as_bytes());
            }
            stream.push(b'\n');
        }
        self.git_with_input(&["fast-import", "--quiet", "--force"], &stream);
    }
}

/// A Kubernetes manifest of realistic length.
fn manifest(app: usize, file: usize, version: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{app}-{file}\n  labels:\n    app: app-{app}\nspec:\n  replicas: 2\n  \
         selector:\n    matchLabels:\n      app: app-{app}\n  template:\n    metadata:\n      labels:\n        app: app-{app}\n    spec:\n      \
         containers:\n        - name: app\n          image: registry.example.org/team/app-{app}:1.{version}.{file}\n          ports:\n            \
         - containerPort: 8080\n          env:\n            - name: REVISION\n              value: \"{version}\"\n"
    )
}
