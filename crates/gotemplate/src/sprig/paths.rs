//! Go's `path` package; the `os` forms are the same, as Sprig runs on Unix. Pure text: no file is looked at.

use super::args::{TEXT, bytes};
use crate::func::{Body, Functions};
use crate::value::Value;

pub(super) fn add(functions: &mut Functions) {
    let pairs: [(&'static str, &'static str, Body); 5] = [
        ("base", "osBase", |_, a| Ok(Value::str(base(bytes(a, 0))))),
        ("dir", "osDir", |_, a| Ok(Value::str(dir(bytes(a, 0))))),
        ("clean", "osClean", |_, a| {
            Ok(Value::str(clean(bytes(a, 0))))
        }),
        ("ext", "osExt", |_, a| {
            Ok(Value::str(extension(bytes(a, 0))))
        }),
        ("isAbs", "osIsAbs", |_, a| {
            Ok(bytes(a, 0).starts_with(b"/").into())
        }),
    ];
    for (name, os, body) in pairs {
        functions.add(name, TEXT, body).add(os, TEXT, body);
    }
}

fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(0, |at| at + 1);
    match path.get(..end).unwrap_or_default() {
        [] => b"/",
        trimmed => trimmed
            .rsplit(|byte| *byte == b'/')
            .next()
            .unwrap_or_default(),
    }
}

fn dir(path: &[u8]) -> Vec<u8> {
    let end = memchr::memrchr(b'/', path).map_or(0, |at| at + 1);
    clean(path.get(..end).unwrap_or_default())
}

fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

fn extension(path: &[u8]) -> &[u8] {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    memchr::memrchr(b'.', name)
        .and_then(|dot| name.get(dot..))
        .unwrap_or_default()
}
