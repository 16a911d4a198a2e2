//! Charts that were fetched before. What is read is checked against its digest like what comes from a server; what is not right
//! is forgotten. A cache that cannot be written costs requests, never a release.

use super::error::ChartError;
use super::{ChartContent, ChartSources, FetchedChart, git};
use crate::digest;
use crate::ports::{Clock, Database, HttpClient};
use crate::store::charts::{self as store, Key};

/// How exactly the time of the last use is known: a write for each use would be one too many.
const USE_MS: i64 = 3_600_000;

/// For how long a key stands for the same chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// A version or a commit.
    Forever,
    /// A range, a branch, a tag, an address.
    Settings,
}

/// `sha256:<hex>`.
pub(super) fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", digest::sha256(bytes))
}

impl<H: HttpClient, D: Database, C: Clock> ChartSources<'_, H, D, C> {
    /// The chart that a key stood for, if that is still to be believed.
    pub(super) async fn kept(
        &self,
        key: &Key,
        lifetime: Lifetime,
    ) -> Result<Option<FetchedChart>, ChartError> {
        let Some(kept) = store::get(&self.sql, key).await? else {
            return Ok(None);
        };
        let now = self.now_ms();
        let age = self.clock.now_ms().saturating_sub(kept.checked_ms);
        if lifetime == Lifetime::Settings && age >= self.settings.max_age_ms {
            return Ok(None);
        }
        let Some(content) = content(&kept.digest, kept.content, self.settings.max_chart_bytes)
        else {
            store::forget(&self.sql, &kept.digest).await?;
            return Ok(None);
        };
        if now.saturating_sub(i64::try_from(kept.used_ms).unwrap_or(i64::MAX)) > USE_MS {
            let _ = store::touch(&self.sql, &kept.digest, now).await;
        }
        Ok(Some(FetchedChart {
            digest: kept.digest,
            content,
        }))
    }

    /// Keeps what was fetched, as the chart that these keys stand for.
    pub(super) async fn keep(&self, keys: &[&Key], digest: &str, content: &[u8]) {
        let now = self.now_ms();
        let number = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
        let (charts, bytes) = (self.settings.max_kept_charts, self.settings.max_kept_bytes);
        if content.len() > bytes {
            return;
        }
        let kept = store::put(&self.sql, digest, content, now).await;
        if kept.is_ok() {
            self.note(keys, digest).await;
            let _ = store::evict(&self.sql, number(charts), number(bytes)).await;
        }
    }

    /// Notes that these keys stand for a chart that is kept already.
    pub(super) async fn note(&self, keys: &[&Key], digest: &str) {
        for key in keys {
            let _ = store::put_version(&self.sql, key, digest, self.now_ms()).await;
        }
    }
}

/// The content of a row, if it is what its digest says.
fn content(digest: &str, bytes: Vec<u8>, limit: usize) -> Option<ChartContent> {
    if digest.starts_with("git:") {
        return git::folder_of(digest, &bytes, limit)
            .ok()
            .map(ChartContent::Folder);
    }
    (sha256(&bytes) == digest).then_some(ChartContent::Archive(bytes))
}
