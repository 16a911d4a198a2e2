//! The refs of a repository by protocol version 2 (gitprotocol-v2, "ls-refs").

use crate::answer::{self, HttpError};
use crate::id::ObjectId;
use crate::pkt_line::{FLUSH, Packets, WireError, write_line};
use crate::ref_name::RefName;
use crate::remote::{Remote, Request, RequestError, Response, Service};
use crate::server_text::ServerText;
use crate::upload_pack_capabilities::UploadPackCapabilities;

/// A ref of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ref {
    /// Its name.
    pub name: RefName,
    /// The object that it names: a commit for a branch, a tag object for an annotated tag.
    pub id: ObjectId,
    /// For an annotated tag, the object that the tag stands for.
    pub peeled: Option<ObjectId>,
    /// For a symbolic ref, the ref that it points at.
    pub symref_target: Option<RefName>,
}

/// The answer to [`Remote::ls_refs_request`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LsRefsAnswer {
    /// The refs in the server's order, without `HEAD`. A ref whose name is not UTF-8 is left out.
    pub refs: Vec<Ref>,
    /// Where `HEAD` points: the default branch, even one without a commit if the server tells so. Asked for by the prefix `HEAD`.
    pub default_branch: Option<RefName>,
}

/// Why the list of refs could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LsRefsError {
    /// The HTTP answer was not a success.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The body breaks the protocol; the message says where.
    #[error("the Git server's list of refs is malformed: {0}")]
    Malformed(&'static str),
    /// The server reported an error of its own (`ERR`).
    #[error("the Git server refused to list its refs: {0}")]
    Refused(ServerText),
    /// The list ended before its end.
    #[error("the Git server's list of refs was cut short")]
    Truncated,
}

impl From<WireError> for LsRefsError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Malformed(problem) => Self::Malformed(problem),
            WireError::Truncated => Self::Truncated,
            WireError::Refused(reason) => Self::Refused(reason),
        }
    }
}

/// Longest prefix, in bytes.
const MAX_PREFIX: usize = 1024;

impl Remote {
    /// Asks for the refs whose names begin with one of `prefixes` (`HEAD`, `refs/heads/main`, …); all of them where there is none.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub fn ls_refs_request(
        &self,
        capabilities: &UploadPackCapabilities,
        prefixes: &[&str],
    ) -> Result<Request, RequestError> {
        if prefixes.iter().any(|prefix| prefix.len() > MAX_PREFIX) {
            return Err(RequestError::Nothing(
                "a prefix is longer than the name of a ref can be",
            ));
        }
        let mut body = capabilities.command("ls-refs");
        write_line(&mut body, b"peel\n");
        write_line(&mut body, b"symrefs\n");
        if capabilities.unborn {
            write_line(&mut body, b"unborn\n");
        }
        for prefix in prefixes {
            write_line(&mut body, format!("ref-prefix {prefix}\n").as_bytes());
        }
        body.extend_from_slice(FLUSH);
        self.service_request(Service::UploadPack, body)
    }
}

impl LsRefsAnswer {
    /// Reads the answer to [`Remote::ls_refs_request`].
    ///
    /// # Errors
    /// See [`LsRefsError`].
    pub fn parse(response: &Response) -> Result<Self, LsRefsError> {
        let body = answer::body(response, Service::UploadPack.result_type())?;
        let mut packets = Packets::new(body);
        let mut read = Self::default();
        while let Some(line) = packets.line()? {
            let line = Line::parse(line)?;
            if line.name == b"HEAD" {
                read.default_branch = line.symref_target;
            } else if let Some((name, id)) = name(line.name).zip(line.id) {
                read.refs.push(Ref {
                    name,
                    id,
                    peeled: line.peeled,
                    symref_target: line.symref_target,
                });
            }
        }
        Ok(read)
    }
}

/// `<id or "unborn"> SP <name> [SP symref-target:<name>] [SP peeled:<id>]`.
struct Line<'a> {
    id: Option<ObjectId>,
    name: &'a [u8],
    symref_target: Option<RefName>,
    peeled: Option<ObjectId>,
}

