//! Sprig's flow control: `fail`.

use super::args::{TEXT, text};
use crate::error::FuncError;
use crate::func::Functions;

pub(super) fn add(functions: &mut Functions) {
    functions.add("fail", TEXT, |_, a| Err(FuncError::new(text(a, 0))));
}
