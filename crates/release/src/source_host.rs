//! The source repositories on the Git host, over smart HTTP: the branches that there are, by `ls-refs`. It never fetches.

use std::collections::BTreeSet;

use domain::{RepositoryName, source_repository_url};

use crate::flush::git_host::{Cause, HostError};
use crate::flush::remote::RemoteHosts;
use crate::ports::{Clock, Database, HttpClient};
use crate::sweep::SourceHost;

/// The repositories beside the GitOps repositories, with the same credentials.
pub struct SourceRepositories<'a, H, D, C> {
    /// The Git host, such as `https://github.com`.
    pub git_host: &'a str,
    /// How it is reached.
    pub hosts: &'a RemoteHosts<'a, H, D, C>,
}

impl<H: HttpClient, D: Database, C: Clock> SourceHost for SourceRepositories<'_, H, D, C> {
    async fn branches(&self, repository: &RepositoryName) -> Result<BTreeSet<String>, HostError> {
        let url = source_repository_url(self.git_host, repository).map_err(|error| HostError {
            message: error.to_string(),
            cause: Cause::Operator,
        })?;
        self.hosts.branches(url.as_str()).await
    }
}
