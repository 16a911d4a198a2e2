//! What is told to people and machines: an [`Event`] becomes a [`Message`], the message a request to a [`Destination`], and
//! the answer a [`Verdict`]. It must never do I/O or read a clock, and no secret may leave it but in the request itself.
//!
//! Everything in an event is a stranger's text (names, reasons, remarks of controllers): each provider's module escapes it in
//! that provider's way, and cuts it to that provider's limits.

mod chat;
mod commit_status;
mod destination;
mod discord;
mod event;
mod links;
mod message;
mod secret;
mod settings;
mod slack;
mod teams;
mod text;
mod verdict;
mod webhook;

pub use destination::{Destination, Place, Sending};
pub use event::{Event, Kind, Outcome};
pub use links::Links;
pub use message::{Fact, Message, Tone};
pub use settings::{Destinations, Gimletd, InvalidDestinations};
pub use verdict::{NoAnswer, Verdict};
pub use webhook::{WebhookKey, sign};
