//! Private keys: made by the host, read from PEM, written as Go writes each kind. A key is never in an error, nor printed by accident.

use ed25519_dalek::SigningKey as Ed25519;
use p256::SecretKey as P256;
use p256::ecdsa::signature::Signer;
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use rsa::rand_core::SeedableRng;
use rsa::signature::SignatureEncoding;

use super::pem;
use crate::context::Context;
use crate::error::FuncError;
use crate::func::Functions;
use crate::host::{HostError, KeyKind};
use crate::sprig::args::{Answer, TEXT, text};
use crate::value::Value;

/// Steps that an RSA key is worth: seconds.
const RSA_STEPS: u64 = 2_000_000;
/// RFC 8410's frame around the 32 bytes of an Ed25519 key (version 1, without the public key).
const ED25519_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

pub(super) fn add(functions: &mut Functions) {
    functions.add("genPrivateKey", TEXT, |context, a| {
        generate_pem(context, &text(a, 0))
    });
}

/// Makes a private key for a `Host` that has random bytes but no keys of its own, as PKCS#8 DER.
///
/// # Errors
/// What `random` reports; `NoKeys` for DSA, which nothing should use any more.
pub fn generate(
    kind: KeyKind,
    random: &mut dyn FnMut(&mut [u8]) -> Result<(), HostError>,
) -> Result<Vec<u8>, HostError> {
    let mut seed = [0; 32];
    random(&mut seed)?;
    let mut rng = rand_chacha::ChaCha20Rng::from_seed(seed);
    let der = match kind {
        KeyKind::Rsa(bits) => RsaPrivateKey::new(&mut rng, bits)
            .ok()
            .and_then(|key| key.to_pkcs8_der().ok()),
        KeyKind::Ecdsa => P256::random(&mut rng).to_pkcs8_der().ok(),
        KeyKind::Ed25519 => return Ok([ED25519_PREFIX.as_slice(), &seed].concat()),
        KeyKind::Dsa => None,
    };
    der.map(|der| der.as_bytes().to_vec())
        .ok_or(HostError::NoKeys)
}

/// A key that can sign.
pub(super) enum Key {
    Rsa(Box<RsaPrivateKey>),
    Ecdsa(P256),
    Ed25519(Box<Ed25519>),
}

fn generate_pem(context: &mut Context<'_>, kind: &str) -> Answer {
    let kind = match kind {
        "" | "rsa" => KeyKind::Rsa(4096),
        "dsa" => KeyKind::Dsa,
        "ecdsa" => KeyKind::Ecdsa,
        "ed25519" => KeyKind::Ed25519,
        other => return Ok(Value::str(format!("Unknown type {other}"))),
    };
    let made = Key::generate(context, kind);
    Ok(Value::str(match made {
        Ok(key) => key.to_pem().unwrap_or_default(),
        Err(FuncError::Message(message)) => format!("failed to generate private key: {message}"),
        Err(limit) => return Err(limit),
    }))
}

impl Key {
    /// A new key of the host's.
    pub(super) fn generate(context: &mut Context<'_>, kind: KeyKind) -> Result<Key, FuncError> {
        context.step(if matches!(kind, KeyKind::Rsa(_)) {
            RSA_STEPS
        } else {
            RSA_STEPS / 100
        })?;
        let der = context
            .host()
            .private_key(kind)
            .map_err(|error| FuncError::new(error.to_string()))?;
        Key::from_pkcs8(&der)
            .ok_or_else(|| FuncError::new("the host made a key that is not understood"))
    }

    fn from_pkcs8(der: &[u8]) -> Option<Key> {
        if let Ok(key) = RsaPrivateKey::from_pkcs8_der(der) {
            return Some(Key::Rsa(Box::new(key)));
        }
        if let Ok(key) = P256::from_pkcs8_der(der) {
            return Some(Key::Ecdsa(key));
        }
        Ed25519::from_pkcs8_der(der)
            .ok()
            .map(|key| Key::Ed25519(Box::new(key)))
    }

    /// Sprig's `parsePrivateKeyPEM`.
    ///
    /// # Errors
    /// Sprig's message, which never holds what was in the block.
    pub(super) fn from_pem(text: &[u8]) -> Result<Key, FuncError> {
        let block = pem::decode(text).ok_or_else(|| FuncError::new("no PEM data in input"))?;
        // Go tells more of what is wrong in the content.
        let reason = if block.der.len() < 2 {
            "syntax error: truncated tag or length"
        } else {
            "structure error"
        };
        let malformed = |how: &str| FuncError::new(format!("{how}: asn1: {reason}"));
        if block.label == "PRIVATE KEY" {
            return Key::from_pkcs8(&block.der).ok_or_else(|| malformed("decoding PEM as PKCS#8"));
        }
        match block.label.strip_suffix(" PRIVATE KEY") {
            Some("RSA") => {
                let key = RsaPrivateKey::from_pkcs1_der(&block.der);
                key.map(|key| Key::Rsa(Box::new(key)))
                    .map_err(|_| malformed("parsing RSA private key from PEM"))
            }
            Some("EC") => P256::from_sec1_der(&block.der)
                .map(Key::Ecdsa)
                .map_err(|_| malformed("parsing EC private key from PEM")),
            Some("DSA") => Err(FuncError::new("DSA keys are not supported")),
            Some(_) => Err(FuncError::new(format!(
                "invalid private key type {}",
                block.label
            ))),
            None => Err(FuncError::new(format!(
                "no private key data in PEM block of type {}",
                block.label
            ))),
        }
    }

    /// The PEM block that Go writes for a key of this kind.
    pub(super) fn to_pem(&self) -> Option<String> {
        Some(match self {
            Key::Rsa(key) => pem::encode("RSA PRIVATE KEY", key.to_pkcs1_der().ok()?.as_bytes()),
            Key::Ecdsa(key) => pem::encode("EC PRIVATE KEY", &key.to_sec1_der().ok()?),
            Key::Ed25519(key) => pem::encode(
                "PRIVATE KEY",
                &[ED25519_PREFIX.as_slice(), key.as_bytes()].concat(),
            ),
        })
    }

    /// The public key as `SubjectPublicKeyInfo` DER.
    pub(super) fn public_der(&self) -> Option<Vec<u8>> {
        let document = match self {
            Key::Rsa(key) => key.to_public_key().to_public_key_der(),
            Key::Ecdsa(key) => key.public_key().to_public_key_der(),
            Key::Ed25519(key) => key.verifying_key().to_public_key_der(),
        };
        document.ok().map(|document| document.into_vec())
    }

    /// The signature over a certificate's content, by the algorithm that Go picks for the key.
    pub(super) fn sign(&self, content: &[u8]) -> Option<Vec<u8>> {
        Some(match self {
            Key::Rsa(key) => {
                let key = rsa::pkcs1v15::SigningKey::<sha2::Sha256>::new((**key).clone());
                key.try_sign(content).ok()?.to_vec()
            }
            Key::Ecdsa(key) => {
                let signature: p256::ecdsa::Signature =
                    p256::ecdsa::SigningKey::from(key).try_sign(content).ok()?;
                signature.to_der().as_bytes().to_vec()
            }
            Key::Ed25519(key) => key.try_sign(content).ok()?.to_bytes().to_vec(),
        })
    }
}
