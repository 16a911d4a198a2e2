//! Arguments: evaluated for the type that a parameter asks for, refused where Go refuses them.

use super::{At, Exec, Result, Slot};
use crate::node::Operand;
use crate::types::{Kind, Type};
use crate::value::Value;

impl<'a> Exec<'_, 'a> {
    /// An argument for a parameter of the type `want`; none asks for no type (`evalArg`).
    pub(super) fn argument(
        &mut self,
        dot: &Slot,
        want: Option<Type>,
        operand: &'a Operand,
    ) -> Result<Slot> {
        self.at = At::Operand(operand);
        match operand {
            Operand::Dot { .. } => self.validate(dot.clone(), want),
            Operand::Nil { .. } => match want {
                Some(want) if !want.can_be_nil() => {
                    Err(self.fail(format_args!("cannot assign nil to {want}")))
                }
                Some(want) => Ok(Slot::of(Value::zero(want))),
                None => Ok(Slot::default()),
            },
            Operand::Field { names, .. } => {
                let slot = self.field_chain(dot, None, At::Operand(operand), names, &[], None)?;
                self.validate(slot, want)
            }
            Operand::Variable { .. } => {
                let slot = self.variable_operand(dot, operand, &[], None)?;
                self.validate(slot, want)
            }
            Operand::Pipe(pipe) => {
                let slot = self.nested_pipeline(dot, pipe)?;
                self.validate(slot, want)
            }
            Operand::Identifier(identifier) => {
                self.step()?;
                let at = At::Operand(operand);
                let slot = self.call(dot, &identifier.function, at, &identifier.name, &[], None)?;
                self.validate(slot, want)
            }
            Operand::Chain { .. } => {
                let slot = self.chain(dot, operand, &[], None)?;
                self.validate(slot, want)
            }
            _ => self.literal(dot, want.unwrap_or(Type::Interface), operand),
        }
    }

    /// A literal takes the type that is asked for, as Go's untyped constants do.
    fn literal(&mut self, dot: &Slot, want: Type, operand: &'a Operand) -> Result<Slot> {
        let value = match (want.kind(), operand) {
            (Kind::Interface, _) => return self.constant(dot, operand),
            _ if want == Type::ReflectValue => return self.constant(dot, operand),
            (Kind::Bool, Operand::Bool { value, .. }) => Value::Bool(*value),
            (Kind::String, Operand::String { value, .. }) => Value::Str(value.clone()),
            (Kind::Int(size), Operand::Number(number)) if number.int.is_some() => {
                Value::Int(number.int.unwrap_or_default(), size)
            }
            (Kind::Uint(size), Operand::Number(number)) if number.uint.is_some() => {
                Value::Uint(number.uint.unwrap_or_default(), size)
            }
            (Kind::Float64, Operand::Number(number)) if number.float.is_some() => {
                Value::Float(number.float.unwrap_or_default())
            }
            (kind, _) => return Err(self.literal_mismatch(kind, want, operand)),
        };
        Ok(Slot::of(value))
    }

    #[cold]
    fn literal_mismatch(
        &self,
        kind: Kind,
        want: Type,
        operand: &Operand,
    ) -> Box<crate::error::ExecError> {
        let mut text = Vec::new();
        operand.write(&mut text);
        let text = String::from_utf8_lossy(&text);
        let expected = match kind {
            Kind::Bool => "bool",
            Kind::String => "string",
            Kind::Int(_) => "integer",
            Kind::Uint(_) => "unsigned integer",
            Kind::Float64 => "float",
            Kind::Complex128 => "complex",
            _ => return self.fail(format_args!("can't handle {text} for arg of type {want}")),
        };
        self.fail(format_args!("expected {expected}; found {text}"))
    }

    /// Checks that a value may be given for the type, and fits it where nil stands for an empty one (`validateType`).
    pub(super) fn validate(&self, slot: Slot, want: Option<Type>) -> Result<Slot> {
        let Some(want) = want else { return Ok(slot) };
        if matches!(want, Type::Interface | Type::ReflectValue) {
            return Ok(slot);
        }
        let Some(have) = slot.value.go_type() else {
            if slot.boxed {
                return Err(self.fail(format_args!(
                    "wrong type for value; expected {want}; got interface {{}}"
                )));
            }
            if want.can_be_nil() {
                return Ok(Slot::of(Value::zero(want)));
            }
            return Err(self.fail(format_args!("invalid value; expected {want}")));
        };
        if have.assignable_to(want) {
            return Ok(Slot::of(slot.value));
        }
        if let Value::Object(object) = &slot.value {
            // A named map or slice of the host stands for the plain one.
            if let Some(value @ (Value::Map(_) | Value::List(_))) = object.underlying()
                && value.go_type().is_some_and(|have| have.assignable_to(want))
            {
                return Ok(Slot::of(value));
            }
            if let (Type::Object(have), Type::Object(want)) = (have, want)
                && have.strip_prefix('*') == Some(want)
            {
                return Ok(Slot::of(slot.value));
            }
        }
        Err(self.fail(format_args!(
            "wrong type for value; expected {want}; got {have}"
        )))
    }
}
