//! Building a batch: one commit for each request, each on top of the one before, all in memory. Pure but for reading
//! artifacts and rendering; nothing here is durable.

use domain::{
    Artifact, EnvName, GitopsRepository, Manifest, ReleaseRecord, ReleaseRequest, ReleaseTrailers,
    Request, RequestKind, ResolvedManifest, TextTemplate, TriggeredBy, decide, release_message,
    variables,
};
use gitwire::{
    CommitId, CommitSpec, EntryKind, LookupError, Objects, Person, Replacement, TreeEntry, TreeId,
    WriteError,
};

use crate::flush::facts::Facts;
use crate::flush::intent::IntendedOutcome;
use crate::flush::memory::Stuck;
use crate::render::{RenderError, Renderer};
use crate::settings::Author;
use crate::store::holds::Hold;

/// Folders that Flux and GimletD keep beside the apps; an app of such a name would overwrite them.
const RESERVED: [&str; 2] = ["flux", "dependencies"];
/// The release record's name.
pub(super) const RECORD: &str = "release.json";

/// A chain of commits that grows on a tip.
pub(crate) struct Batch<'a, R> {
    repository: &'a GitopsRepository,
    renderer: &'a R,
    template: &'a dyn TextTemplate,
    author: &'a Author,
    date_s: i64,
    pub(crate) objects: Objects,
    pub(super) root: TreeId,
    /// Holds in force, as the requests so far leave them.
    pub(super) holds: Vec<Hold>,
    pub(crate) tip: Option<CommitId>,
    pub(crate) outcomes: Vec<IntendedOutcome>,
    /// Bytes of files written so far.
    pub(crate) bytes: usize,
}

/// What adding one request came to.
#[derive(Debug)]
pub(crate) enum Added {
    /// It has an outcome.
    Settled,
    /// It stays in the queue behind a request of the same app.
    Behind,
    /// It stays in the queue for a passing cause.
    Passing(String),
}

/// The repository's own objects cannot be worked with.
#[derive(Debug, thiserror::Error)]
#[error("the repository cannot be edited: {0}")]
pub(crate) struct BrokenRepository(pub WriteError);

/// Why a request is not written.
pub(super) enum Failure {
    Refused(String),
    /// Refused by a hold.
    Held(String),
    Passing(String),
    Broken(WriteError),
}

/// A commit that was made.
pub(super) struct Written {
    pub commit: CommitId,
    /// The app's folder in it.
    pub tree: Option<TreeId>,
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        if error.passing {
            Self::Passing(error.reason)
        } else {
            Self::Refused(error.reason)
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Lookup(_) => Self::Broken(error),
            WriteError::InTheWay { .. } => Self::Refused(format!(
                "in the GitOps repository, {error}; remove it there, or name the app otherwise"
            )),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        Self::Broken(WriteError::Lookup(error))
    }
}

impl<'a, R: Renderer> Batch<'a, R> {
    pub(crate) fn new(
        repository: &'a GitopsRepository,
        renderer: &'a R,
        template: &'a dyn TextTemplate,
        author: &'a Author,
        date_s: i64,
        objects: Objects,
        tip: Option<CommitId>,
    ) -> Result<Self, BrokenRepository> {
        let root = match tip {
            Some(tip) => {
                objects
                    .commit(tip)
                    .map_err(|error| BrokenRepository(WriteError::Lookup(error)))?
                    .tree
            }
            None => TreeId::EMPTY,
        };
        Ok(Self {
            repository,
            renderer,
            template,
            author,
            date_s,
            objects,
            root,
            holds: Vec::new(),
            tip,
            outcomes: Vec::new(),
            bytes: 0,
        })
    }

    /// The same with these holds in force.
    pub(crate) fn under(mut self, holds: Vec<Hold>) -> Self {
        self.holds = holds;
        self
    }

    /// The date of the commits, in seconds.
    pub(crate) fn date_s(&self) -> i64 {
        self.date_s
    }

