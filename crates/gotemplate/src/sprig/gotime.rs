//! Go's `time.Time` as a template value, with the methods that templates call. Reads no clock: a time is made from seconds, from
//! a text, or from the host's clock by the functions that say so.

mod calendar;
mod duration;
mod format;
mod layout;
mod parse;
mod zone;

use std::any::Any;
use std::rc::Rc;

pub(super) use duration::{Duration, parse_duration};
pub(super) use parse::parse;
pub(super) use zone::Zone;

use self::calendar::Civil;
use crate::context::Context;
use crate::error::FuncError;
use crate::func::Signature;
use crate::host::Instant;
use crate::object::Object;
use crate::sprig::args::{bytes, int, object, value};
use crate::types::{Type, UintKind};
use crate::value::Value;

/// The type of a time, for signatures.
pub(super) const TIME: Type = Type::Object("time.Time");
/// The type of a zone.
const LOCATION: Type = Type::Object("*time.Location");
/// The type of a span of time, in nanoseconds.
pub(super) const DURATION: Type = Type::Named("time.Duration", &Type::INT64);

/// A point in time with the zone that it is shown in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Time {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    pub(super) seconds: i64,
    /// Nanoseconds within the second.
    pub(super) nanoseconds: u32,
    pub(super) zone: Zone,
}

impl Time {
    /// Go's zero time: the first of January of the year 1.
    pub(super) const ZERO: Time = Time {
        seconds: -62_135_596_800,
        nanoseconds: 0,
        zone: Zone::Utc,
    };

    /// `time.Unix(seconds, 0)` in a zone.
    pub(super) fn unix(seconds: i64, zone: Zone) -> Time {
        Time {
            seconds,
            nanoseconds: 0,
            zone,
        }
    }

    /// A time of the host's clock.
    pub(super) fn of(instant: Instant, zone: Zone) -> Time {
        Time {
            seconds: instant.seconds,
            nanoseconds: instant.nanoseconds,
            zone,
        }
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(Rc::new(self))
    }

    /// `Time.In`.
    pub(super) fn in_zone(&self, zone: Zone) -> Time {
        Time {
            zone,
            ..self.clone()
        }
    }

    /// `Time.Add`.
    pub(super) fn add(&self, nanoseconds: i64) -> Time {
        let total = i64::from(self.nanoseconds) + nanoseconds.rem_euclid(1_000_000_000);
        let seconds = self
            .seconds
            .wrapping_add(nanoseconds.div_euclid(1_000_000_000))
            .wrapping_add(total / 1_000_000_000);
        Time {
            seconds,
            nanoseconds: (total % 1_000_000_000) as u32,
            zone: self.zone.clone(),
        }
    }

