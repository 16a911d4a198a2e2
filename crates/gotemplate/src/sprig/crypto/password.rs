//! `bcrypt`, `htpasswd` and `derivePassword`. Passwords are never in an error.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Functions, Signature};
use crate::sprig::args::{Answer, STRING, TEXT, TEXTS, bytes, int, text};
use crate::sprig::uuid::fill;
use crate::types::{Type, UintKind};
use crate::value::Value;

/// bcrypt's `DefaultCost` in Go.
const COST: u32 = 10;
/// Steps that one hash is worth: about 60 ms.
const HASH_STEPS: u64 = 500_000;

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("bcrypt", TEXT, |context, a| {
            Ok(Value::str(hash(context, bytes(a, 0))?))
        })
        .add("htpasswd", TEXTS, |context, a| {
            if bytes(a, 0).contains(&b':') {
                return Ok(Value::str(format!("invalid username: {}", text(a, 0))));
            }
            Ok(Value::str(format!(
                "{}:{}",
                text(a, 0),
                hash(context, bytes(a, 1))?
            )))
        })
        .add(
            "derivePassword",
            Signature::fixed(&[Type::Uint(UintKind::Uint32), STRING, STRING, STRING, STRING]),
            derive,
        );
}

fn hash(context: &mut Context<'_>, password: &[u8]) -> Result<String, FuncError> {
    if password.len() > 72 {
        return Ok(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
                .to_owned(),
        );
    }
    context.step(HASH_STEPS)?;
    let mut salt = [0; 16];
    fill(context, &mut salt)?;
    let parts = bcrypt::hash_with_salt(password, COST, salt);
    Ok(match parts {
        Ok(parts) => parts.format_for_version(bcrypt::Version::TwoA),
        Err(error) => format!("failed to encrypt string with bcrypt: {error}"),
    })
}

// The templates of the Master Password algorithm, version 3: a letter stands for a class of characters.
const TEMPLATES: &[(&str, &[&str])] = &[
    ("maximum", &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"]),
    (
        "long",
        &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
    ),
    ("medium", &["CvcnoCvc", "CvcCvcno"]),
    ("short", &["Cvcn"]),
    ("basic", &["aaanaaan", "aannaaan", "aaannaaa"]),
    ("pin", &["nnnn"]),
];

fn class(letter: u8) -> &'static [u8] {
    match letter {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

fn derive(context: &mut Context<'_>, args: &[Value]) -> Answer {
    const SEED: &[u8] = b"com.lyndir.masterpassword";
    let kind = text(args, 1);
    let Some((_, templates)) = TEMPLATES.iter().find(|(name, _)| *name == kind) else {
        return Ok(Value::str(format!("cannot find password template {kind}")));
    };
    context.step(HASH_STEPS * 2)?;
    let failed = || FuncError::new("failed to derive password");
    let length = |text: &[u8]| (text.len() as u32).to_be_bytes();
    let (user, site) = (bytes(args, 3), bytes(args, 4));
    let salt = [SEED, &length(user), user].concat();
    let mut key = [0; 64];
    let params = scrypt::Params::new(15, 8, 2, 64).map_err(|_| failed())?;
    scrypt::scrypt(bytes(args, 2), &salt, &params, &mut key).map_err(|_| failed())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| failed())?;
    mac.update(SEED);
    mac.update(&length(site));
    mac.update(site);
    mac.update(&(int(args, 0) as u32).to_be_bytes());
    let seed = mac.finalize().into_bytes();
    let mut draws = seed.iter().map(|byte| usize::from(*byte));
    let template = templates
        .get(draws.next().unwrap_or(0) % templates.len())
        .copied()
        .unwrap_or_default();
    let letters = template
        .bytes()
        .zip(draws)
        .filter_map(|(letter, draw)| class(letter).get(draw % class(letter).len()).copied());
    Ok(Value::str(letters.collect::<Vec<u8>>()))
}
