//! Webhooks of Git hosts: signature, then content, then what to do. A webhook that was acted on is remembered by its delivery
//! and by its body, so that neither a repetition nor a replay does anything.

use domain::{Hook, HookSource, InvalidHook, TextTemplate, read_hook};
use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use crate::cleanup::{CleanupError, CleanupReport, branch_deleted};
use crate::database::Sql;
use crate::digest;
use crate::ports::{Clock, Database, DatabaseError, KeyValue, now_ms};
use crate::store::branches;

/// Why a webhook was not acted on.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The body is nothing that the host sends.
    #[error(transparent)]
    Invalid(#[from] InvalidHook),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The cleanup failed: the host may send it again.
    #[error(transparent)]
    Cleanup(#[from] CleanupError),
}

/// A webhook whose signature was right.
#[derive(Debug)]
pub struct Webhook<'a> {
    /// Who sends.
    pub source: HookSource,
    /// The host's word for the event.
    pub event: &'a str,
    /// The host's id of the delivery; empty if it gives none.
    pub delivery: &'a str,
    /// The body as JSON.
    pub body: &'a [u8],
}

/// What became of a webhook.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Received {
    /// Requests wait, or none was needed.
    Queued(CleanupReport),
    /// It was acted on before.
    Repeated,
    /// Nothing to do.
    Ignored {
        /// Why.
        reason: String,
    },
}

/// Whether whoever sent the body knows the secret. GitHub and Gitea sign it with HMAC-SHA-256 (`sha256=<hex>` and `<hex>`);
/// GitLab sends the secret itself. Takes the same time whatever differs; an empty secret is never known.
pub fn is_signed(source: HookSource, secret: &str, signature: &str, body: &[u8]) -> bool {
    if secret.is_empty() {
        return false;
    }
    let hex = match source {
        HookSource::Github => signature.strip_prefix("sha256=").unwrap_or_default(),
        HookSource::Gitea => signature,
        HookSource::Gitlab => {
            // Digests, so that the length of the secret takes no time either.
            let digest = |text: &str| Sha256::digest(text.as_bytes());
            return digest(signature).ct_eq(&digest(secret)).into();
        }
    };
    let (Some(given), Some(mac)) = (from_hex(hex), keyed(secret, body)) else {
        return false;
    };
    mac.verify_slice(&given).is_ok()
}

fn keyed(secret: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    Some(mac.chain_update(body))
}

/// 32 bytes from 64 hexadecimal digits.
fn from_hex(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0u8; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

/// Webhooks that were acted on are remembered for so long.
const REMEMBERED_MS: i64 = 30 * 86_400_000;

/// Acts on a webhook.
///
/// # Errors
///
/// See [`WebhookError`].
pub async fn receive<K: KeyValue, D: Database, C: Clock>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
    template: &dyn TextTemplate,
    webhook: &Webhook<'_>,
) -> Result<Received, WebhookError> {
    let (repository, branch) = match read_hook(webhook.source, webhook.event, webhook.body)? {
        Hook::BranchDeleted { repository, branch } => (repository, branch),
        Hook::Ignored(reason) => return Ok(Received::Ignored { reason }),
    };
    let source = webhook.source.as_str();
    let mut ids = vec![format!("{source} body {}", digest::sha256(webhook.body))];
    if !webhook.delivery.is_empty() {
        let delivery: String = webhook.delivery.chars().take(255).collect();
        ids.push(format!("{source} delivery {delivery}"));
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    if branches::is_delivered(sql, &ids).await? {
        return Ok(Received::Repeated);
    }
    let report = branch_deleted(kv, sql, clock, template, &repository, &branch).await?;
    let now_ms = now_ms(clock);
    branches::delivered(sql, &ids, now_ms).await?;
    branches::forget_deliveries(sql, now_ms.saturating_sub(REMEMBERED_MS)).await?;
    Ok(Received::Queued(report))
}
