//! Fields, map keys and methods: `.X.Y.Z`, possibly followed by arguments.

use std::rc::Rc;

use super::{At, Exec, Result, Slot};
use crate::node::Operand;
use crate::strconv::quote;
use crate::template::MissingKey;
use crate::types::Type;
use crate::value::{Map, Value};

impl<'a> Exec<'_, 'a> {
    /// Walks along `names` from `receiver`, or from the dot. Only the last name may be a method with arguments.
    pub(super) fn field_chain(
        &mut self,
        dot: &Slot,
        receiver: Option<Slot>,
        at: At<'a>,
        names: &'a [Rc<str>],
        args: &'a [Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        let Some((final_name, inner)) = names.split_last() else {
            return Ok(receiver.unwrap_or_default());
        };
        let mut current = receiver;
        for name in inner {
            let next = self.field(dot, current.as_ref().unwrap_or(dot), at, name, &[], None)?;
            current = Some(next);
        }
        self.field(
            dot,
            current.as_ref().unwrap_or(dot),
            at,
            final_name,
            args,
            last,
        )
    }

    fn field(
        &mut self,
        dot: &Slot,
        receiver: &Slot,
        at: At<'a>,
        name: &str,
        args: &'a [Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        match &receiver.value {
            Value::Map(map) => self.map_key(map, name, !args.is_empty() || last.is_some()),
            Value::Nil if receiver.boxed => {
                Err(self.fail(format_args!("nil pointer evaluating interface {{}}.{name}")))
            }
            Value::Nil if self.missing_key == MissingKey::Error => {
                let name = quote(name.as_bytes());
                Err(self.fail(format_args!(
                    "nil data; no entry for key {}",
                    String::from_utf8_lossy(&name)
                )))
            }
            Value::Nil => Ok(Slot::default()),
            Value::Object(object) => {
                if let Some(signature) = object.method(name) {
                    return self.call_method(dot, object, signature, at, name, args, last);
                }
                let has_args = !args.is_empty() || last.is_some();
                if object.is_nil() && object.field(name).is_some() {
                    let go_type = receiver.go_type();
                    return Err(self.fail(format_args!("nil pointer evaluating {go_type}.{name}")));
                }
                if let Some(value) = object.field(name) {
                    if !name.starts_with(char::is_uppercase) {
                        let go_type = receiver.go_type();
                        let message = "is an unexported field of struct type";
                        return Err(self.fail(format_args!("{name} {message} {go_type}")));
                    }
                    if has_args {
                        let message = "has arguments but cannot be invoked as function";
                        return Err(self.fail(format_args!("{name} {message}")));
                    }
                    return Ok(Slot::of(value));
                }
                match object.underlying() {
                    Some(Value::Map(map)) => self.map_key(&map, name, has_args),
                    _ => Err(self.no_field(receiver, name)),
                }
            }
            _ => Err(self.no_field(receiver, name)),
        }
    }

    fn map_key(&mut self, map: &Map, name: &str, has_args: bool) -> Result<Slot> {
        if has_args {
            return Err(self.fail(format_args!("{name} is not a method but has arguments")));
        }
        let elem = map.go_type().elem();
        let boxed = elem == Type::Interface;
        match map.get(name.as_bytes()) {
            Some(value) => Ok(Slot { value, boxed }),
            None => match self.missing_key {
                MissingKey::Default => Ok(Slot::default()),
                MissingKey::Zero => Ok(Slot {
                    value: Value::zero(elem),
                    boxed,
                }),
                MissingKey::Error => {
                    let name = quote(name.as_bytes());
                    Err(self.fail(format_args!(
                        "map has no entry for key {}",
                        String::from_utf8_lossy(&name)
                    )))
                }
            },
        }
    }

    #[cold]
    fn no_field(&self, receiver: &Slot, name: &str) -> Box<crate::error::ExecError> {
        let go_type = receiver.go_type();
        self.fail(format_args!(
            "can't evaluate field {name} in type {go_type}"
        ))
    }
}
