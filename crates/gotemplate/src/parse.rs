//! From text to trees, with Go's messages for every mistake. Nesting is bounded, so that no text can overflow the stack
//! here or in execution.

mod control;
mod number;

use std::rc::Rc;

use crate::builtin;
use crate::error::{Limit, ParseError};
use crate::func::{Entry, Function, Functions};
use crate::lex::{Kind, Lexer, Token};
use crate::node::{Command, Identifier, List, Name, Operand, Pipe, Tree};
use crate::strconv::{quote, unquote};
use crate::value::Str;

pub(crate) const LEFT_DELIM: &str = "{{";
pub(crate) const RIGHT_DELIM: &str = "}}";

/// How deep controls, parentheses and `else if` chains may nest. Go allows 10,000 parentheses (1,000 in Wasm); a stack of
/// 1 MiB, which is what Wasm has, allows this.
const MAX_NESTING: usize = 200;
/// As in Go.
const MAX_PIPELINE_COMMANDS: usize = 100_000;

/// A failed step; boxed, so that the way of success stays narrow.
type Result<T> = std::result::Result<T, Box<ParseError>>;

/// Parses `text` as the template `name`: that template and all that it defines.
///
/// # Errors
/// Go's message, or the nesting limit.
pub(crate) fn parse(
    name: &str,
    text: &[u8],
    left: &str,
    right: &str,
    functions: &Functions,
) -> std::result::Result<Vec<Tree>, ParseError> {
    let break_ok = functions.get("break").is_none();
    let continue_ok = functions.get("continue").is_none();
    let mut parser = Parser {
        name: Rc::from(name),
        text: Rc::from(text),
        input: text,
        lexer: Lexer::new(text, left, right, break_ok, continue_ok),
        functions,
        trees: Vec::new(),
        lookahead: Vec::with_capacity(3),
        line: 1,
        scope: Scope::new(),
        names: vec![Rc::from("$")],
        nesting: 0,
    };
    match parser.run() {
        Ok(()) => Ok(parser.trees),
        Err(error) => Err(*error),
    }
}

struct Parser<'t> {
    /// The name of the text.
    name: Rc<str>,
    text: Rc<[u8]>,
    input: &'t [u8],
    lexer: Lexer<'t>,
    functions: &'t Functions,
    trees: Vec<Tree>,
    /// Tokens put back, the next one last.
    lookahead: Vec<Token>,
    /// The line of the token read last, which errors name.
    line: usize,
    scope: Scope,
    /// All variable names met so far; a name's number is its index.
    names: Vec<Rc<str>>,
    nesting: usize,
}

/// What a `define` or `block` starts anew.
struct Scope {
    /// The variables defined at the moment.
    vars: Vec<u32>,
    range_depth: usize,
    /// The line where the current action started, 0 outside one.
    action_line: usize,
}

impl Scope {
    fn new() -> Scope {
        Scope {
            vars: vec![0],
            range_depth: 0,
            action_line: 0,
        }
    }
}

