//! Sprig's `numeric.go`: integers wrap around as Go's do, and floats add up as decimals.

use super::args::{ANY, Answer, INT, MANY, ONE, TEXT, int, value};
use super::cast::{to_float, to_int};
use super::decimal;
use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Functions, Signature};
use crate::gofmt;
use crate::strconv;
use crate::types::Type;
use crate::value::{List, Value};

const TWO: Signature = Signature::fixed(&[ANY, ANY]);
const SOME: Signature = Signature::variadic(&[ANY, ANY]);

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("atoi", TEXT, super::strings::atoi)
        .add("int64", ONE, |_, a| Ok(Value::int64(to_int(&value(a, 0)))))
        .add("int", ONE, |_, a| Ok(Value::int(to_int(&value(a, 0)))))
        .add("float64", ONE, |_, a| Ok(to_float(&value(a, 0)).into()))
        .add("toDecimal", ONE, to_decimal)
        .add("seq", Signature::variadic(&[INT]), seq)
        .add("until", Signature::fixed(&[INT]), |context, a| {
            let stop = int(a, 0);
            Ok(ints(steps(
                context,
                0,
                stop,
                if stop < 0 { -1 } else { 1 },
            )?))
        })
        .add(
            "untilStep",
            Signature::fixed(&[INT, INT, INT]),
            |context, a| Ok(ints(steps(context, int(a, 0), int(a, 1), int(a, 2))?)),
        );
    add_arithmetic(functions);
}

// What computes with whole numbers and decimals.
fn add_arithmetic(functions: &mut Functions) {
    functions
        .add("add1", ONE, |_, a| {
            Ok(Value::int64(to_int(&value(a, 0)).wrapping_add(1)))
        })
        .add("add", MANY, |_, a| {
            Ok(Value::int64(
                a.iter().map(to_int).fold(0, i64::wrapping_add),
            ))
        })
        .add("sub", TWO, |_, a| {
            Ok(Value::int64(
                to_int(&value(a, 0)).wrapping_sub(to_int(&value(a, 1))),
            ))
        })
        .add("div", TWO, |_, a| divide(a, i64::wrapping_div))
        .add("mod", TWO, |_, a| divide(a, i64::wrapping_rem))
        .add("mul", SOME, |_, a| {
            Ok(Value::int64(
                a.iter().map(to_int).fold(1, i64::wrapping_mul),
            ))
        })
        .add("add1f", ONE, |context, a| {
            decimal::fold(
                context,
                to_float(&value(a, 0)),
                &[Value::int(1)],
                decimal::add,
            )
        })
        .add("addf", MANY, |context, a| {
            decimal::fold(context, 0.0, a, decimal::add)
        })
        .add("subf", SOME, |context, a| fold(context, a, decimal::sub))
        .add("divf", SOME, |context, a| fold(context, a, decimal::div))
        .add("mulf", SOME, |context, a| fold(context, a, decimal::mul));
    add_choices(functions);
}

// What chooses among numbers, and rounds them.
fn add_choices(functions: &mut Functions) {
    functions
        .add("biggest", SOME, |_, a| {
            Ok(Value::int64(a.iter().map(to_int).max().unwrap_or(0)))
        })
        .add("max", SOME, |_, a| {
            Ok(Value::int64(a.iter().map(to_int).max().unwrap_or(0)))
        })
        .add("min", SOME, |_, a| {
            Ok(Value::int64(a.iter().map(to_int).min().unwrap_or(0)))
        })
        .add("maxf", SOME, |_, a| {
            Ok(a.iter().map(to_float).reduce(max).unwrap_or(0.0).into())
        })
        .add("minf", SOME, |_, a| {
            Ok(a.iter().map(to_float).reduce(min).unwrap_or(0.0).into())
        })
        .add("ceil", ONE, |_, a| Ok(to_float(&value(a, 0)).ceil().into()))
        .add("floor", ONE, |_, a| {
            Ok(to_float(&value(a, 0)).floor().into())
        })
        .add(
            "round",
            Signature::variadic(&[ANY, INT, Type::Float64]),
            |_, a| Ok(round(a).into()),
        )
        .add("randInt", Signature::fixed(&[INT, INT]), rand_int);
}

fn fold(context: &mut Context<'_>, args: &[Value], operation: decimal::Operation) -> Answer {
    let (first, rest) = args
        .split_first()
        .map_or((Value::Nil, args), |(first, rest)| (first.clone(), rest));
    decimal::fold(context, to_float(&first), rest, operation)
}

