//! What a server's upload-pack offers in protocol version 2 (gitprotocol-v2, "Capability Advertisement").

use std::fmt;
use std::str::FromStr;

use crate::advertisement::{AdvertisementError, first_line};
use crate::answer;
use crate::pkt_line::{DELIMITER, Packets, write_line};
use crate::remote::{AGENT, Response, Service};
use crate::server_text::ServerText;

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
        let body = answer::body(response, Service::UploadPack.advertisement_type())?;
        let mut packets = Packets::new(body);
        if first_line(&mut packets, Service::UploadPack)? != Some(b"version 2") {
            return Err(AdvertisementError::OldProtocol);
        }
        let mut read = Self::default();
        let mut commands = (false, false);
        while let Some(line) = packets.line()? {
            let mut parts = line.splitn(2, |byte| *byte == b'=');
            let key = parts.next().unwrap_or_default();
            let value = parts.next().unwrap_or_default();
            let mut values = value.split(|byte| *byte == b' ');
            match key {
                b"agent" => read.agent = true,
                b"ls-refs" => {
                    commands.0 = true;
                    read.unborn = values.any(|value| value == b"unborn");
                }
                b"fetch" => {
                    commands.1 = true;
                    read.shallow = values.clone().any(|value| value == b"shallow");
                    read.filter = values.any(|value| value == b"filter");
                }
                b"object-format" if value == b"sha1" => read.object_format = true,
                b"object-format" => {
                    return Err(AdvertisementError::ObjectFormat(ServerText::new(value)));
                }
                _ => {}
            }
        }
        match commands {
            (true, true) => Ok(read),
            _ => Err(AdvertisementError::Malformed(
                "it lacks `ls-refs` or `fetch`",
            )),
        }
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

impl UploadPackCapabilities {
    /// The head of a request: the command and the capabilities that the server advertised, up to the delimiter.
    pub(crate) fn command(&self, name: &str) -> Vec<u8> {
        let mut body = Vec::new();
        write_line(&mut body, format!("command={name}\n").as_bytes());
        if self.agent {
            write_line(&mut body, format!("agent={AGENT}\n").as_bytes());
        }
        if self.object_format {
            write_line(&mut body, b"object-format=sha1\n");
        }
        body.extend_from_slice(DELIMITER);
        body
    }
}

/// Leads the cached text, so that a text of a later version with other words is asked for again, not misread.
const VERSION: &str = "v2";

impl UploadPackCapabilities {
    fn words(&self) -> [(&'static str, bool); 5] {
        [
            ("agent", self.agent),
            ("unborn", self.unborn),
            ("shallow", self.shallow),
            ("filter", self.filter),
            ("object-format", self.object_format),
        ]
    }
}

impl fmt::Display for UploadPackCapabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(VERSION)?;
        let offered = self.words().into_iter().filter(|(_, offered)| *offered);
        for (word, _) in offered {
            write!(f, " {word}")?;
        }
        Ok(())
    }
}

impl FromStr for UploadPackCapabilities {
    type Err = ParseCapabilitiesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split(' ');
        if words.next() != Some(VERSION) {
            return Err(ParseCapabilitiesError);
        }
        let mut read = Self::default();
        for word in words {
            match word {
                "agent" => read.agent = true,
                "unborn" => read.unborn = true,
                "shallow" => read.shallow = true,
                "filter" => read.filter = true,
                "object-format" => read.object_format = true,
                _ => return Err(ParseCapabilitiesError),
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pkt_line::FLUSH;

    fn answer(lines: &[&str]) -> Response {
        let mut body = Vec::new();
        for line in lines {
            write_line(&mut body, line.as_bytes());
        }
        body.extend_from_slice(FLUSH);
        http::Response::builder()
            .header(
                "content-type",
                "application/x-git-upload-pack-advertisement",
            )
            .body(body)
            .unwrap()
    }

    #[test]
    fn what_git_advertises_is_read() {
        // `git upload-pack --advertise-refs` of Git 2.47 with GIT_PROTOCOL=version=2 and uploadpack.allowFilter.
        let lines = [
            "version 2\n",
            "agent=git/2.47.3\n",
            "ls-refs=unborn\n",
            "fetch=shallow wait-for-done filter\n",
            "server-option\n",
            "object-format=sha1\n",
        ];
        let read = UploadPackCapabilities::parse(&answer(&lines)).unwrap();
        assert_eq!(
            read.to_string(),
            "v2 agent unborn shallow filter object-format"
        );
    }

    #[test]
    fn what_is_not_advertised_is_not_there() {
        let read =
            UploadPackCapabilities::parse(&answer(&["version 2", "ls-refs", "fetch"])).unwrap();
        assert_eq!(read, UploadPackCapabilities::default());
        assert_eq!(read.to_string(), "v2");
    }

    #[test]
    fn the_text_goes_there_and_back() {
        for text in [
            "v2",
            "v2 shallow",
            "v2 agent unborn shallow filter object-format",
        ] {
            let read: UploadPackCapabilities = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
        }
        for text in ["", "v1 shallow", "v2 shallow ", "v2 sideband-all"] {
            assert_eq!(
                text.parse::<UploadPackCapabilities>(),
                Err(ParseCapabilitiesError)
            );
        }
    }

    #[test]
    fn an_older_protocol_says_what_to_do() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let line = format!("{id} HEAD\0multi_ack thin-pack side-band");
        let error = UploadPackCapabilities::parse(&answer(&[&line])).unwrap_err();
        assert_eq!(error, AdvertisementError::OldProtocol);
        assert!(error.to_string().contains("`Git-Protocol` header"));
    }
}
