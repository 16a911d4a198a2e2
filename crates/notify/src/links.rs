//! Where commits can be seen. Links are made from what the operator configured, never from a guess about the host, and a
//! shipper's link only if it is one.

use domain::{EnvName, GitopsRepositories};
use url::Url;

use crate::event::Event;

/// The longest URL in a message.
const LONGEST: usize = 1_000;

/// How a Git host's pages of commits are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// GitHub, Gitea, Forgejo: `/commit/<id>`.
    Commit,
    /// GitLab: `/-/commit/<id>`.
    GitLab,
    /// Bitbucket: `/commits/<id>`.
    Bitbucket,
}

/// What links are made from.
#[derive(Debug, Clone)]
pub struct Links {
    repositories: Option<GitopsRepositories>,
    host: Option<Url>,
    gitlab: bool,
}

impl Links {
    /// From the variables `gitops_repos` and `git_host`, and whether the host is known to be a GitLab. Without them there are
    /// no links, which is no reason to keep silent.
    pub fn new(repositories: Option<GitopsRepositories>, git_host: &str, gitlab: bool) -> Self {
        Self {
            repositories,
            host: web(git_host),
            gitlab,
        }
    }

    /// The page of a commit in the GitOps repository.
    pub fn gitops_commit(&self, event: &Event, commit: &str) -> Option<String> {
        let repositories = self.repositories.as_ref()?;
        let env: EnvName = event.env.parse().ok()?;
        let of_env = repositories.repository_for(&env);
        let found = match event.gitops_repo.as_deref() {
            // The environment may have been moved to another repository since.
            Some(name) => of_env
                .into_iter()
                .chain(repositories.all())
                .find(|one| one.name() == name),
            None => of_env,
        };
        self.page(&found?.url, commit)
    }

    /// The page of the source's version: the shipper's link, else the commit on the Git host.
    pub fn version(&self, event: &Event) -> Option<String> {
        let shipped = event.version_url.as_deref().and_then(web);
        if let Some(url) = shipped {
            return Some(url.into());
        }
        let (repository, sha) = (event.repository.as_deref()?, event.sha.as_deref()?);
        let mut url = self.host.clone()?;
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(repository.split('/'));
        self.page(&url, sha)
    }

    fn page(&self, repository: &Url, commit: &str) -> Option<String> {
        if commit.len() < 7 || !commit.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let path = repository.path().trim_end_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let between = match self.style(repository.host_str().unwrap_or_default()) {
            Style::Commit => "commit",
            Style::GitLab => "-/commit",
            Style::Bitbucket => "commits",
        };
        let mut url = repository.clone();
        url.set_path(&format!("{path}/{between}/{commit}"));
        (url.as_str().len() <= LONGEST).then(|| url.into())
    }

    fn style(&self, host: &str) -> Style {
        let has = |word: &str| host.split('.').any(|label| label.contains(word));
        let is_ours = self.host.as_ref().and_then(Url::host_str) == Some(host);
        match () {
            () if has("gitlab") || (self.gitlab && is_ours) => Style::GitLab,
            () if has("bitbucket") => Style::Bitbucket,
            () => Style::Commit,
        }
    }
}

/// A URL that may be shown: http or https, with a host, without a user.
fn web(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (plain && is_web && url.as_str().len() <= LONGEST).then_some(url)
}
