//! Go's `strconv`: quoting and numbers, byte for byte. Never panics on any text.

mod float;
mod number;
mod quote;

pub use crate::unicode::is_print;
pub use float::format_float;
pub use number::{NumError, parse_float, parse_int, parse_uint};
pub(crate) use quote::{Unit, can_backquote, quote_rune, unquote, unquote_char};
pub use quote::{quote, quote_to_ascii};
