//! Lines of the Git protocol (gitprotocol-common, "pkt-line"), and side bands (gitprotocol-pack, "Packfile Data").

use crate::server_text::ServerText;

/// Longest content of one line, in bytes.
const MAX_CONTENT: usize = 65516;

/// How much is kept of what a server prints for people, in bytes.
const MAX_MESSAGES: usize = 8 * 1024;

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// `0000`.
    Flush,
    /// `0001`.
    Delimiter,
    /// `0002`.
    ResponseEnd,
    /// A line with its content.
    Line(&'a [u8]),
}

/// What can be wrong with any answer of the Git protocol; each operation turns it into its own error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WireError {
    Malformed(&'static str),
    Truncated,
    Refused(ServerText),
}

/// Reads packets one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Packets<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next packet. The end of the bytes is [`WireError::Truncated`]: every list of the protocol ends with a packet of its own. An
    /// `ERR` line may stand wherever a line may, and is [`WireError::Refused`].
    pub(crate) fn next(&mut self) -> Result<Packet<'a>, WireError> {
        let (digits, after) = self
            .rest
            .split_first_chunk::<4>()
            .ok_or(WireError::Truncated)?;
        let length = length(digits).ok_or(WireError::Malformed("a line has no length"))?;
        let content = match length {
            0 => {
                self.rest = after;
                return Ok(Packet::Flush);
            }
            1 => {
                self.rest = after;
                return Ok(Packet::Delimiter);
            }
            2 => {
                self.rest = after;
                return Ok(Packet::ResponseEnd);
            }
            3 => return Err(WireError::Malformed("a line is shorter than its length")),
            length => length - 4,
        };
        let (line, rest) = after
            .split_at_checked(content)
            .ok_or(WireError::Truncated)?;
        self.rest = rest;
        match line.strip_prefix(b"ERR ") {
            Some(reason) => Err(WireError::Refused(ServerText::new(reason))),
            None => Ok(Packet::Line(line)),
        }
    }

    /// The next line without its line break, or nothing at a flush.
    pub(crate) fn line(&mut self) -> Result<Option<&'a [u8]>, WireError> {
        match self.next()? {
            Packet::Line(line) => Ok(Some(chomp(line))),
            Packet::Flush => Ok(None),
            Packet::Delimiter | Packet::ResponseEnd => {
                Err(WireError::Malformed("a separator stands where none can be"))
            }
        }
    }
}

fn length(digits: &[u8; 4]) -> Option<usize> {
    digits.iter().try_fold(0, |length, digit| {
        let value = char::from(*digit).to_digit(16)?;
        Some(length * 16 + value as usize)
    })
}

/// A line without its line break, which is optional in text lines.
pub(crate) fn chomp(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

/// Appends a line. Content beyond the protocol's 65,516 bytes would break it, so callers bound what they pass.
pub(crate) fn write_line(out: &mut Vec<u8>, content: &[u8]) {
    debug_assert!(content.len() <= MAX_CONTENT, "callers bound their lines");
    out.extend_from_slice(format!("{:04x}", content.len() + 4).as_bytes());
    out.extend_from_slice(content);
}

pub(crate) const FLUSH: &[u8] = b"0000";
pub(crate) const DELIMITER: &[u8] = b"0001";

/// What came over the side bands up to the flush.
#[derive(Debug, Default)]
pub(crate) struct Bands {
    /// Band 1.
    pub(crate) data: Vec<u8>,
    /// Band 2, cut to 8 KiB.
    pub(crate) messages: Vec<u8>,
}

/// Takes the side bands apart. Band 3 is the server's error.
pub(crate) fn read_bands(packets: &mut Packets<'_>) -> Result<Bands, WireError> {
    let mut bands = Bands::default();
    loop {
        let line = match packets.next()? {
            Packet::Line(line) => line,
            Packet::Flush => return Ok(bands),
            Packet::Delimiter | Packet::ResponseEnd => {
                return Err(WireError::Malformed(
                    "a separator stands among the side bands",
                ));
            }
        };
        match line.split_first() {
            Some((1, data)) => bands.data.extend_from_slice(data),
            Some((2, text)) => {
                let room = MAX_MESSAGES.saturating_sub(bands.messages.len());
                bands.messages.extend(text.iter().take(room));
            }
            Some((3, reason)) => return Err(WireError::Refused(ServerText::new(reason))),
            Some(_) => return Err(WireError::Malformed("there is no such side band")),
            // git sends an empty packet to keep the connection open.
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_gitprotocol_common_are_read() {
        let mut packets = Packets::new(b"0006a\n0005a000bfoobar\n00040000");
        assert_eq!(packets.next(), Ok(Packet::Line(b"a\n")));
        assert_eq!(packets.next(), Ok(Packet::Line(b"a")));
        assert_eq!(packets.next(), Ok(Packet::Line(b"foobar\n")));
        assert_eq!(packets.next(), Ok(Packet::Line(b"")));
        assert_eq!(packets.next(), Ok(Packet::Flush));
        assert_eq!(packets.next(), Err(WireError::Truncated));
    }

    #[test]
    fn broken_lines_are_errors() {
        let cases: [(&[u8], WireError); 6] = [
            (b"", WireError::Truncated),
            (b"000", WireError::Truncated),
            (
                b"0003",
                WireError::Malformed("a line is shorter than its length"),
            ),
            (b"+0a0x", WireError::Malformed("a line has no length")),
            (b"000aabc", WireError::Truncated),
            (b"000bERR no\n", WireError::Refused(ServerText::new(b"no"))),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Packets::new(bytes).next(), Err(expected), "{bytes:?}");
        }
    }

    #[test]
    fn side_bands_are_taken_apart() {
        let mut bytes = Vec::new();
        write_line(&mut bytes, b"\x01PA");
        write_line(&mut bytes, b"\x02Counting objects\r");
        write_line(&mut bytes, b"");
        write_line(&mut bytes, b"\x01CK");
        bytes.extend_from_slice(FLUSH);
        let bands = read_bands(&mut Packets::new(&bytes)).unwrap();
        assert_eq!(bands.data, b"PACK");
        assert_eq!(bands.messages, b"Counting objects\r");
    }

    #[test]
    fn the_error_band_an_unknown_band_and_a_missing_end_are_errors() {
        let cases: [(&[u8], WireError); 3] = [
            (
                b"\x03disk full\n",
                WireError::Refused(ServerText::new(b"disk full")),
            ),
            (b"\x04x", WireError::Malformed("there is no such side band")),
            (b"\x01x", WireError::Truncated),
        ];
        for (line, expected) in cases {
            let mut bytes = Vec::new();
            write_line(&mut bytes, line);
            assert_eq!(read_bands(&mut Packets::new(&bytes)).unwrap_err(), expected);
        }
    }

    #[test]
    fn what_a_server_prints_is_cut() {
        let mut bytes = Vec::new();
        for _ in 0..100 {
            write_line(&mut bytes, &[2; 60_000]);
        }
        bytes.extend_from_slice(FLUSH);
        let bands = read_bands(&mut Packets::new(&bytes)).unwrap();
        assert_eq!(bands.messages.len(), MAX_MESSAGES);
    }
}
