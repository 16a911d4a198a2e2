//! Sprig's `date.go`. Only `now`, `ago`, and dates and durations of what is no date, read the clock: the host's.

use super::args::{ANY, Answer, ONE, STRING, TEXTS, bytes, object, text, value};
use super::gotime::{self, Duration, TIME, Time, Zone};
use crate::context::Context;
use crate::error::FuncError;
use crate::func::{Functions, Signature};
use crate::strconv;
use crate::types::IntKind;
use crate::value::Value;

const LAYOUT_DATE: Signature = Signature::fixed(&[STRING, ANY]);
const LAYOUT_DATE_ZONE: Signature = Signature::fixed(&[STRING, ANY, STRING]);
const SPAN_TIME: Signature = Signature::fixed(&[STRING, TIME]);
const HTML: &[u8] = b"2006-01-02";

pub(super) fn add(functions: &mut Functions) {
    functions
        .add("now", Signature::fixed(&[]), |context, _| {
            Ok(now(context)?.into_value())
        })
        .add("ago", ONE, |context, a| {
            let now = now(context)?;
            let then = moment(&value(a, 0), &[IntKind::Int, IntKind::Int64], &Zone::Utc)
                .unwrap_or_else(|| now.clone());
            Ok(Value::str(
                Duration(now.since(&then)).round_to_seconds().text(),
            ))
        })
        .add("date", LAYOUT_DATE, |context, a| {
            date_in_zone(context, bytes(a, 0), &value(a, 1), "Local")
        })
        .add("dateInZone", LAYOUT_DATE_ZONE, |context, a| {
            date_in_zone(context, bytes(a, 0), &value(a, 1), &text(a, 2))
        })
        .add("date_in_zone", LAYOUT_DATE_ZONE, |context, a| {
            date_in_zone(context, bytes(a, 0), &value(a, 1), &text(a, 2))
        })
        .add("htmlDate", ONE, |context, a| {
            date_in_zone(context, HTML, &value(a, 0), "Local")
        })
        .add(
            "htmlDateInZone",
            Signature::fixed(&[ANY, STRING]),
            |context, a| date_in_zone(context, HTML, &value(a, 0), &text(a, 1)),
        );
    add_times(functions);
}

// What makes and changes times.
fn add_times(functions: &mut Functions) {
    functions
        .add("dateModify", SPAN_TIME, |_, a| {
            modify(a).or_else(|_| Ok(value(a, 1)))
        })
        .add("date_modify", SPAN_TIME, |_, a| {
            modify(a).or_else(|_| Ok(value(a, 1)))
        })
        .add("mustDateModify", SPAN_TIME, |_, a| modify(a))
        .add("must_date_modify", SPAN_TIME, |_, a| modify(a))
        .add("toDate", TEXTS, |context, a| {
            to_date(context, a).or_else(|_| Ok(Time::ZERO.into_value()))
        })
        .add("mustToDate", TEXTS, to_date)
        .add("unixEpoch", Signature::fixed(&[TIME]), |_, a| {
            Ok(Value::str(
                object::<Time>(&value(a, 0))
                    .map_or(0, |time| time.seconds)
                    .to_string(),
            ))
        })
        .add("duration", ONE, |_, a| {
            let seconds = match value(a, 0) {
                Value::Str(digits) => seconds(digits.as_bytes()),
                Value::Int(seconds, IntKind::Int64) => seconds,
                _ => 0,
            };
            Ok(Value::str(
                Duration(seconds.wrapping_mul(1_000_000_000)).text(),
            ))
        })
        .add("durationRound", ONE, duration_round);
}

fn now(context: &Context<'_>) -> Result<Time, FuncError> {
    let instant = context
        .host()
        .now()
        .map_err(|error| FuncError::new(error.to_string()))?;
    Ok(Time::of(instant, Zone::local(context)))
}

// The number that ParseInt returns, also beside an error of range.
fn seconds(digits: &[u8]) -> i64 {
    match strconv::parse_int(digits, 10) {
        Ok(number) => number,
        Err(strconv::NumError::Range) if digits.starts_with(b"-") => i64::MIN,
        Err(strconv::NumError::Range) => i64::MAX,
        Err(strconv::NumError::Syntax) => 0,
    }
}

// A time, or seconds since 1970 in an integer of one of these sizes; none for what Sprig takes for "now".
fn moment(date: &Value, sizes: &[IntKind], zone: &Zone) -> Option<Time> {
    match date {
        Value::Int(seconds, size) if sizes.contains(size) => {
            Some(Time::unix(*seconds, zone.clone()))
        }
        other => object::<Time>(other).cloned(),
    }
}

fn date_in_zone(context: &mut Context<'_>, layout: &[u8], date: &Value, zone: &str) -> Answer {
    let time = match moment(
        date,
        &[IntKind::Int, IntKind::Int32, IntKind::Int64],
        &Zone::Utc,
    ) {
        Some(time) => time,
        None => now(context)?,
    };
    // Finding a zone and its rules at a time.
    context.step(100)?;
    let zone = Zone::load(context, zone).unwrap_or(Zone::Utc);
    // The longest element is the text of a month or a zone, in place of at least one byte.
    context.reserve(layout.len().saturating_mul(16))?;
    Ok(Value::str(time.in_zone(zone).format(layout)))
}

fn modify(args: &[Value]) -> Answer {
    let span = gotime::parse_duration(bytes(args, 0))?;
    let date = value(args, 1);
    Ok(object::<Time>(&date).map_or(Value::Nil, |time| time.add(span).into_value()))
}

fn to_date(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let local = Zone::local(context);
    Ok(gotime::parse(bytes(args, 0), bytes(args, 1), &local)?.into_value())
}

// The largest unit of which there is more than one, with Sprig's years of 365 and months of 30 days.
fn duration_round(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let given = value(args, 0);
    let span = match &given {
        Value::Str(text) => gotime::parse_duration(text.as_bytes()).unwrap_or(0),
        Value::Int(span, IntKind::Int64) => *span,
        other => match object::<Time>(other) {
            Some(time) => now(context)?.since(time),
            None => 0,
        },
    };
    const HOUR: u64 = 3_600_000_000_000;
    let units = [
        (365 * 24 * HOUR, "y"),
        (30 * 24 * HOUR, "mo"),
        (24 * HOUR, "d"),
        (HOUR, "h"),
        (HOUR / 60, "m"),
        (HOUR / 3600, "s"),
    ];
    let size = span.unsigned_abs();
    let fit = units.into_iter().find(|(unit, _)| size > *unit);
    Ok(Value::str(fit.map_or_else(
        || "0s".to_owned(),
        |(unit, name)| format!("{}{name}", size / unit),
    )))
}
