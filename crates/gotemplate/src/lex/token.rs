//! Tokens, and how errors name them.

use crate::strconv::quote;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Kind {
    fn is_keyword(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Block
                | Break
                | Continue
                | Dot
                | Define
                | Else
                | End
                | If
                | Nil
                | Range
                | Template
                | With
        )
    }
}

/// A token: a stretch of the text, or an error's message.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) pos: usize,
    pub(crate) end: usize,
    pub(crate) line: usize,
    pub(crate) error: Option<Box<str>>,
}

impl Token {
    /// The text of the token.
    pub(crate) fn text<'t>(&self, input: &'t [u8]) -> &'t [u8] {
        input.get(self.pos..self.end).unwrap_or_default()
    }

    /// What Go prints for a token in an error.
    pub(crate) fn describe(&self, input: &[u8]) -> String {
        let text = self.text(input);
        match self.kind {
            Kind::Eof => "EOF".into(),
            Kind::Error => self.error.as_deref().unwrap_or_default().into(),
            kind if kind.is_keyword() => format!("<{}>", String::from_utf8_lossy(text)),
            _ if text.len() > 10 => {
                let end = crate::unicode::runes(text)
                    .nth(10)
                    .map_or(text.len(), |(at, _, _)| at);
                let head = quote(text.get(..end).unwrap_or_default());
                format!("{}...", String::from_utf8_lossy(&head))
            }
            _ => String::from_utf8_lossy(&quote(text)).into_owned(),
        }
    }
}
