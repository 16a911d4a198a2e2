//! What a server's upload-pack offers in protocol version 2 (gitprotocol-v2, "Capability Advertisement").

use std::fmt;
use std::str::FromStr;

use crate::advertisement::AdvertisementError;
use crate::remote::Response;

/// The part of the advertisement that reading needs. It changes only when the server's software or configuration does, so it may be
/// cached: `to_string` and `parse` go there and back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UploadPackCapabilities {
    /// `agent`: the server takes our name.
    pub(crate) agent: bool,
    /// `ls-refs=unborn`: it tells the default branch even of an empty repository.
    pub(crate) unborn: bool,
    /// `fetch=shallow`: history can be cut.
    pub(crate) shallow: bool,
    /// `fetch=filter`: blobs or trees can be left out.
    pub(crate) filter: bool,
    /// `object-format=sha1`.
    pub(crate) object_format: bool,
}

/// Text that [`UploadPackCapabilities`] did not write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not a list of upload-pack capabilities as this version writes it; ask the server again"
)]
pub struct ParseCapabilitiesError;

impl UploadPackCapabilities {
    /// Reads the answer to [`crate::Remote::advertisement_request`] for [`crate::Service::UploadPack`].
    ///
    /// # Errors
    /// [`AdvertisementError::OldProtocol`] from a server that has version 0 or 1 only; see [`AdvertisementError`].
    pub fn parse(response: &Response) -> Result<Self, AdvertisementError> {
        let _ = response;
        Err(AdvertisementError::Malformed("not written yet"))
    }

    /// Whether history can be cut (`deepen`).
    pub fn shallow(&self) -> bool {
        self.shallow
    }

    /// Whether blobs or trees can be left out.
    pub fn filter(&self) -> bool {
        self.filter
    }
}

impl fmt::Display for UploadPackCapabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        Ok(())
    }
}

impl FromStr for UploadPackCapabilities {
    type Err = ParseCapabilitiesError;

    fn from_str(_text: &str) -> Result<Self, Self::Err> {
        Err(ParseCapabilitiesError)
    }
}
