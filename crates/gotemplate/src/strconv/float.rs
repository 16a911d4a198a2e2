//! Writing floats as Go does. The digits come from the standard library, which rounds exactly as Go does; their layout
//! is Go's.

/// The decimal digits of a finite number, `0.d₁d₂…·10^point`, without zeros at the end; none for zero.
struct Digits {
    digits: Vec<u8>,
    point: i32,
}

/// `strconv.FormatFloat(value, verb, precision, 64)`; `verb` is one of `e E f g G b x X`, and a precision of -1 means the
/// fewest digits that read back as the same number. The text is as long as the precision asks.
pub fn format_float(value: f64, verb: u8, precision: i32) -> Vec<u8> {
    if value.is_nan() {
        return b"NaN".to_vec();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            b"+Inf".to_vec()
        } else {
            b"-Inf".to_vec()
        };
    }
    let mut out = Vec::with_capacity(24);
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let magnitude = value.abs();
    match verb {
        b'f' | b'F' => fixed(&mut out, magnitude, precision),
        b'e' | b'E' => {
            let digits = if precision < 0 {
                shortest(magnitude)
            } else {
                rounded(magnitude, precision)
            };
            let precision = if precision < 0 {
                digits.digits.len().saturating_sub(1) as i32
            } else {
                precision
            };
            exponential(&mut out, &digits, precision, verb);
        }
        b'b' => binary(&mut out, magnitude),
        b'x' | b'X' => hexadecimal(&mut out, magnitude, precision, verb),
        _ => general(&mut out, magnitude, precision, verb),
    }
    out
}

fn shortest(magnitude: f64) -> Digits {
    let text = format!("{magnitude:e}");
    // Where two shortest texts are equally near, the standard library may give the odd one; Go gives the even one, as
    // rounding to that many digits does.
    let places = text.find('e').unwrap_or(0).saturating_sub(2);
    let even = format!("{magnitude:.places$e}");
    if even.parse() == Ok(magnitude) {
        return digits_of(&even);
    }
    digits_of(&text)
}

/// The most digits after the point, or after the first digit, that a float has before only zeros follow. The standard
/// library takes no precision beyond 65,535.
const MAX_PLACES: usize = 1100;

/// Rounded to `precision` digits after the first.
fn rounded(magnitude: f64, precision: i32) -> Digits {
    let places = usize::try_from(precision)
        .unwrap_or_default()
        .min(MAX_PLACES);
    digits_of(&format!("{magnitude:.places$e}"))
}

fn digits_of(scientific: &str) -> Digits {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let mut digits: Vec<u8> = mantissa.bytes().filter(|byte| *byte != b'.').collect();
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    let point = if digits.is_empty() {
        0
    } else {
        exponent.parse::<i32>().unwrap_or_default() + 1
    };
    Digits { digits, point }
}

fn fixed(out: &mut Vec<u8>, magnitude: f64, precision: i32) {
    match usize::try_from(precision) {
        Ok(places) => {
            let exact = places.min(MAX_PLACES);
            out.extend_from_slice(format!("{magnitude:.exact$}").as_bytes());
            out.resize(out.len() + places - exact, b'0');
        }
        Err(_) => {
            let digits = shortest(magnitude);
            let places = (digits.digits.len() as i32 - digits.point).max(0);
            lay_out(out, &digits, places);
        }
    }
}

/// `ddd.ddd` with `places` digits after the point.
fn lay_out(out: &mut Vec<u8>, digits: &Digits, places: i32) {
    let digit = |at: i32| {
        usize::try_from(at)
            .ok()
            .and_then(|at| digits.digits.get(at))
            .copied()
            .unwrap_or(b'0')
    };
    if digits.point > 0 {
        out.extend((0..digits.point).map(digit));
    } else {
        out.push(b'0');
    }
    if places > 0 {
        out.push(b'.');
        out.extend((0..places).map(|place| digit(digits.point + place)));
    }
}

