//! The parsed form of a template, and the text that Go prints for each part. Holds what execution needs and nothing that
//! it has to look up.

use std::rc::Rc;

use crate::func::Function;
use crate::strconv::quote;
use crate::value::{Str, Value};

/// One template: its own body, the text it was parsed from, and the name of that text.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) name: Rc<str>,
    /// The name of the text, which errors name: a `define` belongs to the text that it stands in.
    pub(crate) parse_name: Rc<str>,
    pub(crate) text: Rc<[u8]>,
    pub(crate) root: List,
}

impl Tree {
    /// Whether there is nothing but space and comments.
    pub(crate) fn is_empty(&self) -> bool {
        self.root.nodes.iter().all(|node| match node {
            Node::Text { start, end } => {
                let text = self.text.get(*start..*end).unwrap_or_default();
                String::from_utf8_lossy(text).trim().is_empty()
            }
            _ => false,
        })
    }

    /// The text that Go prints for the template.
    pub(crate) fn source(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.text.len());
        self.root.write(&mut out, &self.text);
        out
    }
}

/// A sequence of nodes.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) nodes: Vec<Node>,
}

/// What a template is made of.
#[derive(Debug)]
pub(crate) enum Node {
    /// A stretch of the template's text.
    Text {
        start: usize,
        end: usize,
    },
    Action {
        pos: usize,
        pipe: Pipe,
    },
    If(Box<Branch>),
    Range(Box<Branch>),
    With(Box<Branch>),
    Template(Box<Invocation>),
    Break {
        pos: usize,
    },
    Continue {
        pos: usize,
    },
}

/// `if`, `range` or `with`.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pos: usize,
    pub(crate) pipe: Pipe,
    pub(crate) list: List,
    pub(crate) else_list: Option<List>,
}

/// `template`, or what is left of a `block`.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) pos: usize,
    pub(crate) name: Rc<str>,
    pub(crate) pipe: Option<Pipe>,
}

/// Commands joined by `|`, and the variables that take the result.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) pos: usize,
    pub(crate) is_assign: bool,
    pub(crate) decl: Vec<Name>,
    pub(crate) cmds: Vec<Command>,
}

/// A variable's name, numbered so that finding its value compares numbers.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) id: u32,
    pub(crate) text: Rc<str>,
}

/// An operand and its arguments.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) pos: usize,
    pub(crate) args: Vec<Operand>,
}

/// A term of a command.
#[derive(Debug)]
pub(crate) enum Operand {
    Field {
        pos: usize,
        names: Vec<Rc<str>>,
    },
    Variable {
        pos: usize,
        name: Name,
        fields: Vec<Rc<str>>,
    },
    Chain {
        pos: usize,
        node: Box<Operand>,
        fields: Vec<Rc<str>>,
    },
    Identifier(Box<Identifier>),
    Pipe(Box<Pipe>),
    Bool {
        pos: usize,
        value: bool,
    },
    Dot {
        pos: usize,
    },
    Nil {
        pos: usize,
    },
    Number(Box<Number>),
    String {
        pos: usize,
        quoted: Rc<[u8]>,
        value: Str,
    },
}

/// A function's name, resolved when the template was parsed.
#[derive(Debug)]
pub(crate) struct Identifier {
    pub(crate) pos: usize,
    pub(crate) name: Rc<str>,
    pub(crate) function: Function,
}

/// A number under all the types that can hold it, as Go's ideal constants.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub(crate) pos: usize,
    pub(crate) text: Rc<[u8]>,
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
}

impl Number {
    /// The value where no type is asked for; none when it overflows `int`.
    pub(crate) fn ideal(&self) -> Option<Value> {
        let text = &*self.text;
        let is_rune = text.starts_with(b"'");
        let is_hex_int = text.len() > 2
            && (text.starts_with(b"0x") || text.starts_with(b"0X"))
            && !text.iter().any(|byte| matches!(byte, b'p' | b'P'));
        let looks_float = text
            .iter()
            .any(|byte| matches!(byte, b'.' | b'e' | b'E' | b'p' | b'P'));
        match self.float {
            Some(float) if !is_rune && !is_hex_int && looks_float => Some(Value::Float(float)),
            _ => self.int.map(Value::int),
        }
    }
}

