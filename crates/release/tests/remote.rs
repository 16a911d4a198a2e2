//! The GitOps repository's branch, asked of the real `git http-backend`: which one it is, and when it may be made.

use std::cell::Cell;

use domain::{GitopsRepositories, GitopsRepository};
use gitwire::{CommitSpec, Credentials, Objects, Person, TreeEntry};
use harness::git_server::{GitServer, Options, Repository};
use release::database::Sql;
use release::flush::git_host::{Cause, GitHost, GitSession, HostError, PushAnswer};
use release::flush::remote::{RemoteHosts, RemoteSession};
use release::ports::{HttpClient, HttpError};

use crate::charts::shelf::Shelf;
use crate::world::executor::run;

struct Host {
    /// Keeps it running.
    _server: GitServer,
    repository: Repository,
    gitops: GitopsRepositories,
    shelf: Shelf,
}

impl Host {
    /// A repository whose branch `main` has one commit, configured with this after its name.
    fn new(configured: &str) -> Self {
        let server = GitServer::start(Options::default());
        let repository = server.create_repository("acme/gitops.git");
        let first = "commit refs/heads/main\ncommitter Ann <ann@example.org> 1700000000 +0000\ndata 5\nfirst\n\
                     M 100644 inline README.md\ndata 2\nhi\n";
        repository.git_with_input(&["fast-import", "--quiet"], first.as_bytes());
        let base = server.url("");
        let text = format!("gitopsRepo=acme/gitops{configured}");
        let gitops = GitopsRepositories::parse(&text, base.trim_end_matches('/')).unwrap();
        Self {
            _server: server,
            repository,
            gitops,
            shelf: Shelf::new(),
        }
    }

    fn hosts(&self) -> RemoteHosts<'_, Shelf, Shelf, Shelf> {
        self.hosts_over(&self.shelf)
    }

    fn hosts_over<'a, H>(&'a self, http: &'a H) -> RemoteHosts<'a, H, Shelf, Shelf> {
        RemoteHosts {
            http,
            sql: Sql::new(&self.shelf),
            clock: &self.shelf,
            credentials: Credentials::None,
            max_fetch: 1 << 20,
            requests: Cell::new(0),
        }
    }

    fn configured(&self) -> &GitopsRepository {
        &self.gitops.all()[0]
    }

    /// Opens the repository and pushes a commit, as a flush does.
    fn push(&self) -> Result<PushAnswer, HostError> {
        let hosts = self.hosts();
        let session = run((&&hosts).open(self.configured()))?;
        run(pushed(&session))
    }

    fn branch(&self) -> Result<String, HostError> {
        let hosts = self.hosts();
        let session = run((&&hosts).open(self.configured()))?;
        Ok(session.branch().to_owned())
    }

    fn rename(&self, from: &str, to: &str) {
        self.repository
            .git(&["branch", "--quiet", "--move", from, to]);
        let head = format!("refs/heads/{to}");
        self.repository.git(&["symbolic-ref", "HEAD", &head]);
    }
}

async fn pushed<H: HttpClient>(
    session: &RemoteSession<'_, H, Shelf, Shelf>,
) -> Result<PushAnswer, HostError> {
    let mut objects = Objects::new();
    let blob = objects.write_blob(b"released").unwrap();
    let entry = TreeEntry {
        kind: gitwire::EntryKind::File,
        name: b"release".to_vec(),
        id: blob.object(),
    };
    let wimble = Person {
        name: "Wimble".to_owned(),
        email: "wimble@example.com".to_owned(),
        seconds: 1_700_000_001,
    };
    let spec = CommitSpec {
        tree: objects.write_tree(vec![entry]).unwrap(),
        parents: session.tip().into_iter().collect(),
        author: wimble.clone(),
        committer: wimble,
        message: "a release\n".to_owned(),
    };
    let new = objects.write_commit(&spec).unwrap();
    let pack = objects.new_pack(new, session.pack_options()).unwrap();
    let answer = session.push(new, pack).await?;
    let snapshot = objects.snapshot(new, 1 << 20).unwrap();
    session.keep_trees(new, snapshot).await;
    Ok(answer)
}

#[test]
fn a_default_branch_that_was_renamed_is_followed_and_not_made_anew() {
    let host = Host::new("");
    assert_eq!(host.push().unwrap(), PushAnswer::Accepted);
    host.rename("main", "trunk");
    assert_eq!(host.push().unwrap(), PushAnswer::Accepted);
    assert_eq!(host.repository.git(&["rev-list", "--count", "trunk"]), "3");
    let branches = host.repository.git(&["branch", "--format=%(refname)"]);
    assert_eq!(branches, "refs/heads/trunk");
}

#[test]
fn a_branch_that_was_pushed_to_is_not_made_anew_once_it_is_gone() {
    for configured in ["", "&branch=main"] {
        let host = Host::new(configured);
        host.repository.git(&["branch", "--quiet", "other", "main"]);
        assert_eq!(host.push().unwrap(), PushAnswer::Accepted);
        let tip = host.repository.tip("main");
        host.repository
            .git(&["update-ref", "-d", "refs/heads/main"]);
        let refused = host.branch().unwrap_err().message;
        assert!(
            refused.starts_with("refs/heads/main is gone, though releases were written there"),
            "{refused}"
        );
        host.repository
            .git(&["update-ref", "refs/heads/main", &tip]);
        assert_eq!(host.push().unwrap(), PushAnswer::Accepted);
        assert_eq!(host.repository.git(&["rev-list", "--count", "main"]), "3");
    }
}

#[test]
fn a_branch_that_never_was_is_made() {
    let host = Host::new("&branch=deploy/all");
    assert_eq!(host.push().unwrap(), PushAnswer::Accepted);
    assert_eq!(host.push().unwrap(), PushAnswer::Accepted);
    let count = host.repository.git(&["rev-list", "--count", "deploy/all"]);
    assert_eq!(count, "2");
}

/// Leaves out of the server's report on a push what became of the branch.
struct Mute<'a>(&'a Shelf);

impl HttpClient for Mute<'_> {
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        limit: usize,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        let is_push =
            request.method() == "POST" && request.uri().path().ends_with("git-receive-pack");
        let answer = self.0.send(request, limit).await?;
        // A report in side band 1 (gitprotocol-pack, "Report Status"): `unpack ok`, and no line of a ref.
        let report = b"0017\x01000eunpack ok\n00000000".to_vec();
        Ok(if is_push {
            answer.map(|_| report)
        } else {
            answer
        })
    }
}

#[test]
fn a_report_that_does_not_name_the_branch_is_no_refusal() {
    let host = Host::new("");
    let mute = Mute(&host.shelf);
    let hosts = host.hosts_over(&mute);
    let session = run((&&hosts).open(host.configured())).unwrap();
    let error = run(pushed(&session)).unwrap_err();
    assert!(matches!(error.cause, Cause::Passing { .. }), "{error}");
    assert_eq!(host.repository.git(&["rev-list", "--count", "main"]), "2");
}
