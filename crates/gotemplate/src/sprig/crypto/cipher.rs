//! `encryptAES` and `decryptAES`: AES-256 in CBC mode, the key being the password's first 32 bytes, the IV before the text.

use aes::Aes256;
use aes::cipher::block_padding::{NoPadding, Pkcs7};
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};

use crate::context::Context;
use crate::error::FuncError;
use crate::func::Functions;
use crate::sprig::args::{Answer, TEXTS, bytes};
use crate::sprig::encoding::{base64, decode_base64, illegal};
use crate::sprig::uuid::fill;
use crate::value::Value;

const BLOCK: usize = 16;

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("encryptAES", TEXTS, encrypt)
        .add("decryptAES", TEXTS, decrypt);
}

fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    for (byte, given) in key.iter_mut().zip(password) {
        *byte = *given;
    }
    key
}

fn encrypt(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let text = bytes(args, 1);
    if text.is_empty() {
        return Ok(Value::str(""));
    }
    context.reserve(text.len().saturating_mul(2))?;
    let mut iv = [0; BLOCK];
    fill(context, &mut iv)?;
    let cipher = cbc::Encryptor::<Aes256>::new(&key(bytes(args, 0)).into(), &iv.into());
    let encrypted = cipher.encrypt_padded_vec_mut::<Pkcs7>(text);
    Ok(Value::str(base64(&[iv.as_slice(), &encrypted].concat())))
}

fn decrypt(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let encoded = bytes(args, 1);
    if encoded.is_empty() {
        return Ok(Value::str(""));
    }
    context.reserve(encoded.len())?;
    let whole = decode_base64(encoded)
        .map_err(|at| FuncError::new(String::from_utf8_lossy(&illegal("base64")(at))))?;
    let Some((iv, encrypted)) = whole.split_at_checked(BLOCK) else {
        return Err(FuncError::new(format!(
            "runtime error: slice bounds out of range [:16] with capacity {}",
            capacity(whole.len())
        )));
    };
    let mut block = [0; BLOCK];
    block.copy_from_slice(iv);
    let cipher = cbc::Decryptor::<Aes256>::new(&key(bytes(args, 0)).into(), &block.into());
    let decrypted = cipher.decrypt_padded_vec_mut::<NoPadding>(encrypted);
    let mut decrypted =
        decrypted.map_err(|_| FuncError::new("crypto/cipher: input not full blocks"))?;
    let Some(padding) = decrypted.last().copied() else {
        return Err(FuncError::new("runtime error: index out of range [-1]"));
    };
    // The last byte says how much to drop, whatever the key was.
    let kept = decrypted.len() as i64 - i64::from(padding);
    let Ok(kept) = usize::try_from(kept) else {
        return Err(FuncError::new(format!(
            "runtime error: slice bounds out of range [:{kept}]"
        )));
    };
    decrypted.truncate(kept);
    Ok(Value::str(decrypted))
}

// What Go's decoder reserves: three bytes for each four that stand in the text.
fn capacity(decoded: usize) -> usize {
    decoded.div_ceil(3) * 3
}
