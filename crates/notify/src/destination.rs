//! Where events are told: which of them, in which channel, with which request, and what the answer means.

use domain::Glob;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use serde_json::Value;
use url::Url;

use crate::chat::Channels;
use crate::commit_status::{self, Subject};
use crate::event::{Event, Kind, Outcome};
use crate::links::Links;
use crate::message::Message;
use crate::secret::Secret;
use crate::text::line;
use crate::verdict::{self, NoAnswer, Verdict};
use crate::webhook::{self, WebhookKey};
use crate::{discord, slack, teams};

/// How often a message may have been tried before later ones of its environment pass it by.
const PATIENCE: i64 = 3;

/// One place where events are told.
#[derive(Debug, Clone)]
pub struct Destination {
    pub(crate) name: String,
    pub(crate) service: Service,
    /// Environments and apps; all where there is none.
    pub(crate) envs: Vec<Glob>,
    pub(crate) apps: Vec<Glob>,
    pub(crate) only_failures: bool,
    pub(crate) progress: bool,
}

/// A service, with what it takes to be let in.
#[derive(Debug, Clone)]
pub(crate) enum Service {
    Slack {
        api: Url,
        token: Secret,
        channels: Channels,
    },
    SlackWebhook {
        url: Secret,
    },
    Discord {
        api: Url,
        token: Secret,
        channels: Channels,
    },
    DiscordWebhook {
        url: Secret,
    },
    Teams {
        url: Secret,
    },
    Webhook {
        url: Secret,
        key: WebhookKey,
    },
    GitHub {
        api: Url,
        token: Secret,
    },
    GitLab {
        api: Url,
        token: Secret,
    },
}

/// Where in a destination an event goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The channel; empty where the destination has but one.
    pub channel: String,
    /// What shares a lane is told in its order.
    pub lane: String,
}

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Sending<'a> {
    /// The same each time that this is sent.
    pub id: &'a str,
    /// From [`Place`].
    pub channel: &'a str,
    /// What happened.
    pub event: &'a Event,
    /// Seconds since the Unix epoch.
    pub now_s: u64,
}

impl Destination {
    /// The name that the operator gave, or the service's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether being told twice does no harm: the receiver knows repetitions, or the second changes nothing.
    pub fn takes_repetitions(&self) -> bool {
        matches!(
            self.service,
            Service::Webhook { .. } | Service::GitHub { .. } | Service::GitLab { .. }
        )
    }

    /// After how many tries a message no longer holds up the later ones of its lane. An older status must never come after a
    /// newer one, so there it holds them up until it has ended.
    pub fn patience(&self) -> i64 {
        match self.service {
            Service::GitHub { .. } | Service::GitLab { .. } => i64::MAX,
            _ => PATIENCE,
        }
    }

    /// Where an event goes here; none if it is not told here.
    pub fn place(&self, event: &Event) -> Option<Place> {
        let fits = |globs: &[Glob], name: &str| {
            globs.is_empty() || globs.iter().any(|glob| glob.matches(name))
        };
        let is_wanted = match event.outcome {
            Outcome::Failed => true,
            Outcome::Progressing => self.progress && !self.only_failures,
            Outcome::Succeeded | Outcome::Unchanged => !self.only_failures,
        };
        if !is_wanted || !fits(&self.envs, &event.env) || !fits(&self.apps, &event.app) {
            return None;
        }
        let (channel, lane) = match &self.service {
            Service::Slack { channels, .. } | Service::Discord { channels, .. } => {
                (channels.of(&event.env)?.to_owned(), event.env.clone())
            }
            Service::GitHub { .. } | Service::GitLab { .. } => {
                let subject = Subject::of(event)?;
                if matches!(self.service, Service::GitHub { .. }) {
                    subject.github_path()?;
                }
                let lane = format!("{}@{} {}", subject.repository, subject.sha, subject.context);
                (String::new(), lane)
            }
            _ => (String::new(), event.env.clone()),
        };
        Some(Place { channel, lane })
    }

