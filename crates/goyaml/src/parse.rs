//! Tokens to events, by the grammar of go-yaml's parser (`parserc.go`). Never keeps a document: one event at a time.

use crate::cursor::Mark;
use crate::error::ParseError;
use crate::scan::{ScalarStyle, Scanner, Token, TokenKind};

/// A step of the document's structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(String),
    Scalar {
        anchor: Option<String>,
        /// The tag in its long form, empty if none was written.
        tag: String,
        value: String,
        /// Written plain, or with the tag `!`: the value says what it is.
        implicit: bool,
    },
    SequenceStart {
        anchor: Option<String>,
    },
    SequenceEnd,
    MappingStart {
        anchor: Option<String>,
    },
    MappingEnd,
}

/// Anchor and tag before a node.
#[derive(Default)]
struct Properties {
    anchor: Option<String>,
    tag: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequence { first: bool },
    IndentlessSequence,
    BlockMappingKey { first: bool },
    BlockMappingValue,
    FlowSequence { first: bool },
    FlowSequenceMappingKey,
    FlowSequenceMappingValue,
    FlowSequenceMappingEnd,
    FlowMappingKey { first: bool },
    FlowMappingValue { empty: bool },
    End,
}

/// The event stream of one text.
#[derive(Debug)]
pub(crate) struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    states: Vec<State>,
    marks: Vec<Mark>,
    tag_directives: Vec<(String, String)>,
    line: usize,
}

fn parser_error(problem: &str, mark: Mark, context: Option<Mark>) -> ParseError {
    let line = if mark.line > 0 {
        Some(mark.line)
    } else {
        context.map(|m| m.line).filter(|&l| l > 0)
    };
    ParseError::Syntax {
        line,
        place: mark.line + 1,
        problem: problem.to_owned(),
    }
}

