//! Git objects, packs and smart-HTTP messages: bytes in, bytes out. No I/O, no clock, no thread, no git binary.
//!
//! A caller reads a branch's tip, fetches the trees of that commit, edits them as objects, and pushes the new ones:
//!
//! 1. [`Remote::advertisement_request`] → [`ReceivePackAdvertisement::parse`]: the tip, and what the server takes.
//! 2. [`Remote::fetch_request`] → [`FetchAnswer::parse`] → [`Pack::read`] → [`Objects::insert_pack`].
//! 3. [`Objects::write_blob`], [`Objects::write_tree`], [`Objects::replace_subtree`], [`Objects::write_commit`].
//! 4. [`Objects::new_pack`] → [`Remote::push_request`] → [`PushReport::parse`].
//!
//! # Invariants
//!
//! - **Bytes from a server are hostile.** Every parser is bounded in size, depth and count; a pack is taken whole or not at all,
//!   and each object's id is the hash that was computed here. Nothing panics.
//! - **Only [`Objects`] holds objects, and it only grows.** `insert_pack` adds what the server has; the `write_` and edit methods add what
//!   is new. No object is ever changed: an edit makes new trees and leaves the old ones as they were. Ids that were handed out stay
//!   valid as long as the [`Objects`] lives. [`Objects::mark_pushed`] alone turns new into known.
//! - **An edit touches the trees on its path and nothing else.** Entries beside the path keep their mode, name and id byte for byte.
//! - **Nothing is sent that the server did not advertise**, and no object that the server is known to have.
//! - **The server's words decide nothing.** Errors are told apart by status, by protocol line and by `ok`/`ng`; text is kept, cut
//!   and escaped, for the log ([`ServerText`]).
//! - **Secrets stay in [`Credentials`]**: no error, no `Debug` output and no [`RemoteUrl`] holds one.

mod advertisement;
mod ancestry;
mod answer;
mod commit;
mod credentials;
mod fetch;
mod hash;
mod id;
mod ls_refs;
mod objects;
mod pack;
mod pkt_line;
mod push;
mod push_report;
mod ref_name;
mod remote;
mod remote_url;
mod server_text;
mod tree;
mod tree_edit;
mod upload_pack_capabilities;

pub use advertisement::{AdvertisementError, ReceivePackAdvertisement};
pub use ancestry::Ancestry;
pub use answer::HttpError;
pub use commit::{Commit, CommitSpec, Person};
pub use credentials::Credentials;
pub use fetch::{FetchAnswer, FetchError, FetchSpec, Filter};
pub use id::{BlobId, CommitId, ObjectId, ParseIdError, TreeId};
pub use ls_refs::{LsRefsAnswer, LsRefsError, Ref};
pub use objects::{EntryKind, LookupError, Objects, TreeEntry, WriteError};
pub use pack::{Kind, Limits, Pack, PackError, PackOptions, PackedObject};
pub use push::RefUpdate;
pub use push_report::{PushReport, PushReportError, RefOutcome, RefReport};
pub use ref_name::{RefName, RefNameError};
pub use remote::{RedirectError, Remote, Request, RequestError, Response, Service};
pub use remote_url::{RemoteUrl, RemoteUrlError};
pub use server_text::ServerText;
pub use tree_edit::Replacement;
pub use upload_pack_capabilities::{ParseCapabilitiesError, UploadPackCapabilities};
