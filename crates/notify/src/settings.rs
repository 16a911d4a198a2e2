//! The variables that say where events are told. No error repeats what stands in a secret variable, lest a token put in the
//! wrong place ends in a log.

use std::collections::BTreeMap;

use domain::Glob;
use url::Url;

use crate::chat::Channels;
use crate::destination::{Destination, Service};
use crate::secret::Secret;
use crate::webhook::WebhookKey;

/// Entries that are sensible: all are told at the same time.
const ENTRIES: usize = 20;
const SLACK: &str = "https://slack.com/api";
const DISCORD: &str = "https://discord.com/api/v10";
const KEYS: [&str; 12] = [
    "to", "name", "token", "channel", "mapping", "url", "secret", "api", "env", "app", "only",
    "progress",
];

/// Every place where events are told.
#[derive(Debug, Clone, Default)]
pub struct Destinations(Vec<Destination>);

/// Why a variable is refused; [`InvalidDestinations::variable`] names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDestinations {
    /// A pair of the channel mapping has no `=`.
    #[error("has '{0}', which is no pair of environment=channel")]
    Mapping(String),
    /// Neither of GimletD's providers.
    #[error("must be slack or discord; the variable notifications knows more services")]
    Provider,
    /// A provider without a token.
    #[error("is not set: notifications_provider needs it")]
    NoToken,
    /// A provider without any channel.
    #[error(
        "is not set, nor is notifications_channel_mapping: notifications_provider needs one of them"
    )]
    NoChannel,
    /// Too many entries.
    #[error("has more than 20 entries")]
    TooMany,
    /// A key that has no meaning.
    #[error(
        "is not right, entry {0}: only to, name, token, channel, mapping, url, secret, api, env, app, only and progress have a meaning"
    )]
    UnknownKey(usize),
    /// Unknown service.
    #[error(
        "is not right, entry {0}: 'to' must be slack, discord, teams, webhook, github or gitlab"
    )]
    To(usize),
    /// A value is missing, stands twice, or has no place in this entry.
    #[error("is not right, entry {0}: '{1}' {2}")]
    Value(usize, &'static str, &'static str),
    /// Two destinations of one name.
    #[error(
        "is not right: two destinations are called '{0}': give each a name of its own (name=…)"
    )]
    SameName(String),
}

impl InvalidDestinations {
    /// The variable that is wrong.
    pub fn variable(&self) -> &'static str {
        match self {
            Self::Mapping(_) => "notifications_channel_mapping",
            Self::Provider => "notifications_provider",
            Self::NoToken => "notifications_token",
            Self::NoChannel => "notifications_default_channel",
            Self::TooMany
            | Self::UnknownKey(_)
            | Self::To(_)
            | Self::Value(..)
            | Self::SameName(_) => "notifications",
        }
    }
}

/// GimletD's variables, for one chat.
#[derive(Debug, Default, Clone, Copy)]
pub struct Gimletd<'a> {
    /// `notifications_provider`: `slack` or `discord`; empty for none.
    pub provider: &'a str,
    /// `notifications_token`.
    pub token: &'a str,
    /// `notifications_default_channel`.
    pub default_channel: &'a str,
    /// `notifications_channel_mapping`: `env=channel,env2=channel2`.
    pub channel_mapping: &'a str,
}

impl Destinations {
    /// Reads the variable `notifications` and GimletD's. `git_host` says where GitHub's and GitLab's API are.
    ///
    /// # Errors
    /// [`InvalidDestinations`] names the entry and the key.
    pub fn parse(
        text: &str,
        gimletd: &Gimletd<'_>,
        git_host: &str,
    ) -> Result<Self, InvalidDestinations> {
        let mut all = Vec::new();
        if let Some(chat) = of_gimletd(gimletd)? {
            all.push(chat);
        }
        let entries = text
            .split(';')
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        for (entry, number) in entries.zip(1..) {
            if number > ENTRIES {
                return Err(InvalidDestinations::TooMany);
            }
            all.push(Entry::read(entry, number)?.destination(git_host)?);
        }
        for (index, one) in all.iter().enumerate() {
            if all.iter().take(index).any(|other| other.name == one.name) {
                return Err(InvalidDestinations::SameName(one.name.clone()));
            }
        }
        Ok(Self(all))
    }