    /// `Time.Sub`: nanoseconds, at most as many as fit.
    pub(super) fn since(&self, earlier: &Time) -> i64 {
        let seconds = i128::from(self.seconds) - i128::from(earlier.seconds);
        let total = seconds * 1_000_000_000 + i128::from(self.nanoseconds)
            - i128::from(earlier.nanoseconds);
        total.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// `Time.Format`.
    pub(super) fn format(&self, layout: &[u8]) -> Vec<u8> {
        format::format(self, layout)
    }

    fn civil(&self) -> Civil {
        let (offset, _) = self.zone.at(self.seconds);
        Civil::of(self.seconds.saturating_add(offset))
    }

    fn order(&self) -> (i64, u32) {
        (self.seconds, self.nanoseconds)
    }

    fn nanoseconds_since_1970(&self) -> i64 {
        self.seconds
            .wrapping_mul(1_000_000_000)
            .wrapping_add(i64::from(self.nanoseconds))
    }
}

const NO_ARGUMENTS: Signature = Signature::fixed(&[]);
const ONE_TIME: Signature = Signature::fixed(&[TIME]);
const ONE_DURATION: Signature = Signature::fixed(&[DURATION]);
const ONE_LOCATION: Signature = Signature::fixed(&[LOCATION]);

impl Object for Time {
    fn go_type(&self) -> Type {
        TIME
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn string(&self) -> Option<String> {
        let text = self.format(b"2006-01-02 15:04:05.999999999 -0700 MST");
        Some(String::from_utf8_lossy(&text).into_owned())
    }

    // Which only verbs show that are not asked of a time: `%d`.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let location: Rc<dyn Object> = match self.zone {
            Zone::Utc => Rc::new(NilLocation),
            _ => Rc::new(self.zone.clone()),
        };
        vec![
            (
                "wall",
                Value::Uint(self.nanoseconds.into(), UintKind::Uint64),
            ),
            (
                "ext",
                Value::int64(self.seconds.wrapping_sub(Time::ZERO.seconds)),
            ),
            ("loc", Value::Object(location)),
        ]
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Year" | "Month" | "Day" | "Hour" | "Minute" | "Second" | "Nanosecond" | "Weekday"
            | "YearDay" | "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" | "String" | "IsZero"
            | "IsDST" | "UTC" | "Local" | "Location" => Some(NO_ARGUMENTS),
            "In" => Some(ONE_LOCATION),
            "Format" => Some(Signature::fixed(&[Type::String])),
            "Before" | "After" | "Equal" | "Compare" | "Sub" => Some(ONE_TIME),
            "Add" | "Truncate" | "Round" => Some(ONE_DURATION),
            "AddDate" => Some(Signature::fixed(&[Type::INT, Type::INT, Type::INT])),
            _ => None,
        }
    }

    fn call(
        &self,
        context: &mut Context<'_>,
        name: &str,
        args: &[Value],
    ) -> Result<Value, FuncError> {
        let civil = self.civil();
        let other = value(args, 0);
        let other = object::<Time>(&other).unwrap_or(&Time::ZERO);
        Ok(match name {
            "Year" => Value::int(civil.year),
            "Month" => calendar::Month(civil.month).into_value(),
            "Day" => Value::int(civil.day),
            "Hour" => Value::int(civil.hour),
            "Minute" => Value::int(civil.minute),
            "Second" => Value::int(civil.second),
            "Nanosecond" => Value::int(i64::from(self.nanoseconds)),
            "Weekday" => calendar::Weekday(civil.weekday).into_value(),
            "YearDay" => Value::int(civil.year_day),
            "Unix" => Value::int64(self.seconds),
            "UnixMilli" => Value::int64(
                self.seconds
                    .wrapping_mul(1000)
                    .wrapping_add(i64::from(self.nanoseconds / 1_000_000)),
            ),
            "UnixMicro" => Value::int64(
                self.seconds
                    .wrapping_mul(1_000_000)
                    .wrapping_add(i64::from(self.nanoseconds / 1000)),
            ),
            "UnixNano" => Value::int64(self.nanoseconds_since_1970()),
            "String" => Value::str(self.string().unwrap_or_default()),
            "IsZero" => Value::Bool(self.order() == Time::ZERO.order()),
            "IsDST" => Value::Bool(self.zone.is_summer(self.seconds)),
            "In" => match object::<Zone>(&value(args, 0)) {
                Some(zone) => self.in_zone(zone.clone()).into_value(),
                None => return Err(FuncError::new("time: missing Location in call to Time.In")),
            },
            "UTC" => self.in_zone(Zone::Utc).into_value(),
            "Local" => self.in_zone(Zone::local(context)).into_value(),
            "Location" => Value::Object(Rc::new(self.zone.clone())),
            "Format" => Value::str(self.format(bytes(args, 0))),
            "Before" => Value::Bool(self.order() < other.order()),
            "After" => Value::Bool(self.order() > other.order()),
            "Equal" => Value::Bool(self.order() == other.order()),
            "Compare" => Value::int(self.order().cmp(&other.order()) as i64),
            "Sub" => Duration(self.since(other)).into_value(),
            "Add" => self.add(span(args)).into_value(),
            "Truncate" | "Round" => self.to_multiple(span(args), name == "Round").into_value(),
            "AddDate" => self
                .add_date(int(args, 0), int(args, 1), int(args, 2))
                .into_value(),
            _ => return Err(FuncError::new(format!("no method {name}"))),
        })
    }

    fn equal(&self, other: &dyn Object) -> Option<bool> {
        other
            .as_any()
            .downcast_ref::<Time>()
            .map(|other| self == other)
    }
}

/// The nil pointer that a time in UTC has for a location.
struct NilLocation;

impl Object for NilLocation {
    fn go_type(&self) -> Type {
        LOCATION
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is_nil(&self) -> bool {
        true
    }
}

// A duration argument: a number of nanoseconds, or a `time.Duration`.
fn span(args: &[Value]) -> i64 {
    let given = value(args, 0);
    object::<Duration>(&given).map_or_else(|| int(args, 0), |duration| duration.0)
}

impl Time {
    // Multiples are counted from Go's zero time.
    fn to_multiple(&self, of: i64, round: bool) -> Time {
        if of <= 0 {
            return self.clone();
        }
        let since_zero = (i128::from(self.seconds) - i128::from(Time::ZERO.seconds))
            * 1_000_000_000
            + i128::from(self.nanoseconds);
        let rest = since_zero.rem_euclid(i128::from(of)) as i64;
        let up = round && rest.saturating_add(rest) >= of;
        self.add(if up { of - rest } else { -rest })
    }

    fn add_date(&self, years: i64, months: i64, days: i64) -> Time {
        let civil = self.civil();
        let month = civil.month.saturating_add(months);
        let seconds = calendar::unix(
            civil.year.saturating_add(years),
            month,
            civil.day.saturating_add(days),
            civil.hour * 3600 + civil.minute * 60 + civil.second,
        );
        Time {
            seconds: self.zone.to_utc(seconds),
            ..self.clone()
        }
    }
}
