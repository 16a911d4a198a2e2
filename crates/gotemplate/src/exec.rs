//! The evaluator.
use crate::context::Context;
use crate::error::{ExecError, FuncError};
use crate::func::Function;
use crate::value::Value;

pub(crate) fn execute(
    _context: &mut Context<'_>,
    _out: &mut Vec<u8>,
    _name: &str,
    _data: Value,
) -> Result<(), ExecError> {
    Err(ExecError::Failed("the engine is being written".into()))
}

pub(crate) fn execute_nested(
    _context: &mut Context<'_>,
    _name: &str,
    _data: Value,
) -> Result<Vec<u8>, ExecError> {
    Err(ExecError::Failed("the engine is being written".into()))
}

pub(crate) fn call_value(
    _context: &mut Context<'_>,
    _function: &Function,
    _args: &[Value],
) -> Result<Value, FuncError> {
    Err(FuncError::new("the engine is being written"))
}
