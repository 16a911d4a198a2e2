//! What a benchmark is run on: a Git server with a filled GitOps repository, and the application beside it. Cron is off:
//! nothing is flushed but when it is asked for.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use harness::application::{ADMIN_TOKEN, Application, Options};
use harness::folder::Folder;
use harness::git_server::{Auth, Filling, GitServer, Options as GitOptions};
use harness::redis::Redis;
use serde_json::{Value, json};

use crate::artifacts::artifact;
use crate::load::{self, Connection, Request};
use crate::{figures, progress};

/// The password of the Git server.
pub(crate) const GIT_TOKEN: &str = "git-token-of-the-benchmarks";
/// More than any benchmark queues at once.
const MAX_WAITING: &str = "5000";
/// A crowded machine must not end a request that is measured.
const REQUEST_LIMIT_S: u64 = 120;

/// The application, and the Git server if there is one.
pub(crate) struct Scene {
    /// Dropped first.
    pub(crate) application: Application,
    pub(crate) git: GitServer,
    redis: Option<Redis>,
    pub(crate) folder: Folder,
    filling: Filling,
    /// Artifacts shipped so far, so that no two are the same.
    shipped: usize,
}

impl Scene {
    /// Starts all of it with such a repository, `acme/gitops.git`.
    pub(crate) fn start(name: &str, filling: Filling) -> Self {
        let files = filling.environments * filling.apps * filling.files;
        progress(&format!(
            "filling a repository with {} files and {} commits",
            figures::count(files),
            figures::count(filling.commits)
        ));
        let folder = Folder::named(name);
        let git = GitServer::start(GitOptions {
            auth: Auth::Basic {
                username: "x-access-token".to_owned(),
                password: GIT_TOKEN.to_owned(),
            },
            root: Some(folder.folder("git")),
            ..GitOptions::default()
        });
        let repository = git.create_repository("acme/gitops.git");
        repository.fill(filling);
        // As a host keeps it: what fast-import leaves is larger.
        repository.git(&["gc", "--quiet"]);
        let application = start_application(&folder.folder("application"), &git, None);
        Self {
            application,
            git,
            redis: None,
            folder,
            filling,
            shipped: 0,
        }
    }

    /// Starts the application anew, with an empty database and Redis as the key-value store. False where there is no Redis.
    pub(crate) fn move_to_redis(&mut self) -> bool {
        let Some(redis) = Redis::start("benchmark-flush", &self.folder.folder("redis")) else {
            return false;
        };
        let config = format!(
            "[key_value_store.default]\ntype = \"redis\"\nurl = \"{}\"\n",
            redis.url()
        );
        let folder = self.folder.folder("application-on-redis");
        self.application = start_application(&folder, &self.git, Some(config));
        self.redis = Some(redis);
        true
    }

    /// A request with the admin's token.
    pub(crate) fn request(method: &'static str, path: &str, body: &Value) -> Request {
        Request {
            method,
            path: path.to_owned(),
            token: Some(ADMIN_TOKEN.to_owned()),
            body: body.to_string().into_bytes(),
        }
    }

    /// The place of a release: environments in turn, and in each the apps in turn.
    pub(crate) fn place(&self, number: usize) -> (String, String) {
        let environment = number % self.filling.environments;
        let app = number / self.filling.environments % self.filling.apps;
        (format!("env-{environment}"), format!("app-{app}"))
    }

    /// Queues so many releases, each of an artifact of its own, of different apps as far as there are enough.
    ///
    /// # Errors
    /// Not all came to wait for the flush.
    pub(crate) fn queue(&mut self, releases: usize) -> Result<()> {
        let requests: Vec<Request> = (0..releases)
            .map(|_| {
                let number = self.shipped;
                self.shipped += 1;
                let (env, app) = self.place(number);
                Self::request("POST", "/api/artifact", &artifact(number, &env, &app, true))
            })
            .collect();
        let load = load::run(
            self.application.client().address(),
            &requests,
            4,
            Connection::Close,
        );
        if let Some(others) = load.others(201) {
            bail!("artifacts were not taken: {others}");
        }
        self.evaluate();
        let waiting = self
            .health()
            .get("waitingWrites")
            .cloned()
            .unwrap_or_default();
        if waiting != releases {
            bail!(
                "{waiting} releases wait instead of {releases}: {}",
                self.health()
            );
        }
        Ok(())
    }

    /// Evaluates until nothing waits for it.
    pub(crate) fn evaluate(&self) {
        while self
            .health()
            .get("waitingEvaluations")
            .and_then(serde_json::Value::as_u64)
            != Some(0)
        {
            let client = self.application.client();
            client.post("/internal/evaluate", &json!({})).expect(200);
        }
    }

    /// Flushes once: how long it took until the answer was whole, what it says, and the component's linear memory in bytes.
    pub(crate) fn flush(&self) -> (Duration, Value, u64) {
        let since = Instant::now();
        let answer = self
            .application
            .client()
            .post("/internal/flush", &json!({}));
        let took = since.elapsed();
        let memory = answer.header("x-local-host-peak-memory");
        let memory = memory
            .and_then(|bytes| bytes.parse().ok())
            .unwrap_or_default();
        (took, answer.expect(200), memory)
    }

    fn health(&self) -> Value {
        self.application.client().get("/healthz").expect(200)
    }
}

fn start_application(
    folder: &Path,
    git: &GitServer,
    runtime_config: Option<String>,
) -> Application {
    let variables = [
        ("gitops_repos", "gitopsRepo=acme/gitops".to_owned()),
        ("git_host", format!("http://{}", git.address())),
        ("git_token", GIT_TOKEN.to_owned()),
        ("max_waiting", MAX_WAITING.to_owned()),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    Application::start(
        folder,
        Options {
            variables: variables.into(),
            runtime_config,
            request_limit: Some(REQUEST_LIMIT_S),
            report_memory: true,
            ..Options::default()
        },
    )
}
