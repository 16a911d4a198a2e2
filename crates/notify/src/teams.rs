//! Microsoft Teams: a Workflow that waits for a webhook, told with an Adaptive Card. Its texts know a little Markdown and
//! `{{DATE(…)}}`; both are escaped.

use serde_json::{Value, json};

use crate::message::{Message, Tone};
use crate::text::backslashed;

const TITLE: usize = 500;
/// The whole message may have 28 kB (learn.microsoft.com, "Webhooks and connectors").
const DETAIL: usize = 4_000;
const VALUE: usize = 500;
const SPECIAL: &str = "\\*_~`[]{}<>";

/// The body of the request.
pub(crate) fn body(message: &Message) -> Value {
    let mut body = vec![json!({
        "type": "TextBlock", "text": markdown(&message.title, TITLE), "wrap": true, "weight": "Bolder",
        "color": match message.tone { Tone::Good => "Good", Tone::Bad => "Attention", Tone::Neutral => "Default" },
    })];
    if !message.detail.is_empty() {
        let text = markdown(&message.detail, DETAIL).replace('\n', "\n\n");
        body.push(
            json!({ "type": "TextBlock", "text": text, "wrap": true, "fontType": "Monospace" }),
        );
    }
    let facts: Vec<Value> = message
        .facts
        .iter()
        .map(|fact| json!({ "title": fact.name, "value": markdown(&fact.text, VALUE) }))
        .collect();
    body.push(json!({ "type": "FactSet", "facts": facts }));
    // A button opens its URL as it is; a link in a text would have to be escaped.
    let actions: Vec<Value> = message
        .facts
        .iter()
        .filter_map(|fact| {
            let url = fact.url.as_deref()?;
            Some(json!({ "type": "Action.OpenUrl", "title": fact.name, "url": url }))
        })
        .collect();
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": { "width": "Full" },
        "body": body,
        "actions": actions,
    });
    let attachment = json!({
        "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card,
    });
    json!({ "type": "message", "attachments": [attachment] })
}

fn markdown(text: &str, most: usize) -> String {
    backslashed(text, most, SPECIAL)
}
