//! Where a repository is: an `http` or `https` address that holds no secret, so that it may be logged.

use std::fmt;
use std::str::FromStr;

/// The address of a repository, such as `https://git.example.org/team/gitops.git`: `http` or `https`, a host, no user name,
/// no password, no query, no fragment, no trailing `/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteUrl(url::Url);

/// An address that cannot be used. Holds nothing of the text, which may have a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteUrlError {
    /// Not an absolute URL.
    #[error("the repository address is not a URL ({0}); write https://host/path.git")]
    NotAUrl(#[from] url::ParseError),
    /// `ssh`, `git`, `file` and so on. The name of the scheme is kept.
    #[error("the repository address has the scheme `{0}`; only https and http can be used")]
    Scheme(String),
    /// `https://user:password@host/…`.
    #[error(
        "the repository address holds a user name or a password; give them as credentials instead"
    )]
    UserInfo,
    /// `?…` or `#…`.
    #[error("the repository address has a query or a fragment; leave out what follows `?` or `#`")]
    Query,
    /// `https://host/`: the path names the repository.
    #[error("the repository address has no path; write https://host/path.git")]
    NoPath,
}

impl RemoteUrl {
    /// Scheme, host and port, such as `https://git.example.org` or `http://127.0.0.1:3000`; what the platform allows or denies.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address of a service file below the repository, such as `info/refs?service=git-upload-pack`.
    pub(crate) fn below(&self, suffix: &str) -> String {
        format!("{}/{suffix}", self.0)
    }
}

impl FromStr for RemoteUrl {
    type Err = RemoteUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut url = url::Url::parse(text)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(RemoteUrlError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RemoteUrlError::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(RemoteUrlError::Query);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        if path.is_empty() {
            return Err(RemoteUrlError::NoPath);
        }
        url.set_path(&path);
        Ok(Self(url))
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_address_is_kept_without_its_trailing_slash() {
        let url: RemoteUrl = "https://Git.Example.org:443/team/gitops.git//"
            .parse()
            .unwrap();
        assert_eq!(url.as_str(), "https://git.example.org/team/gitops.git");
        assert_eq!(url.origin(), "https://git.example.org");
        let local: RemoteUrl = "http://127.0.0.1:3000/a".parse().unwrap();
        assert_eq!(local.origin(), "http://127.0.0.1:3000");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let cases = [
            ("gitops", "not a URL"),
            ("git@github.com:team/gitops.git", "not a URL"),
            ("ssh://git@host/a.git", "`ssh`"),
            ("file:///tmp/a.git", "`file`"),
            ("https://user:hunter2@host/a.git", "user name or a password"),
            ("https://host/a.git?x=1", "query"),
            ("https://host/a.git#main", "query or a fragment"),
            ("https://host/", "no path"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<RemoteUrl>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
