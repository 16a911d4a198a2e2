//! Go's `net/url` as far as Sprig uses it: parsing into parts, and joining parts. Texts are bytes; nothing is looked up.

mod address;
mod escape;

use self::escape::{Mode, escape, unescape, valid};
use crate::strconv;

/// The parts of a URL, unescaped as Go keeps them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: Vec<u8>,
    pub(super) opaque: Vec<u8>,
    pub(super) user: Option<User>,
    pub(super) host: Vec<u8>,
    pub(super) path: Vec<u8>,
    pub(super) query: Vec<u8>,
    pub(super) fragment: Vec<u8>,
}

/// Name and password; the password may be absent, or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

fn quoted(text: &[u8]) -> String {
    String::from_utf8_lossy(&strconv::quote(text)).into_owned()
}

fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(at, text) {
        Some(index) => (text.get(..index).unwrap_or_default(), text.get(index + 1..)),
        None => (text, None),
    }
}

impl Url {
    /// `url.Parse`.
    ///
    /// # Errors
    /// Go's message.
    pub(super) fn parse(text: &[u8]) -> Result<Url, String> {
        let (before, fragment) = cut(text, b'#');
        let mut url =
            parse(before).map_err(|error| format!("parse {}: {error}", quoted(before)))?;
        if let Some(fragment) = fragment {
            url.fragment = unescape(fragment, Mode::Fragment)
                .map_err(|error| format!("parse {}: {error}", quoted(text)))?;
        }
        Ok(url)
    }

    /// `URL.Hostname`: the host without port and brackets.
    pub(super) fn hostname(&self) -> &[u8] {
        let host = self.host.as_slice();
        let end = match memchr::memrchr(b':', host) {
            Some(colon) if is_port(host.get(colon..).unwrap_or_default()) => colon,
            _ => host.len(),
        };
        let host = host.get(..end).unwrap_or_default();
        host.strip_prefix(b"[")
            .and_then(|host| host.strip_suffix(b"]"))
            .unwrap_or(host)
    }

    /// `URL.String`.
    pub(super) fn join(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if !self.opaque.is_empty() {
            out.extend_from_slice(&self.opaque);
        } else {
            let authority = !self.host.is_empty() || self.user.is_some();
            if authority || !self.scheme.is_empty() && !self.path.is_empty() {
                out.extend_from_slice(b"//");
            }
            if let Some(user) = &self.user {
                out.extend_from_slice(&user.text());
                out.push(b'@');
            }
            out.extend_from_slice(&escape(&self.host, Mode::Host));
            let path = if self.path == b"*" {
                self.path.clone()
            } else {
                escape(&self.path, Mode::Path)
            };
            if !path.is_empty() && !path.starts_with(b"/") && !self.host.is_empty() {
                out.push(b'/');
            }
            if out.is_empty() && memchr::memchr(b':', cut(&path, b'/').0).is_some() {
                out.extend_from_slice(b"./");
            }
            out.extend_from_slice(&path);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend_from_slice(&escape(&self.fragment, Mode::Fragment));
        }
        out
    }
}

impl User {
    /// `Userinfo.String`.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut out = escape(&self.name, Mode::UserPassword);
        if let Some(password) = &self.password {
            out.push(b':');
            out.extend_from_slice(&escape(password, Mode::UserPassword));
        }
        out
    }

    fn parse(text: &[u8]) -> Result<User, String> {
        if !valid(text) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let (name, password) = cut(text, b':');
        let name = unescape(name, Mode::UserPassword)?;
        let password = password
            .map(|password| unescape(password, Mode::UserPassword))
            .transpose()?;
        Ok(User { name, password })
    }
}

fn parse(text: &[u8]) -> Result<Url, String> {
    if text.iter().any(|byte| *byte < b' ' || *byte == 0x7F) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let mut url = Url::default();
    if text == b"*" {
        url.path = text.to_vec();
        return Ok(url);
    }
    let (scheme, rest) = scheme(text)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (rest, query) = cut(rest, b'?');
    url.query = query.unwrap_or_default().to_vec();
    let mut path = rest;
    if !rest.starts_with(b"/") {
        if !scheme.is_empty() {
            url.opaque = rest.to_vec();
            return Ok(url);
        }
        if memchr::memchr(b':', cut(rest, b'/').0).is_some() {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    if rest.starts_with(b"//") && (!scheme.is_empty() || !rest.starts_with(b"///")) {
        let authority = rest.get(2..).unwrap_or_default();
        let end = memchr::memchr(b'/', authority).unwrap_or(authority.len());
        let (authority, after) = authority.split_at_checked(end).unwrap_or((authority, &[]));
        path = after;
        let (user, host) = match memchr::memrchr(b'@', authority) {
            Some(at) => (
                authority.get(..at),
                authority.get(at + 1..).unwrap_or_default(),
            ),
            None => (None, authority),
        };
        url.host = host_of(&url.scheme, host)?;
        url.user = user.map(User::parse).transpose()?;
    }
    url.path = unescape(path, Mode::Path)?;
    Ok(url)
}

fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => {
                return Ok((
                    text.get(..at).unwrap_or_default(),
                    text.get(at + 1..).unwrap_or_default(),
                ));
            }
            _ => break,
        }
    }
    Ok((&[], text))
}

fn is_port(text: &[u8]) -> bool {
    text.strip_prefix(b":")
        .map_or(text.is_empty(), |port| port.iter().all(u8::is_ascii_digit))
}

fn check_port(text: &[u8]) -> Result<(), String> {
    if is_port(text) {
        Ok(())
    } else {
        Err(format!("invalid port {} after host", quoted(text)))
    }
}

fn host_of(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, String> {
    match memchr::memrchr(b'[', host) {
        Some(0) => return bracketed(host),
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    if let Some(first) = memchr::memchr(b':', host) {
        // Other schemes may name several hosts, each with a port.
        let strict = matches!(scheme, b"http" | b"https");
        let colon = if strict {
            first
        } else {
            memchr::memrchr(b':', host).unwrap_or(first)
        };
        check_port(host.get(colon..).unwrap_or_default())?;
    }
    unescape(host, Mode::Host)
}

fn bracketed(host: &[u8]) -> Result<Vec<u8>, String> {
    let close = memchr::memrchr(b']', host).ok_or("missing ']' in host")?;
    let port = host.get(close + 1..).unwrap_or_default();
    check_port(port)?;
    let port = unescape(port, Mode::Host)?;
    let name = host.get(1..close).unwrap_or_default();
    let address = match memchr::memmem::find(name, b"%25") {
        Some(zone) => {
            let (address, zone) = name.split_at_checked(zone).unwrap_or((name, &[]));
            [unescape(address, Mode::Host)?, unescape(zone, Mode::Zone)?].concat()
        }
        None => unescape(name, Mode::Host)?,
    };
    address::check(&address)?;
    Ok([b"[", address.as_slice(), b"]", port.as_slice()].concat())
}
