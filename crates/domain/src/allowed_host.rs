//! Variables that stand in `allowed_outbound_hosts`: whether Spin can read them. On Spin one that it cannot read closes every
//! host of the component, and a request learns no more than that it was denied.

use std::ops::RangeInclusive;

/// What is wrong with a host that a component is to reach, such as `https://github.com`; none where Spin reads it as what it
/// says. The rules are those of `AllowedHostConfig::parse` in Spin (`crates/outbound-networking-config/src/allowed_hosts.rs`),
/// narrowed to HTTP, and to lower case: Spin compares with the host of a parsed URL, which is.
pub fn allowed_host_fault(text: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = text.trim().split_once("://") else {
        return Some("must be a scheme and a host, such as https://github.com");
    };
    if !matches!(scheme, "http" | "https" | "*") {
        return Some("must begin with https:// or http://");
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#', '@']) {
        return Some("must be a scheme and a host, without a path and without a user name");
    }
    let (host, port) = rest.rsplit_once(':').unwrap_or((rest, ""));
    host_fault(host).or_else(|| port_fault(port, scheme))
}

fn host_fault(host: &str) -> Option<&'static str> {
    let name = match host.strip_prefix("*.") {
        Some(domain) => domain,
        None if host == "*" => return None,
        None => host,
    };
    // An address of IPv6 stands in brackets.
    let address = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let text = address.unwrap_or(name);
    if text.is_empty() {
        return Some("must name a host");
    }
    if name.contains('*') {
        return Some(
            "may have a '*' only for the whole host or its subdomains, as in https://*.example.org",
        );
    }
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_')
    };
    let fits = match address {
        Some(address) => address.bytes().all(|byte| plain(byte) || byte == b':'),
        None => name.bytes().all(plain),
    };
    (!fits).then_some("must name the host in lower case, as URLs are compared")
}

fn port_fault(port: &str, scheme: &str) -> Option<&'static str> {
    const PORTS: RangeInclusive<u16> = 1..=u16::MAX;
    let number = |text: &str| text.parse().is_ok_and(|port| PORTS.contains(&port));
    let fits = match port.split_once("..") {
        _ if port.is_empty() => scheme != "*",
        _ if port == "*" => true,
        Some((start, end)) => number(start) && number(end),
        None => number(port),
    };
    (!fits).then_some("must have a port from 1 to 65535 after its last ':'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spin_reads_as_it_is_meant_has_no_fault() {
        for host in [
            "https://github.com",
            " https://github.com/ ",
            "https://github.com:8443",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "http://127.0.0.1:*",
            "http://localhost:3000..3010",
            "https://*.example.org",
            "https://*",
            "*://git.example.org:8443",
            "https://charts.invalid",
        ] {
            assert_eq!(allowed_host_fault(host), None, "{host}");
        }
    }

    #[test]
    fn what_closes_every_host_on_spin_or_matches_nothing_is_a_fault() {
        for host in [
            "",
            " ",
            "*",
            "github.com",
            "https://",
            "https:///",
            "https://:443",
            "ftp://example.org",
            "https://example.org/charts",
            "https://example.org//",
            "https://example.org?a=b",
            "https://me@example.org",
            "https://a.*.org",
            "https://*a.org",
            "https://*.",
            "https://GitHub.com",
            "https://example.org:https",
            "https://example.org:0",
            "https://example.org:65536",
            "*://example.org",
            "http://::1",
        ] {
            assert!(allowed_host_fault(host).is_some(), "{host}");
        }
    }
}
