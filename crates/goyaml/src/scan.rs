//! Characters to tokens, by the rules of go-yaml's scanner (`scannerc.go`, itself libyaml's). Never looks at what a scalar means.
//!
//! The YAML crates for Rust follow YAML 1.2, or panic on input; Go's scanner follows 1.1 with changes of its own, and Helm prints its
//! messages. On 1,177 test documents three of those crates accepted or refused otherwise than Go on more than 80 each, hence this one.

mod block;
mod flow;
mod tag;

use std::collections::{BTreeMap, VecDeque};

use crate::cursor::{Cursor, Mark};
use crate::error::ParseError;

/// Flow collections and indentations open at once, `max_flow_level` and `max_indents` of go-yaml.
const MAX_OPEN: usize = 10_000;

/// A simple key must end within this many characters and on its line.
const SIMPLE_KEY_LENGTH: usize = 1024;

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScalarStyle {
    Plain,
    Quoted,
    Block,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenKind {
    StreamEnd,
    VersionDirective { major: u8, minor: u8 },
    TagDirective { handle: String, prefix: String },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Tag { handle: String, suffix: String },
    Scalar { value: String, style: ScalarStyle },
}

/// A token and where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: Mark,
}

#[derive(Debug, Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token_number: usize,
    mark: Mark,
}

/// The token stream of one text.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    cursor: Cursor<'a>,
    tokens: VecDeque<Token>,
    tokens_parsed: usize,
    flow_level: usize,
    /// Column of the innermost block collection, -1 outside of all.
    indent: isize,
    indents: Vec<isize>,
    simple_key_allowed: bool,
    /// One for each open flow level, and one for the block level. Never empty.
    simple_keys: Vec<SimpleKey>,
    /// Index into `simple_keys` by token number. A few entries, so that a sorted list is quicker than hashing.
    keys_by_token: BTreeMap<usize, usize>,
    ended: bool,
}