/// Tokens and errors.
impl Parser<'_> {
    fn next(&mut self) -> Token {
        if let Some(token) = self.lookahead.pop() {
            return token;
        }
        let token = self.lexer.next_token();
        self.line = token.line;
        token
    }

    fn put_back(&mut self, token: Token) {
        self.lookahead.push(token);
    }

    fn peek(&mut self) -> &Token {
        if self.lookahead.is_empty() {
            let token = self.next();
            self.lookahead.push(token);
        }
        // The fallback is never reached: a token was pushed just now.
        self.lookahead.last().unwrap_or(&EOF)
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> &Token {
        let token = self.next_non_space();
        self.put_back(token);
        self.peek()
    }

    fn error<T>(&self, message: impl std::fmt::Display) -> Result<T> {
        Err(Box::new(ParseError::Syntax(format!(
            "template: {}:{}: {message}",
            self.name, self.line
        ))))
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Result<T> {
        let shown = token.describe(self.input);
        if token.kind != Kind::Error {
            return self.error(format_args!("unexpected {shown} in {context}"));
        }
        let started = self.scope.action_line;
        if started == 0 || started == token.line {
            return self.error(shown);
        }
        // "unclosed action" does not say "action" twice.
        let lead = if shown.ends_with(" action") {
            ""
        } else {
            " in action"
        };
        self.error(format_args!(
            "{shown}{lead} started at {}:{started}",
            self.name
        ))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token> {
        let token = self.next_non_space();
        if token.kind == kind {
            Ok(token)
        } else {
            self.unexpected(&token, context)
        }
    }

    /// Enters a level of nesting; `leave` must follow.
    fn enter(&mut self) -> Result<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            let limit = Limit::Depth(MAX_NESTING);
            let template = self.name.to_string();
            return Err(Box::new(ParseError::Limit {
                template,
                line: self.line,
                limit,
            }));
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.nesting -= 1;
    }
}

static EOF: Token = Token {
    kind: Kind::Eof,
    pos: 0,
    end: 0,
    line: 0,
    error: None,
};

/// Variables and functions.
impl Parser<'_> {
    fn name(&mut self, text: &str) -> Name {
        let id = match self.names.iter().position(|name| &**name == text) {
            Some(id) => id,
            None => {
                self.names.push(Rc::from(text));
                self.names.len() - 1
            }
        };
        let text = self
            .names
            .get(id)
            .cloned()
            .unwrap_or_else(|| Rc::from(text));
        Name {
            id: id as u32,
            text,
        }
    }

    fn use_variable(&mut self, token: &Token) -> Result<Operand> {
        let text = String::from_utf8_lossy(token.text(self.input)).into_owned();
        let name = self.name(&text);
        if self.scope.vars.contains(&name.id) {
            return Ok(Operand::Variable {
                pos: token.pos,
                name,
                fields: Vec::new(),
            });
        }
        self.error(format_args!(
            "undefined variable {}",
            quoted(text.as_bytes())
        ))
    }

    fn function(&self, name: &str) -> Result<Function> {
        match self.functions.entry(name) {
            Some(Entry::Function(function)) => Ok(function.clone()),
            Some(Entry::Refused(reason)) => self.error(format_args!(
                "function {} not allowed: {reason}",
                quoted(name.as_bytes())
            )),
            None => match builtin::find(name) {
                Some(function) => Ok(function),
                None => self.error(format_args!(
                    "function {} not defined",
                    quoted(name.as_bytes())
                )),
            },
        }
    }
}