fn divide(args: &[Value], operation: fn(i64, i64) -> i64) -> Answer {
    match to_int(&value(args, 1)) {
        0 => Err(FuncError::new("runtime error: integer divide by zero")),
        divisor => Ok(Value::int64(operation(to_int(&value(args, 0)), divisor))),
    }
}

// Unix octal to decimal.
fn to_decimal(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let text = gofmt::sprint(context, args)?;
    Ok(Value::int64(strconv::parse_int(&text, 8).unwrap_or(0)))
}

fn ints(numbers: Vec<i64>) -> Value {
    Value::List(List::new(
        Type::INTS,
        numbers.into_iter().map(Value::int).collect(),
    ))
}

/// The numbers from `start` up or down to `stop`, without it; none where the step leads away from it.
fn steps(
    context: &mut Context<'_>,
    start: i64,
    stop: i64,
    step: i64,
) -> Result<Vec<i64>, FuncError> {
    let leads = if stop < start { step < 0 } else { step > 0 };
    if !leads {
        return Ok(Vec::new());
    }
    let count = start.abs_diff(stop).div_ceil(step.unsigned_abs());
    let bytes = usize::try_from(count)
        .unwrap_or(usize::MAX)
        .saturating_mul(size_of::<Value>());
    context.reserve(bytes)?;
    context.step(count / 8)?;
    Ok((0..count as i64)
        .map(|at| start.wrapping_add(at.wrapping_mul(step)))
        .collect())
}

fn seq(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let toward = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let numbers = match args.len() {
        1 => (1, toward(1, int(args, 0)), int(args, 0)),
        2 => (
            int(args, 0),
            toward(int(args, 0), int(args, 1)),
            int(args, 1),
        ),
        3 => (int(args, 0), int(args, 1), int(args, 2)),
        _ => return Ok(Value::str("")),
    };
    let (start, step, end) = numbers;
    if end < start && step > 0 {
        return Ok(Value::str(""));
    }
    let numbers = steps(context, start, end.wrapping_add(toward(start, end)), step)?;
    let texts: Vec<String> = numbers
        .into_iter()
        .map(|number| number.to_string())
        .collect();
    Ok(Value::str(texts.join(" ")))
}

// math.Max
fn max(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && a == b {
        if a.is_sign_negative() { b } else { a }
    } else {
        a.max(b)
    }
}

// math.Min
fn min(a: f64, b: f64) -> f64 {
    -max(-a, -b)
}

fn round(args: &[Value]) -> f64 {
    let half = args.get(2).map_or(0.5, to_float);
    let scale = power_of_ten(int(args, 1));
    let digits = scale * to_float(&value(args, 0));
    // math.Modf of an infinity has no fraction that is a number.
    let fraction = if digits.is_infinite() {
        f64::NAN
    } else {
        digits.fract()
    };
    (if fraction >= half {
        digits.ceil()
    } else {
        digits.floor()
    }) / scale
}

/// `math.Pow(10, exponent)` by Go's own algorithm (repeated squaring of mantissa and exponent).
fn power_of_ten(exponent: i64) -> f64 {
    let (mut mantissa, mut power) = (1.0f64, 0i64);
    let (mut square, mut square_power) = (0.625f64, 4i64);
    let mut left = exponent.unsigned_abs();
    while left != 0 {
        if square_power > 1 << 12 {
            power += square_power;
            break;
        }
        if left & 1 == 1 {
            mantissa *= square;
            power += square_power;
        }
        square *= square;
        square_power <<= 1;
        if square < 0.5 {
            square += square;
            square_power -= 1;
        }
        left >>= 1;
    }
    if exponent < 0 {
        mantissa = 1.0 / mantissa;
        power = -power;
    }
    // math.Ldexp in two steps, so that neither factor overflows or vanishes by itself.
    let half = (power / 2).clamp(-1000, 1000) as i32;
    let rest = (power - i64::from(half)).clamp(-1000, 1000) as i32;
    mantissa * 2f64.powi(half) * 2f64.powi(rest)
}

fn rand_int(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (low, high) = (int(args, 0), int(args, 1));
    let span = high.wrapping_sub(low);
    if span <= 0 {
        return Err(FuncError::new("invalid argument to Intn"));
    }
    let drawn = super::uuid::below(context, span.unsigned_abs())?;
    Ok(Value::int(low.wrapping_add_unsigned(drawn)))
}
