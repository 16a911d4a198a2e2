//! A position in the text and the character classes of libyaml. Never moves back, never reads past the end (which reads as NUL).

/// A place in the text: characters and lines from 0, as libyaml counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Characters before it.
    pub(crate) index: usize,
    /// Line breaks before it.
    pub(crate) line: usize,
    /// Characters before it on its line.
    pub(crate) column: usize,
}

/// The text, and how far it has been read.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    position: usize,
    /// Where the next character stands.
    pub(crate) mark: Mark,
}

/// Bytes of the line break at the start of `bytes`, 0 if there is none. CR LF counts as one.
pub(crate) fn break_width(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] | [0xC2, 0x85, ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => 3,
        _ => 0,
    }
}

/// Bytes of the character that starts with `lead`, in valid UTF-8.
pub(crate) fn char_width(lead: u8) -> usize {
    match lead {
        0..=0x7F => 1,
        0x80..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    }
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            position: 0,
            mark: Mark::default(),
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text
            .as_bytes()
            .get(self.position..)
            .unwrap_or_default()
    }

    /// The byte `ahead` of the next one; 0 past the end (NUL itself is no character of YAML).
    pub(crate) fn byte(&self, ahead: usize) -> u8 {
        self.text
            .as_bytes()
            .get(self.position + ahead)
            .copied()
            .unwrap_or(0)
    }

    pub(crate) fn at_end(&self) -> bool {
        self.position >= self.text.len()
    }

    pub(crate) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    pub(crate) fn is_break(&self, ahead: usize) -> bool {
        break_width(self.rest().get(ahead..).unwrap_or_default()) > 0
    }

    /// Blank, line break or end of text.
    pub(crate) fn is_blankz(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break(ahead) || self.position + ahead >= self.text.len()
    }

    pub(crate) fn is_breakz(&self) -> bool {
        self.at_end() || self.is_break(0)
    }

    /// libyaml's "alpha": what tag handles and anchors are made of.
    pub(crate) fn is_alpha(&self) -> bool {
        let byte = self.byte(0);
        byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
    }

    /// Whether `---` or `...` stands here at the start of a line.
    pub(crate) fn is_document_indicator(&self) -> bool {
        self.mark.column == 0
            && (self.rest().starts_with(b"---") || self.rest().starts_with(b"..."))
            && self.is_blankz(3)
    }

    /// Moves past one character.
    pub(crate) fn skip(&mut self) {
        if self.at_end() {
            return;
        }
        self.position += char_width(self.byte(0));
        self.mark.index += 1;
        self.mark.column += 1;
    }

    /// Moves past blanks.
    pub(crate) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.skip();
        }
    }

    /// Moves past a comment, up to the line break.
    pub(crate) fn skip_comment(&mut self) {
        if self.byte(0) == b'#' {
            while !self.is_breakz() {
                self.skip();
            }
        }
    }

    /// Moves past one line break, if there is one.
    pub(crate) fn skip_line(&mut self) {
        let width = break_width(self.rest());
        if width > 0 {
            self.pass_break(width);
        }
    }

    fn pass_break(&mut self, width: usize) {
        self.mark.index += if self.rest().starts_with(b"\r\n") {
            2
        } else {
            1
        };
        self.mark.column = 0;
        self.mark.line += 1;
        self.position += width;
    }

    /// Moves one character into `out`.
    pub(crate) fn read(&mut self, out: &mut String) {
        let start = self.position;
        self.skip();
        out.push_str(self.text.get(start..self.position).unwrap_or_default());
    }

    /// Moves as many characters into `out` as there are ASCII ones, line breaks aside, with which it goes on.
    pub(crate) fn read_while(&mut self, out: &mut String, goes_on: impl Fn(u8) -> bool) {
        let run = |byte: &&u8| byte.is_ascii() && !matches!(byte, b'\n' | b'\r') && goes_on(**byte);
        let length = self.rest().iter().take_while(run).count();
        let end = self.position + length;
        out.push_str(self.text.get(self.position..end).unwrap_or_default());
        self.position = end;
        self.mark.index += length;
        self.mark.column += length;
    }

    /// Moves one line break into `out`: CR, LF, CR LF and NEL become LF; LS and PS stay.
    pub(crate) fn read_line(&mut self, out: &mut String) {
        let width = break_width(self.rest());
        match width {
            0 => return,
            3 => out.push_str(
                self.text
                    .get(self.position..self.position + 3)
                    .unwrap_or_default(),
            ),
            _ => out.push('\n'),
        }
        self.pass_break(width);
    }
}
