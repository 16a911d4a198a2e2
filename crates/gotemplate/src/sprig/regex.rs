//! Sprig's `regex.go`. The plain forms panic on a bad pattern where the `must` forms return the error, so that their texts differ.

use super::args::{Answer, INT, STRING, TEXT, TEXTS, bytes, int};
use super::goregex::{compile, must_compile, quote_meta};
use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Functions, Signature};
use crate::types::Type;
use crate::value::{List, Value};

const THREE: Signature = Signature::fixed(&[STRING, STRING, STRING]);
const TEXTS_COUNT: Signature = Signature::fixed(&[STRING, STRING, INT]);

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("regexMatch", TEXTS, |context, a| {
            match is_match(context, a) {
                Err(FuncError::Message(_)) => Ok(false.into()),
                other => other,
            }
        })
        .add("mustRegexMatch", TEXTS, is_match)
        .add("regexFind", TEXTS, |context, a| find(context, a, true))
        .add("mustRegexFind", TEXTS, |context, a| find(context, a, false))
        .add("regexFindAll", TEXTS_COUNT, |context, a| {
            find_all(context, a, true)
        })
        .add("mustRegexFindAll", TEXTS_COUNT, |context, a| {
            find_all(context, a, false)
        })
        .add("regexReplaceAll", THREE, |context, a| {
            replace(context, a, true, false)
        })
        .add("mustRegexReplaceAll", THREE, |context, a| {
            replace(context, a, false, false)
        })
        .add("regexReplaceAllLiteral", THREE, |context, a| {
            replace(context, a, true, true)
        })
        .add("mustRegexReplaceAllLiteral", THREE, |context, a| {
            replace(context, a, false, true)
        })
        .add("regexSplit", TEXTS_COUNT, |context, a| {
            split(context, a, true)
        })
        .add("mustRegexSplit", TEXTS_COUNT, |context, a| {
            split(context, a, false)
        })
        .add("regexQuoteMeta", TEXT, |_, a| {
            Ok(Value::str(quote_meta(bytes(a, 0))))
        });
}

fn is_match(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let pattern = compile(context, bytes(args, 0))?;
    Ok(pattern.is_match(context, bytes(args, 1))?.into())
}

fn find(context: &mut Context<'_>, args: &[Value], panics: bool) -> Answer {
    let pattern = if panics { must_compile } else { compile }(context, bytes(args, 0))?;
    Ok(Value::str(pattern.find(context, bytes(args, 1))?))
}

fn find_all(context: &mut Context<'_>, args: &[Value], panics: bool) -> Answer {
    let pattern = if panics { must_compile } else { compile }(context, bytes(args, 0))?;
    let text = bytes(args, 1);
    let found = pattern.find_all(context, text, int(args, 2))?;
    if found.is_empty() {
        return Ok(Value::List(List::nil(Type::STRINGS)));
    }
    context.reserve(found.len().saturating_mul(size_of::<Value>()))?;
    Ok(Value::strings(
        found
            .into_iter()
            .map(|(from, to)| text.get(from..to).unwrap_or_default()),
    ))
}

fn replace(context: &mut Context<'_>, args: &[Value], panics: bool, literal: bool) -> Answer {
    let pattern = if panics { must_compile } else { compile }(context, bytes(args, 0))?;
    Ok(Value::str(pattern.replace_all(
        context,
        bytes(args, 1),
        bytes(args, 2),
        literal,
    )?))
}

fn split(context: &mut Context<'_>, args: &[Value], panics: bool) -> Answer {
    let pattern = if panics { must_compile } else { compile }(context, bytes(args, 0))?;
    let parts = pattern.split(context, bytes(args, 1), int(args, 2))?;
    if int(args, 2) == 0 {
        return Ok(Value::List(List::nil(Type::STRINGS)));
    }
    Ok(Value::strings(parts))
}
