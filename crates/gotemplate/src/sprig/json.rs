//! `encoding/json` on template values: Go's text and Go's errors. Never recurses deeper than `MAX_DEPTH`.

mod decode;
mod encode;

pub(super) use decode::decode;
pub(super) use encode::{Style, encode};