impl List {
    pub(crate) fn write(&self, out: &mut Vec<u8>, text: &[u8]) {
        for node in &self.nodes {
            node.write(out, text);
        }
    }
}

impl Node {
    pub(crate) fn write(&self, out: &mut Vec<u8>, text: &[u8]) {
        match self {
            Node::Text { start, end } => {
                out.extend_from_slice(text.get(*start..*end).unwrap_or_default())
            }
            Node::Action { pipe, .. } => {
                out.extend_from_slice(b"{{");
                pipe.write(out);
                out.extend_from_slice(b"}}");
            }
            Node::If(branch) => branch.write("if", out, text),
            Node::Range(branch) => branch.write("range", out, text),
            Node::With(branch) => branch.write("with", out, text),
            Node::Template(invocation) => {
                out.extend_from_slice(b"{{template ");
                out.extend(quote(invocation.name.as_bytes()));
                if let Some(pipe) = &invocation.pipe {
                    out.push(b' ');
                    pipe.write(out);
                }
                out.extend_from_slice(b"}}");
            }
            Node::Break { .. } => out.extend_from_slice(b"{{break}}"),
            Node::Continue { .. } => out.extend_from_slice(b"{{continue}}"),
        }
    }
}

impl Branch {
    fn write(&self, keyword: &str, out: &mut Vec<u8>, text: &[u8]) {
        out.extend_from_slice(b"{{");
        out.extend_from_slice(keyword.as_bytes());
        out.push(b' ');
        self.pipe.write(out);
        out.extend_from_slice(b"}}");
        self.list.write(out, text);
        if let Some(list) = &self.else_list {
            out.extend_from_slice(b"{{else}}");
            list.write(out, text);
        }
        out.extend_from_slice(b"{{end}}");
    }
}

impl Pipe {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for (index, variable) in self.decl.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(variable.text.as_bytes());
        }
        if !self.decl.is_empty() {
            out.extend_from_slice(if self.is_assign { b" = " } else { b" := " });
        }
        for (index, command) in self.cmds.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b" | ");
            }
            command.write(out);
        }
    }
}

impl Command {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for (index, arg) in self.args.iter().enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            arg.write_in_command(out);
        }
    }
}

impl Operand {
    /// The place that errors name.
    pub(crate) fn pos(&self) -> usize {
        match self {
            Operand::Field { pos, .. }
            | Operand::Variable { pos, .. }
            | Operand::Chain { pos, .. }
            | Operand::Bool { pos, .. }
            | Operand::Dot { pos }
            | Operand::Nil { pos }
            | Operand::String { pos, .. } => *pos,
            Operand::Identifier(identifier) => identifier.pos,
            Operand::Pipe(pipe) => pipe.pos,
            Operand::Number(number) => number.pos,
        }
    }

    /// As an argument: a pipeline stands in parentheses.
    fn write_in_command(&self, out: &mut Vec<u8>) {
        match self {
            Operand::Pipe(pipe) => {
                out.push(b'(');
                pipe.write(out);
                out.push(b')');
            }
            other => other.write(out),
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Operand::Field { names, .. } => write_fields(names, out),
            Operand::Variable { name, fields, .. } => {
                out.extend_from_slice(name.text.as_bytes());
                write_fields(fields, out);
            }
            Operand::Chain { node, fields, .. } => {
                node.write_in_command(out);
                write_fields(fields, out);
            }
            Operand::Identifier(identifier) => out.extend_from_slice(identifier.name.as_bytes()),
            Operand::Pipe(pipe) => pipe.write(out),
            Operand::Bool { value, .. } => {
                out.extend_from_slice(if *value { b"true" } else { b"false" })
            }
            Operand::Dot { .. } => out.push(b'.'),
            Operand::Nil { .. } => out.extend_from_slice(b"nil"),
            Operand::Number(number) => out.extend_from_slice(&number.text),
            Operand::String { quoted, .. } => out.extend_from_slice(quoted),
        }
    }
}

fn write_fields(names: &[Rc<str>], out: &mut Vec<u8>) {
    for name in names {
        out.push(b'.');
        out.extend_from_slice(name.as_bytes());
    }
}
