//! One test's world: a Git server that asks for credentials, a GitOps repository with something of its own in it, the
//! application, and if wanted a proxy between them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use harness::application::{Application, Options};
use harness::client::Client;
use harness::fault_proxy::FaultProxy;
use harness::folder::Folder;
use harness::git_server::{Auth, GitServer, Options as GitOptions, Repository};
use serde_json::{Value, json};

use crate::history::{Commit, releases};

/// What the Git server asks for beside the user name `x-access-token`.
pub const GIT_TOKEN: &str = "git-token-of-the-tests";
/// How long work that must end may take on a crowded machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What stands before a world is made.
pub struct Setup {
    /// The test's name.
    pub test: &'static str,
    /// The variable `gitops_repos`.
    pub gitops_repos: String,
    /// Repositories besides `acme/gitops.git`, which are made empty.
    pub repositories: Vec<&'static str>,
    /// How the Git server is. It asks for a token.
    pub git: GitOptions,
    /// Whether `acme/gitops.git` is left empty.
    pub empty: bool,
    /// Whether the application reaches the Git server through a proxy.
    pub proxy: bool,
    /// Passed on to the application.
    pub options: Options,
}

impl Setup {
    /// One GitOps repository for all environments, no proxy, no cron.
    pub fn new(test: &'static str) -> Self {
        Self {
            test,
            gitops_repos: "gitopsRepo=acme/gitops".to_owned(),
            repositories: Vec::new(),
            git: GitOptions {
                auth: Auth::Basic {
                    username: "x-access-token".to_owned(),
                    password: GIT_TOKEN.to_owned(),
                },
                ..GitOptions::default()
            },
            empty: false,
            proxy: false,
            options: Options::default(),
        }
    }

    /// With one more variable of the application.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        let variables = &mut self.options.variables;
        variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Starts it.
    pub fn start(self) -> World {
        let folder = Folder::named(self.test);
        let git = GitServer::start(GitOptions {
            root: Some(folder.folder("git")),
            ..self.git
        });
        let gitops = git.create_repository("acme/gitops.git");
        if !self.empty {
            commit_of_a_person(&gitops);
        }
        for name in &self.repositories {
            git.create_repository(name);
        }
        let proxy = self.proxy.then(|| FaultProxy::start(git.address()));
        let host = proxy.as_ref().map_or(git.address(), FaultProxy::address);
        let mut options = self.options;
        let ours = [
            ("gitops_repos", self.gitops_repos),
            ("git_host", format!("http://{host}")),
            ("git_token", GIT_TOKEN.to_owned()),
        ];
        for (name, value) in ours {
            options.variables.entry(name.to_owned()).or_insert(value);
        }
        let application = Application::start(&folder.folder("application"), options);
        World {
            application,
            git,
            gitops,
            proxy,
            folder,
        }
    }
}

/// The first commit: what people keep in a GitOps repository.
fn commit_of_a_person(repository: &Repository) {
    let stream = "commit refs/heads/main\ncommitter Ann Operator <ann@example.org> 1700000000 +0000\n\
                  data 5\nfirst\nM 100644 inline README.md\ndata 9\n# GitOps\n\n\
                  M 100644 inline staging/flux/flux.yaml\ndata 14\nkind: List #1\n\n";
    repository.git_with_input(&["fast-import", "--quiet"], stream.as_bytes());
}

/// A running application and its Git server.
pub struct World {
    /// The application; dropped first.
    pub application: Application,
    /// The server of `gitops` and the other repositories.
    pub git: GitServer,
    /// `acme/gitops.git`.
    pub gitops: Repository,
    /// What stands between, if wanted.
    pub proxy: Option<FaultProxy>,
    /// The test's files.
    pub folder: Folder,
}

impl World {
    /// A world with one GitOps repository and nothing special.
    pub fn start(test: &'static str) -> Self {
        Setup::new(test).start()
    }

    /// The admin's client.
    pub fn client(&self) -> Client {
        self.application.client()
    }

