//! Executes templates. All state of an execution is here; the budget is in the context. Errors carry Go's text with
//! the place of the node evaluated last.

mod call;
mod field;
mod place;
mod range;
mod value;

use std::rc::Rc;

use crate::context::Context;
use crate::error::{ExecError, Limit};
use crate::gofmt;
use crate::node::{Branch, Command, Invocation, List, Node, Operand, Pipe, Tree};
use crate::strconv::quote;
use crate::template::MissingKey;
use crate::types::Type;
use crate::value::Value;

pub(crate) use call::{call_value, prepare};

/// The levels of nesting that an execution within an execution counts for: it takes that much more stack than others.
const NESTED_LEVELS: usize = 3;

/// A failed evaluation; boxed, so that the way of success stays narrow.
type Result<T> = std::result::Result<T, Box<ExecError>>;

/// A value, and whether Go would hold it in an `interface {}`: the element of a `map[string]interface {}` is boxed, the
/// result of a pipeline is not. Errors show the difference, and a boxed nil is a nil pointer where an unboxed one is a
/// missing value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    pub(crate) value: Value,
    pub(crate) boxed: bool,
}

impl Slot {
    pub(crate) fn of(value: Value) -> Slot {
        Slot {
            value,
            boxed: false,
        }
    }

    /// The type that Go's `reflect` gives, which for a boxed value is that of the box.
    fn go_type(&self) -> Type {
        if self.boxed {
            Type::Interface
        } else {
            self.value.go_type().unwrap_or(Type::Interface)
        }
    }
}

/// Executes the template `name`, appending to `out`.
pub(crate) fn execute(
    context: &mut Context<'_>,
    out: &mut Vec<u8>,
    name: &str,
    data: Value,
) -> std::result::Result<(), ExecError> {
    let templates = context.templates;
    let Some(tree) = templates.tree(name) else {
        let shown = |name: &str| String::from_utf8_lossy(&quote(name.as_bytes())).into_owned();
        let (name, set) = (shown(name), shown(templates.set_name()));
        return Err(ExecError::Failed(format!(
            "template: no template {name} associated with template {set}"
        )));
    };
    let max_output = out.len().saturating_add(context.limits.output);
    let missing_key = templates.missing_key_option();
    let dot = Slot::of(data);
    let vars = vec![Var {
        id: 0,
        slot: dot.clone(),
    }];
    let mut exec = Exec {
        context,
        out,
        max_output,
        tree,
        at: At::Start,
        vars,
        base: 0,
        missing_key,
    };
    let depth = exec.context.used.depth;
    exec.context.used.depth += NESTED_LEVELS - 1;
    let result = exec.enter().and_then(|()| exec.list(&dot, &tree.root));
    // An error leaves levels behind, and the caller may go on.
    exec.context.used.depth = depth;
    result.map(|_| ()).map_err(|error| *error)
}

/// Executes the template `name` within a running execution and gives its output.
pub(crate) fn execute_nested(
    context: &mut Context<'_>,
    name: &str,
    data: Value,
) -> std::result::Result<Vec<u8>, ExecError> {
    let mut out = Vec::new();
    execute(context, &mut out, name, data)?;
    Ok(out)
}

