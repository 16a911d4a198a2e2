//! What a running function may use: the budget, the host, and the templates. All work and memory of an execution,
//! nested ones too, is charged to one budget here.

use crate::error::{ExecError, FuncError, Limit};
use crate::exec;
use crate::host::Host;
use crate::template::TemplateSet;
use crate::value::Value;

/// The budget of one execution, everything nested in it included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes evaluated, loop rounds, and work that functions charge.
    pub steps: u64,
    /// Bytes of output; of each nested execution too.
    pub output: usize,
    /// Bytes of all strings and lists that functions make, whether still held or not.
    pub memory: usize,
    /// Bytes of one string, or elements of one list.
    pub value: usize,
    /// Levels of nesting: templates within templates, control structures and parentheses count one each, templates that a
    /// function executes (`include`) three. It bounds the stack: 400 levels take less than 1 MiB in an optimised build.
    pub depth: usize,
}

impl Default for Limits {
    /// Ample for a large chart and over in about a second: 10 million steps, 16 MiB of output, 256 MiB made,
    /// 16 MiB a value, 400 levels.
    fn default() -> Limits {
        Limits {
            steps: 10_000_000,
            output: 16 << 20,
            memory: 256 << 20,
            value: 16 << 20,
            depth: 400,
        }
    }
}

/// What is used up of the limits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) steps: u64,
    pub(crate) memory: usize,
    pub(crate) depth: usize,
}

/// One execution, as the functions that it calls see it.
pub struct Context<'a> {
    pub(crate) templates: &'a TemplateSet,
    pub(crate) limits: &'a Limits,
    pub(crate) host: &'a dyn Host,
    pub(crate) used: Used,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        templates: &'a TemplateSet,
        limits: &'a Limits,
        host: &'a dyn Host,
    ) -> Context<'a> {
        Context {
            templates,
            limits,
            host,
            used: Used::default(),
        }
    }

    /// A context without templates, to call functions by themselves.
    pub fn bare(templates: &'a TemplateSet, limits: &'a Limits, host: &'a dyn Host) -> Context<'a> {
        Context::new(templates, limits, host)
    }

    /// Charges work that grows with its input: one step for about 100 ns. The engine itself charges one for each call.
    ///
    /// # Errors
    /// When the steps are used up.
    pub fn step(&mut self, count: u64) -> Result<(), Limit> {
        self.used.steps = self.used.steps.saturating_add(count);
        if self.used.steps > self.limits.steps {
            Err(Limit::Steps(self.limits.steps))
        } else {
            Ok(())
        }
    }

    /// Charges bytes before they are made. A function calls it whenever its result can be much larger than its
    /// arguments (`repeat`, `until`, `indent`); for the rest the engine charges each result when it returns.
    ///
    /// # Errors
    /// When one value would be too large, or all of them together.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), Limit> {
        if bytes > self.limits.value {
            return Err(Limit::Value(self.limits.value));
        }
        self.used.memory = self.used.memory.saturating_add(bytes);
        if self.used.memory > self.limits.memory {
            Err(Limit::Memory(self.limits.memory))
        } else {
            Ok(())
        }
    }

    /// Steps used so far, so that several executions can share one budget.
    pub fn steps_used(&self) -> u64 {
        self.used.steps
    }

    /// The limits of this execution.
    pub fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// The clock, random bytes and keys.
    pub fn host(&self) -> &'a dyn Host {
        self.host
    }

    /// The templates of this execution.
    pub fn templates(&self) -> &'a TemplateSet {
        self.templates
    }

    /// Executes a template of the set with `data` as its dot and returns its output, as Helm's `include` does.
    ///
    /// # Errors
    /// The execution's error, with Go's text, also when there is no such template.
    pub fn execute(&mut self, name: &str, data: Value) -> Result<Vec<u8>, ExecError> {
        exec::execute_nested(self, name, data)
    }

    /// Executes a template of another set within this budget, as Helm's `tpl` does with a clone of the set into which it
    /// has parsed the text.
    ///
    /// # Errors
    /// As for `execute`.
    pub fn execute_in(
        &mut self,
        templates: &TemplateSet,
        name: &str,
        data: Value,
    ) -> Result<Vec<u8>, ExecError> {
        let mut nested = Context {
            templates,
            limits: self.limits,
            host: self.host,
            used: self.used,
        };
        let result = nested.execute(name, data);
        self.used = nested.used;
        result
    }

    /// Calls a function value with its arguments checked as the builtin `call` checks them.
    ///
    /// # Errors
    /// A wrong count or type, or the function's own error.
    pub fn call(
        &mut self,
        function: &crate::func::Function,
        args: &[Value],
    ) -> Result<Value, FuncError> {
        exec::call_value(self, function, args)
    }
}
