//! Calls: functions, methods and function values, with the count and the types of their arguments checked as Go does.

use std::rc::Rc;

use super::{At, Exec, Result, Slot};
use crate::builtin::{self, Builtin};
use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Callee, Function, Signature};
use crate::node::Operand;
use crate::object::Object;
use crate::types::{Kind, Type};
use crate::value::Value;

impl Signature {
    /// The type of the parameter at `index`.
    fn param(self, index: usize) -> Type {
        let last = self.params.len().wrapping_sub(1);
        let index = if self.variadic {
            index.min(last)
        } else {
            index
        };
        self.params.get(index).copied().unwrap_or(Type::Interface)
    }

    /// How many parameters must be given.
    fn fixed_count(self) -> usize {
        self.params.len() - usize::from(self.variadic && !self.params.is_empty())
    }
}

impl<'a> Exec<'_, 'a> {
    /// Calls a function. `at` is what errors of the call itself name.
    pub(super) fn call(
        &mut self,
        dot: &Slot,
        function: &'a Function,
        at: At<'a>,
        name: &str,
        args: &'a [Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        let signature = function.signature();
        self.check_count(signature, name, args.len(), last.is_some())?;
        match function.callee() {
            Callee::Builtin(builtin) => {
                self.call_builtin(dot, *builtin, signature, at, name, args, last)
            }
            Callee::Plain(body) => {
                let argv = self.arguments(dot, signature, args, last)?;
                let result = body(self.context, &argv);
                self.finish(result, at, name)
            }
            Callee::Shared(body) => {
                let argv = self.arguments(dot, signature, args, last)?;
                let result = body(self.context, &argv);
                self.finish(result, at, name)
            }
        }
    }

    /// Calls a method of a host object.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn call_method(
        &mut self,
        dot: &Slot,
        object: &Rc<dyn Object>,
        signature: Signature,
        at: At<'a>,
        name: &str,
        args: &'a [Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        self.check_count(signature, name, args.len(), last.is_some())?;
        let argv = self.arguments(dot, signature, args, last)?;
        let result = object.call(self.context, name, &argv);
        self.finish(result, at, name)
    }

    fn check_count(
        &self,
        signature: Signature,
        name: &str,
        written: usize,
        piped: bool,
    ) -> Result<()> {
        let given = written + usize::from(piped);
        let want = signature.fixed_count();
        if signature.variadic && given < want {
            return Err(self.fail(format_args!(
                "wrong number of args for {name}: want at least {want} got {written}"
            )));
        }
        if !signature.variadic && given != want {
            return Err(self.fail(format_args!(
                "wrong number of args for {name}: want {want} got {given}"
            )));
        }
        Ok(())
    }

    fn arguments(
        &mut self,
        dot: &Slot,
        signature: Signature,
        args: &'a [Operand],
        last: Option<Slot>,
    ) -> Result<Vec<Value>> {
        let mut argv = Vec::with_capacity(args.len() + 1);
        for (index, arg) in args.iter().enumerate() {
            argv.push(self.argument(dot, Some(signature.param(index)), arg)?.value);
        }
        if let Some(last) = last {
            argv.push(
                self.validate(last, Some(signature.param(args.len())))?
                    .value,
            );
        }
        self.charge_reading(&argv)?;
        Ok(argv)
    }

    /// Charges what a function will read: most take time by the length of what they are given, whatever they return.
    fn charge_reading(&mut self, argv: &[Value]) -> Result<()> {
        let length = |value: &Value| match value {
            Value::Str(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::List(list) => list.len(),
            _ => 0,
        };
        let total = argv.iter().map(length).sum::<usize>();
        self.context
            .step(total as u64 / 64)
            .map_err(|limit| self.over(limit))
    }

    #[allow(clippy::too_many_arguments)]
    fn call_builtin(
        &mut self,
        dot: &Slot,
        builtin: Builtin,
        signature: Signature,
        at: At<'a>,
        name: &str,
        args: &'a [Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        match builtin {
            Builtin::And => return self.short_circuit(dot, false, args, last),
            Builtin::Or => return self.short_circuit(dot, true, args, last),
            _ => {}
        }
        let mut argv = Vec::with_capacity(args.len() + 1);
        for (index, arg) in args.iter().enumerate() {
            argv.push(self.argument(dot, Some(signature.param(index)), arg)?);
        }
        if let Some(last) = last {
            argv.push(self.validate(last, Some(signature.param(args.len())))?);
        }
        let result = if builtin == Builtin::Call {
            let mut callee = Vec::new();
            if let Some(first) = args.first() {
                first.write(&mut callee);
            }
            call_named(self.context, &String::from_utf8_lossy(&callee), &argv).map(Slot::of)
        } else {
            builtin::run(builtin, self.context, &argv)
        };
        match result {
            Ok(slot) => {
                self.charge(&slot.value)?;
                Ok(slot)
            }
            Err(error) => Err(self.call_failed(error, at, name)),
        }
    }

    /// `and` and `or`: the first argument that decides, or the last one.
    fn short_circuit(
        &mut self,
        dot: &Slot,
        on: bool,
        args: &'a [Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        let mut slot = Slot::default();
        for arg in args {
            slot = self.argument(dot, Some(Type::ReflectValue), arg)?;
            if slot.value.is_true() == on {
                return Ok(slot);
            }
        }
        Ok(last.unwrap_or(slot))
    }

    fn finish(
        &mut self,
        result: std::result::Result<Value, FuncError>,
        at: At<'a>,
        name: &str,
    ) -> Result<Slot> {
        match result {
            Ok(value) => {
                self.charge(&value)?;
                Ok(Slot::of(value))
            }
            Err(error) => Err(self.call_failed(error, at, name)),
        }
    }

    /// Charges what a function made: its bytes, and for a string the work of writing them.
    fn charge(&mut self, value: &Value) -> Result<()> {
        let bytes = match value {
            Value::Str(text) => {
                self.steps(text.len() as u64 / 32)?;
                text.len()
            }
            Value::Bytes(bytes) => bytes.len(),
            Value::List(list) => list.len() * size_of::<Value>(),
            _ => return Ok(()),
        };
        self.context
            .reserve(bytes)
            .map_err(|limit| self.over(limit))
    }

    #[cold]
    fn call_failed(
        &mut self,
        error: FuncError,
        at: At<'a>,
        name: &str,
    ) -> Box<crate::error::ExecError> {
        self.at = at;
        match error {
            FuncError::Message(message) => {
                self.fail(format_args!("error calling {name}: {message}"))
            }
            FuncError::Limit(limit) => self.over(limit),
        }
    }
}

