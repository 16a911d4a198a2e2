//! What an operator sets about charts. Secrets stay in [`Credentials`], which no `Debug` shows.

use gitwire::Credentials;
use url::Url;

/// The variables that name the hosts that charts may come from, for messages.
pub(super) const HOST_VARIABLES: &str = "chart_host, chart_host_2 … chart_host_6";

/// The operator's settings about charts.
#[derive(Debug, Clone)]
pub struct ChartSettings {
    /// What proves who we are to hosts of charts.
    pub credentials: ChartCredentials,
    /// What proves who we are to the Git host, by its origin: for charts in Git alone. An entry in `credentials` goes first.
    pub git: Option<(String, Credentials)>,
    /// The most bytes of a packed chart, and of a chart's folder in Git as it travels.
    pub max_chart_bytes: usize,
    /// How long it is believed what chart a range, a branch or a tag stands for, in milliseconds.
    pub max_age_ms: u64,
    /// Whether registries on loopback addresses are asked over `http://`.
    pub loopback_http: bool,
    /// The most charts that are kept.
    pub max_kept_charts: usize,
    /// The most bytes of charts that are kept.
    pub max_kept_bytes: usize,
}

impl Default for ChartSettings {
    /// No credentials; 10 MiB a chart; five minutes; 500 charts in 128 MiB.
    fn default() -> Self {
        Self {
            credentials: ChartCredentials::default(),
            git: None,
            max_chart_bytes: 10 << 20,
            max_age_ms: 300_000,
            loopback_http: false,
            max_kept_charts: 500,
            max_kept_bytes: 128 << 20,
        }
    }
}

impl ChartSettings {
    /// With what proves who we are to the Git host at this address.
    #[must_use]
    pub fn with_git_host(mut self, address: &str, credentials: Credentials) -> Self {
        let origin = Url::parse(address).map(|url| url.origin().ascii_serialization());
        self.git = origin.ok().map(|origin| (origin, credentials));
        self
    }
}

/// Credentials by the origin that they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChartCredentials(Vec<HostCredentials>);

/// The credentials for one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCredentials {
    /// Scheme, host and port, such as `https://ghcr.io`.
    pub origin: String,
    /// What to send.
    pub credentials: Credentials,
    /// Another origin that may see them: the registry's token server, where it is a host of its own.
    pub realm: Option<String>,
}

/// The variable `chart_credentials` is not right. Holds nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidChartCredentials {
    /// More than 50 entries.
    #[error("it has more than 50 entries")]
    TooMany,
    /// An entry is not understood.
    #[error("entry {entry}: {problem}")]
    Entry {
        /// The place of the entry, from 1.
        entry: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

const ENTRIES: usize = 50;

impl ChartCredentials {
    /// Reads entries separated by `;`, each a query string: `host=` (a host name, or an origin such as `http://127.0.0.1:5000`),
    /// then either `username=` and `password=`, or `token=` for `Authorization: Bearer`; and `realm=` for the origin of the
    /// registry's token server, where that is another host.
    ///
    /// # Errors
    /// See [`InvalidChartCredentials`].
    pub fn parse(text: &str) -> Result<Self, InvalidChartCredentials> {
        let mut read: Vec<HostCredentials> = Vec::new();
        let entries = text.split(';').map(str::trim);
        for part in entries.filter(|part| !part.is_empty()) {
            let entry = read.len().saturating_add(1);
            if entry > ENTRIES {
                return Err(InvalidChartCredentials::TooMany);
            }
            let wrong = |problem| InvalidChartCredentials::Entry { entry, problem };
            let host = HostCredentials::parse(part).map_err(wrong)?;
            if read.iter().any(|known| known.origin == host.origin) {
                return Err(wrong("the host stands in another entry too"));
            }
            read.push(host);
        }
        Ok(Self(read))
    }

    /// The entry of an origin.
    pub(super) fn of(&self, origin: &str) -> Option<&HostCredentials> {
        self.0.iter().find(|entry| entry.origin == origin)
    }
}

impl HostCredentials {
    fn parse(part: &str) -> Result<Self, &'static str> {
        let [mut host, mut username, mut password, mut token, mut realm] =
            [const { None::<String> }; 5];
        for (name, value) in url::form_urlencoded::parse(part.as_bytes()) {
            let slot = match name.as_ref() {
                "host" => &mut host,
                "username" => &mut username,
                "password" => &mut password,
                "token" => &mut token,
                "realm" => &mut realm,
                _ => {
                    return Err(
                        "it has a field other than host, username, password, token and realm (write %26 for `&` and %3B for `;` in a password)",
                    );
                }
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err("a field stands twice");
            }
        }
        let credentials = match (username, password, token) {
            (Some(username), Some(password), None) => Credentials::Basic { username, password },
            (None, None, Some(token)) => Credentials::Bearer(token),
            _ => return Err("it needs username and password, or token alone"),
        };
        if credentials.header().is_err() {
            return Err("it has a character that no header can carry");
        }
        Ok(Self {
            origin: origin(&host.ok_or("it has no host")?)?,
            credentials,
            realm: realm.map(|realm| origin(&realm)).transpose()?,
        })
    }
}

/// The origin that a host name or an address stands for.
fn origin(text: &str) -> Result<String, &'static str> {
    const PROBLEM: &str = "a host is written as charts.example.org or https://charts.example.org";
    let text = text.trim();
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = Url::parse(&whole).map_err(|_| PROBLEM)?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none();
    if plain {
        Ok(url.origin().ascii_serialization())
    } else {
        Err(PROBLEM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_by_the_origin_they_are_for() {
        let text = "host=charts.example.org&username=ann&password=a%26b%3Bc;
                    host=http://127.0.0.1:5000&token=secret&realm=https://auth.example.org";
        let read = ChartCredentials::parse(text).unwrap();
        let basic = Credentials::Basic {
            username: "ann".to_owned(),
            password: "a&b;c".to_owned(),
        };
        assert_eq!(
            read.of("https://charts.example.org").unwrap().credentials,
            basic
        );
        assert_eq!(read.of("http://charts.example.org"), None);
        let registry = read.of("http://127.0.0.1:5000").unwrap();
        assert_eq!(registry.realm.as_deref(), Some("https://auth.example.org"));
        assert!(!format!("{read:?}").contains("secret"));
        assert_eq!(
            ChartCredentials::parse(" ; ").unwrap(),
            ChartCredentials::default()
        );
    }

    #[test]
    fn what_is_wrong_is_named_without_showing_it() {
        let cases = [
            ("username=a&password=hunter2", "no host"),
            ("host=a&password=hunter2", "username and password"),
            ("host=a&token=hunter2&username=x", "username and password"),
            ("host=a&token=hunter2&host=b", "twice"),
            ("host=a&token=hunter2;host=https://a&token=x", "entry 2"),
            ("host=a/path&token=hunter2", "written as"),
            ("host=ftp://a&token=hunter2", "written as"),
            ("host=a&token=hunter2%0Ax", "no header"),
            ("host=a&pass=hunter2", "a field other than"),
        ];
        for (text, expected) in cases {
            let error = ChartCredentials::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
