//! `range`: over lists, maps in key order, bytes and integers.

use super::{Exec, Flow, Result, Slot};
use crate::error::ExecError;
use crate::gofmt;
use crate::node::Branch;
use crate::types::{Type, UintKind};
use crate::value::Value;

impl<'a> Exec<'_, 'a> {
    pub(super) fn range(&mut self, dot: &Slot, branch: &'a Branch) -> Result<Flow> {
        let mark = self.vars.len();
        let slot = self.pipeline(dot, &branch.pipe)?;
        self.enter()?;
        let some = self.iterate(&slot.value, branch)?;
        let flow = match &branch.else_list {
            Some(list) if !some => self.list(dot, list)?,
            _ => Flow::Next,
        };
        self.leave();
        self.vars.truncate(mark);
        Ok(flow)
    }

    /// Walks the body for each element; false if there is none.
    fn iterate(&mut self, value: &Value, branch: &'a Branch) -> Result<bool> {
        match value {
            Value::List(list) => {
                let boxed = list.go_type().elem() == Type::Interface;
                for (index, item) in list.items().iter().enumerate() {
                    let elem = Slot {
                        value: item.clone(),
                        boxed,
                    };
                    if !self.round(Value::int(index as i64), elem, branch)? {
                        break;
                    }
                }
                Ok(!list.is_empty())
            }
            Value::Bytes(bytes) => {
                for (index, byte) in bytes.iter().enumerate() {
                    let elem = Slot::of(Value::Uint(u64::from(*byte), UintKind::Uint8));
                    if !self.round(Value::int(index as i64), elem, branch)? {
                        break;
                    }
                }
                Ok(!bytes.is_empty())
            }
            Value::Map(map) => {
                let boxed = map.go_type().elem() == Type::Interface;
                // The entries as they are now: the body may change the map.
                let entries = map.entries();
                self.steps(entries.len() as u64 / 2)?;
                let some = !entries.is_empty();
                for (key, value) in entries {
                    if !self.round(Value::Str(key), Slot { value, boxed }, branch)? {
                        break;
                    }
                }
                Ok(some)
            }
            Value::Int(..) | Value::Uint(..) => self.count(value, branch),
            Value::Nil => Ok(false),
            Value::Object(object) => match object.underlying() {
                Some(value) => self.iterate(&value, branch),
                None => Err(self.cannot_iterate(value)),
            },
            _ => Err(self.cannot_iterate(value)),
        }
    }

    #[cold]
    fn cannot_iterate(&self, value: &Value) -> Box<ExecError> {
        self.fail(format_args!(
            "range can't iterate over {}",
            gofmt::brief_dereferenced(value)
        ))
    }

    /// `range` over an integer, from 0 up to it.
    fn count(&mut self, value: &Value, branch: &'a Branch) -> Result<bool> {
        if branch.pipe.decl.len() > 1 {
            let shown = gofmt::brief(value, 'v');
            return Err(self.fail(format_args!(
                "can't use {shown} to iterate over more than one variable"
            )));
        }
        let end = match value {
            Value::Int(end, _) => u64::try_from(*end).unwrap_or_default(),
            Value::Uint(end, _) => *end,
            _ => 0,
        };
        for index in 0..end {
            let elem = match value {
                Value::Uint(_, size) => Value::Uint(index, *size),
                Value::Int(_, size) => Value::Int(index as i64, *size),
                _ => Value::Nil,
            };
            if !self.round(Value::Nil, Slot::of(elem), branch)? {
                break;
            }
        }
        Ok(end > 0)
    }

    /// One round of a `range`; false after `break`.
    fn round(&mut self, index: Value, elem: Slot, branch: &'a Branch) -> Result<bool> {
        self.step()?;
        let pipe = &branch.pipe;
        match (pipe.decl.as_slice(), pipe.is_assign) {
            ([], _) => {}
            ([only], true) => self.assign(only.id, &only.text, elem.clone())?,
            ([first, second, ..], true) => {
                self.assign(first.id, &first.text, Slot::of(index))?;
                self.assign(second.id, &second.text, elem.clone())?;
            }
            (decl, false) => {
                let top = self.vars.len();
                if let Some(var) = self.vars.get_mut(top.wrapping_sub(1)) {
                    var.slot = elem.clone();
                }
                if decl.len() > 1
                    && let Some(var) = self.vars.get_mut(top.wrapping_sub(2))
                {
                    var.slot = Slot::of(index);
                }
            }
        }
        let mark = self.vars.len();
        let flow = self.list(&elem, &branch.list)?;
        self.vars.truncate(mark);
        Ok(flow != Flow::Break)
    }
}
