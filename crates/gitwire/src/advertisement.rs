//! What a server's receive-pack offers: the tips of the refs, and its capabilities (gitprotocol-pack, "Reference Discovery").

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::{self, HttpError};
use crate::id::{CommitId, ObjectId};
use crate::pkt_line::{Packets, WireError};
use crate::ref_name::RefName;
use crate::remote::{Response, Service};
use crate::server_text::ServerText;

/// The refs of a repository at one moment, and what its receive-pack takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivePackAdvertisement {
    refs: BTreeMap<RefName, ObjectId>,
    capabilities: BTreeSet<String>,
}

/// Why an advertisement could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdvertisementError {
    /// The HTTP answer was not a success.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The body breaks the protocol; the message says where.
    #[error("the Git server's advertisement is malformed: {0}")]
    Malformed(&'static str),
    /// The server answered a request for protocol version 2 in version 0 or 1.
    #[error(
        "the Git server does not speak Git protocol version 2; it needs Git 2.18 or newer with `protocol.version` not \
         switched off, and proxies in front of it must pass the `Git-Protocol` header; Azure DevOps and AWS CodeCommit do not have it"
    )]
    OldProtocol,
    /// A repository with SHA-256 object ids.
    #[error("the repository uses the object format `{0}`; only sha1 can be used")]
    ObjectFormat(ServerText),
    /// The server reported an error of its own (`ERR`).
    #[error("the Git server refused: {0}")]
    Refused(ServerText),
    /// The body ended before its end.
    #[error("the Git server's advertisement was cut short")]
    Truncated,
}

impl From<WireError> for AdvertisementError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Malformed(problem) => Self::Malformed(problem),
            WireError::Truncated => Self::Truncated,
            WireError::Refused(reason) => Self::Refused(reason),
        }
    }
}

impl ReceivePackAdvertisement {
    /// Reads the answer to [`crate::Remote::advertisement_request`] for [`crate::Service::ReceivePack`].
    ///
    /// # Errors
    /// See [`AdvertisementError`].
    pub fn parse(response: &Response) -> Result<Self, AdvertisementError> {
        let body = answer::body(response, Service::ReceivePack.advertisement_type())?;
        let mut packets = Packets::new(body);
        let mut line = first_line(&mut packets, Service::ReceivePack)?;
        if line == Some(b"version 1") {
            line = packets.line()?;
        }
        let (first, capabilities) = match line {
            Some(line) => split_capabilities(line)?,
            None => return Err(AdvertisementError::Malformed("it names no capabilities")),
        };
        let mut refs = BTreeMap::new();
        read_ref(first, &mut refs)?;
        while let Some(line) = packets.line()? {
            read_ref(line, &mut refs)?;
        }
        Ok(Self { refs, capabilities })
    }

    /// The refs and the objects that they name. A ref whose name is not UTF-8 is left out.
    pub fn refs(&self) -> &BTreeMap<RefName, ObjectId> {
        &self.refs
    }

    /// Whether the repository has no ref at all, as one that was just made.
    pub fn is_empty_repository(&self) -> bool {
        self.refs.is_empty()
    }

    /// The commit that a branch stands at; nothing if there is no such branch.
    pub fn tip(&self, name: &RefName) -> Option<CommitId> {
        self.refs.get(name).copied().map(CommitId::new)
    }

    /// Whether a capability was advertised, such as `atomic`, or `object-format=sha1` with its value.
    pub fn offers(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// Whether a capability with a value, such as `agent`, was advertised.
    pub(crate) fn offers_value(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|offered| {
            offered
                .strip_prefix(capability)
                .is_some_and(|rest| rest.starts_with('='))
        })
    }
}

/// The first line that matters: smart HTTP puts `# service=…` and a flush before it, which protocol version 2 leaves out.
pub(crate) fn first_line<'a>(
    packets: &mut Packets<'a>,
    service: Service,
) -> Result<Option<&'a [u8]>, AdvertisementError> {
    let line = packets.line()?;
    match line.and_then(|line| line.strip_prefix(b"# service=")) {
        None => Ok(line),
        Some(named) if named == service.name().as_bytes() => match packets.line()? {
            None => Ok(packets.line()?),
            Some(_) => Err(AdvertisementError::Malformed(
                "no flush follows the service",
            )),
        },
        Some(_) => Err(AdvertisementError::Malformed("it is for another service")),
    }
}

