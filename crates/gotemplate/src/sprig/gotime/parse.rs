//! `time.ParseInLocation` with Go's messages.

use super::calendar::{self, MONTHS, WEEKDAYS, days_in, is_leap};
use super::layout::{self, Element, Offset};
use super::{Time, Zone};
use crate::error::FuncError;
use crate::unicode::{RUNE_ERROR, runes};

/// Reads a time by its layout; where the text has no zone it is in `local`.
///
/// # Errors
/// Go's message.
pub(in crate::sprig) fn parse(layout: &[u8], text: &[u8], local: &Zone) -> Result<Time, FuncError> {
    let mut reader = Reader {
        rest: text,
        ..Reader::default()
    };
    let mut left = layout;
    loop {
        let (before, element, after) = layout::next(left);
        let written = left
            .get(before.len()..left.len() - after.len())
            .unwrap_or_default();
        if !reader.skip(before) {
            return Err(mismatch(layout, text, before, reader.rest));
        }
        let Some(element) = element else {
            if reader.rest.is_empty() {
                break;
            }
            let extra = format!(": extra text: {}", quote(reader.rest));
            return Err(complaint(text, &extra));
        };
        left = after;
        let held = reader.rest;
        match reader.element(element, left) {
            Ok(()) => {}
            Err(Problem::Bad) => return Err(mismatch(layout, text, written, held)),
            Err(Problem::Range(what)) => {
                return Err(complaint(text, &format!(": {what} out of range")));
            }
        }
    }
    reader.finish(text, local)
}

fn mismatch(layout: &[u8], text: &[u8], element: &[u8], rest: &[u8]) -> FuncError {
    FuncError::new(format!(
        "parsing time {} as {}: cannot parse {} as {}",
        quote(text),
        quote(layout),
        quote(rest),
        quote(element)
    ))
}

fn complaint(text: &[u8], message: &str) -> FuncError {
    FuncError::new(format!("parsing time {}{message}", quote(text)))
}

/// The quoting of Go's `time` package: bytes that are not plain ASCII in hexadecimal.
pub(super) fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for (at, rune, width) in runes(text) {
        if !rune.is_ascii() || rune < ' ' || rune == RUNE_ERROR {
            for byte in text.iter().skip(at).take(width) {
                out.push_str(&format!("\\x{byte:02x}"));
            }
            continue;
        }
        if matches!(rune, '"' | '\\') {
            out.push('\\');
        }
        out.push(rune);
    }
    out.push('"');
    out
}

enum Problem {
    Bad,
    Range(&'static str),
}

#[derive(Default)]
struct Reader<'a> {
    rest: &'a [u8],
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: i64,
    am: bool,
    pm: bool,
    utc: bool,
    offset: Option<i64>,
    zone_name: String,
}

impl<'a> Reader<'a> {
    // Literal text; a run of spaces stands for any number of them.
    fn skip(&mut self, mut text: &[u8]) -> bool {
        while let Some((first, after)) = text.split_first() {
            if *first == b' ' {
                if self.rest.first().is_some_and(|byte| *byte != b' ') {
                    return false;
                }
                text = cut_spaces(text);
                self.rest = cut_spaces(self.rest);
                continue;
            }
            match self.rest.split_first() {
                Some((byte, rest)) if byte == first => self.rest = rest,
                _ => return false,
            }
            text = after;
        }
        true
    }

