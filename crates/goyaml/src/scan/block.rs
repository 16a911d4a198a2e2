//! Literal (`|`) and folded (`>`) scalars. Never reads past the line that is indented less.

use super::{ScalarStyle, Scanner, Token, TokenKind};
use crate::cursor::Mark;
use crate::error::ParseError;

/// What happens to the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Clip,
    Strip,
    Keep,
}

impl Scanner<'_> {
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<Token, ParseError> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let (chomping, increment) = self.scan_block_header(start)?;
        let parent = usize::try_from(self.indent).ok();
        let mut indent = increment.map_or(0, |n| n + parent.unwrap_or(0));
        let mut value = String::new();
        let (mut leading_break, mut trailing_breaks) = (String::new(), String::new());
        self.scan_block_breaks(&mut indent, &mut trailing_breaks, start)?;
        let mut leading_blank = false;
        while self.cursor.mark.column == indent && !self.cursor.at_end() {
            let blank = self.cursor.is_blank(0);
            if !literal && !leading_blank && !blank && leading_break.starts_with('\n') {
                if trailing_breaks.is_empty() {
                    value.push(' ');
                }
            } else {
                value.push_str(&leading_break);
            }
            leading_break.clear();
            value.push_str(&trailing_breaks);
            trailing_breaks.clear();
            leading_blank = blank;
            while !self.cursor.is_breakz() {
                self.cursor.read_while(&mut value, |_| true);
                if !self.cursor.is_breakz() {
                    self.cursor.read(&mut value);
                }
            }
            self.cursor.read_line(&mut leading_break);
            self.scan_block_breaks(&mut indent, &mut trailing_breaks, start)?;
        }
        if chomping != Chomping::Strip {
            value.push_str(&leading_break);
        }
        if chomping == Chomping::Keep {
            value.push_str(&trailing_breaks);
        }
        Ok(Token {
            kind: TokenKind::Scalar {
                value,
                style: ScalarStyle::Block,
            },
            start,
        })
    }

    /// Reads `|2-`, `>+` and the like up to the end of the line.
    fn scan_block_header(&mut self, start: Mark) -> Result<(Chomping, Option<usize>), ParseError> {
        let mut chomping = self.scan_chomping();
        let increment = match self.cursor.byte(0) {
            b'0' => return Err(self.error(start, "found an indentation indicator equal to 0")),
            digit @ b'1'..=b'9' => {
                self.cursor.skip();
                if chomping.is_none() {
                    chomping = self.scan_chomping();
                }
                Some(usize::from(digit - b'0'))
            }
            _ => None,
        };
        self.cursor.skip_blanks();
        self.cursor.skip_comment();
        if !self.cursor.is_breakz() {
            return Err(self.error(start, "did not find expected comment or line break"));
        }
        self.cursor.skip_line();
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn scan_chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.cursor.byte(0) {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return None,
        };
        self.cursor.skip();
        Some(chomping)
    }

    /// Reads empty lines, and finds the indentation if `indent` is still 0.
    fn scan_block_breaks(
        &mut self,
        indent: &mut usize,
        breaks: &mut String,
        start: Mark,
    ) -> Result<(), ParseError> {
        let mut deepest = 0;
        loop {
            while (*indent == 0 || self.cursor.mark.column < *indent) && self.cursor.byte(0) == b' '
            {
                self.cursor.skip();
            }
            deepest = deepest.max(self.cursor.mark.column);
            if (*indent == 0 || self.cursor.mark.column < *indent) && self.cursor.byte(0) == b'\t' {
                return Err(self.error(
                    start,
                    "found a tab character where an indentation space is expected",
                ));
            }
            if !self.cursor.is_break(0) {
                break;
            }
            self.cursor.read_line(breaks);
        }
        if *indent == 0 {
            let least = usize::try_from(self.indent + 1).unwrap_or(0);
            *indent = deepest.max(least).max(1);
        }
        Ok(())
    }
}
