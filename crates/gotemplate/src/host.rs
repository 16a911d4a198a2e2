//! What a template may learn from outside: the time, random bytes, new keys. Nothing else reaches in, and a host
//! that offers none of it makes every execution repeatable.

use thiserror::Error;

/// The outside world of an execution. Every method refuses unless it is written.
pub trait Host {
    /// The time now.
    ///
    /// # Errors
    /// When there is no clock.
    fn now(&self) -> Result<Instant, HostError> {
        Err(HostError::NoClock)
    }

    /// The zone that Go calls `Local`, as a name of the IANA database; `UTC` by default.
    fn local_zone(&self) -> &str {
        "UTC"
    }

    /// Fills a buffer with random bytes fit for keys.
    ///
    /// # Errors
    /// When there is no such source.
    fn random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        let _ = buffer;
        Err(HostError::NoRandom)
    }

    /// Makes a private key, as PKCS#8 DER.
    ///
    /// # Errors
    /// When the host makes no keys, or none of this kind.
    fn private_key(&self, kind: KeyKind) -> Result<Vec<u8>, HostError> {
        let _ = kind;
        Err(HostError::NoKeys)
    }
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    pub seconds: i64,
    /// Nanoseconds within the second, below 1,000,000,000.
    pub nanoseconds: u32,
}

/// The kinds of private key that Sprig makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with this many bits.
    Rsa(usize),
    /// DSA with 2048-bit L and 256-bit N.
    Dsa,
    /// ECDSA on P-256.
    Ecdsa,
    /// Ed25519.
    Ed25519,
}

/// Why a host refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HostError {
    /// There is no clock.
    #[error("this host has no clock")]
    NoClock,
    /// There is no source of random bytes.
    #[error("this host has no source of random bytes")]
    NoRandom,
    /// Keys of this kind are not made.
    #[error("this host makes no such keys")]
    NoKeys,
}

/// A host that offers nothing: what a repeatable rendering runs with.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {}
