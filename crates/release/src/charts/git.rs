//! Charts in Git: one commit's directories, then the chart's folder alone, as one pack. The folder is what its tree id says; links
//! and submodules in it are refused, and no path leaves it.

use std::collections::BTreeMap;

use gitwire::{
    AdvertisementError, BlobId, CommitId, Credentials, EntryKind, FetchAnswer, FetchError,
    FetchSpec, Filter, Limits, LsRefsAnswer, LsRefsError, Objects, Pack, Remote, Service, TreeId,
    UploadPackCapabilities,
};

use super::cache::Lifetime;
use super::error::ChartError;
use super::source::{GitChart, Revision};
use super::{ChartContent, ChartSources, FetchedChart};
use crate::ports::{Clock, Database, HttpClient};
use crate::store::charts::Key;

/// An advertisement or a list of refs.
const REFS_BYTES: usize = 8 << 20;
/// One commit with its directories.
const TREES_BYTES: usize = 64 << 20;
/// Files and directories of a chart, their depth, the length of a path, and the bytes of all files.
const ENTRIES: usize = 10_000;
const DEPTH: usize = 32;
const PATH: usize = 500;
const FOLDER_BYTES: usize = 40 << 20;

type Folder = BTreeMap<String, Vec<u8>>;

impl<H: HttpClient, D: Database, C: Clock> ChartSources<'_, H, D, C> {
    pub(super) async fn git_chart(&self, wanted: &GitChart) -> Result<FetchedChart, ChartError> {
        let key = |version: String| Key {
            source: format!("git {}", wanted.url),
            name: wanted.path.join("/"),
            version,
        };
        let (asked, lifetime) = match &wanted.revision {
            Revision::Commit(id) => (id.to_string(), Lifetime::Forever),
            Revision::Ref(name) => (name.as_str().to_owned(), Lifetime::Settings),
            Revision::Default => ("HEAD".to_owned(), Lifetime::Settings),
        };
        let asked = key(asked);
        if let Some(kept) = self.kept(&asked, lifetime).await? {
            return Ok(kept);
        }
        let mut session = Session::open(self, wanted).await?;
        let commit = session.commit(&wanted.revision).await?;
        let exact = key(commit.to_string());
        if exact != asked
            && let Some(kept) = self.kept(&exact, Lifetime::Forever).await?
        {
            self.note(&[&asked], &kept.digest).await;
            return Ok(kept);
        }
        let tree = session.folder(commit).await?;
        let digest = format!("git:{commit}:{tree}");
        let limit = self.settings.max_chart_bytes;
        let pack = session.fetch(whole(tree), limit).await?;
        let folder = folder_of(&digest, &pack, limit).map_err(|problem| {
            ChartError::lasting(format!(
                "the folder {:?} of {}: {problem}",
                asked.name, wanted.url
            ))
        })?;
        self.keep(&[&asked, &exact], &digest, &pack).await;
        Ok(FetchedChart {
            digest,
            content: ChartContent::Folder(folder),
        })
    }
}

/// A directory with all that is in it.
fn whole(tree: TreeId) -> FetchSpec {
    FetchSpec {
        wants: vec![tree.object()],
        ..FetchSpec::default()
    }
}

/// One exchange with a Git host.
struct Session<'a, H> {
    http: &'a H,
    wanted: &'a GitChart,
    remote: Remote,
    capabilities: UploadPackCapabilities,
}

impl<'a, H: HttpClient> Session<'a, H> {
    async fn open<D: Database, C: Clock>(
        sources: &'a ChartSources<'_, H, D, C>,
        wanted: &'a GitChart,
    ) -> Result<Self, ChartError> {
        let origin = wanted.url.origin();
        let own = sources.settings.credentials.of(&origin);
        let git = sources.settings.git.as_ref();
        let credentials = match (own, git) {
            (Some(own), _) => own.credentials.clone(),
            (None, Some((host, credentials))) if *host == origin => credentials.clone(),
            _ => Credentials::None,
        };
        let mut remote = Remote::new(wanted.url.clone(), credentials);
        let mut request = remote
            .advertisement_request(Service::UploadPack)
            .map_err(|error| ChartError::lasting(error.to_string()))?;
        let answer = loop {
            let answer = send(sources.http, wanted, request.clone(), REFS_BYTES).await?;
            let next = remote.follow(&request, &answer);
            match next.map_err(|error| ChartError::lasting(error.to_string()))? {
                Some(next) => request = next,
                None => break answer,
            }
        };
        let capabilities = UploadPackCapabilities::parse(&answer).map_err(|error| match error {
            AdvertisementError::Http(error) => refused(&remote, wanted, &error),
            other => ChartError::lasting(format!("{}: {other}", wanted.url)),
        })?;
        Ok(Self {
            http: sources.http,
            wanted,
            remote,
            capabilities,
        })
    }

