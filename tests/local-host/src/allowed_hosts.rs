//! `allowed_outbound_hosts`: which URLs a component may reach, by Spin's rules
//! (`crates/outbound-networking-config/src/allowed_hosts.rs` there). A pure decision; it resolves no names.
//!
//! Not supported, and refused when the application is loaded: network ranges (`10.0.0.0/8`) and `self`.

use anyhow::{Context, Result, bail, ensure};
use url::Url;

/// The domain under which components reach one another: `http://<component>.spin.internal`.
const CHAINING_SUFFIX: &str = ".spin.internal";

/// One entry: `<scheme>://<host>[:<port>]`, each of which may be `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AllowedHost {
    /// `None` is any scheme.
    scheme: Option<String>,
    host: Host,
    port: Port,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    /// `.example.com`, written `*.example.com`.
    SubdomainOf(String),
    Exactly(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Port {
    Any,
    /// Half-open: 80..81 is port 80.
    Within(std::ops::Range<u32>),
}

impl AllowedHost {
    /// Parses one entry, its templates already resolved.
    pub(crate) fn parse(entry: &str) -> Result<Self> {
        let entry = entry.trim();
        let (scheme, rest) = entry.split_once("://").with_context(|| {
            format!("{entry:?} does not contain a scheme (e.g., 'http://' or '*://')")
        })?;
        ensure!(
            scheme == "*" || scheme.chars().all(char::is_alphabetic),
            "the scheme of {entry:?} must be letters, or '*'"
        );
        let (host, port) = rest
            .trim_end_matches('/')
            .rsplit_once(':')
            .unwrap_or((rest.trim_end_matches('/'), ""));
        Ok(Self {
            scheme: (scheme != "*").then(|| scheme.to_owned()),
            host: Host::parse(host).with_context(|| format!("in {entry:?}"))?,
            port: Port::parse(port, scheme).with_context(|| format!("in {entry:?}"))?,
        })
    }

    /// Whether this entry covers `url`.
    pub(crate) fn allows(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else {
            return false;
        };
        let scheme = self
            .scheme
            .as_deref()
            .is_none_or(|scheme| scheme == url.scheme());
        let host = match &self.host {
            Host::Any => true,
            Host::SubdomainOf(suffix) => host.ends_with(suffix),
            Host::Exactly(name) => name == host,
        };
        let port = match &self.port {
            Port::Any => true,
            Port::Within(range) => url
                .port_or_known_default()
                .is_some_and(|port| range.contains(&u32::from(port))),
        };
        scheme && host && port
    }
}

impl Host {
    fn parse(host: &str) -> Result<Self> {
        if host == "*" {
            return Ok(Self::Any);
        }
        ensure!(!host.is_empty(), "the host is empty");
        if host == "self" || host == "self.alt" || host.contains('/') {
            bail!("the local host knows neither `self`, nor paths, nor network ranges");
        }
        match host.strip_prefix("*.") {
            Some(domain) if !domain.contains('*') => Ok(Self::SubdomainOf(format!(".{domain}"))),
            None if !host.contains('*') => Ok(Self::Exactly(host.to_owned())),
            _ => bail!("wildcards are allowed only as subdomains"),
        }
    }
}

impl Port {
    fn parse(port: &str, scheme: &str) -> Result<Self> {
        if port == "*" {
            return Ok(Self::Any);
        }
        let number = |text: &str| {
            text.parse::<u16>()
                .with_context(|| format!("the port {text:?} is not a number"))
        };
        let range = match port.split_once("..") {
            Some((start, end)) => u32::from(number(start)?)..u32::from(number(end)?),
            None => {
                let port = match (port, scheme) {
                    ("", "http") => 80,
                    ("", "https") => 443,
                    ("", _) => {
                        bail!("no port was given and the scheme {scheme:?} has no default port")
                    }
                    (port, _) => number(port)?,
                };
                u32::from(port)..u32::from(port) + 1
            }
        };
        Ok(Self::Within(range))
    }
}

/// The component that a service-chaining URL (`http://<component>.spin.internal/…`) names.
pub(crate) fn chained_component(uri: &http::Uri) -> Option<&str> {
    uri.host()?
        .strip_suffix(CHAINING_SUFFIX)
        .filter(|component| !component.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entry, URL, whether the one covers the other.
    const CASES: &[(&str, &str, bool)] = &[
        ("https://example.com", "https://example.com/a?b", true),
        ("https://example.com", "https://example.com:443/", true),
        ("https://example.com", "https://example.com:8443/", false),
        ("https://example.com", "http://example.com/", false),
        (
            "https://example.com",
            "https://example.com.evil.org/",
            false,
        ),
        (
            "https://example.com:8443",
            "https://example.com:8443/",
            true,
        ),
        ("http://127.0.0.1:*", "http://127.0.0.1:3000/", true),
        ("http://127.0.0.1:*", "http://127.0.0.2:3000/", false),
        ("https://*.example.com", "https://git.example.com/", true),
        ("https://*.example.com", "https://example.com/", false),
        ("https://*.example.com", "https://badexample.com/", false),
        ("*://*:*", "http://anything:1/", true),
        (
            "http://localhost:3000..3002",
            "http://localhost:3001/",
            true,
        ),
        (
            "http://localhost:3000..3002",
            "http://localhost:3002/",
            false,
        ),
        (
            "http://*.spin.internal",
            "http://artifact-query.spin.internal/x",
            true,
        ),
        ("http://[::1]:8080/", "http://[::1]:8080/", true),
        // What stands for no host in the application's manifest.
        (
            "https://charts.invalid",
            "https://charts.example.org/index.yaml",
            false,
        ),
    ];

    #[test]
    fn an_entry_covers_what_it_says() {
        for (entry, url, expected) in CASES {
            let entry_parsed = AllowedHost::parse(entry).unwrap();
            assert_eq!(
                entry_parsed.allows(&Url::parse(url).unwrap()),
                *expected,
                "{entry} against {url}"
            );
        }
    }

    #[test]
    fn what_spin_refuses_is_refused() {
        for entry in [
            "",
            "*",
            "example.com",
            "ftp://example.com",
            "https://a.*.com",
            "https://*a.com",
            "http://a:b",
            "1s://a",
        ] {
            assert!(AllowedHost::parse(entry).is_err(), "{entry}");
        }
    }

    #[test]
    fn a_chained_host_names_its_component() {
        let component = |uri: &str| chained_component(&uri.parse().unwrap()).map(ToOwned::to_owned);
        assert_eq!(
            component("http://artifact-query.spin.internal/a").as_deref(),
            Some("artifact-query")
        );
        assert_eq!(component("http://a.b.spin.internal/a"), None);
        assert_eq!(component("http://spin.internal/a"), None);
    }
}
