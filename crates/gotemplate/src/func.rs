//! Functions that templates call: a Go signature beside a Rust body. The engine checks the arguments, so that a
//! body never sees a wrong count or type.

use std::collections::HashMap;
use std::rc::Rc;

use crate::context::Context;
use crate::error::FuncError;
use crate::types::Type;
use crate::value::Value;

/// The parameters of a function, in Go's types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The parameters in order. Of a variadic function the last one is the type of each further argument.
    pub params: &'static [Type],
    /// Whether the last parameter takes any number of arguments (`...T`).
    pub variadic: bool,
}

impl Signature {
    /// A function that takes exactly these parameters.
    pub const fn fixed(params: &'static [Type]) -> Signature {
        Signature {
            params,
            variadic: false,
        }
    }

    /// A function whose last parameter may be given any number of times, also not at all.
    pub const fn variadic(params: &'static [Type]) -> Signature {
        Signature {
            params,
            variadic: true,
        }
    }
}

/// What a plain function's body looks like. Each argument has the type that its parameter asks for; where that is
/// `interface {}` it may be `Value::Nil`, and a nil given for a slice or map is the nil slice or map.
pub type Body = fn(&mut Context<'_>, &[Value]) -> Result<Value, FuncError>;

/// A function with state of its own.
pub type SharedBody = Rc<dyn Fn(&mut Context<'_>, &[Value]) -> Result<Value, FuncError>>;

/// A function that templates can call, also as a value.
#[derive(Clone)]
pub struct Function {
    signature: Signature,
    go_type: &'static str,
    callee: Callee,
}

#[derive(Clone)]
pub(crate) enum Callee {
    Plain(Body),
    Shared(SharedBody),
    Builtin(crate::builtin::Builtin),
}

impl Function {
    /// A function without state.
    pub fn new(signature: Signature, body: Body) -> Function {
        Function {
            signature,
            go_type: "func",
            callee: Callee::Plain(body),
        }
    }

    /// A function with state, such as one closed over a chart's files.
    pub fn shared(signature: Signature, body: SharedBody) -> Function {
        Function {
            signature,
            go_type: "func",
            callee: Callee::Shared(body),
        }
    }

    pub(crate) fn builtin(signature: Signature, builtin: crate::builtin::Builtin) -> Function {
        Function {
            signature,
            go_type: "func",
            callee: Callee::Builtin(builtin),
        }
    }

    /// The parameters.
    pub fn signature(&self) -> Signature {
        self.signature
    }

    pub(crate) fn callee(&self) -> &Callee {
        &self.callee
    }

    /// Sets the type that `%T` prints, such as `func(string) string`; `func` unless it is set.
    pub fn typed(mut self, go_type: &'static str) -> Function {
        self.go_type = go_type;
        self
    }

    /// The type that `%T` prints.
    pub fn go_type(&self) -> Type {
        Type::Func(self.go_type)
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.signature.fmt(f)
    }
}

/// The functions that a template may call, by name, on top of Go's own (`len`, `printf`, …), which are always there.
#[derive(Clone, Default)]
pub struct Functions {
    by_name: HashMap<&'static str, Entry>,
}

#[derive(Clone)]
pub(crate) enum Entry {
    Function(Function),
    Refused(&'static str),
}

impl Functions {
    /// No functions but Go's own.
    pub fn new() -> Functions {
        Functions::default()
    }

    /// Adds a function, or replaces one of the same name.
    pub fn add(&mut self, name: &'static str, signature: Signature, body: Body) -> &mut Functions {
        self.insert(name, Function::new(signature, body))
    }

    /// Adds a function value, or replaces one of the same name.
    pub fn insert(&mut self, name: &'static str, function: Function) -> &mut Functions {
        self.by_name.insert(name, Entry::Function(function));
        self
    }

    /// Refuses a function: a template that names it does not parse, and the error says `reason`.
    pub fn refuse(&mut self, name: &'static str, reason: &'static str) -> &mut Functions {
        self.by_name.insert(name, Entry::Refused(reason));
        self
    }

    /// The function of a name; none for unknown and refused ones. Go's own are not among these.
    pub fn get(&self, name: &str) -> Option<&Function> {
        match self.by_name.get(name) {
            Some(Entry::Function(function)) => Some(function),
            _ => None,
        }
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.by_name.get(name)
    }

    /// The names, refused ones too, in no order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.by_name.keys().copied()
    }
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Functions({})", self.by_name.len())
    }
}
