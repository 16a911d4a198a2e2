//! Git hosts over smart HTTP: `gitwire`'s messages sent by the platform's HTTP client. Never retries: whether a request
//! may be sent again is the flush's decision.
//!
//! A flush takes three requests for a repository: the advertisement of receive-pack (the tip), one fetch (the tip's
//! trees), one push; two where the tip is still that of the last push, whose trees were kept. What upload-pack can do, and which branch is the default, is asked once and kept in the database.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use domain::GitopsRepository;
use gitwire::{
    AdvertisementError, CommitId, Credentials, FetchAnswer, FetchError, FetchSpec, Filter, Limits,
    LsRefsAnswer, Objects, Pack, PackOptions, PushReport, PushReportError,
    ReceivePackAdvertisement, RefName, RefOutcome, RefUpdate, Remote, Service, TreeId,
    UploadPackCapabilities,
};

use super::git_host::{Cause, Fetch, GitHost, GitSession, HostError, PushAnswer};
use crate::database::Sql;
use crate::ports::{Clock, Database, HttpClient, HttpError, now_ms};
use crate::store::remotes::{self, KnownRemote};
use crate::store::trees;

/// What is known of a host is asked again after a day: servers are upgraded.
const KNOWN_FOR_MS: i64 = 86_400_000;
/// An advertisement names each ref in about 70 bytes.
const ADVERTISEMENT_BYTES: usize = 32 << 20;
/// The branch of an empty repository where the host names none, as an old Git does.
const FIRST_BRANCH: &str = "main";
/// A report names one ref; hooks may print more.
const REPORT_BYTES: usize = 1 << 20;

/// The hosts of the configured repositories.
pub struct RemoteHosts<'a, H, D, C> {
    /// The HTTP client.
    pub http: &'a H,
    /// Where what is known of hosts is kept.
    pub sql: Sql<'a, D>,
    /// Time.
    pub clock: &'a C,
    /// What proves who we are, for every host.
    pub credentials: Credentials,
    /// The most bytes of one fetch.
    pub max_fetch: usize,
    /// Requests sent so far.
    pub requests: Cell<u64>,
}

/// One exchange with one host.
pub struct RemoteSession<'a, H, D, C> {
    hosts: &'a RemoteHosts<'a, H, D, C>,
    key: String,
    remote: RefCell<Remote>,
    advertisement: ReceivePackAdvertisement,
    capabilities: RefCell<Option<UploadPackCapabilities>>,
    branch: RefName,
    tip: Option<CommitId>,
}

impl<'a, H: HttpClient, D: Database, C: Clock> GitHost for &'a RemoteHosts<'a, H, D, C> {
    type Session = RemoteSession<'a, H, D, C>;

    async fn open(&self, repository: &GitopsRepository) -> Result<Self::Session, HostError> {
        let key = repository.url.as_str().to_owned();
        let url = key
            .parse()
            .map_err(|error: gitwire::RemoteUrlError| operator(&error))?;
        let mut remote = Remote::new(url, self.credentials.clone());
        let known = remotes::get(&self.sql, &key)
            .await
            .map_err(|error| passing(&error))?;
        let now = now_ms(self.clock);
        let mut known = known.filter(|known| now.saturating_sub(known.read_ms) < KNOWN_FOR_MS);
        let named = repository
            .branch
            .as_ref()
            .map(|branch| branch.as_str().to_owned());
        if named.is_none() && known.is_none() {
            known = Some(self.get_to_know(&key, &mut remote).await?);
        }
        let mut branch = branch_of(named.as_deref(), known.as_ref())?;
        let response = self
            .advertisement(&mut remote, Service::ReceivePack)
            .await?;
        let advertisement =
            ReceivePackAdvertisement::parse(&response).map_err(|error| self.refused(error))?;
        let mut tip = advertisement.tip(&branch);
        if tip.is_none() && named.is_none() && !advertisement.is_empty_repository() {
            // The default branch may have another name by now: the old one must not be made anew beside it.
            let asked = self.get_to_know(&key, &mut remote).await?;
            branch = branch_of(None, Some(&asked))?;
            tip = advertisement.tip(&branch);
            if tip.is_none() && asked.default_branch.is_none() {
                return Err(no_default_branch(&key));
            }
            known = Some(asked);
        }
        if tip.is_none() {
            self.check_never_pushed(&key, &branch).await?;
        }
        let capabilities = RefCell::new(known.and_then(|known| known.capabilities.parse().ok()));
        Ok(RemoteSession {
            hosts: self,
            key,
            remote: RefCell::new(remote),
            advertisement,
            capabilities,
            branch,
            tip,
        })
    }
}