/// An error as go-yaml words it: scanner errors count lines from 1, and leave out the first.
fn scanner_error(problem: &str, problem_mark: Mark, context_mark: Mark) -> ParseError {
    let line = match (problem_mark.line, context_mark.line) {
        (0, 0) => None,
        (0, context) => Some(context),
        (line, _) => Some(line + 1),
    };
    ParseError::Syntax {
        line,
        place: problem_mark.line + 1,
        problem: problem.to_owned(),
    }
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            cursor: Cursor::new(text),
            tokens: VecDeque::new(),
            tokens_parsed: 0,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            keys_by_token: BTreeMap::new(),
            ended: false,
        }
    }

    /// The next token, left where it is.
    pub(crate) fn peek(&mut self) -> Result<&Token, ParseError> {
        self.fetch_more_tokens()?;
        self.tokens.front().ok_or_else(|| {
            ParseError::decode("attempted to go past the end of stream; corrupted value?")
        })
    }

    /// Takes the next token.
    pub(crate) fn next(&mut self) -> Result<Token, ParseError> {
        self.fetch_more_tokens()?;
        self.tokens_parsed += 1;
        self.tokens.pop_front().ok_or_else(|| {
            ParseError::decode("attempted to go past the end of stream; corrupted value?")
        })
    }

    fn error(&self, context: Mark, problem: &str) -> ParseError {
        scanner_error(problem, self.cursor.mark, context)
    }

    /// Reads on while the first token may yet turn out to be a simple key.
    fn fetch_more_tokens(&mut self) -> Result<(), ParseError> {
        loop {
            if !self.tokens.is_empty() {
                let Some(&key) = self.keys_by_token.get(&self.tokens_parsed) else {
                    return Ok(());
                };
                if !self.simple_key_is_valid(key)? {
                    return Ok(());
                }
            }
            if self.ended {
                return Ok(());
            }
            self.fetch_next_token()?;
        }
    }

    fn fetch_next_token(&mut self) -> Result<(), ParseError> {
        self.scan_to_next_token();
        self.unroll_indent(self.column());
        if self.cursor.at_end() {
            return self.fetch_stream_end();
        }
        if self.cursor.mark.column == 0 && self.cursor.byte(0) == b'%' {
            return self.fetch_directive();
        }
        if self.cursor.is_document_indicator() {
            let kind = if self.cursor.byte(0) == b'-' {
                TokenKind::DocumentStart
            } else {
                TokenKind::DocumentEnd
            };
            return self.fetch_document_indicator(kind);
        }
        let flow = self.flow_level > 0;
        let blank_follows = self.cursor.is_blankz(1);
        match self.cursor.byte(0) {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if blank_follows => self.fetch_block_entry(),
            b'?' if flow || blank_follows => self.fetch_key(),
            b':' if flow || blank_follows => self.fetch_value(),
            b'*' => self.fetch_anchor(true),
            b'&' => self.fetch_anchor(false),
            b'!' => self.fetch_tag(),
            b'|' if !flow => self.fetch_block_scalar(true),
            b'>' if !flow => self.fetch_block_scalar(false),
            b'\'' => self.fetch_flow_scalar(true),
            b'"' => self.fetch_flow_scalar(false),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b' ' | b'\t' => Err(self.error(
                self.cursor.mark,
                "found character that cannot start any token",
            )),
            _ => self.fetch_plain_scalar(),
        }
    }

    fn column(&self) -> isize {
        isize::try_from(self.cursor.mark.column).unwrap_or(isize::MAX)
    }

    fn simple_key_is_valid(&mut self, key: usize) -> Result<bool, ParseError> {
        let here = self.cursor.mark;
        let Some(simple_key) = self.simple_keys.get_mut(key) else {
            return Ok(false);
        };
        if !simple_key.possible {
            return Ok(false);
        }
        if simple_key.mark.line < here.line
            || simple_key.mark.index + SIMPLE_KEY_LENGTH < here.index
        {
            if simple_key.required {
                let context = simple_key.mark;
                return Err(self.error(context, "could not find expected ':'"));
            }
            simple_key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    /// Notes that what follows may be a simple key.
    fn save_simple_key(&mut self) -> Result<(), ParseError> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let required = self.flow_level == 0 && self.indent == self.column();
        self.remove_simple_key()?;
        let token_number = self.tokens_parsed + self.tokens.len();
        let key = SimpleKey {
            possible: true,
            required,
            token_number,
            mark: self.cursor.mark,
        };
        let last = self.simple_keys.len() - 1;
        if let Some(slot) = self.simple_keys.last_mut() {
            *slot = key;
        }
        self.keys_by_token.insert(token_number, last);
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Result<(), ParseError> {
        let Some(key) = self.simple_keys.last_mut() else {
            return Ok(());
        };
        if !key.possible {
            return Ok(());
        }
        if key.required {
            let context = key.mark;
            return Err(self.error(context, "could not find expected ':'"));
        }
        key.possible = false;
        let number = key.token_number;
        self.keys_by_token.remove(&number);
        Ok(())
    }

    fn push(&mut self, kind: TokenKind, start: Mark) {
        self.tokens.push_back(Token { kind, start });
    }

    /// Opens a block collection at `column` unless one is open there. `number` is the token it goes before.
    fn roll_indent(
        &mut self,
        column: isize,
        number: Option<usize>,
        kind: TokenKind,
        mark: Mark,
    ) -> Result<(), ParseError> {
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_OPEN {
            return Err(self.error(mark, "exceeded max depth of 10000"));
        }
        self.insert(number, kind, mark);
        Ok(())
    }

    fn insert(&mut self, number: Option<usize>, kind: TokenKind, start: Mark) {
        // A key that was taken already is too late: go-yaml appends then.
        let at = number
            .and_then(|n| n.checked_sub(self.tokens_parsed))
            .filter(|&at| at <= self.tokens.len());
        self.tokens
            .insert(at.unwrap_or(self.tokens.len()), Token { kind, start });
    }

    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push(TokenKind::BlockEnd, self.cursor.mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_stream_end(&mut self) -> Result<(), ParseError> {
        if self.cursor.mark.column != 0 {
            self.cursor.mark.column = 0;
            self.cursor.mark.line += 1;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.ended = true;
        self.push(TokenKind::StreamEnd, self.cursor.mark);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), ParseError> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_directive()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: TokenKind) -> Result<(), ParseError> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark;
        for _ in 0..3 {
            self.cursor.skip();
        }
        self.push(kind, start);
        Ok(())
    }

    fn push_indicator(&mut self, kind: TokenKind) {
        let start = self.cursor.mark;
        self.cursor.skip();
        self.push(kind, start);
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Result<(), ParseError> {
        self.save_simple_key()?;
        // The number is that of the bracket itself, so that closing it forgets that the collection may be a key: go-yaml's way.
        self.simple_keys.push(SimpleKey {
            token_number: self.tokens_parsed + self.tokens.len(),
            ..SimpleKey::default()
        });
        self.flow_level += 1;
        if self.flow_level > MAX_OPEN {
            return Err(self.error(self.cursor.mark, "exceeded max depth of 10000"));
        }
        self.simple_key_allowed = true;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Result<(), ParseError> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(key) = self.simple_keys.pop() {
                self.keys_by_token.remove(&key.token_number);
            }
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<(), ParseError> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), ParseError> {
        let here = self.cursor.mark;
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error(
                    here,
                    "block sequence entries are not allowed in this context",
                ));
            }
            self.roll_indent(self.column(), None, TokenKind::BlockSequenceStart, here)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), ParseError> {
        let here = self.cursor.mark;
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error(here, "mapping keys are not allowed in this context"));
            }
            self.roll_indent(self.column(), None, TokenKind::BlockMappingStart, here)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), ParseError> {
        let here = self.cursor.mark;
        let last = self.simple_keys.len() - 1;
        if self.simple_key_is_valid(last)? {
            let key = self.simple_keys.last().copied().unwrap_or_default();
            self.insert(Some(key.token_number), TokenKind::Key, key.mark);
            let column = isize::try_from(key.mark.column).unwrap_or(isize::MAX);
            self.roll_indent(
                column,
                Some(key.token_number),
                TokenKind::BlockMappingStart,
                key.mark,
            )?;
            if let Some(slot) = self.simple_keys.last_mut() {
                slot.possible = false;
            }
            self.keys_by_token.remove(&key.token_number);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(self.error(here, "mapping values are not allowed in this context"));
                }
                self.roll_indent(self.column(), None, TokenKind::BlockMappingStart, here)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(TokenKind::Value);
        Ok(())
    }

    fn fetch_anchor(&mut self, alias: bool) -> Result<(), ParseError> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_anchor(alias)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_tag(&mut self) -> Result<(), ParseError> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_tag()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Result<(), ParseError> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let token = self.scan_block_scalar(literal)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_flow_scalar(&mut self, single: bool) -> Result<(), ParseError> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_flow_scalar(single)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_plain_scalar(&mut self) -> Result<(), ParseError> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_plain_scalar()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn scan_to_next_token(&mut self) {
        loop {
            while self.cursor.byte(0) == b' '
                || (self.cursor.byte(0) == b'\t'
                    && (self.flow_level > 0 || !self.simple_key_allowed))
            {
                self.cursor.skip();
            }
            self.cursor.skip_comment();
            if !self.cursor.is_break(0) {
                return;
            }
            self.cursor.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }
}
