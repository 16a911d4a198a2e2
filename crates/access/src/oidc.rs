//! Tokens that CI systems give to their jobs (OpenID Connect ID tokens), so that CI needs no secret of ours: whose tokens are
//! taken, with which keys, and what a token proves. Nothing in a token counts before its signature has been verified, but for
//! the choice of the key; and no algorithm, key or address is ever taken from a token.

mod issuer;
mod keys;
mod token;

pub use issuer::{DiscoveryError, InvalidIssuers, Issuer, Issuers, Provider};
pub use keys::{InvalidKeys, KeySet};
pub use token::{LEEWAY_S, LONGEST_TOKEN, TokenError, Unverified};