/// The branch that is configured, else the default one.
fn branch_of(named: Option<&str>, known: Option<&KnownRemote>) -> Result<RefName, HostError> {
    let default = known.and_then(|known| known.default_branch.as_deref());
    let branch = named.or(default).unwrap_or(FIRST_BRANCH);
    RefName::branch(branch).map_err(|error| operator(&error))
}

impl<H: HttpClient, D: Database, C: Clock> RemoteHosts<'_, H, D, C> {
    /// A branch that was pushed to before, and is gone, is not made anew: it would hold the apps of the next releases alone,
    /// and whoever applies it with pruning would remove all others.
    async fn check_never_pushed(&self, key: &str, branch: &RefName) -> Result<(), HostError> {
        let pushed = trees::are_kept(&self.sql, key, branch.as_str()).await;
        match pushed.map_err(|error| passing(&error))? {
            false => Ok(()),
            true => Err(operator(&format!(
                "{branch} is gone, though releases were written there: push it again, or name another branch in the variable \
                 gitops_repos"
            ))),
        }
    }

    async fn send(
        &self,
        request: gitwire::Request,
        limit: usize,
    ) -> Result<gitwire::Response, HostError> {
        self.requests.set(self.requests.get().saturating_add(1));
        self.http
            .send(request, limit)
            .await
            .map_err(|error| match error {
                HttpError::TooLarge { .. } if limit == self.max_fetch => operator(&format!(
                    "{error}; raise the variable max_fetch_bytes, or let the host leave out contents (uploadpack.allowFilter)"
                )),
                HttpError::NotAllowed { .. } | HttpError::TooLarge { .. } => operator(&error),
                HttpError::Unreachable { .. } | HttpError::Network { .. } => passing(&error),
            })
    }

    async fn advertisement(
        &self,
        remote: &mut Remote,
        service: Service,
    ) -> Result<gitwire::Response, HostError> {
        let mut request = remote
            .advertisement_request(service)
            .map_err(|error| operator(&error))?;
        loop {
            let response = self.send(request.clone(), ADVERTISEMENT_BYTES).await?;
            match remote
                .follow(&request, &response)
                .map_err(|error| operator(&error))?
            {
                Some(next) => request = next,
                None => return Ok(response),
            }
        }
    }

    /// Asks what upload-pack can do and which branch is the default, and keeps the answers.
    async fn get_to_know(&self, key: &str, remote: &mut Remote) -> Result<KnownRemote, HostError> {
        let response = self.advertisement(remote, Service::UploadPack).await?;
        let capabilities =
            UploadPackCapabilities::parse(&response).map_err(|error| self.refused(error))?;
        let request = remote
            .ls_refs_request(&capabilities, &["HEAD"])
            .map_err(|error| operator(&error))?;
        let refs = self.refs(request).await?;
        let known = KnownRemote {
            capabilities: capabilities.to_string(),
            default_branch: refs
                .default_branch
                .and_then(|name| name.branch_name().map(str::to_owned)),
            read_ms: now_ms(self.clock),
        };
        remotes::put(&self.sql, key, &known)
            .await
            .map_err(|error| passing(&error))?;
        Ok(known)
    }

    /// The branches of a repository, without `refs/heads/`.
    pub(crate) async fn branches(&self, url: &str) -> Result<BTreeSet<String>, HostError> {
        let url = url
            .parse()
            .map_err(|error: gitwire::RemoteUrlError| operator(&error))?;
        let mut remote = Remote::new(url, self.credentials.clone());
        // Asked each time: it also finds where the repository has moved to.
        let response = self.advertisement(&mut remote, Service::UploadPack).await?;
        let capabilities =
            UploadPackCapabilities::parse(&response).map_err(|error| self.refused(error))?;
        let request = remote
            .ls_refs_request(&capabilities, &["refs/heads/"])
            .map_err(|error| operator(&error))?;
        let refs = self.refs(request).await?.refs.into_iter();
        Ok(refs
            .filter_map(|found| found.name.branch_name().map(str::to_owned))
            .collect())
    }

    async fn refs(&self, request: gitwire::Request) -> Result<LsRefsAnswer, HostError> {
        let response = self.send(request, ADVERTISEMENT_BYTES).await?;
        LsRefsAnswer::parse(&response).map_err(|error| match error {
            gitwire::LsRefsError::Http(error) => self.failure(&error),
            other => passing(&other),
        })
    }

    fn failure(&self, error: &gitwire::HttpError) -> HostError {
        http_failure(error, &self.credentials)
    }

    fn refused(&self, error: AdvertisementError) -> HostError {
        match error {
            AdvertisementError::Http(error) => self.failure(&error),
            AdvertisementError::Malformed(_) => passing(&error),
            other => operator(&other),
        }
    }
}

