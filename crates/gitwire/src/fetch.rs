//! Objects by protocol version 2 (gitprotocol-v2, "fetch"): one question, one pack, no negotiation.

use std::num::NonZeroU32;

use crate::answer::{self, HttpError};
use crate::id::{CommitId, ObjectId};
use crate::pkt_line::{FLUSH, Packet, Packets, WireError, chomp, read_bands, write_line};
use crate::remote::{Remote, Request, RequestError, Response, Service};
use crate::server_text::ServerText;
use crate::upload_pack_capabilities::UploadPackCapabilities;

/// What to leave out of a fetch (git-rev-list(1), `--filter`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// `blob:none`: commits and trees, no content of files.
    BlobNone,
    /// `tree:0`: commits alone.
    TreeNone,
}

impl Filter {
    fn spec(self) -> &'static str {
        match self {
            Filter::BlobNone => "blob:none",
            Filter::TreeNone => "tree:0",
        }
    }
}

/// What to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FetchSpec {
    /// The objects wanted: commits, or trees that a former fetch left out.
    pub wants: Vec<ObjectId>,
    /// Commits that are not wanted, with all that they reach: the answer is the exact difference. One that the server does
    /// not have is passed over by it.
    pub haves: Vec<ObjectId>,
    /// How many commits of history; all of it where none.
    pub deepen: Option<NonZeroU32>,
    /// What to leave out. Not sent to a server that does not advertise filters, so that its answer holds more.
    pub filter: Option<Filter>,
}

impl FetchSpec {
    /// The same without its filter, to ask for after a refusal; none where no filter was sent. A host may offer filters and yet allow only
    /// some of them (`uploadpackfilter` in git-config(1)).
    pub fn unfiltered(&self, capabilities: &UploadPackCapabilities) -> Option<Self> {
        let was_sent = self.filter.is_some() && capabilities.filter;
        was_sent.then(|| Self {
            filter: None,
            ..self.clone()
        })
    }
}

/// The answer to [`Remote::fetch_request`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FetchAnswer {
    /// Commits whose parents were left out.
    pub shallow: Vec<CommitId>,
    /// The pack, for [`crate::Pack::read`].
    pub pack: Vec<u8>,
}

/// Why a fetch failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The HTTP answer was not a success.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The body breaks the protocol; the message says where.
    #[error("the Git server's answer to a fetch is malformed: {0}")]
    Malformed(&'static str),
    /// The server reported an error of its own: an `ERR` line, or side band 3. An object that is not there any more ends here.
    #[error("the Git server refused the fetch: {0}")]
    Refused(ServerText),
    /// The answer ended before its end.
    #[error("the Git server's answer to a fetch was cut short")]
    Truncated,
}

impl From<WireError> for FetchError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Malformed(problem) => Self::Malformed(problem),
            WireError::Truncated => Self::Truncated,
            WireError::Refused(reason) => Self::Refused(reason),
        }
    }
}

impl Remote {
    /// Asks for objects.
    ///
    /// # Errors
    /// [`RequestError::Nothing`] without wants, [`RequestError::NotOffered`] for `deepen` where the server has no `shallow`.
    pub fn fetch_request(
        &self,
        capabilities: &UploadPackCapabilities,
        spec: &FetchSpec,
    ) -> Result<Request, RequestError> {
        if spec.wants.is_empty() {
            return Err(RequestError::Nothing("no object is wanted"));
        }
        let mut body = capabilities.command("fetch");
        write_line(&mut body, b"ofs-delta\n");
        write_line(&mut body, b"no-progress\n");
        if let Some(commits) = spec.deepen {
            if !capabilities.shallow {
                return Err(RequestError::NotOffered("shallow"));
            }
            write_line(&mut body, format!("deepen {commits}\n").as_bytes());
        }
        if let Some(filter) = spec.filter.filter(|_| capabilities.filter) {
            write_line(&mut body, format!("filter {}\n", filter.spec()).as_bytes());
        }
        for want in &spec.wants {
            write_line(&mut body, format!("want {want}\n").as_bytes());
        }
        for have in &spec.haves {
            write_line(&mut body, format!("have {have}\n").as_bytes());
        }
        write_line(&mut body, b"done\n");
        body.extend_from_slice(FLUSH);
        self.service_request(Service::UploadPack, body)
    }
}

impl FetchAnswer {
    /// Reads the answer to [`Remote::fetch_request`].
    ///
    /// # Errors
    /// See [`FetchError`].
    pub fn parse(response: &Response) -> Result<Self, FetchError> {
        let body = answer::body(response, Service::UploadPack.result_type())?;
        let mut packets = Packets::new(body);
        let mut shallow = Vec::new();
        loop {
            let Some(section) = packets.line()? else {
                return Err(FetchError::Malformed("it holds no pack"));
            };
            if section == b"packfile" {
                let pack = read_bands(&mut packets)?.data;
                return Ok(Self { shallow, pack });
            }
            read_section(&mut packets, |line| match line.strip_prefix(b"shallow ") {
                Some(hex) if section == b"shallow-info" => {
                    let id = ObjectId::from_hex(hex)
                        .map_err(|_| WireError::Malformed("a shallow commit has no id"))?;
                    shallow.push(CommitId::new(id));
                    Ok(())
                }
                // With `done` sent, acknowledgments say nothing that matters; other sections were not asked for.
                _ => Ok(()),
            })?;
        }
    }
}

