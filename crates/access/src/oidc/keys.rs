//! The keys of an issuer (JSON Web Key Set, RFC 7517): read under limits; only RSA keys for RS256 and P-256 keys for ES256 can
//! ever verify anything. Symmetric keys are no keys here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{JsonLimits, read_json};
use rsa::signature::Verifier as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPublicKey};
use serde_json::Value;
use sha2::Sha256;

/// Bytes of a set.
const SET_BYTES: usize = 128 << 10;
/// Keys of a set.
const KEYS: usize = 64;
/// Bits of the smallest RSA key that RFC 7518, section 3.3, allows.
const RSA_BITS: usize = 2048;

/// The algorithms that are taken (RFC 7518, sections 3.3 and 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Es256,
}

impl Algorithm {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

/// The keys of one issuer.
#[derive(Debug, Clone)]
pub struct KeySet(Vec<Key>);

#[derive(Debug, Clone)]
struct Key {
    id: String,
    material: Material,
}

#[derive(Debug, Clone)]
enum Material {
    Rsa(Box<RsaPublicKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
    /// A key for something else. It keeps its id taken.
    Other,
}

/// Why a text is no set of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeys {
    /// Not JSON, or too large.
    #[error("the key set is not JSON that is accepted")]
    NotJson,
    /// No list of keys.
    #[error("the key set has no list 'keys' of at most {KEYS} keys")]
    NoKeys,
    /// None that could verify a token.
    #[error("the key set has no RSA key of 2048 to 4096 bits and no P-256 key for signatures")]
    NoneFits,
}

/// Why no key verifies a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyError {
    Unknown,
    Ambiguous,
    Unsuitable,
    Signature,
}

impl KeySet {
    /// Reads a key set.
    ///
    /// # Errors
    /// [`InvalidKeys`] says what is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidKeys> {
        // Certificates (`x5c`) are long texts; they are not looked at.
        let limits = JsonLimits {
            bytes: SET_BYTES,
            depth: 8,
            nodes: 2_000,
            text: 16 << 10,
            key: 255,
        };
        let set = read_json(text, &limits).map_err(|_| InvalidKeys::NotJson)?;
        let keys = set.get("keys").and_then(Value::as_array);
        let keys = keys
            .filter(|keys| keys.len() <= KEYS)
            .ok_or(InvalidKeys::NoKeys)?;
        let keys: Vec<Key> = keys.iter().filter_map(key).collect();
        if keys
            .iter()
            .all(|key| matches!(key.material, Material::Other))
        {
            return Err(InvalidKeys::NoneFits);
        }
        Ok(Self(keys))
    }

    /// Verifies a signature with the one key of this id, which must be made for the algorithm.
    pub(crate) fn verify(
        &self,
        id: &str,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), KeyError> {
        let mut of_id = self.0.iter().filter(|key| key.id == id);
        let key = of_id.next().ok_or(KeyError::Unknown)?;
        if of_id.next().is_some() {
            return Err(KeyError::Ambiguous);
        }
        let verified = match (&key.material, algorithm) {
            (Material::Rsa(key), Algorithm::Rs256) => {
                let key = rsa::pkcs1v15::VerifyingKey::<Sha256>::new((**key).clone());
                let signature = rsa::pkcs1v15::Signature::try_from(signature);
                signature.is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
            (Material::P256(key), Algorithm::Es256) => {
                let signature = p256::ecdsa::Signature::from_slice(signature);
                signature.is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
            _ => return Err(KeyError::Unsuitable),
        };
        match verified {
            true => Ok(()),
            false => Err(KeyError::Signature),
        }
    }
}

/// A key; none for one without an id, which no token can name.
fn key(value: &Value) -> Option<Key> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let id = text("kid").filter(|id| !id.is_empty())?;
    let algorithm = match text("kty") {
        Some("RSA") => Some(Algorithm::Rs256),
        Some("EC") if text("crv") == Some("P-256") => Some(Algorithm::Es256),
        _ => None,
    };
    let algorithm = algorithm.filter(|algorithm| is_for(value, *algorithm));
    let material = match algorithm {
        Some(Algorithm::Rs256) => rsa_key(text("n"), text("e")),
        Some(Algorithm::Es256) => p256_key(text("x"), text("y")),
        None => None,
    };
    Some(Key {
        id: id.to_owned(),
        material: material.unwrap_or(Material::Other),
    })
}

/// Whether the key says nothing against signatures of this algorithm (RFC 7517, sections 4.2 to 4.4).
fn is_for(key: &Value, algorithm: Algorithm) -> bool {
    let says = |name: &str, wanted: &str| match key.get(name) {
        None => true,
        Some(Value::Array(list)) => list.iter().any(|value| value == wanted),
        Some(value) => value == wanted,
    };
    says("use", "sig") && says("key_ops", "verify") && says("alg", algorithm.name())
}

fn rsa_key(modulus: Option<&str>, exponent: Option<&str>) -> Option<Material> {
    let number = |text: Option<&str>| {
        let bytes = URL_SAFE_NO_PAD.decode(text?).ok()?;
        Some(BigUint::from_bytes_be(&bytes))
    };
    // 4096 bits at most, and no exponent that is out of use: the crate's own rule.
    let key = RsaPublicKey::new(number(modulus)?, number(exponent)?).ok()?;
    let large = key.n().bits() >= RSA_BITS;
    let odd = key.e().bits() >= 2 && key.n() % 2u32 != BigUint::from(0u32);
    (large && odd).then(|| Material::Rsa(Box::new(key)))
}

fn p256_key(x: Option<&str>, y: Option<&str>) -> Option<Material> {
    let coordinate = |text: Option<&str>| -> Option<[u8; 32]> {
        URL_SAFE_NO_PAD.decode(text?).ok()?.try_into().ok()
    };
    let (x, y) = (coordinate(x)?, coordinate(y)?);
    let point = p256::EncodedPoint::from_affine_coordinates(&x.into(), &y.into(), false);
    let key = p256::ecdsa::VerifyingKey::from_encoded_point(&point).ok()?;
    Some(Material::P256(Box::new(key)))
}