impl<H: HttpClient, D: Database, C: Clock> RemoteSession<'_, H, D, C> {
    async fn capabilities(&self) -> Result<UploadPackCapabilities, HostError> {
        if let Some(known) = self.capabilities.borrow().as_ref() {
            return Ok(known.clone());
        }
        let mut remote = self.remote.borrow().clone();
        let known = self.hosts.get_to_know(&self.key, &mut remote).await?;
        let capabilities: UploadPackCapabilities = known
            .capabilities
            .parse()
            .map_err(|error: gitwire::ParseCapabilitiesError| passing(&error))?;
        *self.capabilities.borrow_mut() = Some(capabilities.clone());
        Ok(capabilities)
    }

    async fn fetch(&self, spec: &FetchSpec) -> Result<Pack, HostError> {
        match self.answer_to(spec).await? {
            Ok(answer) => read_pack(&answer),
            Err(FetchError::Http(error)) => Err(self.hosts.failure(&error)),
            Err(error) => {
                // The host may have changed what it can do since it was asked.
                remotes::forget(&self.hosts.sql, &self.key)
                    .await
                    .map_err(|error| passing(&error))?;
                Err(passing(&error))
            }
        }
    }

    async fn answer_to(
        &self,
        spec: &FetchSpec,
    ) -> Result<Result<FetchAnswer, FetchError>, HostError> {
        let capabilities = self.capabilities().await?;
        let answer = self.ask(&capabilities, spec).await?;
        if matches!(answer, Err(FetchError::Refused(_)))
            && let Some(whole) = spec.unfiltered(&capabilities)
        {
            return self.ask(&capabilities, &whole).await;
        }
        Ok(answer)
    }

    async fn ask(
        &self,
        capabilities: &UploadPackCapabilities,
        spec: &FetchSpec,
    ) -> Result<Result<FetchAnswer, FetchError>, HostError> {
        let request = self
            .remote
            .borrow()
            .fetch_request(capabilities, spec)
            .map_err(|error| operator(&error))?;
        let response = self.hosts.send(request, self.hosts.max_fetch).await?;
        Ok(FetchAnswer::parse(&response))
    }

    /// The trees by themselves; none where the host refuses to give one of them.
    async fn bare_trees(&self, trees: &[TreeId]) -> Result<Option<Pack>, HostError> {
        let spec = FetchSpec {
            wants: trees.iter().map(|tree| tree.object()).collect(),
            haves: Vec::new(),
            deepen: None,
            // What is wanted by its id is sent all the same.
            filter: Some(Filter::TreeNone),
        };
        match self.answer_to(&spec).await? {
            Ok(answer) => read_pack(&answer).map(Some),
            Err(FetchError::Refused(_)) => Ok(None),
            Err(FetchError::Http(error)) => Err(self.hosts.failure(&error)),
            Err(error) => Err(passing(&error)),
        }
    }
}

