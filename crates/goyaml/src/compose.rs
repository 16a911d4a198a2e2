//! Events to nodes: one document as a flat list, aliases as indices. Never copies what an alias names.

use std::collections::HashMap;

use crate::Limits;
use crate::error::ParseError;
use crate::parse::{Event, Parser};

pub(crate) type NodeId = usize;

#[derive(Debug)]
pub(crate) enum Node {
    Scalar {
        tag: String,
        value: String,
        implicit: bool,
    },
    Sequence(Vec<NodeId>),
    /// Keys and values in turn.
    Mapping(Vec<NodeId>),
    Alias {
        name: String,
        target: NodeId,
    },
}

/// A document whose nodes stand in the order they were met; the root is the first.
#[derive(Debug, Default)]
pub(crate) struct Document {
    nodes: Vec<Node>,
    /// Where each node begins.
    lines: Vec<usize>,
    anchors: HashMap<String, NodeId>,
}

impl Document {
    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// The line on which a node begins, from 0.
    pub(crate) fn line(&self, id: NodeId) -> usize {
        self.lines.get(id).copied().unwrap_or_default()
    }

    /// Reads the next document of the stream; none is left after the last.
    pub(crate) fn read(
        parser: &mut Parser<'_>,
        limits: &Limits,
    ) -> Result<Option<Self>, ParseError> {
        if parser.next()? == Event::StreamEnd {
            return Ok(None);
        }
        let mut document = Self::default();
        // Collections that are still open, innermost last.
        let mut open: Vec<NodeId> = Vec::new();
        loop {
            let event = parser.next()?;
            let (node, anchor) = match event {
                Event::DocumentEnd | Event::StreamEnd => return Ok(Some(document)),
                Event::DocumentStart => continue,
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                    continue;
                }
                Event::Alias(name) => {
                    let target = *document.anchors.get(&name).ok_or_else(|| {
                        ParseError::decode(format!("unknown anchor '{name}' referenced"))
                            .at(parser.line())
                    })?;
                    (Node::Alias { name, target }, None)
                }
                Event::Scalar {
                    anchor,
                    tag,
                    value,
                    implicit,
                } => (
                    Node::Scalar {
                        tag,
                        value,
                        implicit,
                    },
                    anchor,
                ),
                Event::SequenceStart { anchor } => (Node::Sequence(Vec::new()), anchor),
                Event::MappingStart { anchor } => (Node::Mapping(Vec::new()), anchor),
            };
            let id = document.nodes.len();
            if id >= limits.nodes {
                return Err(ParseError::Limit {
                    limit: limits.nodes,
                    unit: "nodes",
                });
            }
            let opens = matches!(node, Node::Sequence(_) | Node::Mapping(_));
            document.nodes.push(node);
            document.lines.push(parser.line());
            if let Some(name) = anchor {
                document.anchors.insert(name, id);
            }
            if let Some(Node::Sequence(children) | Node::Mapping(children)) = open
                .last()
                .and_then(|&parent| document.nodes.get_mut(parent))
            {
                children.push(id);
            }
            if opens {
                open.push(id);
                if open.len() > limits.depth {
                    return Err(ParseError::Limit {
                        limit: limits.depth,
                        unit: "levels",
                    });
                }
            }
        }
    }
}
