//! `netip.ParseAddr`, of which a URL's host in brackets must be an IPv6 address: only whether it is one, and Go's reason where it is not.

use super::quoted;

/// The fields of an IPv6 address, and how many of them an IPv4 address at its end takes.
const FIELDS: usize = 8;
const OF_IPV4: usize = 2;

/// Why an address was refused, and the rest of it from there on.
struct Refusal<'a> {
    reason: &'static str,
    at: &'a [u8],
}

fn refuse<'a, T>(reason: &'static str, at: &'a [u8]) -> Result<T, Refusal<'a>> {
    Err(Refusal { reason, at })
}

/// Checks the address in a host's brackets.
///
/// # Errors
/// Go's message.
pub(super) fn check(text: &[u8]) -> Result<(), String> {
    let checked = match text.iter().find(|byte| b".:%".contains(byte)) {
        Some(b'.') => ipv4(text).and_then(|()| refuse("", b"")),
        Some(b':') => ipv6(text),
        Some(_) => refuse("missing IPv6 address", b""),
        None => refuse("unable to parse IP", b""),
    };
    checked.map_err(|Refusal { reason, at }| match (reason, at) {
        // A good address, but of the wrong family.
        ("", _) => "invalid IP-literal".to_owned(),
        (_, []) => format!("invalid host: ParseAddr({}): {reason}", quoted(text)),
        _ => format!(
            "invalid host: ParseAddr({}): {reason} (at {})",
            quoted(text),
            quoted(at)
        ),
    })
}

fn ipv4(text: &[u8]) -> Result<(), Refusal<'_>> {
    let (mut value, mut digits, mut dots) = (0u32, 0, 0);
    for (at, byte) in text.iter().enumerate() {
        let rest = text.get(at..).unwrap_or_default();
        match byte {
            b'0'..=b'9' if digits == 1 && value == 0 => {
                return refuse("IPv4 field has octet with leading zero", b"");
            }
            b'0'..=b'9' => {
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
                if value > 255 {
                    return refuse("IPv4 field has value >255", b"");
                }
            }
            b'.' if digits == 0 || rest.len() == 1 => {
                return refuse("IPv4 field must have at least one digit", rest);
            }
            b'.' if dots == 3 => return refuse("IPv4 address too long", b""),
            b'.' => {
                dots += 1;
                (value, digits) = (0, 0);
            }
            _ => return refuse("unexpected character", rest),
        }
    }
    if dots < 3 {
        return refuse("IPv4 address too short", b"");
    }
    Ok(())
}

fn ipv6(text: &[u8]) -> Result<(), Refusal<'_>> {
    let (mut rest, zone) = super::cut(text, b'%');
    if zone.is_some_and(<[u8]>::is_empty) {
        return refuse("zone must be a non-empty string", b"");
    }
    let mut ellipsis = false;
    if let Some(after) = rest.strip_prefix(b"::") {
        ellipsis = true;
        rest = after;
        if rest.is_empty() {
            return Ok(());
        }
    }
    let mut fields = 0;
    while fields < FIELDS {
        let after = field(rest)?;
        if after.starts_with(b".") {
            check_place(rest, fields, ellipsis)?;
            ipv4(rest)?;
            fields += OF_IPV4;
            rest = b"";
            break;
        }
        fields += 1;
        rest = match after {
            [] => {
                rest = b"";
                break;
            }
            [b':'] => return refuse("colon must be followed by more characters", after),
            [b':', next @ ..] => next,
            _ => return refuse("unexpected character, want colon", after),
        };
        if let Some(after) = rest.strip_prefix(b":") {
            if ellipsis {
                return refuse("multiple :: in address", rest);
            }
            ellipsis = true;
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
    }
    match (rest, fields) {
        ([_, ..], _) => refuse("trailing garbage after address", rest),
        (_, ..FIELDS) if !ellipsis => refuse("address string too short", b""),
        (_, FIELDS..) if ellipsis => {
            refuse("the :: must expand to at least one field of zeros", b"")
        }
        _ => Ok(()),
    }
}

// One field of hexadecimal digits: what follows it.
fn field(text: &[u8]) -> Result<&[u8], Refusal<'_>> {
    let digits = text
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    match digits {
        0 => refuse(
            "each colon-separated field must have at least one digit",
            text,
        ),
        1..=4 => Ok(text.get(digits..).unwrap_or_default()),
        _ => refuse("each group must have 4 or less digits", text),
    }
}

// Whether an IPv4 address may stand after so many fields.
fn check_place(text: &[u8], fields: usize, ellipsis: bool) -> Result<(), Refusal<'_>> {
    const BEFORE: usize = FIELDS - OF_IPV4;
    if !ellipsis && fields != BEFORE {
        refuse(
            "embedded IPv4 address must replace the final 2 fields of the address",
            text,
        )
    } else if fields > BEFORE {
        refuse(
            "too many hex fields to fit an embedded IPv4 at the end of the address",
            text,
        )
    } else {
        Ok(())
    }
}
