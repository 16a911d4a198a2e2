//! `html`, `js` and `urlquery`.

use crate::context::Context;
use crate::error::FuncError;
use crate::gofmt;
use crate::unicode::{decode_rune, is_print};
use crate::value::Value;

/// The arguments as one text: a string alone is itself, anything else is printed as by `print`.
fn text(context: &mut Context<'_>, args: &[Value]) -> Result<Vec<u8>, FuncError> {
    if let [Value::Str(text)] = args {
        return Ok(text.as_bytes().to_vec());
    }
    gofmt::sprint_dereferenced(context, args)
}

/// `template.HTMLEscaper`.
pub(super) fn html(context: &mut Context<'_>, args: &[Value]) -> Result<Vec<u8>, FuncError> {
    let text = text(context, args)?;
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend_from_slice("\u{FFFD}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            other => out.push(other),
        }
    }
    Ok(out)
}

/// `template.JSEscaper`.
pub(super) fn js(context: &mut Context<'_>, args: &[Value]) -> Result<Vec<u8>, FuncError> {
    let text = text(context, args)?;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_slice();
    loop {
        let (rune, width) = decode_rune(rest);
        let Some((head, tail)) = rest.split_at_checked(width).filter(|_| width > 0) else {
            break;
        };
        match rune {
            '\\' => out.extend_from_slice(br"\\"),
            '\'' => out.extend_from_slice(br"\'"),
            '"' => out.extend_from_slice(br#"\""#),
            '<' | '>' | '&' | '=' => {
                out.extend_from_slice(format!("\\u{:04X}", u32::from(rune)).as_bytes())
            }
            _ if rune < ' ' => {
                out.extend_from_slice(format!("\\u{:04X}", u32::from(rune)).as_bytes())
            }
            _ if rune.is_ascii() || is_print(rune) => out.extend_from_slice(head),
            _ => out.extend_from_slice(format!("\\u{:04X}", u32::from(rune)).as_bytes()),
        }
        rest = tail;
    }
    Ok(out)
}

/// `template.URLQueryEscaper`.
pub(super) fn url_query(context: &mut Context<'_>, args: &[Value]) -> Result<Vec<u8>, FuncError> {
    let text = text(context, args)?;
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b' ' => out.push(b'+'),
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') => {
                out.push(byte)
            }
            byte => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    Ok(out)
}
