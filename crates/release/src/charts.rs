//! Where charts come from: Helm repositories over HTTP(S), OCI registries, Git. It must never take a byte that its digest does
//! not cover where there is one, send credentials to a host that they are not for, or read a file of the server.
//!
//! What was fetched is kept by its digest, and which chart a version is beside it: a version that cannot change (`1.2.3`, a
//! commit) is asked for once, a range, a branch or a tag again after a few minutes.

mod cache;
mod error;
mod git;
mod index;
mod registry;
mod repository;
pub mod settings;
mod source;
mod version;
mod web;

use std::collections::BTreeMap;

pub use self::error::ChartError;
pub use self::settings::ChartSettings;
use self::source::Source;
use crate::database::Sql;
use crate::ports::{Clock, Database, HttpClient, now_ms};

/// The content of a chart.
#[derive(Clone, PartialEq, Eq)]
pub enum ChartContent {
    /// A packed chart: the bytes of a `.tgz`.
    Archive(Vec<u8>),
    /// A chart in Git: the files by their path within the chart's folder.
    Folder(BTreeMap<String, Vec<u8>>),
}

/// A chart as it was fetched, its digest checked.
#[derive(Clone, PartialEq, Eq)]
pub struct FetchedChart {
    /// `sha256:<hex>` of the archive, or `git:<commit>:<tree>` of the folder.
    pub digest: String,
    /// The chart.
    pub content: ChartContent,
}

impl std::fmt::Debug for FetchedChart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FetchedChart").field(&self.digest).finish()
    }
}

/// Fetches charts.
pub struct ChartSources<'a, H, D, C> {
    /// The HTTP client.
    pub http: &'a H,
    /// Where charts are kept.
    pub sql: Sql<'a, D>,
    /// Time.
    pub clock: &'a C,
    /// The operator's settings.
    pub settings: &'a ChartSettings,
}

impl<H: HttpClient, D: Database, C: Clock> ChartSources<'_, H, D, C> {
    /// The chart that a manifest names.
    ///
    /// # Errors
    /// See [`ChartError`]: the name makes no sense, the host is not allowed or does not answer, there is no such chart, or what
    /// came is not what was announced.
    pub async fn fetch(&self, chart: &domain::Chart) -> Result<FetchedChart, ChartError> {
        match Source::of(chart, self.settings)? {
            Source::Repository(wanted) => self.repository_chart(&wanted).await,
            Source::Archive(url) => self.archive_at(&url).await,
            Source::Registry(wanted) => self.registry_chart(&wanted).await,
            Source::Git(wanted) => self.git_chart(&wanted).await,
        }
    }

    fn now_ms(&self) -> i64 {
        now_ms(self.clock)
    }
}