    /// Whether any request so far changes the repository.
    pub(crate) fn has_commits(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.commit.is_some())
    }

    /// Adds one request. One that is refused ends as an error and holds up nobody.
    pub(crate) async fn add(
        &mut self,
        request: &Request,
        facts: &Facts,
        stuck: &Stuck,
    ) -> Result<Added, BrokenRepository> {
        if stuck.holds(request) {
            return Ok(Added::Behind);
        }
        let written = match &request.kind {
            RequestKind::Release(release) => self.release(request, release, facts).await,
            RequestKind::Rollback(rollback) => self.roll_back(&request.id, rollback, facts),
            RequestKind::Delete(delete) => self.delete(&request.id, delete),
            _ => Err(Failure::Refused(
                "this version does not know this kind of request".to_owned(),
            )),
        };
        let mut outcome = IntendedOutcome::new(request, None, None);
        match written {
            Ok(written) => {
                self.lift_holds(request);
                outcome.commit = written.as_ref().map(|written| written.commit);
                outcome.tree = written.and_then(|written| written.tree);
            }
            Err(Failure::Refused(reason)) => outcome.error = Some(reason),
            Err(Failure::Held(reason)) => {
                outcome.error = Some(reason);
                outcome.held = true;
            }
            Err(Failure::Passing(reason)) => return Ok(Added::Passing(reason)),
            Err(Failure::Broken(error)) => return Err(BrokenRepository(error)),
        }
        self.outcomes.push(outcome);
        Ok(Added::Settled)
    }

    /// A release by hand lifts what a rollback before it holds: the database does the same when the release is recorded.
    fn lift_holds(&mut self, request: &Request) {
        if let RequestKind::Release(release) = &request.kind
            && release.triggered_by != TriggeredBy::Policy
            && let Some(app) = &release.app
        {
            let queued = request.created_ms;
            self.holds
                .retain(|hold| !hold.is_lifted_by(&release.env, app, queued));
        }
    }

    /// What keeps a policy from releasing the app.
    fn held(&self, release: &ReleaseRequest) -> Option<Failure> {
        let app = release.app.as_ref()?;
        let mut holds = self.holds.iter();
        let hold = holds.find(|hold| hold.covers(&release.env, app))?;
        Some(Failure::Held(format!(
            "{}/{app} is held by {}: {}; release it by hand, or lift hold {}",
            release.env, hold.owner, hold.reason, hold.id
        )))
    }

    async fn release(
        &mut self,
        request: &Request,
        release: &ReleaseRequest,
        facts: &Facts,
    ) -> Result<Option<Written>, Failure> {
        if release.triggered_by == TriggeredBy::Policy
            && let Some(held) = self.held(release)
        {
            return Err(held);
        }
        let artifact = match facts.artifacts.get(release.artifact_id.as_str()) {
            Some(Ok(artifact)) => artifact,
            Some(Err(error)) => return Err(Failure::Refused(error.clone())),
            None => {
                return Err(Failure::Refused(format!(
                    "artifact {} is gone",
                    release.artifact_id
                )));
            }
        };
        let manifest = self.manifest(artifact, release)?;
        if RESERVED.contains(&manifest.app.as_str()) {
            return Err(Failure::Refused(format!(
                "app: '{}' is the name of a folder that Flux uses; name the app otherwise",
                manifest.app
            )));
        }
        let record = ReleaseRecord {
            app: manifest.app.clone(),
            env: manifest.env.clone(),
            artifact_id: artifact.id.clone(),
            triggered_by: release.triggered_by.clone(),
            version: Some(artifact.content.version.clone()),
        }
        .to_file();
        let files = self.renderer.render(&manifest).await?;
        let Some((root, folder)) = self.write(&manifest, files, &record)? else {
            return Ok(None);
        };
        let message = release_message(
            &manifest.env,
            &manifest.app,
            &ReleaseTrailers {
                release_id: request.id.clone(),
                artifact_id: artifact.id.clone(),
                triggered_by: release.triggered_by.clone(),
                source_sha: artifact.content.version.sha.clone(),
            },
        );
        self.commit_on_top(root, message, Some(folder)).map(Some)
    }

    /// Makes the commit that the next one stands on.
    pub(super) fn commit_on_top(
        &mut self,
        root: TreeId,
        message: String,
        tree: Option<TreeId>,
    ) -> Result<Written, Failure> {
        let commit = self.commit(root, message)?;
        self.root = root;
        self.tip = Some(commit);
        Ok(Written { commit, tree })
    }

    /// `owner/name` of the repository.
    pub(super) fn repository_name(&self) -> &str {
        self.repository.name()
    }

    /// The environment's folder; the repository's root where it holds one environment.
    pub(super) fn env_path<'e>(&self, env: &'e EnvName) -> Vec<&'e [u8]> {
        match self.repository.env_folder(env) {
            "" => Vec::new(),
            folder => vec![folder.as_bytes()],
        }
    }

    /// The tree with the app's folder replaced as a whole, and that folder; none if the folder is already so.
    fn write(
        &mut self,
        manifest: &ResolvedManifest,
        files: Vec<(domain::FileName, Vec<u8>)>,
        record: &[u8],
    ) -> Result<Option<(TreeId, TreeId)>, Failure> {
        let mut entries = Vec::with_capacity(files.len() + 1);
        let record_blob = self.objects.write_blob(record)?;
        entries.push(file(RECORD.as_bytes(), record_blob));
        for (name, content) in files {
            if name.as_str() == RECORD {
                return Err(Failure::Refused(format!(
                    "a rendered file may not be called {RECORD}"
                )));
            }
            self.bytes = self.bytes.saturating_add(content.len());
            let blob = self.objects.write_blob(&content)?;
            entries.push(file(name.as_str().as_bytes(), blob));
        }
        let folder = self.objects.write_tree(entries)?;
        let place = self.env_path(&manifest.env);
        let app = manifest.app.as_str().as_bytes();
        if self
            .objects
            .subtree(self.root, &[&place[..], &[app]].concat())?
            == Some(folder)
        {
            return Ok(None);
        }
        let changes = [
            (app, Replacement::Directory(Some(folder))),
            (RECORD.as_bytes(), Replacement::File(Some(record_blob))),
        ];
        let root = self.objects.edit(self.root, &place, &changes)?;
        Ok(Some((root, folder)))
    }

    fn commit(&mut self, tree: TreeId, message: String) -> Result<CommitId, WriteError> {
        let person = Person {
            name: self.author.name.clone(),
            email: self.author.email.clone(),
            seconds: self.date_s,
        };
        self.objects.write_commit(&CommitSpec {
            tree,
            parents: self.tip.into_iter().collect(),
            author: person.clone(),
            committer: person,
            message,
        })
    }

    /// The manifest that the request is for, with its policy asked again where a policy made the request.
    fn manifest(
        &self,
        artifact: &Artifact,
        release: &ReleaseRequest,
    ) -> Result<ResolvedManifest, Failure> {
        self.template.begin();
        let vars = variables(artifact);
        let named = |manifest: &&Manifest| {
            let is = |text: &str, name: &str| {
                self.template
                    .render(text, &vars)
                    .is_ok_and(|text| text == name)
            };
            is(&manifest.env, release.env.as_str())
                && release
                    .app
                    .as_ref()
                    .is_none_or(|app| is(&manifest.app, app.as_str()))
        };
        let mut refusal = None;
        let mut found = None;
        for manifest in artifact.content.environments.iter().filter(named) {
            let resolved = match manifest.resolve(&vars, self.template) {
                Ok(resolved) => resolved,
                Err(error) => {
                    refusal = Some(error.to_string());
                    continue;
                }
            };
            if release.triggered_by == TriggeredBy::Policy {
                let decision = decide(resolved.deploy.as_ref(), &artifact.content.version);
                if !decision.released {
                    refusal = Some(decision.reason.to_string());
                    continue;
                }
                return Ok(resolved);
            }
            // GimletD writes all that match, in order: the last one stays.
            found = Some(resolved);
        }
        found.ok_or_else(|| {
            Failure::Refused(refusal.unwrap_or_else(|| {
                let app = release.app.as_ref().map_or("any app", |app| app.as_str());
                format!(
                    "artifact {} has no manifest for {}/{app}",
                    artifact.id, release.env
                )
            }))
        })
    }
}

fn file(name: &[u8], blob: gitwire::BlobId) -> TreeEntry {
    TreeEntry {
        kind: EntryKind::File,
        name: name.to_vec(),
        id: blob.object(),
    }
}

/// Reads stored artifacts; one that cannot be read says why.
pub(crate) fn parse_artifact(body: &str) -> Result<Artifact, String> {
    Artifact::from_stored(body.as_bytes())
        .map_err(|error| format!("the stored artifact cannot be read: {error}"))
}