    /// All of them.
    pub fn all(&self) -> &[Destination] {
        &self.0
    }

    /// The one of this name.
    pub fn named(&self, name: &str) -> Option<&Destination> {
        self.0.iter().find(|one| one.name == name)
    }
}

fn of_gimletd(variables: &Gimletd<'_>) -> Result<Option<Destination>, InvalidDestinations> {
    if variables.provider.is_empty() {
        return Ok(None);
    }
    let mapping = variables.channel_mapping;
    let by_env =
        channel_mapping(mapping).map_err(|pair| InvalidDestinations::Mapping(shown(pair)))?;
    let channels = Channels {
        default: Some(variables.default_channel)
            .filter(|channel| !channel.is_empty())
            .map(str::to_owned),
        by_env,
    };
    let token = Secret::new(variables.token);
    let service = match variables.provider {
        "slack" => Service::Slack {
            api: fixed(SLACK, InvalidDestinations::Provider)?,
            token,
            channels,
        },
        "discord" => Service::Discord {
            api: fixed(DISCORD, InvalidDestinations::Provider)?,
            token,
            channels,
        },
        _ => return Err(InvalidDestinations::Provider),
    };
    if variables.token.is_empty() {
        return Err(InvalidDestinations::NoToken);
    }
    if variables.default_channel.is_empty() && mapping.trim().is_empty() {
        return Err(InvalidDestinations::NoChannel);
    }
    Ok(Some(Destination {
        name: variables.provider.to_owned(),
        service,
        envs: Vec::new(),
        apps: Vec::new(),
        only_failures: false,
        progress: false,
    }))
}

fn fixed(url: &str, error: InvalidDestinations) -> Result<Url, InvalidDestinations> {
    Url::parse(url).map_err(|_| error)
}

/// `env=channel,env2=channel2`.
///
/// # Errors
/// The pair that is none.
fn channel_mapping(text: &str) -> Result<BTreeMap<String, String>, &str> {
    let pairs = text
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| match pair.split_once('=') {
            Some((env, channel)) if !env.trim().is_empty() && !channel.trim().is_empty() => {
                Ok((env.trim().to_owned(), channel.trim().to_owned()))
            }
            _ => Err(pair),
        })
        .collect()
}

fn shown(text: &str) -> String {
    crate::text::line(text, 60)
}

/// One entry of `notifications`: a query string.
struct Entry {
    number: usize,
    pairs: Vec<(String, String)>,
}

impl Entry {
    fn read(text: &str, number: usize) -> Result<Self, InvalidDestinations> {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .collect();
        if pairs.iter().any(|(key, _)| !KEYS.contains(&key.as_str())) {
            return Err(InvalidDestinations::UnknownKey(number));
        }
        Ok(Self { number, pairs })
    }

    fn all(&self, key: &str) -> Vec<&str> {
        let of_key = self.pairs.iter().filter(|(name, _)| name == key);
        of_key.map(|(_, value)| value.trim()).collect()
    }

    fn wrong(&self, key: &'static str, problem: &'static str) -> InvalidDestinations {
        InvalidDestinations::Value(self.number, key, problem)
    }

    fn optional(&self, key: &'static str) -> Result<Option<&str>, InvalidDestinations> {
        match self.all(key).as_slice() {
            [] => Ok(None),
            [""] => Err(self.wrong(key, "is empty")),
            [value] => Ok(Some(value)),
            _ => Err(self.wrong(key, "stands twice")),
        }
    }

    fn mandatory(&self, key: &'static str) -> Result<&str, InvalidDestinations> {
        self.optional(key)?
            .ok_or_else(|| self.wrong(key, "is missing"))
    }