fn empty_scalar() -> Event {
    Event::Scalar {
        anchor: None,
        tag: String::new(),
        value: String::new(),
        implicit: true,
    }
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            scanner: Scanner::new(text),
            state: State::ImplicitDocumentStart,
            states: Vec::new(),
            marks: Vec::new(),
            tag_directives: Vec::new(),
            line: 0,
        }
    }

    /// Where the node of the last event began: its line, from 0.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// The next event; [`Event::StreamEnd`] for ever after the last.
    pub(crate) fn next(&mut self) -> Result<Event, ParseError> {
        match self.state {
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequence { first } => self.block_sequence_entry(first),
            State::IndentlessSequence => self.indentless_sequence_entry(),
            State::BlockMappingKey { first } => self.block_mapping_key(first),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequence { first } => self.flow_sequence_entry(first),
            State::FlowSequenceMappingKey => self.flow_sequence_mapping_key(),
            State::FlowSequenceMappingValue => self.flow_sequence_mapping_value(),
            State::FlowSequenceMappingEnd => {
                self.state = State::FlowSequence { first: false };
                Ok(Event::MappingEnd)
            }
            State::FlowMappingKey { first } => self.flow_mapping_key(first),
            State::FlowMappingValue { empty } => self.flow_mapping_value(empty),
            State::End => Ok(Event::StreamEnd),
        }
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn skip(&mut self) -> Result<(), ParseError> {
        self.scanner.next().map(drop)
    }

    /// Moves past the token that opened a collection, and remembers where it stood.
    fn enter(&mut self, first: bool) -> Result<(), ParseError> {
        if first {
            let token = self.scanner.next()?;
            self.marks.push(token.start);
        }
        Ok(())
    }

    /// Leaves a collection at its closing token.
    fn leave(&mut self, event: Event) -> Result<Event, ParseError> {
        self.pop_state();
        self.marks.pop();
        self.skip()?;
        Ok(event)
    }

    fn fail_in_collection(&mut self, problem: &str) -> ParseError {
        let context = self.marks.pop();
        match self.scanner.peek() {
            Ok(token) => parser_error(problem, token.start, context),
            Err(error) => error,
        }
    }

    /// Parses a node, to go on in `then` after it.
    fn node_then(
        &mut self,
        then: State,
        block: bool,
        indentless: bool,
    ) -> Result<Event, ParseError> {
        self.states.push(then);
        self.node(block, indentless)
    }

    fn empty_then(&mut self, then: State) -> Event {
        self.state = then;
        empty_scalar()
    }

    fn document_start(&mut self, implicit: bool) -> Result<Event, ParseError> {
        if !implicit {
            while self.scanner.peek()?.kind == TokenKind::DocumentEnd {
                self.skip()?;
            }
        }
        let explicit = matches!(
            self.scanner.peek()?.kind,
            TokenKind::VersionDirective { .. }
                | TokenKind::TagDirective { .. }
                | TokenKind::DocumentStart
        );
        if self.scanner.peek()?.kind == TokenKind::StreamEnd {
            self.state = State::End;
            return Ok(Event::StreamEnd);
        }
        self.process_directives()?;
        if implicit && !explicit {
            self.state = State::BlockNode;
        } else {
            let token = self.scanner.peek()?;
            if token.kind != TokenKind::DocumentStart {
                return Err(parser_error(
                    "did not find expected <document start>",
                    token.start,
                    None,
                ));
            }
            self.skip()?;
            self.state = State::DocumentContent;
        }
        self.states.push(State::DocumentEnd);
        Ok(Event::DocumentStart)
    }

    fn document_content(&mut self) -> Result<Event, ParseError> {
        match self.scanner.peek()?.kind {
            TokenKind::VersionDirective { .. }
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.pop_state();
                Ok(empty_scalar())
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Result<Event, ParseError> {
        if self.scanner.peek()?.kind == TokenKind::DocumentEnd {
            self.skip()?;
        }
        self.tag_directives.clear();
        self.state = State::DocumentStart;
        Ok(Event::DocumentEnd)
    }

    fn process_directives(&mut self) -> Result<(), ParseError> {
        let mut versioned = false;
        loop {
            let Token { kind, start } = self.scanner.peek()?.clone();
            match kind {
                TokenKind::VersionDirective { .. } if versioned => {
                    return Err(parser_error("found duplicate %YAML directive", start, None));
                }
                TokenKind::VersionDirective { major: 1, minor: 1 } => versioned = true,
                TokenKind::VersionDirective { .. } => {
                    return Err(parser_error(
                        "found incompatible YAML document",
                        start,
                        None,
                    ));
                }
                TokenKind::TagDirective { handle, prefix } => {
                    if self
                        .tag_directives
                        .iter()
                        .any(|(known, _)| *known == handle)
                    {
                        return Err(parser_error("found duplicate %TAG directive", start, None));
                    }
                    self.tag_directives.push((handle, prefix));
                }
                _ => break,
            }
            self.skip()?;
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tag_directives.iter().any(|(known, _)| known == handle) {
                self.tag_directives
                    .push((handle.to_owned(), prefix.to_owned()));
            }
        }
        Ok(())
    }

    fn node(&mut self, block: bool, indentless: bool) -> Result<Event, ParseError> {
        let start = self.scanner.peek()?.start;
        self.line = start.line;
        if let TokenKind::Alias(name) = &self.scanner.peek()?.kind {
            let name = name.clone();
            self.pop_state();
            self.skip()?;
            return Ok(Event::Alias(name));
        }
        let Properties { anchor, tag } = self.properties(start)?;
        let token = self.scanner.peek()?;
        match &token.kind {
            TokenKind::BlockEntry if indentless => {
                self.state = State::IndentlessSequence;
                Ok(Event::SequenceStart { anchor })
            }
            TokenKind::Scalar { style, .. } => {
                let implicit = (tag.is_empty() && *style == ScalarStyle::Plain) || tag == "!";
                self.pop_state();
                let TokenKind::Scalar { value, .. } = self.scanner.next()?.kind else {
                    return Ok(empty_scalar());
                };
                Ok(Event::Scalar {
                    anchor,
                    tag,
                    value,
                    implicit,
                })
            }
            TokenKind::FlowSequenceStart => {
                self.state = State::FlowSequence { first: true };
                Ok(Event::SequenceStart { anchor })
            }
            TokenKind::FlowMappingStart => {
                self.state = State::FlowMappingKey { first: true };
                Ok(Event::MappingStart { anchor })
            }
            TokenKind::BlockSequenceStart if block => {
                self.state = State::BlockSequence { first: true };
                Ok(Event::SequenceStart { anchor })
            }
            TokenKind::BlockMappingStart if block => {
                self.state = State::BlockMappingKey { first: true };
                Ok(Event::MappingStart { anchor })
            }
            _ if anchor.is_some() || !tag.is_empty() => {
                self.pop_state();
                let implicit = tag.is_empty();
                Ok(Event::Scalar {
                    anchor,
                    tag,
                    value: String::new(),
                    implicit,
                })
            }
            _ => Err(parser_error(
                "did not find expected node content",
                token.start,
                Some(start),
            )),
        }
    }

    /// Reads `&anchor !tag` or `!tag &anchor`.
    fn properties(&mut self, start: Mark) -> Result<Properties, ParseError> {
        let mut properties = Properties::default();
        let mut tagged = false;
        loop {
            let Token { kind, start: mark } = self.scanner.peek()?;
            let mark = *mark;
            match kind {
                TokenKind::Anchor(name) if properties.anchor.is_none() => {
                    properties.anchor = Some(name.clone())
                }
                TokenKind::Tag { handle, suffix } if !tagged => {
                    tagged = true;
                    properties.tag = if handle.is_empty() {
                        suffix.clone()
                    } else {
                        let directive = self
                            .tag_directives
                            .iter()
                            .find(|(known, _)| known == handle);
                        let (_, prefix) = directive.ok_or_else(|| {
                            parser_error("found undefined tag handle", mark, Some(start))
                        })?;
                        format!("{prefix}{suffix}")
                    };
                }
                _ => return Ok(properties),
            }
            self.skip()?;
        }
    }

    fn block_sequence_entry(&mut self, first: bool) -> Result<Event, ParseError> {
        self.enter(first)?;
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry => {
                self.skip()?;
                let next = State::BlockSequence { first: false };
                match self.scanner.peek()?.kind {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => Ok(self.empty_then(next)),
                    _ => self.node_then(next, true, false),
                }
            }
            TokenKind::BlockEnd => self.leave(Event::SequenceEnd),
            _ => Err(self.fail_in_collection("did not find expected '-' indicator")),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Result<Event, ParseError> {
        if self.scanner.peek()?.kind != TokenKind::BlockEntry {
            self.pop_state();
            return Ok(Event::SequenceEnd);
        }
        self.skip()?;
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                Ok(self.empty_then(State::IndentlessSequence))
            }
            _ => self.node_then(State::IndentlessSequence, true, false),
        }
    }

    fn block_mapping_key(&mut self, first: bool) -> Result<Event, ParseError> {
        self.enter(first)?;
        match self.scanner.peek()?.kind {
            TokenKind::Key => {
                self.skip()?;
                match self.scanner.peek()?.kind {
                    TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                        Ok(self.empty_then(State::BlockMappingValue))
                    }
                    _ => self.node_then(State::BlockMappingValue, true, true),
                }
            }
            TokenKind::BlockEnd => self.leave(Event::MappingEnd),
            _ => Err(self.fail_in_collection("did not find expected key")),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event, ParseError> {
        let next = State::BlockMappingKey { first: false };
        if self.scanner.peek()?.kind != TokenKind::Value {
            return Ok(self.empty_then(next));
        }
        self.skip()?;
        match self.scanner.peek()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => Ok(self.empty_then(next)),
            _ => self.node_then(next, true, true),
        }
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Result<Event, ParseError> {
        self.enter(first)?;
        if self.scanner.peek()?.kind == TokenKind::FlowSequenceEnd {
            return self.leave(Event::SequenceEnd);
        }
        if !first {
            if self.scanner.peek()?.kind != TokenKind::FlowEntry {
                return Err(self.fail_in_collection("did not find expected ',' or ']'"));
            }
            self.skip()?;
        }
        match self.scanner.peek()?.kind {
            TokenKind::Key => {
                self.skip()?;
                self.state = State::FlowSequenceMappingKey;
                Ok(Event::MappingStart { anchor: None })
            }
            TokenKind::FlowSequenceEnd => self.leave(Event::SequenceEnd),
            _ => self.node_then(State::FlowSequence { first: false }, false, false),
        }
    }

    fn flow_sequence_mapping_key(&mut self) -> Result<Event, ParseError> {
        match self.scanner.peek()?.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // go-yaml drops this token too; `[? : a]` is an error for it.
                self.skip()?;
                Ok(self.empty_then(State::FlowSequenceMappingValue))
            }
            _ => self.node_then(State::FlowSequenceMappingValue, false, false),
        }
    }

    fn flow_sequence_mapping_value(&mut self) -> Result<Event, ParseError> {
        if self.scanner.peek()?.kind == TokenKind::Value {
            self.skip()?;
            if !matches!(
                self.scanner.peek()?.kind,
                TokenKind::FlowEntry | TokenKind::FlowSequenceEnd
            ) {
                return self.node_then(State::FlowSequenceMappingEnd, false, false);
            }
        }
        Ok(self.empty_then(State::FlowSequenceMappingEnd))
    }

    fn flow_mapping_key(&mut self, first: bool) -> Result<Event, ParseError> {
        self.enter(first)?;
        if self.scanner.peek()?.kind == TokenKind::FlowMappingEnd {
            return self.leave(Event::MappingEnd);
        }
        if !first {
            if self.scanner.peek()?.kind != TokenKind::FlowEntry {
                return Err(self.fail_in_collection("did not find expected ',' or '}'"));
            }
            self.skip()?;
        }
        match self.scanner.peek()?.kind {
            TokenKind::Key => {
                self.skip()?;
                let next = State::FlowMappingValue { empty: false };
                match self.scanner.peek()?.kind {
                    TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                        Ok(self.empty_then(next))
                    }
                    _ => self.node_then(next, false, false),
                }
            }
            TokenKind::FlowMappingEnd => self.leave(Event::MappingEnd),
            _ => self.node_then(State::FlowMappingValue { empty: true }, false, false),
        }
    }

    fn flow_mapping_value(&mut self, empty: bool) -> Result<Event, ParseError> {
        let next = State::FlowMappingKey { first: false };
        if !empty && self.scanner.peek()?.kind == TokenKind::Value {
            self.skip()?;
            if !matches!(
                self.scanner.peek()?.kind,
                TokenKind::FlowEntry | TokenKind::FlowMappingEnd
            ) {
                return self.node_then(next, false, false);
            }
        }
        Ok(self.empty_then(next))
    }
}