    fn element(&mut self, element: Element, after: &[u8]) -> Result<(), Problem> {
        use Element as E;
        match element {
            E::Year => {
                let year = atoi(self.take(2)?).ok_or(Problem::Bad)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
            }
            E::LongYear => {
                if !self.rest.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Problem::Bad);
                }
                self.year = atoi(self.take(4)?).ok_or(Problem::Bad)?;
            }
            E::Month => self.month = Some(self.name(&MONTHS, true)? + 1),
            E::LongMonth => self.month = Some(self.name(&MONTHS, false)? + 1),
            E::NumMonth | E::ZeroMonth => {
                let month = self.two_digits(element == E::ZeroMonth)?;
                self.month = Some(month);
                in_range(1, month, 12, "month")?;
            }
            E::Weekday => drop(self.name(&WEEKDAYS, true)?),
            E::LongWeekday => drop(self.name(&WEEKDAYS, false)?),
            E::Day | E::UnderDay | E::ZeroDay => {
                self.pad(element == E::UnderDay);
                self.day = Some(self.two_digits(element == E::ZeroDay)?);
            }
            E::UnderYearDay | E::ZeroYearDay => {
                self.pad(element == E::UnderYearDay);
                self.pad(element == E::UnderYearDay);
                self.year_day = Some(self.three_digits(element == E::ZeroYearDay)?);
            }
            E::Hour => self.hour = self.ranged(false, 23, "hour")?,
            E::Hour12 | E::ZeroHour12 => {
                self.hour = self.ranged(element == E::ZeroHour12, 12, "hour")?
            }
            E::Minute | E::ZeroMinute => {
                self.minute = self.ranged(element == E::ZeroMinute, 59, "minute")?
            }
            E::Second | E::ZeroSecond => {
                self.second = self.ranged(element == E::ZeroSecond, 59, "second")?;
                self.unasked_fraction(after)?;
            }
            E::UpperPm => self.half_day(b"PM", b"AM")?,
            E::LowerPm => self.half_day(b"pm", b"am")?,
            E::Offset(written) => self.zone_offset(written)?,
            E::ZoneName => self.zone_name()?,
            E::Fraction {
                digits,
                trimmed: false,
                ..
            } => {
                let taken = self.take(digits + 1)?;
                self.nanoseconds = fraction(taken)?;
            }
            E::Fraction { trimmed: true, .. } => self.optional_fraction()?,
        }
        Ok(())
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Problem::Bad)?;
        self.rest = rest;
        Ok(taken)
    }

    fn pad(&mut self, allowed: bool) {
        if allowed && let Some(rest) = self.rest.strip_prefix(b" ") {
            self.rest = rest;
        }
    }

    // `lookup`: the first name that the text starts with, in any letter case.
    fn name(&mut self, names: &[&str], short: bool) -> Result<i64, Problem> {
        for (at, name) in names.iter().enumerate() {
            let name = if short {
                name.get(..3).unwrap_or(name)
            } else {
                name
            };
            if let Some((start, rest)) = self.rest.split_at_checked(name.len())
                && start.eq_ignore_ascii_case(name.as_bytes())
            {
                self.rest = rest;
                return Ok(at as i64);
            }
        }
        Err(Problem::Bad)
    }

    // `getnum`: one or two digits, or just two.
    fn two_digits(&mut self, both: bool) -> Result<i64, Problem> {
        let (number, rest) = match self.rest {
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] => {
                (i64::from(tens - b'0') * 10 + i64::from(ones - b'0'), rest)
            }
            [ones @ b'0'..=b'9', rest @ ..] if !both => (i64::from(ones - b'0'), rest),
            _ => return Err(Problem::Bad),
        };
        self.rest = rest;
        Ok(number)
    }

    fn three_digits(&mut self, all: bool) -> Result<i64, Problem> {
        let length = self
            .rest
            .iter()
            .take(3)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if length == 0 || all && length != 3 {
            return Err(Problem::Bad);
        }
        atoi(self.take(length)?).ok_or(Problem::Bad)
    }

    fn ranged(&mut self, both: bool, max: i64, what: &'static str) -> Result<i64, Problem> {
        let number = self.two_digits(both)?;
        in_range(0, number, max, what)?;
        Ok(number)
    }

    // A fraction behind the seconds is read even where the layout has none.
    fn unasked_fraction(&mut self, after: &[u8]) -> Result<(), Problem> {
        if matches!(layout::next(after).1, Some(Element::Fraction { .. })) {
            return Ok(());
        }
        self.optional_fraction()
    }

    fn optional_fraction(&mut self) -> Result<(), Problem> {
        if let [b'.' | b',', b'0'..=b'9', ..] = self.rest {
            let digits = self
                .rest
                .iter()
                .skip(1)
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            let taken = self.take(digits + 1)?;
            self.nanoseconds = fraction(taken)?;
        }
        Ok(())
    }

    fn half_day(&mut self, pm: &[u8], am: &[u8]) -> Result<(), Problem> {
        let taken = self.take(2)?;
        (self.pm, self.am) = (self.pm || taken == pm, self.am || taken == am);
        if taken == pm || taken == am {
            Ok(())
        } else {
            Err(Problem::Bad)
        }
    }

    fn zone_offset(&mut self, written: Offset) -> Result<(), Problem> {
        if written.iso
            && let Some(rest) = self.rest.strip_prefix(b"Z")
        {
            self.rest = rest;
            self.utc = true;
            return Ok(());
        }
        let colon = usize::from(written.colons);
        let width = 3
            + if written.minutes { 2 + colon } else { 0 }
            + if written.seconds { 2 + colon } else { 0 };
        let taken = self.take(width)?;
        let part = |at: usize| -> Result<i64, Problem> {
            let from = taken.get(at..at + 2).ok_or(Problem::Bad)?;
            Reader {
                rest: from,
                ..Reader::default()
            }
            .two_digits(true)
        };
        let colon_at = |at: usize| colon == 0 || taken.get(at) == Some(&b':');
        if written.minutes && !colon_at(3) || written.seconds && !colon_at(6) {
            return Err(Problem::Bad);
        }
        let hours = part(1)?;
        let minutes = if written.minutes { part(3 + colon)? } else { 0 };
        let seconds = if written.seconds {
            part(5 + 2 * colon)?
        } else {
            0
        };
        in_range(0, hours, 24, "time zone offset hour")?;
        in_range(0, minutes, 60, "time zone offset minute")?;
        in_range(0, seconds, 60, "time zone offset second")?;
        let offset = (hours * 60 + minutes) * 60 + seconds;
        self.offset = Some(match taken.first() {
            Some(b'+') => offset,
            Some(b'-') => -offset,
            _ => return Err(Problem::Bad),
        });
        Ok(())
    }

    fn zone_name(&mut self) -> Result<(), Problem> {
        if let Some(rest) = self.rest.strip_prefix(b"UTC") {
            self.rest = rest;
            self.utc = true;
            return Ok(());
        }
        let length = zone_name_length(self.rest).ok_or(Problem::Bad)?;
        self.zone_name = String::from_utf8_lossy(self.take(length)?).into_owned();
        Ok(())
    }

    fn finish(self, text: &[u8], local: &Zone) -> Result<Time, FuncError> {
        let hour = match self.hour {
            hour if self.pm && hour < 12 => hour + 12,
            12 if self.am && !self.pm => 0,
            hour => hour,
        };
        let (month, day) = self.date(text)?;
        if day < 1 || day > days_in(month, self.year) {
            return Err(complaint(text, ": day out of range"));
        }
        let seconds = calendar::unix(
            self.year,
            month,
            day,
            hour * 3600 + self.minute * 60 + self.second,
        );
        let time = |seconds: i64, zone: Zone| Time {
            seconds,
            nanoseconds: self.nanoseconds as u32,
            zone,
        };
        if self.utc {
            return Ok(time(seconds, Zone::Utc));
        }
        if let Some(offset) = self.offset {
            let seconds = seconds - offset;
            let (local_offset, local_name) = local.at(seconds);
            if local_offset == offset && (self.zone_name.is_empty() || self.zone_name == local_name)
            {
                return Ok(time(seconds, local.clone()));
            }
            return Ok(time(seconds, Zone::Fixed(self.zone_name, offset)));
        }
        if !self.zone_name.is_empty() {
            let (offset, name) = local.at(local.to_utc(seconds));
            if name == self.zone_name {
                return Ok(time(seconds - offset, local.clone()));
            }
            let hours = self
                .zone_name
                .strip_prefix("GMT")
                .and_then(|hours| atoi(hours.as_bytes()))
                .unwrap_or(0);
            // Go shows the time in the zone, but takes it for UTC.
            return Ok(time(seconds, Zone::Fixed(self.zone_name, hours * 3600)));
        }
        Ok(time(local.to_utc(seconds), local.clone()))
    }

    // Month and day, where given by the day of the year too.
    fn date(&self, text: &[u8]) -> Result<(i64, i64), FuncError> {
        let Some(mut left) = self.year_day else {
            return Ok((self.month.unwrap_or(1), self.day.unwrap_or(1)));
        };
        let days = if is_leap(self.year) { 366 } else { 365 };
        if left < 1 || left > days {
            return Err(complaint(text, ": day-of-year out of range"));
        }
        let mut month = 1;
        while left > days_in(month, self.year) {
            left -= days_in(month, self.year);
            month += 1;
        }
        if self.month.is_some_and(|given| given != month) {
            return Err(complaint(text, ": day-of-year does not match month"));
        }
        if self.day.is_some_and(|given| given != left) {
            return Err(complaint(text, ": day-of-year does not match day"));
        }
        Ok((month, left))
    }
}