    fn url(&self, key: &'static str, default: Option<&str>) -> Result<Url, InvalidDestinations> {
        let text = self
            .optional(key)?
            .or(default)
            .ok_or_else(|| self.wrong(key, "is missing"))?;
        let url = Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.fragment().is_none()
        });
        url.ok_or_else(|| self.wrong(key, "must be a http or https URL"))
    }

    fn secret_url(&self) -> Result<Secret, InvalidDestinations> {
        Ok(Secret::new(self.url("url", None)?))
    }

    fn token(&self) -> Result<Secret, InvalidDestinations> {
        Ok(Secret::new(self.mandatory("token")?))
    }

    fn globs(&self, key: &'static str) -> Result<Vec<Glob>, InvalidDestinations> {
        let globs = self.all(key).into_iter().map(Glob::new);
        let globs: Result<Vec<Glob>, _> = globs.collect();
        globs.map_err(|_| self.wrong(key, "is neither a name nor a glob"))
    }

    fn channels(&self) -> Result<Channels, InvalidDestinations> {
        let mapping = self.optional("mapping")?.unwrap_or_default();
        let by_env = channel_mapping(mapping)
            .map_err(|_| self.wrong("mapping", "has a pair that is not environment=channel"))?;
        let default = self.optional("channel")?.map(str::to_owned);
        if default.is_none() && by_env.is_empty() {
            return Err(self.wrong("channel", "is missing, and there is no mapping"));
        }
        Ok(Channels { default, by_env })
    }

    fn destination(&self, git_host: &str) -> Result<Destination, InvalidDestinations> {
        let to = self.mandatory("to")?;
        let by_url = self.optional("url")?.is_some();
        let service = match to {
            "slack" if by_url => Service::SlackWebhook {
                url: self.secret_url()?,
            },
            "slack" => Service::Slack {
                api: self.url("api", Some(SLACK))?,
                token: self.token()?,
                channels: self.channels()?,
            },
            "discord" if by_url => Service::DiscordWebhook {
                url: self.secret_url()?,
            },
            "discord" => Service::Discord {
                api: self.url("api", Some(DISCORD))?,
                token: self.token()?,
                channels: self.channels()?,
            },
            "teams" => Service::Teams {
                url: self.secret_url()?,
            },
            "webhook" => Service::Webhook {
                url: self.secret_url()?,
                key: WebhookKey::parse(self.mandatory("secret")?).ok_or_else(|| {
                    self.wrong(
                        "secret",
                        "must be whsec_ and 24 to 64 bytes in base64 ('+' written as %2B)",
                    )
                })?,
            },
            "github" => Service::GitHub {
                api: self.url("api", Some(&github_api(git_host)))?,
                token: self.token()?,
            },
            "gitlab" => Service::GitLab {
                api: self.url(
                    "api",
                    Some(&format!("{}/api/v4", git_host.trim_end_matches('/'))),
                )?,
                token: self.token()?,
            },
            _ => return Err(InvalidDestinations::To(self.number)),
        };
        self.refuse_strays(to, by_url)?;
        let flag = |key: &'static str, yes: &str, problem: &'static str| match self.optional(key)? {
            None => Ok(false),
            Some(value) if value == yes => Ok(true),
            Some(_) => Err(self.wrong(key, problem)),
        };
        Ok(Destination {
            name: self.name(to)?,
            service,
            envs: self.globs("env")?,
            apps: self.globs("app")?,
            only_failures: flag("only", "failures", "must be failures, or be left out")?,
            progress: flag("progress", "true", "must be true, or be left out")?,
        })
    }

    /// What this service has no use for was meant for something else.
    fn refuse_strays(&self, to: &str, by_url: bool) -> Result<(), InvalidDestinations> {
        let used: &[&str] = match to {
            "slack" | "discord" if by_url => &["url"],
            "slack" | "discord" => &["token", "channel", "mapping", "api"],
            "teams" => &["url"],
            "webhook" => &["url", "secret"],
            _ => &["token", "api"],
        };
        for key in ["token", "channel", "mapping", "url", "secret", "api"] {
            if !used.contains(&key) && !self.all(key).is_empty() {
                return Err(self.wrong(key, "has no meaning for this destination"));
            }
        }
        Ok(())
    }

    fn name(&self, to: &str) -> Result<String, InvalidDestinations> {
        let name = self.optional("name")?.unwrap_or(to);
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        match name.len() <= 60 && name.chars().all(is_word) {
            true => Ok(name.to_owned()),
            false => Err(self.wrong(
                "name",
                "must be 60 letters, digits, '-', '_' or '.' at most",
            )),
        }
    }
}

/// github.com has its API on a host of its own, GitHub Enterprise Server below its own.
fn github_api(git_host: &str) -> String {
    match git_host.trim_end_matches('/') {
        "https://github.com" | "" => "https://api.github.com".to_owned(),
        host => format!("{host}/api/v3"),
    }
}