    /// The proxy.
    ///
    /// # Panics
    /// The world has none.
    pub fn proxy(&self) -> &FaultProxy {
        self.proxy.as_ref().expect("this world has a proxy")
    }

    /// Where the test may put files.
    pub fn files(&self, name: &str) -> PathBuf {
        self.folder.folder(name)
    }

    /// Ships an artifact, which must be new, and gives its id.
    pub fn ship(&self, artifact: &Value) -> String {
        let stored = self.client().post("/api/artifact", artifact).expect(201);
        stored["id"].as_str().expect("an id").to_owned()
    }

    /// Asks for a release and gives the id to track it by.
    pub fn release(&self, wish: &Value) -> String {
        let answer = self.client().post("/api/releases", wish).expect(201);
        answer["id"].as_str().expect("an id").to_owned()
    }

    /// Evaluates without flushing.
    pub fn evaluate(&self) -> Value {
        self.client()
            .post("/internal/evaluate", &json!({}))
            .expect(200)
    }

    /// Evaluates and flushes once, and gives the report.
    pub fn flush(&self) -> Value {
        self.client()
            .post("/internal/flush", &json!({}))
            .expect(200)
    }

    /// How a request stands.
    pub fn event(&self, id: &str) -> Value {
        self.client()
            .get(&format!("/api/event?id={id}"))
            .expect(200)
    }

    /// The state of the application.
    pub fn health(&self) -> Value {
        self.client().get("/healthz").expect(200)
    }

    /// Flushes until nothing waits, is open or paused: until the key-value store holds nothing of the queue.
    ///
    /// # Panics
    /// Something still waits after two minutes.
    pub fn settle(&self) {
        let since = Instant::now();
        loop {
            let report = self.flush();
            let health = self.health();
            if report["flush"]["busy"] == false && is_settled(&health) {
                return;
            }
            assert!(since.elapsed() < PATIENCE, "not settled: {report} {health}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until something is so.
    ///
    /// # Panics
    /// It is not so after two minutes.
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let since = Instant::now();
        while !is_so() {
            assert!(since.elapsed() < PATIENCE, "waited in vain: {what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The requests of one artifact as the decisions of its evaluation name them, in the order of its manifests.
    pub fn requests_of(&self, artifact: &str) -> Vec<String> {
        let explained = self.explain(artifact);
        let decisions = explained["decisions"].as_array().expect("decisions");
        let ids = decisions
            .iter()
            .filter_map(|decision| decision["requestId"].as_str());
        ids.map(str::to_owned).collect()
    }

    /// What the policies of an artifact say.
    pub fn explain(&self, artifact: &str) -> Value {
        let path = format!("/api/policies/explain?artifact={artifact}");
        self.client().get(&path).expect(200)
    }

    /// Checks that the repository is sound and that every one of these requests ended well, with one commit each and no
    /// other; gives the commits by request.
    ///
    /// # Panics
    /// It is not so.
    pub fn assert_each_once(&self, requests: &[String]) -> BTreeMap<String, Commit> {
        self.gitops.fsck();
        let mut commits = BTreeMap::new();
        for commit in releases(&self.gitops) {
            let id = commit.trailer("Release-Id").to_owned();
            let before = commits.insert(id, commit);
            assert_eq!(before, None, "a request has two commits");
        }
        for id in requests {
            let event = self.event(id);
            assert_eq!(event["status"], "processed", "{event}");
            let commit = commits
                .get(id)
                .unwrap_or_else(|| panic!("{id} has no commit"));
            let hashes = json!([{ "hash": commit.id, "status": "N/A" }]);
            assert_eq!(event["gitopsHashes"], hashes, "{event}");
        }
        assert_eq!(
            commits.len(),
            requests.len(),
            "a commit that nobody asked for"
        );
        commits
    }
}

/// Whether the queue is empty and nothing is open.
pub fn is_settled(health: &Value) -> bool {
    ["waitingEvaluations", "waitingWrites", "openIntents"]
        .iter()
        .all(|field| health[field] == 0)
        && health["paused"] == json!([])
}
