//! The server's report on a push (gitprotocol-pack, "Report Status"): `unpack`, then `ok` or `ng` for each ref.

use crate::advertisement::ReceivePackAdvertisement;
use crate::answer::{self, HttpError};
use crate::id::{CommitId, ObjectId};
use crate::pkt_line::{Packets, WireError, read_bands};
use crate::push::RefUpdate;
use crate::ref_name::RefName;
use crate::remote::{Response, Service};
use crate::server_text::ServerText;

/// What became of one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefOutcome {
    /// It was moved.
    Ok,
    /// It was not. The text is for the log only: a moved tip, a protected branch and a full disk all end here.
    Rejected(ServerText),
}

/// The report on one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefReport {
    /// The ref.
    pub name: RefName,
    /// What became of it.
    pub outcome: RefOutcome,
    /// The ref that was moved in its place, if the server says so (`option refname` of report-status-v2, from a `proc-receive` hook).
    pub moved: Option<RefName>,
    /// Where the ref stands now, if the server says so (`option new-oid`).
    pub new: Option<CommitId>,
}

/// The report on a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushReport {
    /// Why the pack was not taken; none if it was.
    pub unpack_error: Option<ServerText>,
    /// The report on each ref, in the server's order.
    pub refs: Vec<RefReport>,
    /// What the server printed meanwhile (side band 2), such as a hook's reason.
    pub messages: ServerText,
}

/// Why a report could not be read. The push may have landed or not: ask for the tip.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushReportError {
    /// The HTTP answer was not a success.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The body breaks the protocol; the message says where.
    #[error("the Git server's report on the push is malformed: {0}")]
    Malformed(&'static str),
    /// The server reported an error of its own: an `ERR` line, or side band 3.
    #[error("the Git server refused the push: {0}")]
    Refused(ServerText),
    /// The report ended before its end.
    #[error("the Git server's report on the push was cut short; whether it landed is not known")]
    Truncated,
}

impl From<WireError> for PushReportError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Malformed(problem) => Self::Malformed(problem),
            WireError::Truncated => Self::Truncated,
            WireError::Refused(reason) => Self::Refused(reason),
        }
    }
}

impl PushReport {
    /// Reads the answer to [`crate::Remote::push_request`], which was made for the same advertisement.
    ///
    /// # Errors
    /// See [`PushReportError`].
    pub fn parse(
        advertisement: &ReceivePackAdvertisement,
        response: &Response,
    ) -> Result<Self, PushReportError> {
        let body = answer::body(response, Service::ReceivePack.result_type())?;
        if !advertisement.offers("side-band-64k") {
            return Self::read(body, &[]);
        }
        let bands = read_bands(&mut Packets::new(body))?;
        Self::read(&bands.data, &bands.messages)
    }

    fn read(report: &[u8], messages: &[u8]) -> Result<Self, PushReportError> {
        let mut packets = Packets::new(report);
        let unpack = packets
            .line()?
            .and_then(|line| line.strip_prefix(b"unpack "))
            .ok_or(PushReportError::Malformed(
                "it does not begin with `unpack`",
            ))?;
        let mut read = Self {
            unpack_error: (unpack != b"ok").then(|| ServerText::new(unpack)),
            refs: Vec::new(),
            messages: ServerText::new(messages),
        };
        while let Some(line) = packets.line()? {
            read.read_line(line)?;
        }
        Ok(read)
    }

    fn read_line(&mut self, line: &[u8]) -> Result<(), PushReportError> {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let (word, name, rest) = (words.next(), words.next().unwrap_or_default(), words.next());
        let outcome = match word {
            Some(b"ok") => RefOutcome::Ok,
            Some(b"ng") => RefOutcome::Rejected(ServerText::new(rest.unwrap_or_default())),
            Some(b"option") => return self.read_option(name, rest.unwrap_or_default()),
            _ => {
                return Err(PushReportError::Malformed(
                    "a line is neither `ok` nor `ng`",
                ));
            }
        };
        self.refs.push(RefReport {
            name: ref_name(name)?,
            outcome,
            moved: None,
            new: None,
        });
        Ok(())
    }