    /// The commit that is wanted.
    async fn commit(&mut self, revision: &Revision) -> Result<CommitId, ChartError> {
        let name = match revision {
            Revision::Commit(id) => return Ok(*id),
            Revision::Ref(name) => name.clone(),
            Revision::Default => {
                let refs = self.refs("HEAD").await?;
                refs.default_branch.ok_or_else(|| {
                    ChartError::lasting(format!(
                        "{} has no default branch; name one with ?branch=",
                        self.wanted.url
                    ))
                })?
            }
        };
        let refs = self.refs(name.as_str()).await?;
        let found = refs.refs.into_iter().find(|known| known.name == name);
        let found = found.map(|known| CommitId::new(known.peeled.unwrap_or(known.id)));
        found.ok_or_else(|| {
            ChartError::lasting(format!("{} has no {}", self.wanted.url, name.as_str()))
        })
    }

    async fn refs(&self, prefix: &str) -> Result<LsRefsAnswer, ChartError> {
        let request = self
            .remote
            .ls_refs_request(&self.capabilities, &[prefix])
            .map_err(|error| ChartError::lasting(error.to_string()))?;
        let answer = send(self.http, self.wanted, request, REFS_BYTES).await?;
        LsRefsAnswer::parse(&answer).map_err(|error| match error {
            LsRefsError::Http(error) => refused(&self.remote, self.wanted, &error),
            other => ChartError::passing(format!("{}: {other}", self.wanted.url)),
        })
    }

    /// The directory of the chart in a commit.
    async fn folder(&self, commit: CommitId) -> Result<TreeId, ChartError> {
        let spec = FetchSpec {
            wants: vec![commit.object()],
            haves: Vec::new(),
            deepen: std::num::NonZeroU32::new(1),
            filter: Some(Filter::BlobNone),
        };
        let pack = self.fetch(spec, TREES_BYTES).await?;
        let url = &self.wanted.url;
        let pack = Pack::read(&pack, &Limits::default())
            .map_err(|error| ChartError::passing(format!("{url}: {error}")))?;
        let mut objects = Objects::new();
        objects.insert_pack(pack);
        let lasting = |problem: String| ChartError::lasting(format!("{url}: {problem}"));
        let root = objects
            .commit(commit)
            .map_err(|error| lasting(error.to_string()))?
            .tree;
        let path: Vec<&[u8]> = self.wanted.path.iter().map(String::as_bytes).collect();
        let found = objects.subtree(root, &path);
        found
            .map_err(|error| lasting(error.to_string()))?
            .ok_or_else(|| {
                let path = self.wanted.path.join("/");
                lasting(format!(
                    "the commit {commit} has no folder {path:?}; check ?path="
                ))
            })
    }

    async fn fetch(&self, spec: FetchSpec, limit: usize) -> Result<Vec<u8>, ChartError> {
        let mut answer = self.ask(&spec, limit).await?;
        if matches!(answer, Err(FetchError::Refused(_)))
            && let Some(whole) = spec.unfiltered(&self.capabilities)
        {
            answer = self.ask(&whole, limit).await?;
        }
        let answer = answer.map_err(|error| match error {
            FetchError::Http(error) => refused(&self.remote, self.wanted, &error),
            // Git's words for a commit that is not there come this way.
            FetchError::Refused(_) => ChartError::lasting(format!(
                "{} does not give what was asked for; check ?sha=",
                self.wanted.url
            )),
            other => ChartError::passing(format!("{}: {other}", self.wanted.url)),
        })?;
        Ok(answer.pack)
    }