impl<'a> Line<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, LsRefsError> {
        const NO_ID: LsRefsError = LsRefsError::Malformed("a ref has no object id");
        let mut words = line.split(|byte| *byte == b' ');
        let id = match words.next() {
            Some(b"unborn") => None,
            Some(hex) => Some(ObjectId::from_hex(hex).map_err(|_| NO_ID)?),
            None => return Err(NO_ID),
        };
        let name = words
            .next()
            .ok_or(LsRefsError::Malformed("a ref has no name"))?;
        let mut read = Self {
            id,
            name,
            symref_target: None,
            peeled: None,
        };
        for word in words {
            if let Some(target) = word.strip_prefix(b"symref-target:") {
                read.symref_target = self::name(target);
            } else if let Some(hex) = word.strip_prefix(b"peeled:") {
                read.peeled = Some(ObjectId::from_hex(hex).map_err(|_| NO_ID)?);
            }
        }
        Ok(read)
    }
}

fn name(bytes: &[u8]) -> Option<RefName> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";
    const TAG: &str = "89abcdef0123456789abcdef0123456789abcdef";

    fn answer(lines: &[String]) -> Response {
        let mut body = Vec::new();
        for line in lines {
            write_line(&mut body, line.as_bytes());
        }
        body.extend_from_slice(FLUSH);
        http::Response::builder()
            .header("content-type", "application/x-git-upload-pack-result")
            .body(body)
            .unwrap()
    }

    #[test]
    fn branches_tags_and_the_default_branch_are_read() {
        let read = LsRefsAnswer::parse(&answer(&[
            format!("{ID} HEAD symref-target:refs/heads/main\n"),
            format!("{ID} refs/heads/main\n"),
            format!("{TAG} refs/tags/v1 peeled:{ID}\n"),
            format!("{ID} refs/remotes/origin/HEAD symref-target:refs/remotes/origin/main\n"),
        ]))
        .unwrap();
        assert_eq!(read.default_branch, Some(RefName::branch("main").unwrap()));
        let names: Vec<_> = read.refs.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "refs/heads/main",
                "refs/tags/v1",
                "refs/remotes/origin/HEAD"
            ]
        );
        assert_eq!(read.refs[1].id.to_string(), TAG);
        assert_eq!(read.refs[1].peeled.unwrap().to_string(), ID);
        let target = read.refs[2].symref_target.as_ref().unwrap();
        assert_eq!(target.as_str(), "refs/remotes/origin/main");
    }

    #[test]
    fn the_default_branch_of_an_empty_repository_is_read() {
        let lines = ["unborn HEAD symref-target:refs/heads/trunk\n".to_owned()];
        let read = LsRefsAnswer::parse(&answer(&lines)).unwrap();
        assert_eq!(read.default_branch, Some(RefName::branch("trunk").unwrap()));
        assert!(read.refs.is_empty());
    }

    #[test]
    fn malformed_lists_are_errors() {
        for line in [
            "",
            "xyz refs/heads/main",
            ID,
            &format!("{ID} refs/tags/v peeled:12"),
        ] {
            let error = LsRefsAnswer::parse(&answer(&[line.to_owned()])).unwrap_err();
            assert!(
                matches!(error, LsRefsError::Malformed(_)),
                "{line}: {error}"
            );
        }
    }

    #[test]
    fn only_advertised_arguments_are_sent() {
        let remote = Remote::new("https://host/a".parse().unwrap(), Default::default());
        let bare = UploadPackCapabilities::default();
        let request = remote
            .ls_refs_request(&bare, &["HEAD", "refs/heads/"])
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(request.body()),
            "0014command=ls-refs\n00010009peel\n000csymrefs\n0014ref-prefix HEAD\n001bref-prefix refs/heads/\n0000"
        );
        let full: UploadPackCapabilities = "v2 agent unborn object-format".parse().unwrap();
        let request = remote.ls_refs_request(&full, &[]).unwrap();
        assert_eq!(
            String::from_utf8_lossy(request.body()),
            "0014command=ls-refs\n0018agent=gitwire/0.1.0\n0017object-format=sha1\n0001\
             0009peel\n000csymrefs\n000bunborn\n0000"
        );
    }
}