/// `d.ddde±dd` with `precision` digits after the point.
fn exponential(out: &mut Vec<u8>, digits: &Digits, precision: i32, verb: u8) {
    let digit = |at: i32| {
        usize::try_from(at)
            .ok()
            .and_then(|at| digits.digits.get(at))
            .copied()
            .unwrap_or(b'0')
    };
    out.push(digit(0));
    if precision > 0 {
        out.push(b'.');
        out.extend((1..=precision).map(digit));
    }
    let exponent = if digits.digits.is_empty() {
        0
    } else {
        digits.point - 1
    };
    out.push(verb);
    push_exponent(out, exponent);
}

fn push_exponent(out: &mut Vec<u8>, exponent: i32) {
    out.push(if exponent < 0 { b'-' } else { b'+' });
    out.extend_from_slice(format!("{:02}", exponent.unsigned_abs()).as_bytes());
}

/// `%g`: exponential below 10⁻⁴ and from 10^precision on, where the shortest form counts as precision 6.
fn general(out: &mut Vec<u8>, magnitude: f64, precision: i32, verb: u8) {
    let is_shortest = precision < 0;
    let wanted = precision.max(1);
    let digits = if is_shortest {
        shortest(magnitude)
    } else {
        rounded(magnitude, wanted - 1)
    };
    let count = digits.digits.len() as i32;
    let threshold = match is_shortest {
        true => 6,
        false if wanted > count && count >= digits.point => count,
        false => wanted,
    };
    let exponent = digits.point - 1;
    if exponent < -4 || exponent >= threshold {
        let precision = if is_shortest {
            count - 1
        } else {
            wanted.min(count) - 1
        };
        exponential(
            out,
            &digits,
            precision,
            if verb == b'G' { b'E' } else { b'e' },
        );
    } else {
        lay_out(out, &digits, (count - digits.point).max(0));
    }
}

/// The mantissa and exponent of a float: `mantissa · 2^(exponent - 52)`.
fn parts(magnitude: f64) -> (u64, i32) {
    let bits = magnitude.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    match (bits >> 52) as i32 & 0x7FF {
        0 => (mantissa, -1022),
        exponent => (mantissa | 1 << 52, exponent - 1023),
    }
}

fn binary(out: &mut Vec<u8>, magnitude: f64) {
    let (mantissa, exponent) = parts(magnitude);
    out.extend_from_slice(format!("{mantissa}p{:+}", exponent - 52).as_bytes());
}

/// `0x1.8p+01`: the first digit is 1 unless the number is zero.
fn hexadecimal(out: &mut Vec<u8>, magnitude: f64, precision: i32, verb: u8) {
    let (mut mantissa, mut exponent) = parts(magnitude);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // The leading one goes to bit 60, so that each further digit is four bits.
        let shift = mantissa.leading_zeros() as i32 - 3;
        mantissa <<= shift;
        exponent -= shift - 8;
    }
    if (0..15).contains(&precision) {
        let shift = 60 - 4 * precision;
        let below = mantissa & ((1 << shift) - 1);
        let half = 1u64 << (shift - 1);
        mantissa >>= shift;
        mantissa += u64::from(below > half || below == half && mantissa & 1 == 1);
        mantissa <<= shift;
        if mantissa >> 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    out.extend_from_slice(&[b'0', verb, b'0' + ((mantissa >> 60) as u8 & 1)]);
    let mut rest = mantissa << 4;
    let digits = if precision < 0 {
        (64 - rest.trailing_zeros() as i32 + 3) / 4
    } else {
        precision
    };
    if digits > 0 && (precision > 0 || rest != 0) {
        out.push(b'.');
        for _ in 0..digits {
            let digit = char::from_digit((rest >> 60) as u32, 16).unwrap_or('0') as u8;
            out.push(if verb == b'X' {
                digit.to_ascii_uppercase()
            } else {
                digit
            });
            rest <<= 4;
        }
    }
    out.push(if verb == b'X' { b'P' } else { b'p' });
    push_exponent(out, exponent);
}
