//! Where environments are written: the variable `gitops_repos`. No credential may stand in it, and none is kept from it.

use crate::{AppName, BranchName, EnvName};
use url::Url;

/// The configured GitOps repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitopsRepositories {
    entries: Vec<GitopsRepository>,
}

/// One configured GitOps repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitopsRepository {
    /// Its environment; absent for all that have no entry of their own.
    pub env: Option<EnvName>,
    /// The repository holds this environment alone: paths have no `<env>/`.
    pub repo_per_env: bool,
    /// Where it is fetched and pushed, over smart HTTP; no user information.
    pub url: Url,
    /// The branch; absent for the remote's default.
    pub branch: Option<BranchName>,
}

/// Why `gitops_repos` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidGitopsRepos {
    /// Nothing configured.
    #[error(
        "the variable gitops_repos is empty: set it to 'env=<env>&gitopsRepo=<owner/name or URL>', entries separated by ';'"
    )]
    Empty,
}

impl GitopsRepositories {
    /// Reads the variable `gitops_repos`; `git_host` stands before `owner/name`, such as `https://github.com`.
    ///
    /// # Errors
    /// [`InvalidGitopsRepos`] names the entry and the key.
    pub fn parse(text: &str, git_host: &str) -> Result<Self, InvalidGitopsRepos> {
        let _ = (text, git_host);
        todo!()
    }

    /// All of them, in the order of the variable.
    pub fn all(&self) -> &[GitopsRepository] {
        &self.entries
    }

    /// The repository of this environment: its own entry, else the one for all.
    pub fn repository_for(&self, env: &EnvName) -> Option<&GitopsRepository> {
        let own = self
            .entries
            .iter()
            .find(|entry| entry.env.as_ref() == Some(env));
        own.or_else(|| self.entries.iter().find(|entry| entry.env.is_none()))
    }
}

impl GitopsRepository {
    /// Folder of the environment, without a slash at its end; empty for the repository's root.
    pub fn env_folder<'a>(&self, env: &'a EnvName) -> &'a str {
        if self.repo_per_env { "" } else { env.as_str() }
    }

    /// Folder of the app: `<env>/<app>`, or `<app>` where the repository holds one environment.
    pub fn app_folder(&self, env: &EnvName, app: &AppName) -> String {
        match self.repo_per_env {
            true => app.as_str().to_owned(),
            false => format!("{env}/{app}"),
        }
    }

    /// `owner/name`, as GimletD's `gitopsRepo` says it: the path of the URL without `.git`.
    pub fn name(&self) -> &str {
        let path = self.url.path().trim_matches('/');
        path.strip_suffix(".git").unwrap_or(path)
    }
}
