//! Discord: a message of a bot in a channel, as GimletD's token and channel ids mean it, or a channel's webhook. Text is
//! Discord's Markdown; nobody is ever mentioned (`allowed_mentions`).

use serde_json::{Value, json};

use crate::message::{Fact, Message, Tone};
use crate::text::backslashed;

/// Discord's limits in characters (docs.discord.com, "Create Message" and "Embed Limits").
const CONTENT: usize = 2_000;
const TITLE: usize = 256;
const DESCRIPTION: usize = 4_000;
const VALUE: usize = 1_024;
const SPECIAL: &str = "\\*_~`|><[]#@";
/// What GimletD writes over what Flux says.
const SYNC: &str = "Health check";

/// The body of the request.
pub(crate) fn body(message: &Message, is_sync: bool) -> Value {
    let fields: Vec<Value> = message.facts.iter().map(field).collect();
    let mut embed = json!({ "color": colour(message.tone), "fields": fields });
    if let Value::Object(embed) = &mut embed {
        if is_sync {
            embed.insert("title".to_owned(), markdown(&message.title, TITLE).into());
        }
        if !message.detail.is_empty() {
            embed.insert(
                "description".to_owned(),
                markdown(&message.detail, DESCRIPTION).into(),
            );
        }
    }
    let content = match is_sync {
        true => SYNC.to_owned(),
        false => markdown(&message.title, CONTENT),
    };
    json!({ "content": content, "embeds": [embed], "allowed_mentions": { "parse": [] } })
}

/// GimletD's colours.
fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Good => 3_066_993,
        Tone::Bad => 15_158_332,
        Tone::Neutral => 9_807_270,
    }
}

fn field(fact: &Fact) -> Value {
    let value = match &fact.url {
        Some(url) => {
            let url = url.replace('(', "%28").replace(')', "%29");
            format!("[{}]({url})", markdown(&fact.text, 20))
        }
        None => markdown(&fact.text, VALUE),
    };
    // An empty value is refused.
    let value = if value.is_empty() {
        "-".to_owned()
    } else {
        value
    };
    json!({ "name": fact.name, "value": value, "inline": true })
}

fn markdown(text: &str, most: usize) -> String {
    backslashed(text, most, SPECIAL)
}