/// The first ref and, after a NUL, the capabilities.
fn split_capabilities(line: &[u8]) -> Result<(&[u8], BTreeSet<String>), AdvertisementError> {
    let mut parts = line.splitn(2, |byte| *byte == 0);
    let (Some(first), Some(list)) = (parts.next(), parts.next()) else {
        return Err(AdvertisementError::Malformed("it names no capabilities"));
    };
    let capabilities: BTreeSet<String> = String::from_utf8_lossy(list)
        .split_ascii_whitespace()
        .map(str::to_owned)
        .collect();
    let format = capabilities
        .iter()
        .find_map(|capability| capability.strip_prefix("object-format="));
    match format {
        Some(format) if format != "sha1" => {
            let name = ServerText::new(format.as_bytes());
            Err(AdvertisementError::ObjectFormat(name))
        }
        _ => Ok((first, capabilities)),
    }
}

/// `<id> SP <name>`; a shallow line, a `.have` and the placeholder of an empty repository name no ref.
fn read_ref(line: &[u8], refs: &mut BTreeMap<RefName, ObjectId>) -> Result<(), AdvertisementError> {
    if line.starts_with(b"shallow ") {
        return Ok(());
    }
    let mut parts = line.splitn(2, |byte| *byte == b' ');
    let (Some(id), Some(name)) = (parts.next(), parts.next()) else {
        return Err(AdvertisementError::Malformed("a ref has no name"));
    };
    let id = ObjectId::from_hex(id)
        .map_err(|_| AdvertisementError::Malformed("a ref has no object id"))?;
    let name = std::str::from_utf8(name).ok().map(str::parse::<RefName>);
    if let Some(Ok(name)) = name
        && id != ObjectId::ZERO
    {
        refs.insert(name, id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pkt_line::{FLUSH, write_line};

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    fn answer(lines: &[&str]) -> Response {
        let mut body = Vec::new();
        write_line(&mut body, b"# service=git-receive-pack\n");
        body.extend_from_slice(FLUSH);
        for line in lines {
            write_line(&mut body, line.as_bytes());
        }
        body.extend_from_slice(FLUSH);
        http::Response::builder()
            .header(
                "content-type",
                "application/x-git-receive-pack-advertisement",
            )
            .body(body)
            .unwrap()
    }

    #[test]
    fn tips_and_capabilities_are_read() {
        let answer = answer(&[
            &format!(
                "{ID} refs/heads/main\0report-status atomic object-format=sha1 agent=git/2.47\n"
            ),
            &format!("{ID} refs/tags/v1\n"),
            &format!("{ID} .have\n"),
            &format!("shallow {ID}\n"),
        ]);
        let read = ReceivePackAdvertisement::parse(&answer).unwrap();
        let main = RefName::branch("main").unwrap();
        assert_eq!(read.tip(&main).unwrap().to_string(), ID);
        assert_eq!(read.tip(&RefName::branch("other").unwrap()), None);
        assert_eq!(read.refs().len(), 2);
        assert!(!read.is_empty_repository());
        assert!(read.offers("atomic") && read.offers("report-status"));
        assert!(!read.offers("side-band-64k") && !read.offers("atom"));
    }

    #[test]
    fn an_empty_repository_has_capabilities_and_no_ref() {
        let zero = ObjectId::ZERO;
        let answer = answer(&[&format!(
            "{zero} capabilities^{{}}\0report-status ofs-delta"
        )]);
        let read = ReceivePackAdvertisement::parse(&answer).unwrap();
        assert!(read.is_empty_repository());
        assert!(read.offers("ofs-delta"));
    }

    #[test]
    fn a_repository_with_other_ids_is_refused_by_name() {
        let answer = answer(&[&format!("{ID} refs/heads/main\0object-format=sha256")]);
        let error = ReceivePackAdvertisement::parse(&answer).unwrap_err();
        assert!(error.to_string().contains("`sha256`"), "{error}");
    }

    #[test]
    fn malformed_advertisements_are_errors() {
        let cases: [&[&str]; 5] = [
            &[],
            &["no capabilities"],
            &["\0report-status"],
            &["0123 refs/heads/main\0report-status"],
            &["0123456789abcdef0123456789abcdef01234567\0report-status"],
        ];
        for lines in cases {
            let error = ReceivePackAdvertisement::parse(&answer(lines)).unwrap_err();
            assert!(
                matches!(error, AdvertisementError::Malformed(_)),
                "{lines:?}: {error}"
            );
        }
    }
}
