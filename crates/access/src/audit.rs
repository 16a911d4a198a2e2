//! The audit log as a chain: the hash of each row covers its content, its number and the hash of the row before, so that a row
//! cannot be changed, dropped or moved without the chain saying so.
//!
//! What the chain alone cannot show: rows taken off its end, and a chain that was computed anew from some row on by somebody
//! who can write the database. Against the first the store remembers the highest number that it ever gave out; against
//! both an operator notes the head ([`Head`]) now and then, in a place that the application cannot write, and has it compared.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::token::hex;

/// What `previous` of the first row is: 64 zeros.
pub const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Faults that a verification lists before it stops looking.
const MOST_FAULTS: usize = 100;

/// Whether somebody was let.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Yes: the row is written before the act.
    Allowed,
    /// No.
    Refused,
}

impl Outcome {
    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
        }
    }
}

impl FromStr for Outcome {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "allowed" => Ok(Self::Allowed),
            "refused" => Ok(Self::Refused),
            _ => Err(()),
        }
    }
}

/// What happened.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The login; empty where nobody is known.
    pub actor: String,
    /// How the login is known; empty where nobody is.
    pub via: String,
    /// The action's word.
    pub action: String,
    /// `allowed` or `refused`.
    pub outcome: String,
    /// The kind of refusal; empty where it was allowed.
    pub code: String,
    /// What the act touches: repository, app, environment.
    pub scope: String,
    /// What was done, or why it was refused.
    pub detail: String,
    /// The request to follow, if there is one.
    pub request_id: String,
}

/// A row of the log.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "AuditRow")
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// From 1, without gaps.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
    /// The hash of the row before.
    pub previous: String,
    /// The hash of this row.
    pub hash: String,
}

/// The end of the log: what an operator may note elsewhere.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "AuditHead")
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The number of the last row; 0 for an empty log.
    pub seq: u64,
    /// Its hash; [`BEGINNING`] for an empty log.
    pub hash: String,
}

impl Row {
    /// The row that follows `previous`.
    pub fn following(previous: &str, seq: u64, entry: Entry) -> Self {
        let hash = hash(seq, previous, &entry);
        Self {
            seq,
            entry,
            previous: previous.to_owned(),
            hash,
        }
    }
}

/// SHA-256 over the number, the hash before and every field, each with its length before it: no two rows have one encoding.
fn hash(seq: u64, previous: &str, entry: &Entry) -> String {
    let mut hasher = Sha256::new_with_prefix(b"wimble audit 1");
    hasher.update(seq.to_be_bytes());
    hasher.update(entry.at_ms.to_be_bytes());
    let texts = [
        previous,
        &entry.actor,
        &entry.via,
        &entry.action,
        &entry.outcome,
        &entry.code,
        &entry.scope,
        &entry.detail,
        &entry.request_id,
    ];
    for text in texts {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        hasher.update(length.to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hex(&hasher.finalize())
}

/// What is wrong with a log.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "AuditFault")
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum Fault {
    /// Rows are missing, the first and the last of them named.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The row is not what its hash says.
    Altered {
        /// The row.
        seq: u64,
    },
    /// The row does not follow the row that stands before it.
    Unlinked {
        /// The row.
        seq: u64,
    },
    /// A row stands where none can be: its number is not above the one before.
    OutOfOrder {
        /// The row.
        seq: u64,
    },
    /// The row that an operator noted has another hash now, or is gone.
    NotAsNoted {
        /// The row.
        seq: u64,
    },
}

/// Verifies a log row by row, in the order of their numbers.
#[derive(Debug, Clone)]
pub struct Verifier {
    last: Head,
    noted: Option<Head>,
    faults: Vec<Fault>,
}

impl Verifier {
    /// Begins after this row, which is trusted; [`Head::beginning`] for the whole log. `noted` is a row as an operator
    /// noted it, if there is one.
    pub fn after(trusted: Head, noted: Option<Head>) -> Self {
        let mut verifier = Self {
            last: trusted,
            noted: None,
            faults: Vec::new(),
        };
        match noted {
            Some(noted) if noted == verifier.last => {}
            Some(noted) if noted.seq == verifier.last.seq => {
                verifier.found(Fault::NotAsNoted { seq: noted.seq });
            }
            // One that stands before cannot be compared from here.
            noted => verifier.noted = noted.filter(|noted| noted.seq > verifier.last.seq),
        }
        verifier
    }

    /// The next row.
    pub fn check(&mut self, row: &Row) {
        let expected = self.last.seq.saturating_add(1);
        if row.seq < expected {
            self.found(Fault::OutOfOrder { seq: row.seq });
        }
        if row.seq > expected {
            self.found(Fault::Missing {
                from: expected,
                to: row.seq.saturating_sub(1),
            });
        }
        if row.hash != hash(row.seq, &row.previous, &row.entry) {
            self.found(Fault::Altered { seq: row.seq });
        } else if row.previous != self.last.hash {
            self.found(Fault::Unlinked { seq: row.seq });
        }
        if let Some(noted) = &self.noted
            && noted.seq == row.seq
        {
            if noted.hash != row.hash {
                self.found(Fault::NotAsNoted { seq: row.seq });
            }
            self.noted = None;
        }
        self.last = Head {
            seq: row.seq,
            hash: row.hash.clone(),
        };
    }

    /// Where the verification stands.
    pub fn last(&self) -> &Head {
        &self.last
    }

    /// The end of the log is reached. `highest` is the highest number that the store ever gave out.
    pub fn end(&mut self, highest: u64) {
        if self.last.seq < highest {
            self.found(Fault::Missing {
                from: self.last.seq.saturating_add(1),
                to: highest,
            });
        }
        if let Some(noted) = self.noted.take() {
            self.found(Fault::NotAsNoted { seq: noted.seq });
        }
    }

    /// What was found, in the order of the rows; at most 100.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    fn found(&mut self, fault: Fault) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        }
    }
}

impl Head {
    /// The head of an empty log.
    pub fn beginning() -> Self {
        Self {
            seq: 0,
            hash: BEGINNING.to_owned(),
        }
    }
}