    /// The request that tells it.
    ///
    /// # Errors
    /// No request can be made of it, ever; the text says why and holds no secret.
    pub fn request(
        &self,
        sending: &Sending<'_>,
        links: &Links,
    ) -> Result<http::Request<Vec<u8>>, String> {
        let event = sending.event;
        let message = || Message::new(event, links);
        match &self.service {
            Service::Slack { api, token, .. } => {
                let body = slack::body(&message(), Some(sending.channel));
                let url = joined(api, &["chat.postMessage"])?;
                post(
                    url.as_str(),
                    &body,
                    &[(AUTHORIZATION.as_str(), &bearer(token))],
                )
            }
            Service::SlackWebhook { url } => {
                post(url.reveal(), &slack::body(&message(), None), &[])
            }
            Service::Discord { api, token, .. } => {
                let url = joined(api, &["channels", sending.channel, "messages"])?;
                let bot = format!("Bot {}", token.reveal());
                post(
                    url.as_str(),
                    &discord_body(event, &message()),
                    &[(AUTHORIZATION.as_str(), &bot)],
                )
            }
            Service::DiscordWebhook { url } => {
                // Only so does the answer say whether there is a message.
                let mut url =
                    Url::parse(url.reveal()).map_err(|_| "its URL cannot be used".to_owned())?;
                url.query_pairs_mut().append_pair("wait", "true");
                post(url.as_str(), &discord_body(event, &message()), &[])
            }
            Service::Teams { url } => post(url.reveal(), &teams::body(&message()), &[]),
            Service::Webhook { url, key } => {
                let body = webhook::body(event, links);
                let signature =
                    webhook::sign(key, sending.id, sending.now_s, body.to_string().as_bytes());
                let headers = [
                    ("webhook-id", sending.id),
                    ("webhook-timestamp", &sending.now_s.to_string()),
                    ("webhook-signature", &signature),
                ];
                post(url.reveal(), &body, &headers)
            }
            Service::GitHub { api, token } => {
                let subject = subject(event)?;
                let path = subject
                    .github_path()
                    .ok_or("GitHub's repositories are owner/name")?;
                let headers = [
                    (AUTHORIZATION.as_str(), bearer(token)),
                    (ACCEPT.as_str(), "application/vnd.github+json".to_owned()),
                    ("x-github-api-version", "2022-11-28".to_owned()),
                ];
                let headers = headers
                    .each_ref()
                    .map(|(name, value)| (*name, value.as_str()));
                let body = commit_status::github(event, &subject, links);
                post(joined(api, &path)?.as_str(), &body, &headers)
            }
            Service::GitLab { api, token } => {
                let subject = subject(event)?;
                let url = joined(api, &subject.gitlab_path())?;
                let body = commit_status::gitlab(event, &subject, links);
                post(url.as_str(), &body, &[("private-token", token.reveal())])
            }
        }
    }

    /// What an answer means.
    pub fn verdict(&self, answer: &http::Response<Vec<u8>>, now_s: u64) -> Verdict {
        let taken = verdict::is_taken(answer.status());
        let says = self.says(answer);
        match &self.service {
            Service::Slack { .. } if taken => slack::verdict(answer.body(), &says),
            // GitLab has taken it before, and says so like this.
            Service::GitLab { .. } if says.contains("Cannot transition status") => Verdict::Sent,
            _ if taken => Verdict::Sent,
            _ => verdict::of_refusal(answer, &says, self.takes_repetitions(), now_s),
        }
    }

    /// What it means that there is no answer.
    pub fn verdict_without_answer(&self, why: &NoAnswer) -> Verdict {
        verdict::of_no_answer(why, self.takes_repetitions())
    }

    /// The service's word for why, from a JSON answer's `message` or `error`. A service may repeat what it was told, and our
    /// secrets are not for the log.
    fn says(&self, answer: &http::Response<Vec<u8>>) -> String {
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let word = ["message", "error"]
            .iter()
            .find_map(|name| match body.get(name) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Null) | None => None,
                Some(other) => Some(other.to_string()),
            });
        let mut word = word.unwrap_or_default();
        for secret in self.secrets() {
            word = word.replace(&secret, "…");
        }
        line(&word, 300)
    }

    /// What must not be shown; of a URL its parts too, the longest first.
    fn secrets(&self) -> Vec<String> {
        let secret = match &self.service {
            Service::Slack { token, .. }
            | Service::Discord { token, .. }
            | Service::GitHub { token, .. }
            | Service::GitLab { token, .. } => token,
            Service::SlackWebhook { url }
            | Service::DiscordWebhook { url }
            | Service::Teams { url }
            | Service::Webhook { url, .. } => url,
        };
        let mut secrets = vec![secret.reveal().to_owned()];
        if let Service::Webhook { key, .. } = &self.service {
            secrets.push(key.reveal());
        }
        if let Ok(url) = Url::parse(secret.reveal()) {
            secrets.push(url.path().to_owned());
            secrets.extend(url.path().split('/').map(str::to_owned));
            secrets.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        }
        // Shorter parts are words, such as `services`.
        secrets.retain(|secret| secret.len() > 8);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
    }
}

fn discord_body(event: &Event, message: &Message) -> Value {
    discord::body(message, event.kind == Kind::Sync)
}

fn subject(event: &Event) -> Result<Subject<'_>, String> {
    Subject::of(event).ok_or_else(|| "there is no source commit to set a status on".to_owned())
}

fn bearer(token: &Secret) -> String {
    format!("Bearer {}", token.reveal())
}

/// The base with more segments, each encoded, so that a name with a slash stays one segment.
fn joined(base: &Url, segments: &[&str]) -> Result<Url, String> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| "its API's URL cannot be used".to_owned())?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

fn post(
    url: &str,
    body: &Value,
    headers: &[(&str, &str)],
) -> Result<http::Request<Vec<u8>>, String> {
    let mut request = http::Request::post(url)
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        // GitHub answers nobody without one.
        .header(USER_AGENT, "wimble");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.to_string().into_bytes());
    // The error of a header or URL could hold what stands in it.
    request.map_err(|_| "its URL or token holds characters that no request can have".to_owned())
}
