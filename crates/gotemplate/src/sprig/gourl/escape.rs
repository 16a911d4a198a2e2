//! Percent-encoding by part of a URL, with Go's tables.

use super::quoted;

/// The part that is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Path,
    Host,
    Zone,
    UserPassword,
    Fragment,
}

// Bytes that stand for themselves beside letters, digits and -_.~
fn plain(mode: Mode) -> &'static [u8] {
    match mode {
        Mode::Path => b"$&+,/:;=@",
        Mode::Host | Mode::Zone => b"!$&'()*+,;=:[]<>\"",
        Mode::UserPassword => b"$&+,;=",
        Mode::Fragment => b"$&+,/:;=?@!()*",
    }
}

fn must_escape(byte: u8, mode: Mode) -> bool {
    !(byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || plain(mode).contains(&byte))
}

/// `url.escape`.
pub(super) fn escape(text: &[u8], mode: Mode) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if must_escape(*byte, mode) {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            out.push(*byte);
        }
    }
    out
}

/// `url.unescape`.
///
/// # Errors
/// Go's message.
pub(super) fn unescape(text: &[u8], mode: Mode) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        if *byte != b'%' {
            if matches!(mode, Mode::Host | Mode::Zone)
                && byte.is_ascii()
                && must_escape(*byte, mode)
            {
                return Err(format!(
                    "invalid character {} in host name",
                    quoted(&[*byte])
                ));
            }
            out.push(*byte);
            rest = after;
            continue;
        }
        let written = rest.get(..rest.len().min(3)).unwrap_or_default();
        let wrong = || format!("invalid URL escape {}", quoted(written));
        let digit = |at: usize| {
            written
                .get(at)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        let (high, low) = digit(1).zip(digit(2)).ok_or_else(wrong)?;
        let decoded = (high << 4 | low) as u8;
        // In hosts only what is not ASCII is escaped, and a percent sign before a zone.
        let refused = match mode {
            Mode::Host => high < 8 && written != b"%25",
            Mode::Zone => written != b"%25" && decoded != b' ' && must_escape(decoded, Mode::Host),
            _ => false,
        };
        if refused {
            return Err(wrong());
        }
        out.push(decoded);
        rest = rest.get(3..).unwrap_or_default();
    }
    Ok(out)
}

/// `validUserinfo`.
pub(super) fn valid(userinfo: &[u8]) -> bool {
    userinfo
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte))
}