fn read_pack(answer: &FetchAnswer) -> Result<Pack, HostError> {
    Pack::read(&answer.pack, &Limits::default()).map_err(|error| passing(&error))
}

impl<H: HttpClient, D: Database, C: Clock> RemoteSession<'_, H, D, C> {
    /// The trees of the tip that were kept after a push. The pack's ids are computed from its bytes, so that a row cannot
    /// say of a tree what is not so.
    async fn kept_trees(&self, tip: CommitId) -> Option<Pack> {
        let (sql, branch) = (&self.hosts.sql, self.branch.as_str());
        let kept = trees::get(sql, &self.key, branch, &tip.to_string()).await;
        let pack = Pack::read(&kept.ok()??, &Limits::default()).ok()?;
        let mut ids = pack.objects().iter().map(|object| object.id);
        ids.any(|id| id == tip.object()).then_some(pack)
    }
}

impl<H: HttpClient, D: Database, C: Clock> GitSession for RemoteSession<'_, H, D, C> {
    fn branch(&self) -> &str {
        self.branch.as_str()
    }

    fn tip(&self) -> Option<CommitId> {
        self.tip
    }

    async fn commits_since(&self, old: Option<CommitId>) -> Result<BTreeSet<CommitId>, HostError> {
        let Some(tip) = self.tip else {
            return Ok(BTreeSet::new());
        };
        let spec = FetchSpec {
            wants: vec![tip.object()],
            haves: old.into_iter().map(CommitId::object).collect(),
            deepen: None,
            filter: Some(Filter::TreeNone),
        };
        let mut objects = Objects::new();
        objects.insert_pack(self.fetch(&spec).await?);
        // What is not in the answer is what `old` has too.
        Ok(objects.reachable_commits(tip))
    }

    async fn trees(&self, fetch: Fetch) -> Result<Objects, HostError> {
        let mut objects = Objects::new();
        let Some(tip) = self.tip else {
            return Ok(objects);
        };
        let kept = match fetch {
            Fetch::UnlessKept => self.kept_trees(tip).await,
            Fetch::Anew => None,
        };
        let pack = match kept {
            Some(pack) => pack,
            None => {
                let spec = FetchSpec {
                    wants: vec![tip.object()],
                    haves: Vec::new(),
                    deepen: std::num::NonZeroU32::new(1),
                    filter: Some(Filter::BlobNone),
                };
                self.fetch(&spec).await?
            }
        };
        objects.insert_pack(pack);
        Ok(objects)
    }

    async fn keep_trees(&self, tip: CommitId, snapshot: Vec<u8>) {
        let (sql, branch) = (&self.hosts.sql, self.branch.as_str());
        // What was kept before is of an older tip, which no flush takes.
        let _ = trees::put(sql, &self.key, branch, &tip.to_string(), snapshot).await;
    }

    async fn add_trees(&self, objects: &mut Objects, trees: &[TreeId]) -> Result<(), HostError> {
        if let Some(pack) = self.bare_trees(trees).await? {
            objects.insert_pack(pack);
            return Ok(());
        }
        // One that is not there spoils the answer for all.
        for tree in trees.iter().filter(|_| trees.len() > 1) {
            if let Some(pack) = self.bare_trees(std::slice::from_ref(tree)).await? {
                objects.insert_pack(pack);
            }
        }
        Ok(())
    }

    fn pack_options(&self) -> PackOptions {
        // Level 1: the time of a push is deflate's, and the server packs again anyway.
        PackOptions::for_server(&self.advertisement, 1)
    }

    async fn push(&self, new: CommitId, pack: Vec<u8>) -> Result<PushAnswer, HostError> {
        let update = RefUpdate {
            name: self.branch.clone(),
            old: self.tip,
            new,
        };
        let request = self
            .remote
            .borrow()
            .push_request(&self.advertisement, std::slice::from_ref(&update), &pack)
            .map_err(|error| operator(&error))?;
        let response = self.hosts.send(request, REPORT_BYTES).await?;
        let report =
            PushReport::parse(&self.advertisement, &response).map_err(|error| match error {
                PushReportError::Http(error) => self.hosts.failure(&error),
                other => passing(&other),
            })?;
        if report.accepted(&update) {
            return Ok(PushAnswer::Accepted);
        }
        if let Some(reason) = report.unpack_error {
            return Ok(PushAnswer::PackRefused(reason.as_str().to_owned()));
        }
        let mut refs = report.refs.iter();
        let Some(own) = refs.find(|own| own.name == self.branch) else {
            return Err(passing(&format!(
                "the Git server's report on the push does not say what became of {}",
                self.branch
            )));
        };
        let RefOutcome::Rejected(reason) = &own.outcome else {
            return Err(operator(&format!(
                "the host took the push and put it elsewhere; no hook of it may rewrite pushes to {}",
                self.branch
            )));
        };
        let printed = report.messages.as_str();
        Ok(PushAnswer::Refused(if printed.is_empty() {
            reason.as_str().to_owned()
        } else {
            format!("{reason}; {printed}")
        }))
    }
}

