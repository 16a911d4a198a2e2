//! Where environments are written: the variable `gitops_repos`. No credential may stand in it, and no error repeats what
//! stands there, lest a credential put there by mistake ends in a log.

use crate::{BranchName, EnvName, InvalidName, RepositoryName};
use std::collections::BTreeSet;
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
    /// Where it is fetched and pushed, over smart HTTP; no user information, no slash at its end.
    pub url: Url,
    /// The branch; absent for the remote's default.
    pub branch: Option<BranchName>,
}

/// Why `gitops_repos` (or `git_host`) is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidGitopsRepos {
    /// Nothing configured.
    #[error(
        "the variable gitops_repos is empty: set it to 'env=<env>&gitopsRepo=<owner/name or URL>', entries separated by ';'"
    )]
    Empty,
    /// More entries than are sensible.
    #[error("the variable gitops_repos has more than {0} entries")]
    TooMany(usize),
    /// A key that has no meaning.
    #[error(
        "gitops_repos, entry {entry}: only env, repoPerEnv, gitopsRepo and branch have a meaning (deploy keys do not: set the variable git_token)"
    )]
    UnknownKey {
        /// Which entry, from 1.
        entry: usize,
    },
    /// A key stands twice in an entry.
    #[error("gitops_repos, entry {entry}: '{key}' stands twice")]
    RepeatedKey {
        /// Which entry, from 1.
        entry: usize,
        /// The key.
        key: &'static str,
    },
    /// An entry names no repository.
    #[error("gitops_repos, entry {entry}: gitopsRepo is missing")]
    NoRepository {
        /// Which entry, from 1.
        entry: usize,
    },
    /// A name is not one.
    #[error("gitops_repos, entry {entry}: '{key}' must {}", source.rule)]
    Name {
        /// Which entry, from 1.
        entry: usize,
        /// The key.
        key: &'static str,
        /// The broken rule.
        source: InvalidName,
    },
    /// `repoPerEnv` is neither true nor false.
    #[error("gitops_repos, entry {entry}: 'repoPerEnv' must be true or false")]
    NotABool {
        /// Which entry, from 1.
        entry: usize,
    },
    /// The URL cannot be used.
    #[error("gitops_repos, entry {entry}: the URL in 'gitopsRepo' {fault}")]
    Url {
        /// Which entry, from 1.
        entry: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// `git_host` cannot be used.
    #[error("the variable git_host {0}, such as https://github.com")]
    GitHost(&'static str),
    /// A repository for one environment, without its environment.
    #[error("gitops_repos, entry {entry}: repoPerEnv=true needs env")]
    PerEnvWithoutEnv {
        /// Which entry, from 1.
        entry: usize,
    },
    /// Two entries for one environment, or two for all.
    #[error("gitops_repos, entry {entry}: an earlier entry is for the same env")]
    RepeatedEnv {
        /// Which entry, from 1.
        entry: usize,
    },
    /// Two entries would write the same folders.
    #[error(
        "gitops_repos, entry {entry}: a repository with repoPerEnv=true must not be shared with another entry"
    )]
    Shared {
        /// Which entry, from 1.
        entry: usize,
    },
}

/// Entries that one variable may have.
const ENTRIES: usize = 1_000;

impl GitopsRepositories {
    /// Reads the variable `gitops_repos`: entries separated by `;`, each a query string with `gitopsRepo` (`owner/name` or a
    /// http or https URL) and, if wanted, `env`, `repoPerEnv` and `branch`. `git_host` stands before `owner/name`, such as
    /// `https://github.com`.
    ///
    /// # Errors
    /// [`InvalidGitopsRepos`] names the entry and the key.
    pub fn parse(text: &str, git_host: &str) -> Result<Self, InvalidGitopsRepos> {
        let host = web_url(git_host).map_err(InvalidGitopsRepos::GitHost)?;
        let mut entries: Vec<GitopsRepository> = Vec::new();
        let mut envs = BTreeSet::new();
        for part in text
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let entry = entries.len() + 1;
            if entry > ENTRIES {
                return Err(InvalidGitopsRepos::TooMany(ENTRIES));
            }
            let parsed = Raw::read(entry, part)?.check(entry, &host)?;
            if !envs.insert(parsed.env.clone()) {
                return Err(InvalidGitopsRepos::RepeatedEnv { entry });
            }
            let shared = |other: &GitopsRepository| {
                (parsed.repo_per_env || other.repo_per_env)
                    && parsed.url == other.url
                    && parsed.branch == other.branch
            };
            if entries.iter().any(shared) {
                return Err(InvalidGitopsRepos::Shared { entry });
            }
            entries.push(parsed);
        }
        if entries.is_empty() {
            return Err(InvalidGitopsRepos::Empty);
        }
        Ok(Self { entries })
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

