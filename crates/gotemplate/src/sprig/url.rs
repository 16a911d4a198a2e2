//! Sprig's `url.go`.

use super::args::{Answer, TEXT, bytes, map};
use super::gourl::Url;
use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Functions, Signature};
use crate::types::Type;
use crate::value::{Map, Value};

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("urlParse", TEXT, parse)
        .add("urlJoin", Signature::fixed(&[Type::DICT]), join);
}

fn parse(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let url = Url::parse(bytes(args, 0))
        .map_err(|error| FuncError::new(format!("unable to parse url: {error}")))?;
    let user = url
        .user
        .as_ref()
        .map(|user| user.text())
        .unwrap_or_default();
    let entries = [
        ("hostname", url.hostname().to_vec()),
        ("userinfo", user),
        ("scheme", url.scheme),
        ("host", url.host),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
    ];
    Ok(Value::dict(
        entries.map(|(key, value)| (key, Value::str(value))),
    ))
}

fn join(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let parts = map(args, 0);
    let mut url = Url {
        scheme: part(&parts, "scheme")?,
        host: part(&parts, "host")?,
        path: part(&parts, "path")?,
        query: part(&parts, "query")?,
        opaque: part(&parts, "opaque")?,
        fragment: part(&parts, "fragment")?,
        user: None,
    };
    let user = part(&parts, "userinfo")?;
    if !user.is_empty() {
        let around = [b"proto://", user.as_slice(), b"@host"].concat();
        let parsed = Url::parse(&around).map_err(|error| {
            FuncError::new(format!("unable to parse userinfo in dict: {error}"))
        })?;
        url.user = parsed.user;
    }
    Ok(Value::str(url.join()))
}

fn part(parts: &Map, key: &str) -> Result<Vec<u8>, FuncError> {
    match parts.get(key.as_bytes()) {
        None => Ok(Vec::new()),
        Some(Value::Str(text)) => Ok(text.as_bytes().to_vec()),
        Some(Value::Nil) => Err(super::args::nil_dereference()),
        Some(other) => Err(FuncError::new(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            other.kind()
        ))),
    }
}