    async fn ask(
        &self,
        spec: &FetchSpec,
        limit: usize,
    ) -> Result<Result<FetchAnswer, FetchError>, ChartError> {
        let request = self
            .remote
            .fetch_request(&self.capabilities, spec)
            .map_err(|error| ChartError::lasting(error.to_string()))?;
        let answer = send(self.http, self.wanted, request, limit).await?;
        Ok(FetchAnswer::parse(&answer))
    }
}

async fn send<H: HttpClient>(
    http: &H,
    wanted: &GitChart,
    request: gitwire::Request,
    limit: usize,
) -> Result<gitwire::Response, ChartError> {
    let answer = http.send(request, limit).await;
    answer.map_err(|error| ChartError::http(&format!("the chart in {}", wanted.url), &error))
}

fn refused(remote: &Remote, wanted: &GitChart, error: &gitwire::HttpError) -> ChartError {
    use gitwire::HttpError as E;
    // The host's words may repeat what it was sent.
    let text = remote.hide_in(&format!("{}: {error}", wanted.url));
    match error {
        E::TooManyRequests { .. } | E::Server { .. } => ChartError::passing(text),
        _ => ChartError::lasting(text),
    }
}

/// The files of a pack that holds a folder, by the digest `git:<commit>:<tree>`. The ids of all objects are computed from the
/// pack, so that what is found is what the tree id says.
///
/// # Errors
/// What is wrong with the pack, or in the folder.
pub(super) fn folder_of(digest: &str, pack: &[u8], max_bytes: usize) -> Result<Folder, String> {
    let tree = digest.rsplit(':').next().unwrap_or_default();
    let tree: TreeId = tree.parse().map_err(|_| "it has no tree".to_owned())?;
    let limits = Limits {
        max_objects: 4 * u32::try_from(ENTRIES).unwrap_or(u32::MAX),
        max_object_bytes: FOLDER_BYTES,
        max_inflated_bytes: 4 * FOLDER_BYTES as u64,
        max_held_bytes: 2 * FOLDER_BYTES,
        keep_blobs: true,
        ..Limits::default()
    };
    if pack.len() > max_bytes {
        return Err(format!("it is larger than {max_bytes} bytes, the limit"));
    }
    let pack = Pack::read(pack, &limits).map_err(|error| error.to_string())?;
    let mut objects = Objects::new();
    objects.insert_pack(pack);
    let mut walk = Walk {
        objects: &objects,
        folder: Folder::new(),
        entries: 0,
        bytes: 0,
    };
    walk.directory(tree, "", 0)?;
    Ok(walk.folder)
}

struct Walk<'a> {
    objects: &'a Objects,
    folder: Folder,
    entries: usize,
    bytes: usize,
}

impl Walk<'_> {
    fn directory(&mut self, tree: TreeId, path: &str, depth: usize) -> Result<(), String> {
        if depth > DEPTH {
            return Err(format!("it is more than {DEPTH} directories deep"));
        }
        for entry in self.objects.tree(tree).map_err(|error| error.to_string())? {
            self.entries = self.entries.saturating_add(1);
            if self.entries > ENTRIES {
                return Err(format!("it has more than {ENTRIES} files, the limit"));
            }
            let name = std::str::from_utf8(&entry.name)
                .ok()
                .filter(|name| is_plain(name))
                .ok_or_else(|| {
                    let name = entry.name.escape_ascii();
                    format!("the name {path}{name} is not one that a chart can have")
                })?;
            let path = format!("{path}{name}");
            if path.len() > PATH {
                return Err(format!("it has a path of more than {PATH} bytes"));
            }
            match entry.kind {
                EntryKind::Tree => {
                    self.directory(TreeId::new(entry.id), &format!("{path}/"), depth + 1)?;
                }
                EntryKind::File | EntryKind::Executable => {
                    let content = self.objects.blob(BlobId::new(entry.id));
                    let content = content.map_err(|error| error.to_string())?;
                    self.bytes = self.bytes.saturating_add(content.len());
                    if self.bytes > FOLDER_BYTES {
                        return Err(format!("its files have more than {FOLDER_BYTES} bytes"));
                    }
                    self.folder.insert(path, content.to_vec());
                }
                EntryKind::Symlink => return Err(format!("{path} is a symbolic link")),
                EntryKind::Submodule => return Err(format!("{path} is a submodule")),
            }
        }
        Ok(())
    }
}

fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.chars().any(|c| c.is_control() || "/\\:".contains(c))
}