/// Reads the lines of a section that others follow.
fn read_section<'a>(
    packets: &mut Packets<'a>,
    mut each: impl FnMut(&'a [u8]) -> Result<(), WireError>,
) -> Result<(), FetchError> {
    loop {
        match packets.next()? {
            Packet::Line(line) => each(chomp(line))?,
            Packet::Delimiter => return Ok(()),
            Packet::Flush | Packet::ResponseEnd => {
                return Err(FetchError::Malformed("it holds no pack"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pkt_line::DELIMITER;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    fn answer(body: Vec<u8>) -> Response {
        http::Response::builder()
            .header("content-type", "application/x-git-upload-pack-result")
            .body(body)
            .unwrap()
    }

    fn body(packets: &[&[u8]]) -> Vec<u8> {
        let mut body = Vec::new();
        for packet in packets {
            match *packet {
                DELIMITER | FLUSH => body.extend_from_slice(packet),
                line => write_line(&mut body, line),
            }
        }
        body
    }

    #[test]
    fn every_section_is_read() {
        let shallow = format!("shallow {ID}\n");
        let read = FetchAnswer::parse(&answer(body(&[
            b"acknowledgments\n",
            b"NAK\n",
            b"ready\n",
            DELIMITER,
            b"shallow-info\n",
            shallow.as_bytes(),
            b"unshallow 89abcdef0123456789abcdef0123456789abcdef",
            DELIMITER,
            b"packfile\n",
            b"\x02Compressing\r",
            b"\x01PA",
            b"\x01CK",
            FLUSH,
        ])))
        .unwrap();
        assert_eq!(read.pack, b"PACK");
        assert_eq!(read.shallow.len(), 1);
        assert_eq!(read.shallow[0].to_string(), ID);
    }

    #[test]
    fn the_servers_own_errors_are_told() {
        let line = body(&[b"ERR upload-pack: not our ref 01\n"]);
        let error = FetchAnswer::parse(&answer(line)).unwrap_err();
        assert_eq!(
            error,
            FetchError::Refused(ServerText::new(b"upload-pack: not our ref 01"))
        );
        let band = body(&[b"packfile\n", b"\x01PA", b"\x03out of memory\n", FLUSH]);
        let error = FetchAnswer::parse(&answer(band)).unwrap_err();
        assert_eq!(
            error,
            FetchError::Refused(ServerText::new(b"out of memory"))
        );
    }

    #[test]
    fn every_cut_of_an_answer_is_an_error() {
        let shallow = format!("shallow {ID}");
        let whole = body(&[
            b"shallow-info",
            shallow.as_bytes(),
            DELIMITER,
            b"packfile",
            b"\x01PACK",
            FLUSH,
        ]);
        assert!(FetchAnswer::parse(&answer(whole.clone())).is_ok());
        for length in 0..whole.len() {
            let cut = whole[..length].to_vec();
            assert_eq!(
                FetchAnswer::parse(&answer(cut)),
                Err(FetchError::Truncated),
                "{length}"
            );
        }
    }

    #[test]
    fn an_answer_without_a_pack_is_an_error() {
        for packets in [&[FLUSH][..], &[b"acknowledgments", b"NAK", FLUSH]] {
            let error = FetchAnswer::parse(&answer(body(packets))).unwrap_err();
            assert_eq!(error, FetchError::Malformed("it holds no pack"));
        }
    }

    #[test]
    fn only_advertised_arguments_are_sent() {
        let remote = Remote::new("https://host/a".parse().unwrap(), Default::default());
        let spec = FetchSpec {
            wants: vec![ID.parse().unwrap()],
            haves: Vec::new(),
            deepen: NonZeroU32::new(1),
            filter: Some(Filter::BlobNone),
        };
        let bare: UploadPackCapabilities = "v2 shallow".parse().unwrap();
        let request = remote.fetch_request(&bare, &spec).unwrap();
        let sent = String::from_utf8_lossy(request.body()).into_owned();
        assert_eq!(
            sent,
            format!(
                "0012command=fetch\n0001000eofs-delta\n0010no-progress\n000ddeepen 1\n0032want {ID}\n0009done\n0000"
            )
        );
        let full: UploadPackCapabilities = "v2 shallow filter".parse().unwrap();
        let request = remote.fetch_request(&full, &spec).unwrap();
        assert!(String::from_utf8_lossy(request.body()).contains("0015filter blob:none\n"));
        let error = remote
            .fetch_request(&"v2".parse().unwrap(), &spec)
            .unwrap_err();
        assert!(matches!(error, RequestError::NotOffered("shallow")));
    }
}
