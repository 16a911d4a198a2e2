//! Anchors, tags and directives. Never resolves a tag handle: that is the parser's.

use super::{Scanner, Token, TokenKind};
use crate::cursor::{Mark, char_width};
use crate::error::ParseError;

/// Characters of a tag URI besides letters, digits, `_`, `-` and `%`.
const URI: &[u8] = b";/?:@&=+$,.!~*'()[]";

impl Scanner<'_> {
    pub(super) fn scan_directive(&mut self) -> Result<Token, ParseError> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let mut name = String::new();
        while self.cursor.is_alpha() {
            self.cursor.read(&mut name);
        }
        if name.is_empty() {
            return Err(self.error(start, "could not find expected directive name"));
        }
        if !self.cursor.is_blankz(0) {
            return Err(self.error(start, "found unexpected non-alphabetical character"));
        }
        let kind = match name.as_str() {
            "YAML" => {
                self.cursor.skip_blanks();
                let major = self.scan_version_number(start)?;
                if self.cursor.byte(0) != b'.' {
                    return Err(self.error(start, "did not find expected digit or '.' character"));
                }
                self.cursor.skip();
                TokenKind::VersionDirective {
                    major,
                    minor: self.scan_version_number(start)?,
                }
            }
            "TAG" => self.scan_tag_directive_value(start)?,
            _ => return Err(self.error(start, "found unknown directive name")),
        };
        self.cursor.skip_blanks();
        self.cursor.skip_comment();
        if !self.cursor.is_breakz() {
            return Err(self.error(start, "did not find expected comment or line break"));
        }
        self.cursor.skip_line();
        Ok(Token { kind, start })
    }

    fn scan_version_number(&mut self, start: Mark) -> Result<u8, ParseError> {
        let (mut value, mut length) = (0u8, 0);
        while self.cursor.byte(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return Err(self.error(start, "found extremely long version number"));
            }
            value = value * 10 + (self.cursor.byte(0) - b'0');
            self.cursor.skip();
        }
        if length == 0 {
            return Err(self.error(start, "did not find expected version number"));
        }
        Ok(value)
    }

    fn scan_tag_directive_value(&mut self, start: Mark) -> Result<TokenKind, ParseError> {
        self.cursor.skip_blanks();
        let handle = self.scan_tag_handle(true, start)?;
        if !self.cursor.is_blank(0) {
            return Err(self.error(start, "did not find expected whitespace"));
        }
        self.cursor.skip_blanks();
        let prefix = self.scan_tag_uri(None, start)?;
        if !self.cursor.is_blankz(0) {
            return Err(self.error(start, "did not find expected whitespace or line break"));
        }
        Ok(TokenKind::TagDirective { handle, prefix })
    }

    pub(super) fn scan_anchor(&mut self, alias: bool) -> Result<Token, ParseError> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let mut name = String::new();
        while self.cursor.is_alpha() {
            self.cursor.read(&mut name);
        }
        let ends = self.cursor.is_blankz(0)
            || matches!(
                self.cursor.byte(0),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        if name.is_empty() || !ends {
            return Err(self.error(
                start,
                "did not find expected alphabetic or numeric character",
            ));
        }
        let kind = if alias {
            TokenKind::Alias(name)
        } else {
            TokenKind::Anchor(name)
        };
        Ok(Token { kind, start })
    }

    pub(super) fn scan_tag(&mut self) -> Result<Token, ParseError> {
        let start = self.cursor.mark;
        let (handle, suffix);
        if self.cursor.byte(1) == b'<' {
            self.cursor.skip();
            self.cursor.skip();
            handle = String::new();
            suffix = self.scan_tag_uri(None, start)?;
            if self.cursor.byte(0) != b'>' {
                return Err(self.error(start, "did not find the expected '>'"));
            }
            self.cursor.skip();
        } else {
            let head = self.scan_tag_handle(false, start)?;
            if head.len() > 1 && head.ends_with('!') {
                suffix = self.scan_tag_uri(None, start)?;
                handle = head;
            } else {
                let uri = self.scan_tag_uri(Some(&head), start)?;
                // The tag "!" alone is a suffix without a handle.
                (handle, suffix) = if uri.is_empty() {
                    (String::new(), "!".to_owned())
                } else {
                    ("!".to_owned(), uri)
                };
            }
        }
        if !self.cursor.is_blankz(0) {
            return Err(self.error(start, "did not find expected whitespace or line break"));
        }
        Ok(Token {
            kind: TokenKind::Tag { handle, suffix },
            start,
        })
    }

    fn scan_tag_handle(&mut self, directive: bool, start: Mark) -> Result<String, ParseError> {
        if self.cursor.byte(0) != b'!' {
            return Err(self.error(start, "did not find expected '!'"));
        }
        let mut handle = String::new();
        self.cursor.read(&mut handle);
        while self.cursor.is_alpha() {
            self.cursor.read(&mut handle);
        }
        if self.cursor.byte(0) == b'!' {
            self.cursor.read(&mut handle);
        } else if directive && handle != "!" {
            return Err(self.error(start, "did not find expected '!'"));
        }
        Ok(handle)
    }

    fn scan_tag_uri(&mut self, head: Option<&str>, start: Mark) -> Result<String, ParseError> {
        let mut uri = head.and_then(|h| h.get(1..)).unwrap_or_default().to_owned();
        let mut found = head.is_some();
        loop {
            let byte = self.cursor.byte(0);
            if byte == b'%' {
                self.scan_uri_escape(start, &mut uri)?;
            } else if self.cursor.is_alpha() || URI.contains(&byte) {
                self.cursor.read(&mut uri);
            } else {
                break;
            }
            found = true;
        }
        if !found {
            return Err(self.error(start, "did not find expected tag URI"));
        }
        Ok(uri)
    }

    /// Decodes the `%xx` escapes of one UTF-8 character.
    fn scan_uri_escape(&mut self, start: Mark, uri: &mut String) -> Result<(), ParseError> {
        let mut octets = Vec::with_capacity(4);
        let mut left = 1;
        while left > 0 {
            let digits = (
                char::from(self.cursor.byte(1)).to_digit(16),
                char::from(self.cursor.byte(2)).to_digit(16),
            );
            let (b'%', (Some(high), Some(low))) = (self.cursor.byte(0), digits) else {
                return Err(self.error(start, "did not find URI escaped octet"));
            };
            let octet = u8::try_from(high * 16 + low).unwrap_or_default();
            if octets.is_empty() {
                if (0x80..0xC0).contains(&octet) || octet >= 0xF8 {
                    return Err(self.error(start, "found an incorrect leading UTF-8 octet"));
                }
                left = char_width(octet);
            } else if octet & 0xC0 != 0x80 {
                return Err(self.error(start, "found an incorrect trailing UTF-8 octet"));
            }
            octets.push(octet);
            for _ in 0..3 {
                self.cursor.skip();
            }
            left -= 1;
        }
        uri.push_str(&String::from_utf8_lossy(&octets));
        Ok(())
    }
}
