//! What an operator sets, parsed once a request. Errors name the variable and never show a secret.

use domain::GitopsRepositories;

/// The settings of the flush.
#[derive(Debug)]
pub struct FlushSettings {
    /// Which environment lives in which GitOps repository.
    pub repositories: GitopsRepositories,
    /// Who writes the commits.
    pub author: Author,
    /// No new work is taken this many milliseconds after the flush began.
    pub budget_ms: u64,
    /// The most requests in one push.
    pub max_batch: usize,
}

/// Author and committer of the commits.
#[derive(Debug, Clone)]
pub struct Author {
    /// As in `user.name`.
    pub name: String,
    /// As in `user.email`.
    pub email: String,
}