/// None is made up in a repository that has others.
fn no_default_branch(key: &str) -> HostError {
    operator(&format!(
        "the Git server does not tell the default branch of {key}, and there is no branch {FIRST_BRANCH}; name one in the variable \
         gitops_repos (branch=…)"
    ))
}

fn http_failure(error: &gitwire::HttpError, credentials: &Credentials) -> HostError {
    use gitwire::HttpError as E;
    let cause = match error {
        E::TooLarge => Cause::TooLarge,
        E::TooManyRequests { retry_after, .. } | E::Server { retry_after, .. } => Cause::Passing {
            retry_after_s: retry_after.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
        },
        _ => Cause::Operator,
    };
    HostError {
        // The host's words may repeat what it was sent.
        message: credentials.hide_in(&format!("{error}{}", advice(error, credentials))),
        cause,
    }
}

/// What an operator can do about it, by the names of the variables.
fn advice(error: &gitwire::HttpError, credentials: &Credentials) -> &'static str {
    use gitwire::HttpError as E;
    match (error, credentials) {
        (E::Unauthorized { .. } | E::Forbidden { .. }, Credentials::None) => {
            "; the variable git_token is empty: set it to a token that may read and write the repository"
        }
        (E::Unauthorized { .. }, _) => {
            "; check the variables git_token, whose token may have expired, and git_username"
        }
        (E::Forbidden { .. }, _) => {
            "; the token in the variable git_token must be allowed to read and write the repository"
        }
        (E::NotFound { .. }, _) => {
            "; check the repository's name (of a GitOps repository: in the variable gitops_repos), and whether the token in git_token may see it"
        }
        _ => "",
    }
}

fn passing(error: &dyn std::fmt::Display) -> HostError {
    HostError {
        message: error.to_string(),
        cause: Cause::Passing {
            retry_after_s: None,
        },
    }
}

fn operator(error: &dyn std::fmt::Display) -> HostError {
    HostError {
        message: error.to_string(),
        cause: Cause::Operator,
    }
}
