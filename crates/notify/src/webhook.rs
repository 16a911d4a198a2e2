//! A generic webhook, signed as Standard Webhooks says (standard-webhooks/standard-webhooks, spec/standard-webhooks.md): the
//! receiver knows a repetition by `webhook-id`, and a forgery or a replay by `webhook-signature` and `webhook-timestamp`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::event::Event;
use crate::links::Links;
use crate::message::Message;

/// The specification wants keys of 24 to 64 bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A key of a webhook's signature.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookKey(Vec<u8>);

impl std::fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookKey")
    }
}

impl WebhookKey {
    /// Reads `whsec_<base64>`; none where it is not that, or has not 24 to 64 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let key = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
        KEY_BYTES.contains(&key.len()).then_some(Self(key))
    }
}

impl WebhookKey {
    /// The key as it is configured, without `whsec_`.
    pub(crate) fn reveal(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

/// The value of `webhook-signature` over `<id>.<seconds>.<body>`.
pub fn sign(key: &WebhookKey, id: &str, timestamp_s: u64, body: &[u8]) -> String {
    // HMAC takes a key of any length.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(&key.0) else {
        return String::new();
    };
    let mac = mac
        .chain_update(format!("{id}.{timestamp_s}."))
        .chain_update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// The body: the event's type, its time, the event itself, and where more is to be seen.
pub(crate) fn body(event: &Event, links: &Links) -> Value {
    let at = jiff::Timestamp::from_millisecond(event.at_ms).unwrap_or_default();
    let mut data = serde_json::to_value(event).unwrap_or_default();
    if let Value::Object(fields) = &mut data {
        fields.remove("atMs");
        fields.remove("versionUrl");
        fields.insert("title".to_owned(), Message::new(event, links).title.into());
        let commit = event.gitops_ref.as_deref();
        let commit = commit.and_then(|commit| links.gitops_commit(event, commit));
        for (name, url) in [
            ("gitopsCommitUrl", commit),
            ("versionUrl", links.version(event)),
        ] {
            if let Some(url) = url {
                fields.insert(name.to_owned(), url.into());
            }
        }
    }
    json!({ "type": event.type_name(), "timestamp": at.to_string(), "data": data })
}
