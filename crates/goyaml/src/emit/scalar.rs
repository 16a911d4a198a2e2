//! The characters of a scalar in each style. Never decides on the style.

use super::{Emitter, INDENT};
use crate::analyze::{is_break, is_printable};

impl Emitter {
    fn space_before(&mut self) {
        if !self.whitespace {
            self.put(' ');
        }
    }

    /// Copies a line break: LF as the line break of the output, the others as they are.
    fn write_break(&mut self, c: char) {
        if c == '\n' {
            self.put_break();
        } else {
            self.out.push(c);
            self.column = 0;
        }
        self.indention = true;
    }

    /// A plain scalar never has line breaks here; spaces past the width become one.
    pub(super) fn write_plain(&mut self, text: &str, folds: bool) {
        self.space_before();
        let mut after_space = false;
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            if c == ' '
                && folds
                && !after_space
                && self.column > self.style.width()
                && characters.peek() != Some(&' ')
            {
                self.write_indent();
            } else {
                self.put(c);
            }
            after_space = c == ' ';
        }
        self.whitespace = false;
        self.indention = false;
    }

    pub(super) fn write_single_quoted(&mut self, text: &str, folds: bool) {
        self.write_indicator("'", true, false, false);
        let (mut after_space, mut after_break) = (false, false);
        let mut characters = text.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            if c == ' ' {
                let next = characters.peek().map(|(_, next)| *next);
                if folds
                    && !after_space
                    && self.column > self.style.width()
                    && at > 0
                    && next.is_some_and(|n| n != ' ')
                {
                    self.write_indent();
                } else {
                    self.put(c);
                }
                after_space = true;
            } else if is_break(c) {
                if !after_break && c == '\n' {
                    self.put_break();
                }
                self.write_break(c);
                after_break = true;
            } else {
                if after_break {
                    self.write_indent();
                }
                if c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.indention = false;
                after_space = false;
                after_break = false;
            }
        }
        self.write_indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    pub(super) fn write_double_quoted(&mut self, text: &str, folds: bool) {
        self.write_indicator("\"", true, false, false);
        // go-yaml looks for the byte order mark at the start of the text whatever character it is at, and escapes them all.
        let escapes_all = text.starts_with('\u{FEFF}');
        let mut after_space = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            let printable = text.as_bytes().get(at..).is_some_and(is_printable);
            if !printable || escapes_all || is_break(c) || c == '"' || c == '\\' {
                self.write_escape(c);
                after_space = false;
            } else if c == ' ' {
                let next = characters.peek().map(|(_, next)| *next);
                if folds
                    && !after_space
                    && self.column > self.style.width()
                    && at > 0
                    && next.is_some()
                {
                    self.write_indent();
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                after_space = true;
            } else {
                self.put(c);
                after_space = false;
            }
        }
        self.write_indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn write_escape(&mut self, c: char) {
        self.put('\\');
        let short = match c {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0B' => 'v',
            '\x0C' => 'f',
            '\r' => 'r',
            '\x1B' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{A0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let escape = match code {
                    0..=0xFF => format!("x{code:02X}"),
                    0x100..=0xFFFF => format!("u{code:04X}"),
                    _ => format!("U{code:08X}"),
                };
                escape.chars().for_each(|c| self.put(c));
                return;
            }
        };
        self.put(short);
    }

    pub(super) fn write_literal(&mut self, text: &str) {
        self.write_indicator("|", true, false, false);
        if text.starts_with(|c: char| c == ' ' || is_break(c)) {
            self.write_indicator(&INDENT.to_string(), false, false, false);
        }
        let mut from_end = text.chars().rev();
        let chomping = match (from_end.next().is_some_and(is_break), from_end.next()) {
            (false, _) => Some("-"),
            (true, None) => Some("+"),
            (true, Some(c)) => is_break(c).then_some("+"),
        };
        if let Some(chomping) = chomping {
            self.write_indicator(chomping, false, false, false);
        }
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let mut after_break = true;
        for c in text.chars() {
            if is_break(c) {
                self.write_break(c);
                after_break = true;
            } else {
                if after_break {
                    self.write_indent();
                }
                self.put(c);
                self.indention = false;
                after_break = false;
            }
        }
    }
}