/// Calls a function value with the conversions of the builtin `call`.
pub(crate) fn call_value(
    context: &mut Context<'_>,
    function: &Function,
    args: &[Value],
) -> std::result::Result<Value, FuncError> {
    let args: Vec<Slot> = args.iter().cloned().map(Slot::of).collect();
    call_function(context, "function", function, &args)
}

/// The builtin `call`; `name` is the text of its first argument.
fn call_named(
    context: &mut Context<'_>,
    name: &str,
    args: &[Slot],
) -> std::result::Result<Value, FuncError> {
    let Some((callee, args)) = args.split_first() else {
        return Err(FuncError::new("call of nil"));
    };
    match &callee.value {
        Value::Nil => Err(FuncError::new("call of nil")),
        Value::Func(function) => call_function(context, name, function, args),
        other => {
            let go_type = other
                .go_type()
                .map(|go_type| go_type.to_string())
                .unwrap_or_default();
            Err(FuncError::new(format!(
                "non-function {name} of type {go_type}"
            )))
        }
    }
}

fn call_function(
    context: &mut Context<'_>,
    name: &str,
    function: &Function,
    args: &[Slot],
) -> std::result::Result<Value, FuncError> {
    let signature = function.signature();
    let want = signature.fixed_count();
    let got = args.len();
    if signature.variadic && got < want {
        return Err(FuncError::new(format!(
            "wrong number of args for {name}: got {got} want at least {want}"
        )));
    }
    if !signature.variadic && got != want {
        return Err(FuncError::new(format!(
            "wrong number of args for {name}: got {got} want {want}"
        )));
    }
    let mut argv = Vec::with_capacity(got);
    for (index, arg) in args.iter().enumerate() {
        let prepared = prepare(&arg.value, signature.param(index));
        argv.push(prepared.map_err(|message| FuncError::new(format!("arg {index}: {message}")))?);
    }
    match function.callee() {
        Callee::Plain(body) => body(context, &argv),
        Callee::Shared(body) => body(context, &argv),
        Callee::Builtin(builtin) => {
            let args: Vec<Slot> = argv.into_iter().map(Slot::of).collect();
            builtin::run(*builtin, context, &args).map(|slot| slot.value)
        }
    }
}

/// An argument of `call` or `index`: integers convert among each other (`prepareArg`).
pub(crate) fn prepare(value: &Value, want: Type) -> std::result::Result<Value, String> {
    let Some(have) = value.go_type() else {
        if want.can_be_nil() {
            return Ok(Value::zero(want));
        }
        return Err(format!("value is nil; should be of type {want}"));
    };
    if want == Type::ReflectValue || have.assignable_to(want) {
        return Ok(value.clone());
    }
    let number = match value {
        Value::Int(number, _) => Some(*number),
        Value::Uint(number, _) => Some(*number as i64),
        _ => None,
    };
    match (number, want.kind()) {
        (Some(number), Kind::Int(size)) => Ok(Value::Int(size.wrap(number), size)),
        (Some(number), Kind::Uint(size)) => Ok(Value::Uint(size.wrap(number as u64), size)),
        _ => Err(format!("value has type {have}; should be {want}")),
    }
}
