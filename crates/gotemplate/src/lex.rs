//! Splits a template text into tokens. Every token knows its place, since Go's errors name lines; nothing here looks at
//! what a token means.

mod token;

use crate::strconv::quote;
use crate::unicode::{decode_last_rune, decode_rune, is_alphanumeric, is_print};

pub(crate) use token::{Kind, Token};

const LEFT_COMMENT: &[u8] = b"/*";
const RIGHT_COMMENT: &[u8] = b"*/";
/// The marker and the space that must stand beside it.
const TRIM_MARKER_LEN: usize = 2;

/// The scanner. After an error token it only gives `Eof`.
pub(crate) struct Lexer<'t> {
    input: &'t [u8],
    left: &'t [u8],
    right: &'t [u8],
    pos: usize,
    start: usize,
    line: usize,
    start_line: usize,
    paren_depth: i32,
    inside_action: bool,
    failed: bool,
    /// Whether `break` and `continue` are keywords: they are not where the host has functions of that name.
    break_ok: bool,
    continue_ok: bool,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(
        input: &'t [u8],
        left: &'t str,
        right: &'t str,
        break_ok: bool,
        continue_ok: bool,
    ) -> Lexer<'t> {
        Lexer {
            input,
            left: left.as_bytes(),
            right: right.as_bytes(),
            pos: 0,
            start: 0,
            line: 1,
            start_line: 1,
            paren_depth: 0,
            inside_action: false,
            failed: false,
            break_ok,
            continue_ok,
        }
    }

    /// The next token.
    pub(crate) fn next_token(&mut self) -> Token {
        if self.failed {
            return Token {
                kind: Kind::Eof,
                pos: 0,
                end: 0,
                line: self.start_line,
                error: None,
            };
        }
        if self.inside_action {
            self.action()
        } else {
            self.text()
        }
    }

    fn rest(&self) -> &'t [u8] {
        self.input.get(self.pos..).unwrap_or_default()
    }

    /// The next rune, consumed; none at the end.
    fn next(&mut self) -> Option<char> {
        let (rune, width) = decode_rune(self.rest());
        self.pos += width;
        if width == 1 && rune == '\n' {
            self.line += 1;
        }
        (width > 0).then_some(rune)
    }

    fn peek(&self) -> Option<char> {
        let (rune, width) = decode_rune(self.rest());
        (width > 0).then_some(rune)
    }

    /// Steps back over the rune before; not after `next` gave none.
    fn backup(&mut self) {
        let (rune, width) = decode_last_rune(self.input.get(..self.pos).unwrap_or_default());
        self.pos -= width;
        if rune == '\n' {
            self.line -= 1;
        }
    }

    fn token(&mut self, kind: Kind) -> Token {
        let token = Token {
            kind,
            pos: self.start,
            end: self.pos,
            line: self.start_line,
            error: None,
        };
        self.start = self.pos;
        self.start_line = self.line;
        token
    }

    /// Skips to `pos`, which `next` has not counted the lines up to.
    fn skip_to(&mut self, pos: usize) {
        let skipped = self.input.get(self.pos..pos).unwrap_or_default();
        self.line += count_lines(skipped);
        self.pos = pos;
        self.ignore();
    }

    fn ignore(&mut self) {
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn error(&mut self, message: impl Into<String>) -> Token {
        self.failed = true;
        let message = message.into().into_boxed_str();
        Token {
            kind: Kind::Error,
            pos: self.start,
            end: self.start,
            line: self.start_line,
            error: Some(message),
        }
    }

    /// The text up to an action, then the action's delimiter.
    fn text(&mut self) -> Token {
        loop {
            let Some(offset) = find(self.rest(), self.left) else {
                let text = self.rest();
                self.line += count_lines(text);
                self.pos = self.input.len();
                let kind = if text.is_empty() {
                    Kind::Eof
                } else {
                    Kind::Text
                };
                return self.token(kind);
            };
            if offset > 0 {
                let delim = self.pos + offset;
                let after = self
                    .input
                    .get(delim + self.left.len()..)
                    .unwrap_or_default();
                let text = self.input.get(self.start..delim).unwrap_or_default();
                let kept = if has_left_trim_marker(after) {
                    text.trim_ascii_end_go()
                } else {
                    text
                };
                self.line += count_lines(kept);
                self.pos = self.start + kept.len();
                let token = self.token(Kind::Text);
                self.skip_to(delim);
                if !kept.is_empty() {
                    return token;
                }
            }
            if let Some(token) = self.left_delim() {
                return token;
            }
        }
    }

    /// The delimiter, or none after a comment.
    fn left_delim(&mut self) -> Option<Token> {
        self.pos += self.left.len();
        let marker = if has_left_trim_marker(self.rest()) {
            TRIM_MARKER_LEN
        } else {
            0
        };
        let after = self.pos + marker;
        if self
            .input
            .get(after..)
            .unwrap_or_default()
            .starts_with(LEFT_COMMENT)
        {
            self.skip_to(after);
            return self.comment();
        }
        let token = self.token(Kind::LeftDelim);
        self.inside_action = true;
        self.skip_to(after);
        self.paren_depth = 0;
        Some(token)
    }

    /// Skips a comment; a token only if it is broken.
    fn comment(&mut self) -> Option<Token> {
        let body = self.rest().get(LEFT_COMMENT.len()..).unwrap_or_default();
        let Some(offset) = find(body, RIGHT_COMMENT) else {
            return Some(self.error("unclosed comment"));
        };
        let end = self.pos + LEFT_COMMENT.len() + offset + RIGHT_COMMENT.len();
        let after = self.input.get(end..).unwrap_or_default();
        let Some(trim) = self.right_delim_at(after) else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        let mut next = end + self.right.len();
        if trim {
            next += TRIM_MARKER_LEN;
            next += leading_space(self.input.get(next..).unwrap_or_default());
        }
        self.skip_to(next);
        None
    }

    /// Whether a text starts with the right delimiter, and whether a trim marker comes first.
    fn right_delim_at(&self, text: &[u8]) -> Option<bool> {
        if has_right_trim_marker(text)
            && text
                .get(TRIM_MARKER_LEN..)
                .unwrap_or_default()
                .starts_with(self.right)
        {
            return Some(true);
        }
        text.starts_with(self.right).then_some(false)
    }

    fn right_delim(&mut self, trim: bool) -> Token {
        if trim {
            self.skip_to(self.pos + TRIM_MARKER_LEN);
        }
        self.pos += self.right.len();
        let token = self.token(Kind::RightDelim);
        if trim {
            self.skip_to(self.pos + leading_space(self.rest()));
        }
        self.inside_action = false;
        token
    }

    fn action(&mut self) -> Token {
        if let Some(trim) = self.right_delim_at(self.rest()) {
            if self.paren_depth == 0 {
                return self.right_delim(trim);
            }
            return self.error("unclosed left paren");
        }
        let Some(rune) = self.next() else {
            return self.error("unclosed action");
        };
        match rune {
            ' ' | '\t' | '\r' | '\n' => {
                self.backup();
                self.space()
            }
            '=' => self.token(Kind::Assign),
            ':' if self.next() == Some('=') => self.token(Kind::Declare),
            ':' => self.error("expected :="),
            '|' => self.token(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '`' => self.raw_quoted(),
            '$' => self.name(Kind::Variable),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '.' if self
                .rest()
                .first()
                .is_some_and(|byte| !byte.is_ascii_digit()) =>
            {
                self.name(Kind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.backup();
                self.number()
            }
            '(' => {
                self.paren_depth += 1;
                self.token(Kind::LeftParen)
            }
            ')' => {
                self.paren_depth -= 1;
                if self.paren_depth < 0 {
                    self.error("unexpected right paren")
                } else {
                    self.token(Kind::RightParen)
                }
            }
            rune if is_alphanumeric(rune) => self.identifier(),
            rune if rune.is_ascii() && is_print(rune) => self.token(Kind::Char),
            rune => self.error(format!(
                "unrecognized character in action: {}",
                unicode_point(Some(rune))
            )),
        }
    }

    /// A run of space, without the last one where that belongs to a trim marker.
    fn space(&mut self) -> Token {
        let mut count = 0;
        while self.peek().is_some_and(is_space) {
            self.next();
            count += 1;
        }
        let last = self.input.get(self.pos - 1..).unwrap_or_default();
        if self.right_delim_at(last) == Some(true) {
            self.backup();
            if count == 1 {
                return self.right_delim(true);
            }
        }
        self.token(Kind::Space)
    }

    fn identifier(&mut self) -> Token {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match self.input.get(self.start..self.pos).unwrap_or_default() {
            b"block" => Kind::Block,
            b"break" if self.break_ok => Kind::Break,
            b"continue" if self.continue_ok => Kind::Continue,
            b"define" => Kind::Define,
            b"else" => Kind::Else,
            b"end" => Kind::End,
            b"if" => Kind::If,
            b"nil" => Kind::Nil,
            b"range" => Kind::Range,
            b"template" => Kind::Template,
            b"with" => Kind::With,
            b"true" | b"false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.token(kind)
    }

    fn bad_character(&mut self) -> Token {
        let rune = self.peek();
        self.error(format!("bad character {}", unicode_point(rune)))
    }

    /// The rest of `.name` or `$name`, or the sign alone.
    fn name(&mut self, kind: Kind) -> Token {
        if self.at_terminator() {
            return self.token(if kind == Kind::Variable {
                Kind::Variable
            } else {
                Kind::Dot
            });
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.token(kind)
    }

    /// Whether a name may end here.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(self.right),
        }
    }

    fn quoted(&mut self, end: char, kind: Kind, unterminated: &str) -> Token {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return self.error(unterminated);
                    }
                }
                None | Some('\n') => return self.error(unterminated),
                Some(rune) if rune == end => return self.token(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_quoted(&mut self) -> Token {
        loop {
            match self.next() {
                None => return self.error("unterminated raw quoted string"),
                Some('`') => return self.token(Kind::RawString),
                Some(_) => {}
            }
        }
    }

    /// A number, or the pair of a complex one. What is no number after all is left to the parser.
    fn number(&mut self) -> Token {
        let mut kind = Kind::Number;
        let mut good = self.scan_number();
        if good && matches!(self.peek(), Some('+' | '-')) {
            kind = Kind::Complex;
            good = self.scan_number() && self.input.get(self.pos - 1) == Some(&b'i');
        }
        if good {
            return self.token(kind);
        }
        let text = quote(self.input.get(self.start..self.pos).unwrap_or_default());
        self.error(format!(
            "bad number syntax: {}",
            String::from_utf8_lossy(&text)
        ))
    }

    fn accept(&mut self, valid: &str) -> bool {
        let found = self.peek().is_some_and(|rune| valid.contains(rune));
        if found {
            self.next();
        }
        found
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &str = "0123456789_";
        const HEXADECIMAL: &str = "0123456789abcdefABCDEF_";
        self.accept("+-");
        let mut digits = DECIMAL;
        if self.accept("0") {
            if self.accept("xX") {
                digits = HEXADECIMAL;
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let exponent =
            digits == DECIMAL && self.accept("eE") || digits == HEXADECIMAL && self.accept("pP");
        if exponent {
            self.accept("+-");
            self.accept_run(DECIMAL);
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

/// `%#U`: `U+0021 '!'`; the end of the text is Go's rune -1.
fn unicode_point(rune: Option<char>) -> String {
    match rune {
        None => "U+FFFFFFFFFFFFFFFF".into(),
        Some(rune) if is_print(rune) => format!("U+{:04X} '{rune}'", u32::from(rune)),
        Some(rune) => format!("U+{:04X}", u32::from(rune)),
    }
}

trait TrimGo {
    /// Without space at the end, as Go's trim markers define space.
    fn trim_ascii_end_go(&self) -> &Self;
}

impl TrimGo for [u8] {
    fn trim_ascii_end_go(&self) -> &[u8] {
        let end = self
            .iter()
            .rposition(|byte| !is_space_byte(*byte))
            .map_or(0, |last| last + 1);
        self.get(..end).unwrap_or_default()
    }
}

fn leading_space(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| !is_space_byte(*byte))
        .unwrap_or(text.len())
}

fn is_space_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_space(rune: char) -> bool {
    matches!(rune, ' ' | '\t' | '\r' | '\n')
}

fn has_left_trim_marker(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space_byte(*space))
}

fn has_right_trim_marker(text: &[u8]) -> bool {
    matches!(text, [space, b'-', ..] if is_space_byte(*space))
}

pub(crate) fn count_lines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, pattern)
}
