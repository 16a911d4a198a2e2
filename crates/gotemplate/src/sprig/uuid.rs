//! What Sprig draws at random: UUIDs, texts, numbers. Every byte comes from the host.

use super::args::{Answer, INT, int};
use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Functions, Signature};
use crate::value::Value;

const COUNT: Signature = Signature::fixed(&[INT]);

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("uuidv4", Signature::fixed(&[]), uuid_v4)
        .add("randAlpha", COUNT, |context, a| {
            random_text(context, int(a, 0), |byte| byte.is_ascii_alphabetic())
        })
        .add("randNumeric", COUNT, |context, a| {
            random_text(context, int(a, 0), |byte| byte.is_ascii_digit())
        })
        .add("randAlphaNum", COUNT, |context, a| {
            random_text(context, int(a, 0), |byte| byte.is_ascii_alphanumeric())
        })
        .add("randAscii", COUNT, |context, a| {
            random_text(context, int(a, 0), |byte| matches!(byte, b' '..=b'~'))
        })
        .add("randBytes", COUNT, |context, a| {
            let count = usize::try_from(int(a, 0))
                .map_err(|_| FuncError::new("runtime error: makeslice: len out of range"))?;
            context.reserve(count.saturating_mul(4) / 3)?;
            let mut bytes = vec![0; count];
            fill(context, &mut bytes)?;
            Ok(Value::str(super::encoding::base64(&bytes)))
        });
}

/// Random bytes of the host's.
pub(super) fn fill(context: &Context<'_>, buffer: &mut [u8]) -> Result<(), FuncError> {
    context
        .host()
        .random(buffer)
        .map_err(|error| FuncError::new(error.to_string()))
}

/// A number below `bound`, each as likely as any other.
pub(super) fn below(context: &mut Context<'_>, bound: u64) -> Result<u64, FuncError> {
    // Numbers past the last whole multiple of the bound are drawn again, or small results would be likelier.
    let usable = u64::MAX - u64::MAX % bound.max(1);
    loop {
        context.step(1)?;
        let mut bytes = [0; 8];
        fill(context, &mut bytes)?;
        let drawn = u64::from_le_bytes(bytes);
        if drawn < usable {
            return Ok(drawn % bound.max(1));
        }
    }
}

fn uuid_v4(context: &mut Context<'_>, _: &[Value]) -> Answer {
    let mut bytes = [0; 16];
    fill(context, &mut bytes)?;
    Ok(Value::str(
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .to_string(),
    ))
}

// goutils gives an empty text for a negative count.
fn random_text(context: &mut Context<'_>, count: i64, wanted: fn(&u8) -> bool) -> Answer {
    let count = usize::try_from(count).unwrap_or(0);
    context.reserve(count)?;
    let alphabet: Vec<u8> = (0..=127).filter(wanted).collect();
    let mut text = Vec::with_capacity(count);
    for _ in 0..count {
        let at = below(context, alphabet.len() as u64)?;
        text.extend(usize::try_from(at).ok().and_then(|at| alphabet.get(at)));
    }
    Ok(Value::str(text))
}