    /// An option belongs to the `ok` line before it.
    fn read_option(&mut self, key: &[u8], value: &[u8]) -> Result<(), PushReportError> {
        let report = self.refs.last_mut().ok_or(PushReportError::Malformed(
            "an option stands before any ref",
        ))?;
        match key {
            b"refname" => report.moved = Some(ref_name(value)?),
            b"new-oid" => {
                let id = ObjectId::from_hex(value)
                    .map_err(|_| PushReportError::Malformed("an option has no object id"))?;
                report.new = Some(CommitId::new(id));
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the pack was taken, and the ref was moved as this update asked.
    pub fn accepted(&self, update: &RefUpdate) -> bool {
        self.unpack_error.is_none()
            && self.refs.iter().any(|report| {
                report.name == update.name
                    && report.outcome == RefOutcome::Ok
                    && !report.is_elsewhere(update.new)
            })
    }
}

impl RefReport {
    /// Whether the server says that it moved another ref, or moved this one to another commit than `new`.
    pub fn is_elsewhere(&self, new: CommitId) -> bool {
        self.moved.as_ref().is_some_and(|name| *name != self.name)
            || self.new.is_some_and(|id| id != new)
    }
}

fn ref_name(bytes: &[u8]) -> Result<RefName, PushReportError> {
    let name = std::str::from_utf8(bytes).ok();
    name.and_then(|name| name.parse().ok())
        .ok_or(PushReportError::Malformed("a line names no ref"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pkt_line::{FLUSH, write_line};

    const NEW: &str = "89abcdef0123456789abcdef0123456789abcdef";

    fn update(branch: &str) -> RefUpdate {
        RefUpdate {
            name: RefName::branch(branch).unwrap(),
            old: None,
            new: NEW.parse().unwrap(),
        }
    }

    fn report(lines: &[&str]) -> Vec<u8> {
        let mut report = Vec::new();
        for line in lines {
            write_line(&mut report, line.as_bytes());
        }
        report.extend_from_slice(FLUSH);
        report
    }

    #[test]
    fn a_push_that_landed_is_told() {
        let read =
            PushReport::read(&report(&["unpack ok\n", "ok refs/heads/main\n"]), b"").unwrap();
        assert!(read.accepted(&update("main")));
        assert!(!read.accepted(&update("other")));
    }

    #[test]
    fn rejected_refs_and_packs_are_told_with_their_reason() {
        let main = update("main");
        let lines = ["unpack ok\n", "ng refs/heads/main failed to update ref\n"];
        let read = PushReport::read(&report(&lines), b"remote: hook says no\n").unwrap();
        assert!(!read.accepted(&main));
        let reason = ServerText::new(b"failed to update ref");
        assert_eq!(read.refs[0].outcome, RefOutcome::Rejected(reason));
        assert_eq!(read.messages.as_str(), "remote: hook says no");

        let lines = ["unpack index-pack abnormal exit\n", "ok refs/heads/main\n"];
        let read = PushReport::read(&report(&lines), b"").unwrap();
        assert!(!read.accepted(&main));
        assert_eq!(
            read.unpack_error,
            Some(ServerText::new(b"index-pack abnormal exit"))
        );
    }

    #[test]
    fn a_ref_that_the_server_put_elsewhere_is_told() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let option = format!("option new-oid {id}\n");
        let lines = [
            "unpack ok\n",
            "ok refs/heads/main\n",
            "option refname refs/heads/x\n",
            &option,
        ];
        let read = PushReport::read(&report(&lines), b"").unwrap();
        assert_eq!(read.refs[0].new.unwrap().to_string(), id);
        assert_eq!(
            read.refs[0].moved.as_ref().unwrap().as_str(),
            "refs/heads/x"
        );
        assert!(!read.accepted(&update("main")));
    }

    #[test]
    fn a_ref_that_stands_where_it_was_asked_to_was_moved() {
        let option = format!("option new-oid {NEW}\n");
        let lines = [
            "unpack ok\n",
            "ok refs/heads/main\n",
            "option refname refs/heads/main\n",
            &option,
        ];
        let read = PushReport::read(&report(&lines), b"").unwrap();
        assert!(read.accepted(&update("main")));
    }

    #[test]
    fn malformed_and_cut_reports_are_errors() {
        let cases: [&[&str]; 7] = [
            &["unpack ok", "ok refs/heads/main", "option refname main"],
            &[],
            &["ok refs/heads/main"],
            &["unpack ok", "yes refs/heads/main"],
            &["unpack ok", "ok main"],
            &["unpack ok", "option new-oid 12"],
            &["unpack ok", "ok"],
        ];
        for lines in cases {
            let error = PushReport::read(&report(lines), b"").unwrap_err();
            assert!(
                matches!(error, PushReportError::Malformed(_)),
                "{lines:?}: {error}"
            );
        }
        let whole = report(&["unpack ok", "ok refs/heads/main"]);
        for length in 0..whole.len() {
            let error = PushReport::read(&whole[..length], b"").unwrap_err();
            assert_eq!(error, PushReportError::Truncated);
        }
    }
}
