//! Actions with keywords, and the lists of nodes between them.

use std::rc::Rc;

use super::{Parser, Result, Scope};
use crate::lex::{Kind, Token};
use crate::node::{Branch, Invocation, List, Node, Pipe};

/// A node, or one of the two that end a list.
enum Item {
    Node(Node),
    End,
    /// `{{else}}`; with `if` or `with` behind it that keyword is still to be read.
    Else,
}

impl Item {
    fn text(&self) -> &'static str {
        match self {
            Item::Else => "{{else}}",
            _ => "{{end}}",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Control {
    If,
    Range,
    With,
}

impl Control {
    fn keyword(self) -> &'static str {
        match self {
            Control::If => "if",
            Control::Range => "range",
            Control::With => "with",
        }
    }
}

impl Parser<'_> {
    /// The whole text.
    pub(super) fn run(&mut self) -> Result<()> {
        let mut root = List::default();
        loop {
            let token = self.next();
            match token.kind {
                Kind::Eof => break,
                Kind::LeftDelim => {
                    let keyword = self.next_non_space();
                    if keyword.kind == Kind::Define {
                        self.definition()?;
                        continue;
                    }
                    self.put_back(keyword);
                }
                _ => {}
            }
            self.put_back(token);
            match self.text_or_action()? {
                Item::Node(node) => root.nodes.push(node),
                end => return self.error(format_args!("unexpected {}", end.text())),
            }
        }
        let name = self.name.clone();
        self.add(name, root)
    }

    /// `{{define "name"}} … {{end}}`, the keyword read.
    fn definition(&mut self) -> Result<()> {
        let context = "define clause";
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        let token = self.next_non_space();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(&token, context);
        }
        let name = self.template_name(&token, context)?;
        self.expect(Kind::RightDelim, context)?;
        let (list, end) = self.item_list()?;
        if !matches!(end, Item::End) {
            return self.error(format_args!("unexpected {} in {context}", end.text()));
        }
        self.add(name, list)?;
        self.scope = outer;
        Ok(())
    }

    /// Nodes up to `{{end}}` or `{{else}}`.
    fn item_list(&mut self) -> Result<(List, Item)> {
        let mut list = List::default();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => list.nodes.push(node),
                end => return Ok((list, end)),
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text {
                start: token.pos,
                end: token.end,
            })),
            Kind::LeftDelim => {
                self.scope.action_line = token.line;
                let item = self.action()?;
                self.scope.action_line = 0;
                Ok(item)
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    /// An action, the delimiter read.
    fn action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        let node = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break => {
                self.loop_control("{{break}}")?;
                Node::Break { pos: token.pos }
            }
            Kind::Continue => {
                self.loop_control("{{continue}}")?;
                Node::Continue { pos: token.pos }
            }
            Kind::Else => return self.else_item(),
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::End);
            }
            Kind::If => Node::If(self.control(Control::If)?),
            Kind::Range => Node::Range(self.control(Control::Range)?),
            Kind::With => Node::With(self.control(Control::With)?),
            Kind::Template => self.template()?,
            _ => {
                let pos = token.pos;
                self.put_back(token);
                Node::Action {
                    pos,
                    pipe: self.pipeline("command", Kind::RightDelim)?,
                }
            }
        };
        Ok(Item::Node(node))
    }

    fn loop_control(&mut self, text: &str) -> Result<()> {
        let token = self.next_non_space();
        if token.kind != Kind::RightDelim {
            return self.unexpected(&token, text);
        }
        if self.scope.range_depth == 0 {
            return self.error(format_args!("{text} outside {{{{range}}}}"));
        }
        Ok(())
    }

    fn else_item(&mut self) -> Result<Item> {
        if !matches!(self.peek_non_space().kind, Kind::If | Kind::With) {
            self.expect(Kind::RightDelim, "else")?;
        }
        Ok(Item::Else)
    }

    /// `if`, `range` or `with` up to its end, the keyword read.
    fn control(&mut self, control: Control) -> Result<Box<Branch>> {
        self.enter()?;
        let vars = self.scope.vars.len();
        let pipe = self.pipeline(control.keyword(), Kind::RightDelim)?;
        if control == Control::Range {
            self.scope.range_depth += 1;
        }
        let (list, end) = self.item_list()?;
        if control == Control::Range {
            self.scope.range_depth -= 1;
        }
        let else_list = match end {
            Item::Else => Some(self.else_list(control)?),
            _ => None,
        };
        self.scope.vars.truncate(vars);
        self.leave();
        Ok(Box::new(Branch {
            pos: pipe.pos,
            pipe,
            list,
            else_list,
        }))
    }

    /// What follows `{{else`: `{{else if x}}` is `{{else}}{{if x}}` with one `{{end}}` for both.
    fn else_list(&mut self, control: Control) -> Result<List> {
        let next = self.peek().kind;
        let nested = match control {
            Control::If if next == Kind::If => Node::If,
            Control::With if next == Kind::With => Node::With,
            _ => {
                let (list, end) = self.item_list()?;
                if !matches!(end, Item::End) {
                    return self.error(format_args!("expected end; found {}", end.text()));
                }
                return Ok(list);
            }
        };
        self.next();
        let branch = self.control(control)?;
        Ok(List {
            nodes: vec![nested(branch)],
        })
    }

    /// `{{block "name" pipeline}} … {{end}}`: a definition, and its invocation in this place.
    fn block(&mut self) -> Result<Node> {
        let context = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let line = self.line;
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        self.enter()?;
        let (list, end) = self.item_list()?;
        self.leave();
        if !matches!(end, Item::End) {
            // Go names the line where the block started here.
            self.line = line;
            return self.error(format_args!("unexpected {} in {context}", end.text()));
        }
        self.add(name.clone(), list)?;
        self.scope = outer;
        Ok(invocation(token.pos, name, Some(pipe)))
    }

    /// `{{template "name" pipeline?}}`, the keyword read.
    fn template(&mut self) -> Result<Node> {
        let context = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let next = self.next_non_space();
        let pipe = if next.kind == Kind::RightDelim {
            None
        } else {
            self.put_back(next);
            Some(self.pipeline(context, Kind::RightDelim)?)
        };
        Ok(invocation(token.pos, name, pipe))
    }

    fn template_name(&mut self, token: &Token, context: &str) -> Result<Rc<str>> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(token, context);
        }
        let name = self.unquoted(token)?;
        Ok(Rc::from(String::from_utf8_lossy(&name)))
    }
}

fn invocation(pos: usize, name: Rc<str>, pipe: Option<Pipe>) -> Node {
    Node::Template(Box::new(Invocation { pos, name, pipe }))
}
