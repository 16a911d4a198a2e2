//! The push: commands, then a pack, in one request to receive-pack (gitprotocol-pack, "Pushing Data To a Server").

use crate::advertisement::ReceivePackAdvertisement;
use crate::id::{CommitId, ObjectId};
use crate::pkt_line::{FLUSH, write_line};
use crate::ref_name::RefName;
use crate::remote::{AGENT, Remote, Request, RequestError, Service};

/// A ref to move. The server moves it only if it still stands at `old`: this is the lock of the whole protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// The ref.
    pub name: RefName,
    /// Where it stands; none to make a ref that does not exist yet.
    pub old: Option<CommitId>,
    /// Where it shall stand.
    pub new: CommitId,
}

impl Remote {
    /// Asks the server to take `pack` and to move the refs, all or none where it can (`atomic`).
    ///
    /// # Errors
    /// [`RequestError::NotOffered`] where the server would not report the outcome, [`RequestError::Nothing`] without updates.
    pub fn push_request(
        &self,
        advertisement: &ReceivePackAdvertisement,
        updates: &[RefUpdate],
        pack: &[u8],
    ) -> Result<Request, RequestError> {
        if updates.is_empty() {
            return Err(RequestError::Nothing("no ref is to be moved"));
        }
        if updates.iter().any(|update| update.old == Some(update.new)) {
            return Err(RequestError::Nothing("a ref stands already where it shall"));
        }
        let capabilities = capabilities(advertisement)?;
        let mut body = Vec::with_capacity(pack.len() + 1024);
        for (index, update) in updates.iter().enumerate() {
            let old = update.old.map_or(ObjectId::ZERO, CommitId::object);
            let mut line = format!("{old} {} {}", update.new, update.name);
            if index == 0 {
                line.push('\0');
                line.push_str(&capabilities);
            }
            write_line(&mut body, line.as_bytes());
        }
        body.extend_from_slice(FLUSH);
        body.extend_from_slice(pack);
        self.service_request(Service::ReceivePack, body)
    }
}

/// The capabilities to use, among those advertised. `ofs-delta` and `no-thin` are not among them: they say what a pack may hold
/// (gitprotocol-capabilities), and nobody repeats them.
fn capabilities(advertisement: &ReceivePackAdvertisement) -> Result<String, RequestError> {
    let report = ["report-status-v2", "report-status"]
        .into_iter()
        .find(|report| advertisement.offers(report))
        .ok_or(RequestError::NotOffered("report-status"))?;
    let mut used = format!(" {report}");
    for capability in ["side-band-64k", "atomic", "object-format=sha1"] {
        if advertisement.offers(capability) {
            used.push(' ');
            used.push_str(capability);
        }
    }
    if advertisement.offers_value("agent") {
        used.push_str(" agent=");
        used.push_str(AGENT);
    }
    Ok(used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::Response;

    const OLD: &str = "0123456789abcdef0123456789abcdef01234567";
    const NEW: &str = "89abcdef0123456789abcdef0123456789abcdef";

    fn advertisement(capabilities: &str) -> ReceivePackAdvertisement {
        let mut body = Vec::new();
        write_line(
            &mut body,
            format!("{OLD} refs/heads/main\0{capabilities}").as_bytes(),
        );
        body.extend_from_slice(FLUSH);
        let answer: Response = http::Response::builder()
            .header(
                "content-type",
                "application/x-git-receive-pack-advertisement",
            )
            .body(body)
            .unwrap();
        ReceivePackAdvertisement::parse(&answer).unwrap()
    }

    fn remote() -> Remote {
        Remote::new("https://host/a".parse().unwrap(), Default::default())
    }

    fn update(name: &str, old: Option<&str>) -> RefUpdate {
        RefUpdate {
            name: RefName::branch(name).unwrap(),
            old: old.map(|id| id.parse().unwrap()),
            new: NEW.parse().unwrap(),
        }
    }

    #[test]
    fn the_first_command_carries_the_advertised_capabilities() {
        let offered = advertisement(
            "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta object-format=sha1 agent=git/2",
        );
        let updates = [update("main", Some(OLD)), update("new", None)];
        let request = remote().push_request(&offered, &updates, b"PACK").unwrap();
        let zero = ObjectId::ZERO;
        assert_eq!(
            String::from_utf8_lossy(request.body()),
            format!(
                "00b3{OLD} {NEW} refs/heads/main\0 report-status-v2 side-band-64k atomic object-format=sha1 \
                 agent=gitwire/0.1.00064{zero} {NEW} refs/heads/new0000PACK"
            )
        );
        assert_eq!(request.uri(), "https://host/a/git-receive-pack");
        assert_eq!(
            request.headers()["content-type"],
            "application/x-git-receive-pack-request"
        );
    }

    #[test]
    fn nothing_is_sent_that_was_not_advertised() {
        let updates = [update("main", Some(OLD))];
        let request = remote()
            .push_request(&advertisement("report-status"), &updates, b"")
            .unwrap();
        assert!(
            request
                .body()
                .ends_with(b"refs/heads/main\0 report-status0000")
        );
        let error = remote()
            .push_request(&advertisement("atomic"), &updates, b"")
            .unwrap_err();
        assert!(matches!(error, RequestError::NotOffered("report-status")));
    }

    #[test]
    fn a_push_of_nothing_is_an_error() {
        let offered = advertisement("report-status");
        for updates in [&[][..], &[update("main", Some(NEW))]] {
            let error = remote().push_request(&offered, updates, b"").unwrap_err();
            assert!(matches!(error, RequestError::Nothing(_)));
        }
    }
}
