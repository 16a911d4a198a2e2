//! Sprig's `crypto.go`: digests here; passwords, ciphers, keys and certificates behind the feature `crypto`. No secret is ever in an
//! error; what is random comes from the host.

#[cfg(feature = "crypto")]
mod certificate;
#[cfg(feature = "crypto")]
mod cipher;
#[cfg(feature = "crypto")]
mod key;
#[cfg(feature = "crypto")]
mod password;
#[cfg(feature = "crypto")]
mod pem;

#[cfg(feature = "crypto")]
pub use key::generate as generate_key;

use sha1::Digest;

use super::args::{TEXT, bytes};
use crate::func::Functions;
use crate::value::Value;

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("sha1sum", TEXT, |_, a| {
            Ok(Value::str(hex(&sha1::Sha1::digest(bytes(a, 0)))))
        })
        .add("sha256sum", TEXT, |_, a| {
            Ok(Value::str(hex(&sha2::Sha256::digest(bytes(a, 0)))))
        })
        .add("sha512sum", TEXT, |_, a| {
            Ok(Value::str(hex(&sha2::Sha512::digest(bytes(a, 0)))))
        })
        .add("adler32sum", TEXT, |_, a| {
            Ok(Value::str(adler32(bytes(a, 0)).to_string()))
        });
    #[cfg(feature = "crypto")]
    for add in [certificate::add, cipher::add, key::add, password::add] {
        add(functions);
    }
    #[cfg(not(feature = "crypto"))]
    for name in [
        "bcrypt",
        "htpasswd",
        "derivePassword",
        "encryptAES",
        "decryptAES",
        "genPrivateKey",
        "buildCustomCert",
        "genCA",
        "genCAWithKey",
        "genSelfSignedCert",
        "genSelfSignedCertWithKey",
        "genSignedCert",
        "genSignedCertWithKey",
    ] {
        functions.refuse(
            name,
            "this program was built without the crypto feature of its template engine",
        );
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn adler32(text: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut a, mut b) = (1u32, 0u32);
    for byte in text {
        a = (a + u32::from(*byte)) % MODULUS;
        b = (b + a) % MODULUS;
    }
    b << 16 | a
}