fn in_range(min: i64, number: i64, max: i64, what: &'static str) -> Result<(), Problem> {
    if (min..=max).contains(&number) {
        Ok(())
    } else {
        Err(Problem::Range(what))
    }
}

fn atoi(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

// A point or comma and digits, of which nine count.
fn fraction(text: &[u8]) -> Result<i64, Problem> {
    let Some((b'.' | b',', digits)) = text.split_first() else {
        return Err(Problem::Bad);
    };
    let digits = digits.get(..digits.len().min(9)).unwrap_or_default();
    let number = atoi(digits).ok_or(Problem::Bad)?;
    if number < 0 {
        return Err(Problem::Range("fractional second"));
    }
    Ok(number * 10i64.pow(9 - digits.len() as u32))
}

// `parseTimeZone`: how long the name of a zone at the start is.
fn zone_name_length(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_hours(rest));
    }
    if matches!(text.first(), Some(b'+' | b'-')) {
        return Some(signed_hours(text)).filter(|length| *length > 0);
    }
    let upper = text
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    match (upper, text) {
        (5, [_, _, _, _, b'T', ..]) => Some(5),
        (4, [_, _, _, b'T', ..]) => Some(4),
        (4, _) if text.starts_with(b"WITA") => Some(4),
        (3, _) => Some(3),
        _ => None,
    }
}

fn signed_hours(text: &[u8]) -> usize {
    let Some((b'+' | b'-', digits)) = text.split_first() else {
        return 0;
    };
    let length = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let hours = digits.get(..length).and_then(atoi);
    if hours.is_some_and(|hours| hours <= 23) {
        1 + length
    } else {
        0
    }
}

fn cut_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|byte| **byte == b' ').count();
    text.get(spaces..).unwrap_or_default()
}
