//! Sprig 3.3's function map. Functions that read the host's environment or network (`env`, `expandenv`,
//! `getHostByName`) do not exist here; the clock, random bytes and keys come from the execution's `Host`.

mod args;
mod cast;
mod crypto;
mod date;
mod decimal;
mod defaults;
mod dict;
mod encoding;
mod flow;
mod goregex;
mod gotime;
mod gourl;
mod json;
mod letters;
mod list;
mod merge;
mod numeric;
mod paths;
mod reflection;
mod regex;
pub mod semver;
mod strings;
mod url;
mod uuid;
mod words;

#[cfg(feature = "crypto")]
pub use crypto::generate_key;

use crate::func::Functions;

/// What a repeatable rendering is refused, with the reason that the error gives.
const NOT_REPEATABLE: &[(&[&str], &str)] = &[
    (
        &["now", "ago"],
        "it reads the clock, and a repeatable rendering must give the same text again",
    ),
    (
        &[
            "randAlphaNum",
            "randAlpha",
            "randAscii",
            "randNumeric",
            "randBytes",
            "randInt",
            "shuffle",
            "uuidv4",
        ],
        "it draws random values, and a repeatable rendering must give the same text again",
    ),
    (
        &[
            "bcrypt",
            "htpasswd",
            "encryptAES",
            "genPrivateKey",
            "genCA",
            "genCAWithKey",
            "genSelfSignedCert",
            "genSelfSignedCertWithKey",
            "genSignedCert",
            "genSignedCertWithKey",
        ],
        "it makes new keys or salts, and a repeatable rendering must give the same text again",
    ),
];

/// All of Sprig's functions.
pub fn functions() -> Functions {
    let mut functions = Functions::new();
    for add in [
        crypto::add,
        date::add,
        defaults::add,
        dict::add,
        encoding::add,
        flow::add,
        list::add,
        numeric::add,
        paths::add,
        reflection::add,
        regex::add,
        semver::add,
        strings::add,
        url::add,
        uuid::add,
        words::add,
    ] {
        add(&mut functions);
    }
    functions
}

/// Sprig's functions without those that answer differently each time: a template that names one of these is refused,
/// and the error says why. `date`, `htmlDate` and `durationRound` stay, and fail only where they would read the clock.
pub fn repeatable() -> Functions {
    let mut functions = functions();
    for (names, reason) in NOT_REPEATABLE {
        for name in *names {
            functions.refuse(name, reason);
        }
    }
    functions
}
