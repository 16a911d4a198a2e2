//! Dates from seconds and back, in the Gregorian calendar carried through all years, as Go does. Pure arithmetic, for any number
//! of seconds.

use std::any::Any;
use std::rc::Rc;

use crate::context::Context;
use crate::error::FuncError;
use crate::func::Signature;
use crate::object::Object;
use crate::types::Type;
use crate::value::Value;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

const DAY: i64 = 86_400;

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
    /// From 1.
    pub(super) year_day: i64,
    /// From Sunday, 0.
    pub(super) weekday: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

impl Civil {
    /// The date of seconds since 1970, in the zone that they are counted in.
    pub(super) fn of(seconds: i64) -> Civil {
        let days = seconds.div_euclid(DAY);
        let rest = seconds.rem_euclid(DAY);
        // Years of 400 are alike; within them, years are counted from March, so that the leap day is the last.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 {
            march_month + 3
        } else {
            march_month - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        Civil {
            year,
            month,
            day,
            year_day: days - days_from_civil(year, 1, 1) + 1,
            weekday: (days + 4).rem_euclid(7),
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
        }
    }
}

/// Days since 1970 of a date whose month is from 1 to 12; the day may lie outside of its month.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era - 719_468).saturating_add(day - 1)
}

/// `time.Date` in UTC: seconds since 1970 of a date whose parts may lie outside their usual range.
pub(super) fn unix(year: i64, month: i64, day: i64, second_of_day: i64) -> i64 {
    // What no calendar holds ends at the edge, so that nothing overflows.
    const EDGE: i64 = 1 << 38;
    let months = (month - 1).clamp(-EDGE, EDGE);
    let year = year.clamp(-EDGE, EDGE) + months.div_euclid(12);
    let days = days_from_civil(year, months.rem_euclid(12) + 1, day.clamp(-EDGE, EDGE));
    days.saturating_mul(DAY).saturating_add(second_of_day)
}

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days of a month from 1 to 12.
pub(super) fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `time.Month`.
pub(super) struct Month(pub(super) i64);

/// `time.Weekday`.
pub(super) struct Weekday(pub(super) i64);

pub(super) fn name_of(names: &[&'static str], at: i64) -> &'static str {
    usize::try_from(at)
        .ok()
        .and_then(|at| names.get(at))
        .copied()
        .unwrap_or_default()
}

impl Month {
    pub(super) fn into_value(self) -> Value {
        Value::Object(Rc::new(self))
    }
}

impl Weekday {
    pub(super) fn into_value(self) -> Value {
        Value::Object(Rc::new(self))
    }
}

/// `String`, for what has no other method.
pub(super) fn string_method(name: &str) -> Option<Signature> {
    (name == "String").then_some(Signature::fixed(&[]))
}

impl Object for Month {
    fn go_type(&self) -> Type {
        Type::Named("time.Month", &Type::INT)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::int(self.0))
    }

    fn string(&self) -> Option<String> {
        Some(name_of(&MONTHS, self.0 - 1).to_owned())
    }

    fn method(&self, name: &str) -> Option<Signature> {
        string_method(name)
    }

    fn call(&self, _: &mut Context<'_>, _: &str, _: &[Value]) -> Result<Value, FuncError> {
        Ok(Value::str(self.string().unwrap_or_default()))
    }
}

impl Object for Weekday {
    fn go_type(&self) -> Type {
        Type::Named("time.Weekday", &Type::INT)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::int(self.0))
    }

    fn string(&self) -> Option<String> {
        Some(name_of(&WEEKDAYS, self.0).to_owned())
    }

    fn method(&self, name: &str) -> Option<Signature> {
        string_method(name)
    }

    fn call(&self, _: &mut Context<'_>, _: &str, _: &[Value]) -> Result<Value, FuncError> {
        Ok(Value::str(self.string().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_to_seconds_and_back() {
        for seconds in [
            -62_135_596_800,
            -1,
            0,
            951_782_400,
            1_700_000_000,
            253_402_300_800,
            1 << 55,
        ] {
            let civil = Civil::of(seconds);
            let of_day = civil.hour * 3600 + civil.minute * 60 + civil.second;
            assert_eq!(unix(civil.year, civil.month, civil.day, of_day), seconds);
        }
        assert_eq!(Civil::of(951_782_400).month, 2);
        assert_eq!(Civil::of(951_782_400).day, 29);
        assert_eq!(unix(2020, 14, 1, 0), unix(2021, 2, 1, 0));
    }
}
