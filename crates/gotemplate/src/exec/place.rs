//! Where an execution is, for its errors, and what it has left of its budget.

use super::{At, Exec, Result};
use crate::error::{ExecError, Limit};
use crate::node::Node;
use crate::strconv::quote;

impl Exec<'_, '_> {
    fn place(&self) -> (usize, Vec<u8>) {
        let mut context = Vec::new();
        let pos = match self.at {
            At::Start => 0,
            At::Node(node) => {
                node.write(&mut context, &self.tree.text);
                match node {
                    Node::Text { start, .. } => *start,
                    Node::Action { pos, .. } | Node::Break { pos } | Node::Continue { pos } => *pos,
                    Node::If(branch) | Node::Range(branch) | Node::With(branch) => branch.pos,
                    Node::Template(invocation) => invocation.pos,
                }
            }
            At::Pipe(pipe) => {
                pipe.write(&mut context);
                pipe.pos
            }
            At::Command(command) => {
                command.write(&mut context);
                command.pos
            }
            At::Operand(operand) => {
                operand.write(&mut context);
                operand.pos()
            }
        };
        (pos, context)
    }

    /// `name:line:column`, the line from 1 and the column in bytes from 0, as Go counts them.
    fn location(&self, pos: usize) -> String {
        let before = self.tree.text.get(..pos).unwrap_or_default();
        let line = 1 + crate::lex::count_lines(before);
        let column = memchr::memrchr(b'\n', before).map_or(pos, |newline| pos - newline - 1);
        format!("{}:{line}:{column}", self.tree.parse_name)
    }

    #[cold]
    pub(super) fn fail(&self, message: impl std::fmt::Display) -> Box<ExecError> {
        let (pos, context) = self.place();
        let location = self.location(pos);
        let name = quote(self.tree.name.as_bytes());
        let name = String::from_utf8_lossy(&name);
        let context = String::from_utf8_lossy(&context);
        Box::new(ExecError::Failed(format!(
            "template: {location}: executing {name} at <{context}>: {message}"
        )))
    }

    #[cold]
    pub(super) fn over(&self, limit: Limit) -> Box<ExecError> {
        let (pos, _) = self.place();
        Box::new(ExecError::Limit {
            location: self.location(pos),
            limit,
        })
    }

    pub(super) fn step(&mut self) -> Result<()> {
        self.steps(1)
    }

    pub(super) fn steps(&mut self, count: u64) -> Result<()> {
        self.context.step(count).map_err(|limit| self.over(limit))
    }

    /// Enters a level of nesting; `leave` must follow.
    pub(super) fn enter(&mut self) -> Result<()> {
        self.context.used.depth += 1;
        if self.context.used.depth > self.context.limits.depth {
            return Err(self.over(Limit::Depth(self.context.limits.depth)));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.context.used.depth -= 1;
    }

    pub(super) fn write(&mut self, text: &[u8]) -> Result<()> {
        if text.len() > self.max_output.saturating_sub(self.out.len()) {
            return Err(self.over(Limit::Output(self.context.limits.output)));
        }
        self.out.extend_from_slice(text);
        Ok(())
    }
}
