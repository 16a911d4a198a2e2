//! Hosts that fail are left alone for a while: as long as they ask for, else longer with each failure in a row. A pause
//! must never hold for ever.

use domain::GitopsRepository;

use super::git_host::{Cause, GitHost, HostError};
use super::memory::Memory;
use super::{Flush, FlushError};
use crate::ports::{Clock, Database, KeyValue};
use crate::queue::{Backoff, backoff_key};
use crate::render::Renderer;

/// The longest pause.
const LONGEST_MS: u64 = 300_000;
/// Half of the first pause; each failure in a row doubles it.
const FIRST_MS: u64 = 500;

impl<K: KeyValue, D: Database, G: GitHost, C: Clock, R: Renderer> Flush<'_, K, D, G, C, R> {
    /// Whether the host is to be left alone for now.
    pub(super) async fn paused(
        &self,
        memory: &mut Memory,
        index: usize,
        repository: &GitopsRepository,
    ) -> Result<bool, FlushError> {
        let url = repository.url.as_str();
        let value = self.kv.get(&backoff_key(url)).await?;
        let pause = value.and_then(|value| serde_json::from_slice::<Backoff>(&value).ok());
        let Some(pause) = pause else {
            return Ok(false);
        };
        memory.targets.entry(index).or_default().failures = pause.failures;
        let now = self.clock.now_ms();
        // A pause from the future of a clock that was wrong does not count.
        let holds = pause.until_ms > now && pause.until_ms <= now.saturating_add(LONGEST_MS);
        if holds {
            memory.report.of(url).problem = Some(pause.reason);
        }
        Ok(holds)
    }

    /// Leaves a host alone after a failure.
    pub(super) async fn pause(
        &self,
        memory: &mut Memory,
        index: usize,
        repository: &GitopsRepository,
        error: &HostError,
    ) -> Result<(), FlushError> {
        let url = repository.url.as_str();
        let target = memory.targets.entry(index).or_default();
        target.failures = target.failures.saturating_add(1);
        let doubled = FIRST_MS.saturating_mul(1_u64 << target.failures.min(10));
        let asked = match error.cause {
            Cause::Passing { retry_after_s } => retry_after_s,
            _ => None,
        };
        let wait = asked.map_or(doubled, |seconds| u64::from(seconds).saturating_mul(1000));
        let pause = Backoff {
            url: url.to_owned(),
            until_ms: self.clock.now_ms().saturating_add(wait.min(LONGEST_MS)),
            failures: target.failures,
            reason: error.message.clone(),
        };
        let value = serde_json::to_vec(&pause).unwrap_or_default();
        self.kv.set(&backoff_key(url), &value).await?;
        memory.report.of(url).problem = Some(pause.reason);
        Ok(())
    }

    /// The host did what was asked.
    pub(super) async fn unpause(
        &self,
        memory: &mut Memory,
        index: usize,
        repository: &GitopsRepository,
    ) -> Result<(), FlushError> {
        let target = memory.targets.entry(index).or_default();
        if std::mem::take(&mut target.failures) > 0 {
            self.kv
                .delete(&backoff_key(repository.url.as_str()))
                .await?;
        }
        Ok(())
    }
}
