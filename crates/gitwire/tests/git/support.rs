//! What the tests begin with: a server with a repository, and the I/O that gitwire leaves to its callers, a small HTTP client
//! with one method a step.

use std::num::NonZeroU32;

use gitwire::{
    CommitId, CommitSpec, Credentials, FetchAnswer, FetchError, FetchSpec, Filter, Limits,
    LsRefsAnswer, Objects, Pack, PackOptions, Person, PushReport, PushReportError,
    ReceivePackAdvertisement, RefName, RefUpdate, Remote, Request, Response, Service, TreeId,
    UploadPackCapabilities,
};
use harness::git_server::{Filling, GitServer, Options, Repository};

pub(crate) const TINY: Filling = Filling {
    environments: 1,
    apps: 2,
    files: 1,
    commits: 2,
};

pub(crate) const SMALL: Filling = Filling {
    environments: 2,
    apps: 20,
    files: 2,
    commits: 30,
};

pub(crate) fn open(options: Options) -> (GitServer, Repository, Client) {
    let server = GitServer::start(options);
    let repository = server.create_repository("gitops.git");
    let client = Client::new(&server.url("gitops.git"), Credentials::None);
    (server, repository, client)
}

/// The tip of `main` with its trees.
pub(crate) fn read_main(client: &Client) -> (ReceivePackAdvertisement, CommitId, TreeId, Objects) {
    let advertisement = client.advertisement();
    let tip = advertisement
        .tip(&RefName::branch("main").unwrap())
        .unwrap();
    let objects = trees_of(client, tip);
    let root = objects.commit(tip).unwrap().tree;
    (advertisement, tip, root, objects)
}

/// A commit with its trees.
pub(crate) fn trees_of(client: &Client, tip: CommitId) -> Objects {
    let mut objects = Objects::new();
    client.fetch_trees(tip, &mut objects);
    objects
}

/// More than any answer of these tests has.
const MAX_ANSWER: u64 = 64 << 20;

pub(crate) struct Client {
    pub(crate) remote: Remote,
    agent: ureq::Agent,
}

impl Client {
    pub(crate) fn new(url: &str, credentials: Credentials) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self {
            remote: Remote::new(url.parse().expect("an address"), credentials),
            agent: config.into(),
        }
    }

    pub(crate) fn send(&self, request: Request) -> Response {
        let response = self.agent.run(request).expect("the server answers");
        let (parts, mut body) = response.into_parts();
        let body = body
            .with_config()
            .limit(MAX_ANSWER)
            .read_to_vec()
            .expect("a whole answer");
        Response::from_parts(parts, body)
    }

    pub(crate) fn advertise(&self, service: Service) -> Response {
        self.send(
            self.remote
                .advertisement_request(service)
                .expect("a request"),
        )
    }

    pub(crate) fn advertisement(&self) -> ReceivePackAdvertisement {
        ReceivePackAdvertisement::parse(&self.advertise(Service::ReceivePack))
            .expect("an advertisement")
    }

    pub(crate) fn capabilities(&self) -> UploadPackCapabilities {
        UploadPackCapabilities::parse(&self.advertise(Service::UploadPack)).expect("capabilities")
    }

    pub(crate) fn ls_refs(&self, prefixes: &[&str]) -> LsRefsAnswer {
        let request = self
            .remote
            .ls_refs_request(&self.capabilities(), prefixes)
            .expect("a request");
        LsRefsAnswer::parse(&self.send(request)).expect("a list of refs")
    }

    pub(crate) fn fetch(&self, spec: &FetchSpec) -> Result<FetchAnswer, FetchError> {
        let request = self
            .remote
            .fetch_request(&self.capabilities(), spec)
            .expect("a request");
        FetchAnswer::parse(&self.send(request))
    }

    /// Fetches one commit with its trees.
    pub(crate) fn fetch_trees(&self, tip: CommitId, objects: &mut Objects) {
        let answer = self
            .fetch(&FetchSpec {
                wants: vec![tip.object()],
                deepen: NonZeroU32::new(1),
                filter: Some(Filter::BlobNone),
                ..FetchSpec::default()
            })
            .expect("a pack");
        objects.insert_pack(Pack::read(&answer.pack, &Limits::default()).expect("a sound pack"));
    }

    pub(crate) fn push(
        &self,
        advertisement: &ReceivePackAdvertisement,
        updates: &[RefUpdate],
        pack: &[u8],
    ) -> Result<PushReport, PushReportError> {
        let request = self
            .remote
            .push_request(advertisement, updates, pack)
            .expect("a request");
        PushReport::parse(advertisement, &self.send(request))
    }

    /// Pushes to one branch and insists that it lands.
    pub(crate) fn push_branch(
        &self,
        objects: &Objects,
        advertisement: &ReceivePackAdvertisement,
        branch: &str,
        new: CommitId,
    ) {
        let name = RefName::branch(branch).expect("a branch");
        let update = RefUpdate {
            old: advertisement.tip(&name),
            name,
            new,
        };
        let options = PackOptions::for_server(advertisement, 6);
        let pack = objects.new_pack(new, options).expect("a pack");
        let report = self
            .push(advertisement, std::slice::from_ref(&update), &pack)
            .expect("a report");
        assert!(report.accepted(&update), "{report:?}");
    }
}

/// A commit by the same person at the same time, so that ids repeat.
pub(crate) fn commit(
    objects: &mut Objects,
    tree: TreeId,
    parent: Option<CommitId>,
    message: &str,
) -> CommitId {
    let person = Person {
        name: "Wimble".to_owned(),
        email: "wimble@example.org".to_owned(),
        seconds: 1_700_000_000,
    };
    let spec = CommitSpec {
        tree,
        parents: parent.into_iter().collect(),
        author: person.clone(),
        committer: person,
        message: message.to_owned(),
    };
    objects.write_commit(&spec).expect("a commit")
}

/// Puts a file with this content at a path such as `staging/app/app.yaml`.
pub(crate) fn put(objects: &mut Objects, root: TreeId, path: &str, content: &str) -> TreeId {
    let blob = objects.write_blob(content.as_bytes()).expect("a blob");
    objects
        .put_file(root, &split(path), Some(blob))
        .expect("an edit")
}

pub(crate) fn split(path: &str) -> Vec<&[u8]> {
    path.split('/').map(str::as_bytes).collect()
}
