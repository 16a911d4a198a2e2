//! Slack: `chat.postMessage` with a bot's token, or an incoming webhook. Text is mrkdwn, in which `&`, `<` and `>` are escaped
//! (docs.slack.dev, "Formatting message text"): without them no mention and no link can be written.

use serde_json::{Value, json};

use crate::message::{Fact, Message};
use crate::text::escaped;
use crate::verdict::Verdict;

/// Characters of a section's text (docs.slack.dev, "Section block").
const SECTION: usize = 3_000;
/// Characters of a context element that are wanted here; Slack shows no more than 10 elements.
const ELEMENT: usize = 300;
const ELEMENTS: usize = 10;

/// The body of the request; no channel for an incoming webhook, which has its own.
pub(crate) fn body(message: &Message, channel: Option<&str>) -> Value {
    let title = mrkdwn(&message.title, SECTION);
    let mut blocks = vec![section(title.clone())];
    if !message.detail.is_empty() {
        // A fence: no formatting inside it, so none of its own either.
        let detail = message.detail.replace('`', "'");
        blocks.push(section(format!("```{}```", mrkdwn(&detail, SECTION - 6))));
    }
    let elements: Vec<Value> = message.facts.iter().take(ELEMENTS).map(element).collect();
    blocks.push(json!({ "type": "context", "elements": elements }));
    let mut body =
        json!({ "text": title, "blocks": blocks, "unfurl_links": false, "unfurl_media": false });
    if let (Some(channel), Value::Object(fields)) = (channel, &mut body) {
        fields.insert("channel".to_owned(), channel.into());
    }
    body
}

fn section(text: String) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

fn element(fact: &Fact) -> Value {
    let text = mrkdwn(&fact.text, ELEMENT);
    let text = match &fact.url {
        Some(url) => format!("<{}|{text}>", mrkdwn(&url.replace('|', "%7C"), 2_000)),
        None => text,
    };
    json!({ "type": "mrkdwn", "text": format!("*{}:* {text}", fact.name) })
}

fn mrkdwn(text: &str, most: usize) -> String {
    escaped(text, most, |c, out| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        c => out.push(c),
    })
}

/// What the Web API's 200 means: `ok`, or an error's name. `says` is that name as it may be shown.
pub(crate) fn verdict(body: &[u8], says: &str) -> Verdict {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let field = |name: &str| answer.get(name);
    if field("ok") == Some(&Value::Bool(true)) {
        return Verdict::Sent;
    }
    let Some(error) = field("error").and_then(Value::as_str) else {
        let reason = "the answer is not Slack's: it may have been taken, so it is not sent again";
        return Verdict::Unknown {
            reason: reason.to_owned(),
        };
    };
    let reason = format!("Slack answered {says}");
    match error {
        "ratelimited"
        | "rate_limited"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org" => Verdict::Again {
            reason,
            pause_ms: None,
            whole: error.starts_with("rate"),
        },
        // These may have been raised after the message was posted: not to be sent again.
        "internal_error" | "fatal_error" => Verdict::Unknown { reason },
        _ => Verdict::Failed { reason },
    }
}
