//! Plain and quoted scalars, which may run over lines. Never decides whether a plain scalar is a number.

use super::{ScalarStyle, Scanner, Token, TokenKind};
use crate::cursor::Mark;
use crate::error::ParseError;

/// Blanks and line breaks between two pieces of a scalar, folded when the next piece comes.
#[derive(Default)]
struct Gap {
    whitespace: String,
    leading_break: String,
    trailing_breaks: String,
    /// A line break was seen: blanks count for nothing from here.
    broken: bool,
}

impl Gap {
    /// Folds the gap into `out` and empties it.
    fn fold_into(&mut self, out: &mut String) {
        if !self.broken {
            out.push_str(&self.whitespace);
        } else if self.leading_break.starts_with('\n') {
            out.push_str(if self.trailing_breaks.is_empty() {
                " "
            } else {
                &self.trailing_breaks
            });
        } else {
            out.push_str(&self.leading_break);
            out.push_str(&self.trailing_breaks);
        }
        self.whitespace.clear();
        self.leading_break.clear();
        self.trailing_breaks.clear();
        self.broken = false;
    }
}

impl Scanner<'_> {
    /// Reads the blanks and breaks here into `gap`. With `indent`, a tab below it is an error.
    fn scan_gap(&mut self, gap: &mut Gap, indent: Option<(isize, Mark)>) -> Result<(), ParseError> {
        loop {
            if self.cursor.is_blank(0) {
                if let Some((indent, start)) = indent
                    && gap.broken
                    && self.column() < indent
                    && self.cursor.byte(0) == b'\t'
                {
                    return Err(
                        self.error(start, "found a tab character that violates indentation")
                    );
                }
                if gap.broken {
                    self.cursor.skip();
                } else {
                    self.cursor.read(&mut gap.whitespace);
                }
            } else if self.cursor.is_break(0) {
                if gap.broken {
                    self.cursor.read_line(&mut gap.trailing_breaks);
                } else {
                    gap.whitespace.clear();
                    self.cursor.read_line(&mut gap.leading_break);
                    gap.broken = true;
                }
            } else {
                return Ok(());
            }
        }
    }

    pub(super) fn scan_plain_scalar(&mut self) -> Result<Token, ParseError> {
        let start = self.cursor.mark;
        let indent = self.indent + 1;
        let mut value = String::new();
        let mut gap = Gap::default();
        loop {
            if self.cursor.is_document_indicator() || self.cursor.byte(0) == b'#' {
                break;
            }
            while !self.cursor.is_blankz(0) {
                let byte = self.cursor.byte(0);
                let ends_flow =
                    self.flow_level > 0 && matches!(byte, b',' | b'?' | b'[' | b']' | b'{' | b'}');
                if (byte == b':' && self.cursor.is_blankz(1)) || ends_flow {
                    break;
                }
                gap.fold_into(&mut value);
                self.cursor.read(&mut value);
                self.cursor.read_while(&mut value, |byte| {
                    !matches!(
                        byte,
                        b' ' | b'\t' | b':' | b',' | b'?' | b'[' | b']' | b'{' | b'}'
                    )
                });
            }
            if !(self.cursor.is_blank(0) || self.cursor.is_break(0)) {
                break;
            }
            self.scan_gap(&mut gap, Some((indent, start)))?;
            if self.flow_level == 0 && self.column() < indent {
                break;
            }
        }
        if gap.broken {
            self.simple_key_allowed = true;
        }
        Ok(Token {
            kind: TokenKind::Scalar {
                value,
                style: ScalarStyle::Plain,
            },
            start,
        })
    }

    pub(super) fn scan_flow_scalar(&mut self, single: bool) -> Result<Token, ParseError> {
        let start = self.cursor.mark;
        let quote = if single { b'\'' } else { b'"' };
        self.cursor.skip();
        let mut value = String::new();
        let mut gap = Gap::default();
        loop {
            if self.cursor.is_document_indicator() {
                return Err(self.error(start, "found unexpected document indicator"));
            }
            if self.cursor.at_end() {
                return Err(self.error(start, "found unexpected end of stream"));
            }
            while !self.cursor.is_blankz(0) {
                let (byte, next) = (self.cursor.byte(0), self.cursor.byte(1));
                if single && byte == b'\'' && next == b'\'' {
                    value.push('\'');
                    self.cursor.skip();
                    self.cursor.skip();
                } else if byte == quote {
                    break;
                } else if !single && byte == b'\\' && self.cursor.is_break(1) {
                    self.cursor.skip();
                    self.cursor.skip_line();
                    gap.broken = true;
                    break;
                } else if !single && byte == b'\\' {
                    self.scan_escape(start, &mut value)?;
                } else {
                    self.cursor.read(&mut value);
                    self.cursor.read_while(&mut value, |byte| {
                        !matches!(byte, b' ' | b'\t' | b'\'' | b'"' | b'\\')
                    });
                }
            }
            if self.cursor.byte(0) == quote && !self.cursor.at_end() {
                break;
            }
            self.scan_gap(&mut gap, None)?;
            if gap.broken && gap.leading_break.is_empty() {
                // An escaped line break: nothing stands for it, the empty lines after it stay.
                value.push_str(&gap.trailing_breaks);
                gap = Gap::default();
            } else {
                gap.fold_into(&mut value);
            }
        }
        self.cursor.skip();
        Ok(Token {
            kind: TokenKind::Scalar {
                value,
                style: ScalarStyle::Quoted,
            },
            start,
        })
    }

    fn scan_escape(&mut self, start: Mark, value: &mut String) -> Result<(), ParseError> {
        let (replacement, digits) = match self.cursor.byte(1) {
            b'0' => ('\0', 0),
            b'a' => ('\x07', 0),
            b'b' => ('\x08', 0),
            b't' | b'\t' => ('\t', 0),
            b'n' => ('\n', 0),
            b'v' => ('\x0B', 0),
            b'f' => ('\x0C', 0),
            b'r' => ('\r', 0),
            b'e' => ('\x1B', 0),
            b' ' => (' ', 0),
            b'"' => ('"', 0),
            b'\'' => ('\'', 0),
            b'\\' => ('\\', 0),
            b'N' => ('\u{85}', 0),
            b'_' => ('\u{A0}', 0),
            b'L' => ('\u{2028}', 0),
            b'P' => ('\u{2029}', 0),
            b'x' => ('\0', 2),
            b'u' => ('\0', 4),
            b'U' => ('\0', 8),
            _ => return Err(self.error(start, "found unknown escape character")),
        };
        self.cursor.skip();
        self.cursor.skip();
        if digits == 0 {
            value.push(replacement);
            return Ok(());
        }
        let mut code = 0u32;
        for ahead in 0..digits {
            let Some(digit) = char::from(self.cursor.byte(ahead)).to_digit(16) else {
                return Err(self.error(start, "did not find expected hexdecimal number"));
            };
            code = code.wrapping_shl(4) | digit;
        }
        let Some(character) = char::from_u32(code) else {
            return Err(self.error(start, "found invalid Unicode character escape code"));
        };
        value.push(character);
        for _ in 0..digits {
            self.cursor.skip();
        }
        Ok(())
    }
}
