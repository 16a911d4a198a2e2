//! `Time.Format`.

use super::Time;
use super::calendar::{Civil, MONTHS, WEEKDAYS, name_of};
use super::layout::{self, Element, Offset};

/// The time as its layout says.
pub(super) fn format(time: &Time, layout: &[u8]) -> Vec<u8> {
    let (offset, zone) = time.zone.at(time.seconds);
    let civil = Civil::of(time.seconds.saturating_add(offset));
    let mut out = Vec::with_capacity(layout.len() + 16);
    let mut rest = layout;
    while !rest.is_empty() {
        let (before, element, after) = layout::next(rest);
        out.extend_from_slice(before);
        let Some(element) = element else { break };
        rest = after;
        match element {
            Element::ZoneName if zone.is_empty() => push_offset(
                &mut out,
                offset,
                Offset {
                    iso: false,
                    colons: false,
                    minutes: true,
                    seconds: false,
                },
            ),
            Element::ZoneName => out.extend_from_slice(zone.as_bytes()),
            Element::Offset(written) => push_offset(&mut out, offset, written),
            Element::Fraction {
                mark,
                digits,
                trimmed,
            } => push_fraction(&mut out, time.nanoseconds, mark, digits, trimmed),
            other => out.extend_from_slice(date_element(&civil, other).as_bytes()),
        }
    }
    out
}

fn date_element(civil: &Civil, element: Element) -> String {
    let hour12 = match civil.hour % 12 {
        0 => 12,
        hour => hour,
    };
    let short = |name: &'static str| name.get(..3).unwrap_or(name).to_owned();
    match element {
        Element::LongMonth => name_of(&MONTHS, civil.month - 1).to_owned(),
        Element::Month => short(name_of(&MONTHS, civil.month - 1)),
        Element::NumMonth => civil.month.to_string(),
        Element::ZeroMonth => format!("{:02}", civil.month),
        Element::LongWeekday => name_of(&WEEKDAYS, civil.weekday).to_owned(),
        Element::Weekday => short(name_of(&WEEKDAYS, civil.weekday)),
        Element::Day => civil.day.to_string(),
        Element::UnderDay => format!("{:2}", civil.day),
        Element::ZeroDay => format!("{:02}", civil.day),
        Element::UnderYearDay => format!("{:3}", civil.year_day),
        Element::ZeroYearDay => format!("{:03}", civil.year_day),
        Element::Hour => format!("{:02}", civil.hour),
        Element::Hour12 => hour12.to_string(),
        Element::ZeroHour12 => format!("{hour12:02}"),
        Element::Minute => civil.minute.to_string(),
        Element::ZeroMinute => format!("{:02}", civil.minute),
        Element::Second => civil.second.to_string(),
        Element::ZeroSecond => format!("{:02}", civil.second),
        Element::LongYear if civil.year < 0 => format!("-{:04}", civil.year.unsigned_abs()),
        Element::LongYear => format!("{:04}", civil.year),
        Element::Year => format!("{:02}", civil.year.unsigned_abs() % 100),
        Element::UpperPm => if civil.hour >= 12 { "PM" } else { "AM" }.to_owned(),
        Element::LowerPm => if civil.hour >= 12 { "pm" } else { "am" }.to_owned(),
        Element::ZoneName | Element::Offset(_) | Element::Fraction { .. } => String::new(),
    }
}

fn push_offset(out: &mut Vec<u8>, offset: i64, written: Offset) {
    if offset == 0 && written.iso {
        out.push(b'Z');
        return;
    }
    // Go truncates to minutes first, so that less than a minute west of UTC is written with a plus.
    let minutes = offset / 60;
    let colon = if written.colons { ":" } else { "" };
    let mut text = format!(
        "{}{:02}",
        if minutes < 0 { '-' } else { '+' },
        minutes.abs() / 60
    );
    if written.minutes {
        text.push_str(&format!("{colon}{:02}", minutes.abs() % 60));
    }
    if written.seconds {
        text.push_str(&format!("{colon}{:02}", offset.abs() % 60));
    }
    out.extend_from_slice(text.as_bytes());
}

fn push_fraction(out: &mut Vec<u8>, nanoseconds: u32, mark: u8, digits: usize, trimmed: bool) {
    let text = format!("{nanoseconds:09}");
    let text = text.get(..digits.min(9)).unwrap_or(&text);
    let text = if trimmed {
        text.trim_end_matches('0')
    } else {
        text
    };
    if !text.is_empty() {
        out.push(mark);
        out.extend_from_slice(text.as_bytes());
    }
}
