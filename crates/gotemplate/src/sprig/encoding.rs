//! Base64 and Base32 with Go's error texts, which name the byte where decoding stopped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::args::{TEXT, bytes};
use crate::func::Functions;
use crate::value::Value;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("b64enc", TEXT, |_, a| Ok(Value::str(base64(bytes(a, 0)))))
        .add("b64dec", TEXT, |_, a| {
            Ok(Value::str(
                decode_base64(bytes(a, 0)).unwrap_or_else(illegal("base64")),
            ))
        })
        .add("b32enc", TEXT, |_, a| Ok(Value::str(base32(bytes(a, 0)))))
        .add("b32dec", TEXT, |_, a| {
            Ok(Value::str(
                decode_base32(bytes(a, 0)).unwrap_or_else(illegal("base32")),
            ))
        });
}

/// Go's `CorruptInputError`.
pub(super) fn illegal(encoding: &'static str) -> impl Fn(usize) -> Vec<u8> {
    move |at| format!("illegal {encoding} data at input byte {at}").into_bytes()
}

/// `base64.StdEncoding.EncodeToString`.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// `base64.StdEncoding.DecodeString`, or the offset of the byte that Go calls illegal. Line breaks are passed over.
pub(super) fn decode_base64(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut quantum: Vec<u8> = Vec::with_capacity(4);
    let mut input = text
        .iter()
        .enumerate()
        .filter(|(_, byte)| !matches!(byte, b'\n' | b'\r'));
    while let Some((at, byte)) = input.next() {
        if let Some(digit) = base64_digit(*byte) {
            quantum.push(digit);
            if quantum.len() == 4 {
                push_quantum(&mut out, &mut quantum);
            }
            continue;
        }
        if *byte != b'=' || quantum.len() < 2 {
            return Err(at);
        }
        if quantum.len() == 2 {
            match input.next() {
                None => return Err(text.len()),
                Some((_, b'=')) => {}
                // Go names the byte before the one that is not the second padding character.
                Some((at, _)) => return Err(at.saturating_sub(1)),
            }
        }
        push_quantum(&mut out, &mut quantum);
        return match input.next() {
            None => Ok(out),
            Some((at, _)) => Err(at),
        };
    }
    // What is short of a quantum is reported where the quantum began.
    if quantum.is_empty() {
        Ok(out)
    } else {
        Err(text.len() - quantum.len())
    }
}

fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn push_quantum(out: &mut Vec<u8>, quantum: &mut Vec<u8>) {
    let bits = quantum
        .iter()
        .fold(0u32, |bits, digit| bits << 6 | u32::from(*digit))
        << (6 * (4 - quantum.len()));
    let [_, a, b, c] = bits.to_be_bytes();
    out.extend([a, b, c].into_iter().take(quantum.len().saturating_sub(1)));
    quantum.clear();
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let bits = chunk
            .iter()
            .fold(0u64, |bits, byte| bits << 8 | u64::from(*byte))
            << (8 * (5 - chunk.len()));
        for at in 0..8 {
            let digit = usize::try_from(bits >> (35 - 5 * at) & 31)
                .ok()
                .and_then(|digit| BASE32.get(digit));
            let used = at * 5 < chunk.len() * 8;
            out.push(
                digit
                    .filter(|_| used)
                    .map_or('=', |digit| char::from(*digit)),
            );
        }
    }
    out
}

// Go strips line breaks first, so offsets count without them.
fn decode_base32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\n' | b'\r'))
        .collect();
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut rest = text.as_slice();
    while !rest.is_empty() {
        let (mut bits, mut count) = (0u64, 0u32);
        let mut ended = false;
        while count < 8 {
            let Some((byte, after)) = rest.split_first() else {
                // Out of input: Go names the byte where the quantum began.
                return Err(text.len() - count as usize);
            };
            rest = after;
            let at = text.len() - rest.len() - 1;
            if *byte == b'=' && count >= 2 && rest.len() < 8 {
                if (rest.len() as u32) + count < 7 {
                    return Err(text.len());
                }
                for offset in 0..(7 - count) as usize {
                    if rest.get(offset).is_some_and(|byte| *byte != b'=') {
                        return Err(text.len() - rest.len() + offset - 1);
                    }
                }
                if matches!(count, 1 | 3 | 6) {
                    return Err(text.len() - rest.len() - 1);
                }
                ended = true;
                break;
            }
            let digit = BASE32.iter().position(|digit| digit == byte).ok_or(at)?;
            bits = bits << 5 | digit as u64;
            count += 1;
        }
        let bytes = (bits << (5 * (8 - count)) << 24).to_be_bytes();
        out.extend(bytes.into_iter().take(count as usize * 5 / 8));
        if ended {
            break;
        }
    }
    Ok(out)
}