/// Pipelines and what they are made of.
impl Parser<'_> {
    /// `declarations? command ('|' command)*` up to `end`.
    fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe> {
        let pos = self.peek_non_space().pos;
        let mut pipe = Pipe {
            pos,
            is_assign: false,
            decl: Vec::new(),
            cmds: Vec::new(),
        };
        while self.declaration(&mut pipe, context)? {}
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    self.check_pipeline(&pipe, context)?;
                    return Ok(pipe);
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.put_back(token);
                    let command = self.command()?;
                    pipe.cmds.push(command);
                    if pipe.cmds.len() > MAX_PIPELINE_COMMANDS {
                        return self.error("pipeline too long");
                    }
                }
                _ => return self.unexpected(&token, context),
            }
        }
    }

    /// One variable that is declared or assigned to; true if another must follow.
    fn declaration(&mut self, pipe: &mut Pipe, context: &str) -> Result<bool> {
        if self.peek_non_space().kind != Kind::Variable {
            return Ok(false);
        }
        let variable = self.next_non_space();
        // Whether `$x` is an argument or a declaration shows only after the space behind it.
        let after = self.next();
        let (space, next) = match after.kind {
            Kind::Space => (Some(after), self.next_non_space()),
            _ => (None, after),
        };
        let is_comma = next.kind == Kind::Char && next.text(self.input) == b",";
        if !is_comma && !matches!(next.kind, Kind::Assign | Kind::Declare) {
            self.put_back(next);
            self.lookahead.extend(space);
            self.put_back(variable);
            return Ok(false);
        }
        let text = String::from_utf8_lossy(variable.text(self.input)).into_owned();
        let name = self.name(&text);
        self.scope.vars.push(name.id);
        pipe.decl.push(name);
        if !is_comma {
            pipe.is_assign = next.kind == Kind::Assign;
            return Ok(false);
        }
        if context == "range" && pipe.decl.len() < 2 {
            return match self.peek_non_space().kind {
                Kind::Variable | Kind::RightDelim | Kind::RightParen => Ok(true),
                _ => self.error("range can only initialize variables"),
            };
        }
        self.error(format_args!("too many declarations in {context}"))
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Result<()> {
        if pipe.cmds.is_empty() {
            return self.error(format_args!("missing value for {context}"));
        }
        for (index, command) in pipe.cmds.iter().enumerate().skip(1) {
            let first = command.args.first();
            if matches!(
                first,
                Some(
                    Operand::Bool { .. }
                        | Operand::Dot { .. }
                        | Operand::Nil { .. }
                        | Operand::Number(_)
                        | Operand::String { .. }
                )
            ) {
                return self.error(format_args!(
                    "non executable command in pipeline stage {}",
                    index + 1
                ));
            }
        }
        Ok(())
    }

    /// Operands up to a `|`, which is consumed, or an end, which is not.
    fn command(&mut self) -> Result<Command> {
        let mut command = Command {
            pos: self.peek_non_space().pos,
            args: Vec::new(),
        };
        loop {
            self.peek_non_space();
            command.args.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.put_back(token),
                Kind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if command.args.is_empty() {
            self.error("empty command")
        } else {
            Ok(command)
        }
    }

    /// A term and the fields behind it; none if the next token starts no operand.
    fn operand(&mut self) -> Result<Option<Operand>> {
        let Some(mut node) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != Kind::Field {
            return Ok(Some(node));
        }
        let chain_pos = self.peek().pos;
        let mut chain = Vec::new();
        while self.peek().kind == Kind::Field {
            let token = self.next();
            chain.push(self.field_name(&token));
        }
        match &mut node {
            Operand::Field { pos, names } => {
                *pos = chain_pos;
                names.extend(chain);
            }
            Operand::Variable { pos, fields, .. } => {
                *pos = chain_pos;
                fields.extend(chain);
            }
            Operand::Bool { .. }
            | Operand::String { .. }
            | Operand::Number(_)
            | Operand::Nil { .. }
            | Operand::Dot { .. } => {
                let mut text = Vec::new();
                node.write(&mut text);
                return self.error(format_args!("unexpected . after term {}", quoted(&text)));
            }
            _ => {
                node = Operand::Chain {
                    pos: chain_pos,
                    node: Box::new(node),
                    fields: chain,
                }
            }
        }
        Ok(Some(node))
    }

    /// The name behind the dot of a field.
    fn field_name(&self, token: &Token) -> Rc<str> {
        let text = token.text(self.input);
        Rc::from(String::from_utf8_lossy(text.get(1..).unwrap_or_default()))
    }

    /// A literal, function, field, variable or parenthesized pipeline; none if the next token is none of them.
    fn term(&mut self) -> Result<Option<Operand>> {
        let token = self.next_non_space();
        let pos = token.pos;
        let text = token.text(self.input);
        Ok(Some(match token.kind {
            Kind::Identifier => {
                let name = String::from_utf8_lossy(text);
                let function = self.function(&name)?;
                Operand::Identifier(Box::new(Identifier {
                    pos,
                    name: Rc::from(name),
                    function,
                }))
            }
            Kind::Dot => Operand::Dot { pos },
            Kind::Nil => Operand::Nil { pos },
            Kind::Variable => self.use_variable(&token)?,
            Kind::Field => Operand::Field {
                pos,
                names: vec![self.field_name(&token)],
            },
            Kind::Bool => Operand::Bool {
                pos,
                value: text == b"true",
            },
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                match number::number(pos, text, token.kind) {
                    Ok(number) => Operand::Number(Box::new(number)),
                    Err(message) => return self.error(message),
                }
            }
            Kind::LeftParen => {
                self.enter()?;
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.leave();
                Operand::Pipe(Box::new(pipe))
            }
            Kind::String | Kind::RawString => {
                let value = Str::from(self.unquoted(&token)?);
                Operand::String {
                    pos,
                    quoted: Rc::from(text),
                    value,
                }
            }
            _ => {
                self.put_back(token);
                return Ok(None);
            }
        }))
    }

    fn unquoted(&self, token: &Token) -> Result<Vec<u8>> {
        match unquote(token.text(self.input)) {
            Some(text) => Ok(text),
            None => self.error("invalid syntax"),
        }
    }
}

/// Go's `%q`, for messages.
fn quoted(text: &[u8]) -> String {
    String::from_utf8_lossy(&quote(text)).into_owned()
}

impl Parser<'_> {
    /// Adds a finished tree. Of two with one name, one must be empty.
    fn add(&mut self, name: Rc<str>, root: List) -> Result<()> {
        let tree = Tree {
            name,
            parse_name: self.name.clone(),
            text: self.text.clone(),
            root,
        };
        match self.trees.iter().position(|other| other.name == tree.name) {
            None => self.trees.push(tree),
            Some(index) => {
                let was_empty = self.trees.get(index).is_some_and(Tree::is_empty);
                if was_empty {
                    self.trees.push(tree);
                    drop(self.trees.swap_remove(index));
                } else if !tree.is_empty() {
                    let name = quoted(tree.name.as_bytes());
                    return self.error(format_args!(
                        "template: multiple definition of template {name}"
                    ));
                }
            }
        }
        Ok(())
    }
}
