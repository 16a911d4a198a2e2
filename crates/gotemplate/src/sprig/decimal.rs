//! shopspring/decimal as far as Sprig's float arithmetic uses it: exact sums and products, quotients to 16 places.

use num_bigint::BigInt;
use num_bigint::Sign;

use super::args::Answer;
use super::cast::to_float;
use crate::context::Context;
use crate::error::FuncError;
use crate::strconv;
use crate::value::Value;

/// `value × 10^exponent`.
pub(super) struct Decimal {
    value: BigInt,
    exponent: i32,
}

/// One of the four operations.
pub(super) type Operation = fn(Decimal, Decimal) -> Result<Decimal, FuncError>;

/// `execDecimalOp`: the operation over `first` and each of `rest` in turn, as the nearest float.
pub(super) fn fold(
    context: &mut Context<'_>,
    first: f64,
    rest: &[Value],
    operation: Operation,
) -> Answer {
    let mut result = from_float(first)?;
    for value in rest {
        // A quotient of numbers far apart has hundreds of digits. They grow with each factor; multiplying is quadratic in them.
        context.step(100 + result.value.bits() / 64)?;
        result = operation(result, from_float(to_float(value))?)?;
    }
    Ok(to_nearest(&result).into())
}

// The shortest digits that read back as the float, as Go's NewFromFloat takes them.
fn from_float(value: f64) -> Result<Decimal, FuncError> {
    if !value.is_finite() {
        let name = if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        return Err(FuncError::new(format!(
            "Cannot create a Decimal from {name}"
        )));
    }
    let shortest = strconv::format_float(value, b'e', -1);
    let shortest = String::from_utf8_lossy(&shortest);
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i64 = format!("{whole}{fraction}").parse().unwrap_or(0);
    let exponent: i32 = exponent.parse().unwrap_or(0);
    Ok(Decimal {
        value: BigInt::from(digits),
        exponent: if digits == 0 {
            0
        } else {
            exponent - fraction.len() as i32
        },
    })
}

fn to_nearest(decimal: &Decimal) -> f64 {
    format!("{}e{}", decimal.value, decimal.exponent)
        .parse()
        .unwrap_or(0.0)
}

fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

fn rescale(a: Decimal, b: Decimal) -> (BigInt, BigInt, i32) {
    let exponent = a.exponent.min(b.exponent);
    let scaled = |decimal: Decimal| {
        decimal.value * power_of_ten(i64::from(decimal.exponent) - i64::from(exponent))
    };
    (scaled(a), scaled(b), exponent)
}

pub(super) fn add(a: Decimal, b: Decimal) -> Result<Decimal, FuncError> {
    let (a, b, exponent) = rescale(a, b);
    Ok(Decimal {
        value: a + b,
        exponent,
    })
}

pub(super) fn sub(a: Decimal, b: Decimal) -> Result<Decimal, FuncError> {
    let (a, b, exponent) = rescale(a, b);
    Ok(Decimal {
        value: a - b,
        exponent,
    })
}

pub(super) fn mul(a: Decimal, b: Decimal) -> Result<Decimal, FuncError> {
    let exponent = i64::from(a.exponent) + i64::from(b.exponent);
    match i32::try_from(exponent) {
        Ok(exponent) => Ok(Decimal {
            value: a.value * b.value,
            exponent,
        }),
        Err(_) => Err(FuncError::new(format!(
            "exponent {exponent} overflows an int32!"
        ))),
    }
}

/// The quotient to 16 places after the point, its last digit rounded away from zero at the half.
pub(super) fn div(a: Decimal, b: Decimal) -> Result<Decimal, FuncError> {
    const PLACES: i64 = 16;
    if b.value.sign() == Sign::NoSign {
        return Err(FuncError::new("decimal division by 0"));
    }
    let shift = i64::from(a.exponent) - i64::from(b.exponent) + PLACES;
    let negative = (a.value.sign() == Sign::Minus) != (b.value.sign() == Sign::Minus);
    let numerator = a.value * power_of_ten(shift.max(0));
    let denominator = b.value * power_of_ten((-shift).max(0));
    let mut quotient = &numerator / &denominator;
    let remainder = &numerator - &quotient * &denominator;
    if (remainder.magnitude() << 1usize) >= *denominator.magnitude() {
        quotient += if negative { -1 } else { 1 };
    }
    Ok(Decimal {
        value: quotient,
        exponent: -(PLACES as i32),
    })
}