/// The node evaluated last, which errors name.
#[derive(Clone, Copy)]
pub(crate) enum At<'a> {
    Start,
    Node(&'a Node),
    Pipe(&'a Pipe),
    Command(&'a Command),
    Operand(&'a Operand),
}

struct Var {
    id: u32,
    slot: Slot,
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

struct Exec<'r, 'a> {
    context: &'r mut Context<'a>,
    out: &'r mut Vec<u8>,
    /// The length that `out` must not pass.
    max_output: usize,
    tree: &'a Tree,
    at: At<'a>,
    /// The variables of all templates that are executing, innermost last.
    vars: Vec<Var>,
    /// Where the variables of the current template start.
    base: usize,
    missing_key: MissingKey,
}

/// Nodes.
impl<'a> Exec<'_, 'a> {
    fn list(&mut self, dot: &Slot, list: &'a List) -> Result<Flow> {
        for node in &list.nodes {
            let flow = match node {
                Node::Text { start, end } => {
                    self.step()?;
                    let text = self.tree.text.get(*start..*end).unwrap_or_default();
                    self.write(text)?;
                    Flow::Next
                }
                Node::Action { pipe, .. } => {
                    self.at = At::Node(node);
                    let slot = self.pipeline(dot, pipe)?;
                    if pipe.decl.is_empty() {
                        self.at = At::Node(node);
                        self.print(&slot.value)?;
                    }
                    Flow::Next
                }
                Node::If(branch) => self.branch(dot, branch, false)?,
                Node::With(branch) => self.branch(dot, branch, true)?,
                Node::Range(branch) => {
                    self.at = At::Node(node);
                    self.range(dot, branch)?
                }
                Node::Template(invocation) => {
                    self.at = At::Node(node);
                    self.invoke(dot, invocation)?
                }
                Node::Break { .. } => Flow::Break,
                Node::Continue { .. } => Flow::Continue,
            };
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    /// `if` and `with`, which differ only in the dot.
    fn branch(&mut self, dot: &Slot, branch: &'a Branch, is_with: bool) -> Result<Flow> {
        let mark = self.vars.len();
        let slot = self.pipeline(dot, &branch.pipe)?;
        self.enter()?;
        let flow = match (slot.value.is_true(), &branch.else_list) {
            (true, _) if is_with => self.list(&slot, &branch.list)?,
            (true, _) => self.list(dot, &branch.list)?,
            (false, Some(list)) => self.list(dot, list)?,
            (false, None) => Flow::Next,
        };
        self.leave();
        self.vars.truncate(mark);
        Ok(flow)
    }

    fn invoke(&mut self, dot: &Slot, invocation: &'a Invocation) -> Result<Flow> {
        let Some(tree) = self.context.templates.tree(&invocation.name) else {
            let name = quote(invocation.name.as_bytes());
            return Err(self.fail(format_args!(
                "template {} not defined",
                String::from_utf8_lossy(&name)
            )));
        };
        let dot = match &invocation.pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Slot::default(),
        };
        self.enter()?;
        let tree: &'a Rc<Tree> = tree;
        let outer = (
            std::mem::replace(&mut self.tree, tree),
            self.at,
            self.base,
            self.vars.len(),
        );
        self.base = self.vars.len();
        self.vars.push(Var {
            id: 0,
            slot: dot.clone(),
        });
        self.list(&dot, &tree.root)?;
        let mark;
        (self.tree, self.at, self.base, mark) = outer;
        self.vars.truncate(mark);
        self.leave();
        Ok(Flow::Next)
    }

    /// Prints a pipeline's value as `fmt.Fprint` does.
    fn print(&mut self, value: &Value) -> Result<()> {
        let mut digits = [0; 20];
        match value {
            Value::Str(text) => self.write(text.as_bytes()),
            Value::Nil => self.write(b"<no value>"),
            Value::Bool(value) => self.write(if *value { b"true" } else { b"false" }),
            Value::Int(value, _) => {
                let text = gofmt::decimal(value.unsigned_abs(), *value < 0, &mut digits);
                self.write(text)
            }
            Value::Func(_) => {
                let shown = value
                    .go_type()
                    .map(|go_type| go_type.to_string())
                    .unwrap_or_default();
                let mut text = Vec::new();
                if let At::Node(node) = self.at {
                    node.write(&mut text, &self.tree.text);
                }
                Err(self.fail(format_args!(
                    "can't print {} of type {shown}",
                    String::from_utf8_lossy(&text)
                )))
            }
            _ => {
                let max = self.max_output;
                gofmt::print_value(self.out, max, value).map_err(|limit| match limit {
                    Limit::Output(_) => self.over(Limit::Output(self.context.limits.output)),
                    limit => self.over(limit),
                })
            }
        }
    }
}

/// Variables and pipelines.
impl<'a> Exec<'_, 'a> {
    fn assign(&mut self, id: u32, name: &str, slot: Slot) -> Result<()> {
        let visible = self.vars.get_mut(self.base..).unwrap_or_default();
        match visible.iter_mut().rev().find(|var| var.id == id) {
            Some(var) => {
                var.slot = slot;
                Ok(())
            }
            None => Err(self.fail(format_args!("undefined variable: {name}"))),
        }
    }

    fn variable(&self, id: u32, name: &str) -> Result<&Slot> {
        let visible = self.vars.get(self.base..).unwrap_or_default();
        match visible.iter().rev().find(|var| var.id == id) {
            Some(var) => Ok(&var.slot),
            None => Err(self.fail(format_args!("undefined variable: {name}"))),
        }
    }

    /// The value of a pipeline, never boxed. Its variables stay on the stack for the caller to pop.
    fn pipeline(&mut self, dot: &Slot, pipe: &'a Pipe) -> Result<Slot> {
        self.at = At::Pipe(pipe);
        let mut slot = None;
        for command in &pipe.cmds {
            let mut result = self.command(dot, command, slot)?;
            result.boxed = false;
            slot = Some(result);
        }
        let slot = slot.unwrap_or_default();
        for name in &pipe.decl {
            if pipe.is_assign {
                self.assign(name.id, &name.text, slot.clone())?;
            } else {
                self.vars.push(Var {
                    id: name.id,
                    slot: slot.clone(),
                });
            }
        }
        Ok(slot)
    }

    /// A pipeline in parentheses.
    fn nested_pipeline(&mut self, dot: &Slot, pipe: &'a Pipe) -> Result<Slot> {
        self.enter()?;
        let slot = self.pipeline(dot, pipe)?;
        self.leave();
        Ok(slot)
    }

    /// A command; `last` is the value piped into it, its last argument.
    fn command(&mut self, dot: &Slot, command: &'a Command, last: Option<Slot>) -> Result<Slot> {
        self.step()?;
        let Some((first, args)) = command.args.split_first() else {
            return Ok(Slot::default());
        };
        match first {
            Operand::Field { names, .. } => {
                self.at = At::Operand(first);
                self.field_chain(dot, None, At::Operand(first), names, args, last)
            }
            Operand::Chain { .. } => self.chain(dot, first, args, last),
            Operand::Identifier(identifier) => {
                self.at = At::Operand(first);
                self.call(
                    dot,
                    &identifier.function,
                    At::Command(command),
                    &identifier.name,
                    args,
                    last,
                )
            }
            Operand::Pipe(pipe) => {
                self.not_a_function(first, args, &last)?;
                self.nested_pipeline(dot, pipe)
            }
            Operand::Variable { .. } => self.variable_operand(dot, first, args, last),
            _ => {
                self.at = At::Operand(first);
                self.not_a_function(first, args, &last)?;
                self.constant(dot, first)
            }
        }
    }

    fn not_a_function(&self, first: &Operand, args: &[Operand], last: &Option<Slot>) -> Result<()> {
        if args.is_empty() && last.is_none() {
            return Ok(());
        }
        let mut text = Vec::new();
        first.write(&mut text);
        Err(self.fail(format_args!(
            "can't give argument to non-function {}",
            String::from_utf8_lossy(&text)
        )))
    }

    /// A literal, or the dot.
    fn constant(&mut self, dot: &Slot, operand: &'a Operand) -> Result<Slot> {
        match operand {
            Operand::Dot { .. } => Ok(dot.clone()),
            Operand::Nil { .. } => Err(self.fail("nil is not a command")),
            Operand::Bool { value, .. } => Ok(Slot::of(Value::Bool(*value))),
            Operand::String { value, .. } => Ok(Slot::of(Value::Str(value.clone()))),
            Operand::Number(number) => match number.ideal() {
                Some(value) => Ok(Slot::of(value)),
                None => Err(self.fail(format_args!(
                    "{} overflows int",
                    String::from_utf8_lossy(&number.text)
                ))),
            },
            _ => Ok(Slot::default()),
        }
    }

    /// `$x`, or `$x.Field` with the arguments of a method.
    fn variable_operand(
        &mut self,
        dot: &Slot,
        operand: &'a Operand,
        args: &'a [Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        self.at = At::Operand(operand);
        let Operand::Variable { name, fields, .. } = operand else {
            return Ok(Slot::default());
        };
        let slot = self.variable(name.id, &name.text)?.clone();
        if fields.is_empty() {
            self.not_a_function(operand, args, &last)?;
            return Ok(slot);
        }
        self.field_chain(dot, Some(slot), At::Operand(operand), fields, args, last)
    }

    /// `(pipeline).Field`.
    fn chain(
        &mut self,
        dot: &Slot,
        operand: &'a Operand,
        args: &'a [Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        self.at = At::Operand(operand);
        let Operand::Chain { node, fields, .. } = operand else {
            return Ok(Slot::default());
        };
        if matches!(**node, Operand::Nil { .. }) {
            let mut text = Vec::new();
            operand.write(&mut text);
            let text = String::from_utf8_lossy(&text);
            return Err(self.fail(format_args!("indirection through explicit nil in {text}")));
        }
        let receiver = self.argument(dot, None, node)?;
        self.field_chain(
            dot,
            Some(receiver),
            At::Operand(operand),
            fields,
            args,
            last,
        )
    }
}
