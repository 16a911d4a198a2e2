//! Templates that know each other by name. Parsing adds to a set; a clone of a set is cheap and independent.

use std::collections::HashMap;
use std::rc::Rc;

use crate::context::{Context, Limits};
use crate::error::{ExecError, ParseError};
use crate::exec;
use crate::func::Functions;
use crate::host::Host;
use crate::node::Tree;
use crate::parse;
use crate::value::Value;

/// What a missing map key gives (`Option("missingkey=…")`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// `default`, also called `invalid`: no value, printed as `<no value>`.
    #[default]
    Default,
    /// `zero`: the zero value of the map's element type.
    Zero,
    /// `error`: execution ends with `map has no entry for key "X"`.
    Error,
}

/// Templates associated with each other, with the functions and options they share.
#[derive(Clone, Debug)]
pub struct TemplateSet {
    name: Rc<str>,
    trees: HashMap<Rc<str>, Rc<Tree>>,
    functions: Rc<Functions>,
    missing_key: MissingKey,
    left_delim: Rc<str>,
    right_delim: Rc<str>,
}

impl TemplateSet {
    /// An empty set whose templates may call `functions` and Go's own.
    pub fn new(functions: impl Into<Rc<Functions>>) -> TemplateSet {
        TemplateSet {
            name: Rc::from(""),
            trees: HashMap::new(),
            functions: functions.into(),
            missing_key: MissingKey::Default,
            left_delim: Rc::from(parse::LEFT_DELIM),
            right_delim: Rc::from(parse::RIGHT_DELIM),
        }
    }

    /// Sets the name of the set, which only the error for an unknown template shows (Helm's is `gotpl`).
    pub fn named(mut self, name: &str) -> TemplateSet {
        self.name = Rc::from(name);
        self
    }

    /// Sets what a missing map key gives.
    pub fn missing_key(mut self, missing_key: MissingKey) -> TemplateSet {
        self.missing_key = missing_key;
        self
    }

    /// Sets the delimiters for texts parsed from now on; an empty one stands for `{{` or `}}`.
    pub fn delims(mut self, left: &str, right: &str) -> TemplateSet {
        self.left_delim = Rc::from(if left.is_empty() {
            parse::LEFT_DELIM
        } else {
            left
        });
        self.right_delim = Rc::from(if right.is_empty() {
            parse::RIGHT_DELIM
        } else {
            right
        });
        self
    }

    /// Parses a text as the template `name`, and adds it and all that it defines. A text of nothing but space and comments
    /// does not replace a template of the same name.
    ///
    /// # Errors
    /// Go's message; the set is then as it was before.
    pub fn parse(&mut self, name: &str, text: impl AsRef<[u8]>) -> Result<(), ParseError> {
        let trees = parse::parse(
            name,
            text.as_ref(),
            &self.left_delim,
            &self.right_delim,
            &self.functions,
        )?;
        for tree in trees {
            let keep = tree.is_empty() && self.trees.contains_key(&*tree.name);
            if !keep {
                self.trees.insert(tree.name.clone(), Rc::new(tree));
            }
        }
        Ok(())
    }

    /// Removes a template, so that a text of nothing but space and comments can take its name.
    pub fn remove(&mut self, name: &str) {
        self.trees.remove(name);
    }

    /// Whether a template of this name is defined.
    pub fn contains(&self, name: &str) -> bool {
        self.trees.contains_key(name)
    }

    /// The names of all templates, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.trees.keys().map(|name| &**name)
    }

    /// The functions that these templates may call.
    pub fn functions(&self) -> &Rc<Functions> {
        &self.functions
    }

    /// Executes the template `name` with `data` as its dot, appending to `out`.
    ///
    /// # Errors
    /// Go's message, or the limit that was reached. `out` then holds a part of the output, as in Go.
    pub fn execute(
        &self,
        out: &mut Vec<u8>,
        name: &str,
        data: Value,
        limits: &Limits,
        host: &dyn Host,
    ) -> Result<(), ExecError> {
        let mut context = Context::new(self, limits, host);
        exec::execute(&mut context, out, name, data)
    }

    /// The text that Go prints for a parsed template (`Tree.Root.String`).
    pub fn source(&self, name: &str) -> Option<Vec<u8>> {
        self.trees.get(name).map(|tree| tree.source())
    }

    pub(crate) fn tree(&self, name: &str) -> Option<&Rc<Tree>> {
        self.trees.get(name)
    }

    pub(crate) fn set_name(&self) -> &str {
        &self.name
    }

    pub(crate) fn missing_key_option(&self) -> MissingKey {
        self.missing_key
    }
}
