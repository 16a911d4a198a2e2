//! The parser of template texts.
use std::rc::Rc;

use crate::error::ParseError;
use crate::func::Functions;

pub(crate) const LEFT_DELIM: &str = "{{";
pub(crate) const RIGHT_DELIM: &str = "}}";

#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) name: Rc<str>,
}

impl Tree {
    pub(crate) fn is_empty(&self) -> bool {
        true
    }
    pub(crate) fn source(&self) -> Vec<u8> {
        Vec::new()
    }
}

pub(crate) fn parse(
    name: &str,
    _text: &[u8],
    _left: &str,
    _right: &str,
    _functions: &Functions,
) -> Result<Vec<Tree>, ParseError> {
    Ok(vec![Tree {
        name: Rc::from(name),
    }])
}