    /// `owner/name`, as GimletD's `gitopsRepo` says it: the path of the URL without `.git`.
    pub fn name(&self) -> &str {
        let path = self.url.path().trim_matches('/');
        path.strip_suffix(".git").unwrap_or(path)
    }
}

/// The values of one entry, unchecked.
#[derive(Default)]
struct Raw {
    env: Option<String>,
    repo_per_env: Option<String>,
    gitops_repo: Option<String>,
    branch: Option<String>,
}

impl Raw {
    fn read(entry: usize, part: &str) -> Result<Self, InvalidGitopsRepos> {
        let mut raw = Self::default();
        for (key, value) in url::form_urlencoded::parse(part.as_bytes()) {
            let (slot, key) = match &*key {
                "env" => (&mut raw.env, "env"),
                "repoPerEnv" => (&mut raw.repo_per_env, "repoPerEnv"),
                "gitopsRepo" => (&mut raw.gitops_repo, "gitopsRepo"),
                "branch" => (&mut raw.branch, "branch"),
                _ => return Err(InvalidGitopsRepos::UnknownKey { entry }),
            };
            if slot.replace(value.trim().to_owned()).is_some() {
                return Err(InvalidGitopsRepos::RepeatedKey { entry, key });
            }
        }
        Ok(raw)
    }

    /// An empty value counts as absent, as in GimletD's form.
    fn check(self, entry: usize, host: &Url) -> Result<GitopsRepository, InvalidGitopsRepos> {
        let set = |value: Option<String>| value.filter(|text| !text.is_empty());
        let bad_name = |key| move |source| InvalidGitopsRepos::Name { entry, key, source };
        let env = set(self.env)
            .map(EnvName::try_from)
            .transpose()
            .map_err(bad_name("env"))?;
        let branch = set(self.branch)
            .map(BranchName::try_from)
            .transpose()
            .map_err(bad_name("branch"))?;
        let repo_per_env = match set(self.repo_per_env).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(InvalidGitopsRepos::NotABool { entry }),
        };
        if repo_per_env && env.is_none() {
            return Err(InvalidGitopsRepos::PerEnvWithoutEnv { entry });
        }
        let repo = set(self.gitops_repo).ok_or(InvalidGitopsRepos::NoRepository { entry })?;
        let url = if repo.contains("://") {
            let url = web_url(&repo).map_err(|fault| InvalidGitopsRepos::Url { entry, fault })?;
            if url.path() == "/" {
                return Err(InvalidGitopsRepos::Url {
                    entry,
                    fault: "must have the path of a repository",
                });
            }
            url
        } else {
            let name: RepositoryName = repo.parse().map_err(bad_name("gitopsRepo"))?;
            on_host(host, &name)
        };
        Ok(GitopsRepository {
            env,
            repo_per_env,
            url,
            branch,
        })
    }
}

/// Where an application's repository is fetched from: on the Git host, beside the GitOps repositories.
///
/// # Errors
/// [`InvalidGitopsRepos::GitHost`].
pub fn source_repository_url(
    git_host: &str,
    name: &RepositoryName,
) -> Result<Url, InvalidGitopsRepos> {
    let host = web_url(git_host).map_err(InvalidGitopsRepos::GitHost)?;
    Ok(on_host(&host, name))
}

fn on_host(host: &Url, name: &RepositoryName) -> Url {
    let mut url = host.clone();
    // GitLab answers without `.git` with a redirect; all hosts take it with `.git`.
    let suffix = if name.as_str().ends_with(".git") {
        ""
    } else {
        ".git"
    };
    // `%` is encoded too: to the URL's parser `%2e%2e` is `..`.
    let path = format!("{name}{suffix}");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    url
}

/// A http or https URL with nothing in it but host, port and path.
fn web_url(text: &str) -> Result<Url, &'static str> {
    let mut url = Url::parse(text.trim()).map_err(|_| "must be a http or https URL")?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err("must be a http or https URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must hold no user name or password: set the variable git_token instead");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must have no '?' or '#'");
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}
