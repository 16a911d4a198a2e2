//! Go's reference layouts (`Mon Jan 2 15:04:05 MST 2006`), cut into their elements (`nextStdChunk` of Go's `time/format.go`).

/// One element of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    ZoneName,
    Offset(Offset),
    /// A fraction of a second: the point or comma, how many digits, and whether trailing zeros are dropped.
    Fraction {
        mark: u8,
        digits: usize,
        trimmed: bool,
    },
}

/// How an offset from UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// `Z` for UTC.
    pub(super) iso: bool,
    pub(super) colons: bool,
    pub(super) minutes: bool,
    pub(super) seconds: bool,
}

// In the order in which Go tries them.
const OFFSETS: [(&[u8], Offset); 5] = [
    (
        b"070000",
        Offset {
            iso: false,
            colons: false,
            minutes: true,
            seconds: true,
        },
    ),
    (
        b"07:00:00",
        Offset {
            iso: false,
            colons: true,
            minutes: true,
            seconds: true,
        },
    ),
    (
        b"0700",
        Offset {
            iso: false,
            colons: false,
            minutes: true,
            seconds: false,
        },
    ),
    (
        b"07:00",
        Offset {
            iso: false,
            colons: true,
            minutes: true,
            seconds: false,
        },
    ),
    (
        b"07",
        Offset {
            iso: false,
            colons: false,
            minutes: false,
            seconds: false,
        },
    ),
];

/// The text before the first element, the element, and the layout after it.
pub(super) fn next(layout: &[u8]) -> (&[u8], Option<Element>, &[u8]) {
    for at in 0..layout.len() {
        let rest = layout.get(at..).unwrap_or_default();
        if let Some((element, width)) = element_at(rest) {
            // `_2006` is an underscore and a year.
            let at = if rest.starts_with(b"_2006") {
                at + 1
            } else {
                at
            };
            let end = at + width;
            return (
                layout.get(..at).unwrap_or_default(),
                Some(element),
                layout.get(end..).unwrap_or_default(),
            );
        }
    }
    (layout, None, &[])
}

fn element_at(text: &[u8]) -> Option<(Element, usize)> {
    use Element as E;
    Some(match text {
        [b'J', b'a', b'n', b'u', b'a', b'r', b'y', ..] => (E::LongMonth, 7),
        [b'J', b'a', b'n', ..] if !lower_follows(text, 3) => (E::Month, 3),
        [b'M', b'o', b'n', b'd', b'a', b'y', ..] => (E::LongWeekday, 6),
        [b'M', b'o', b'n', ..] if !lower_follows(text, 3) => (E::Weekday, 3),
        [b'M', b'S', b'T', ..] => (E::ZoneName, 3),
        [b'0', b'1', ..] => (E::ZeroMonth, 2),
        [b'0', b'2', ..] => (E::ZeroDay, 2),
        [b'0', b'3', ..] => (E::ZeroHour12, 2),
        [b'0', b'4', ..] => (E::ZeroMinute, 2),
        [b'0', b'5', ..] => (E::ZeroSecond, 2),
        [b'0', b'6', ..] => (E::Year, 2),
        [b'0', b'0', b'2', ..] => (E::ZeroYearDay, 3),
        [b'1', b'5', ..] => (E::Hour, 2),
        [b'1', ..] => (E::NumMonth, 1),
        [b'2', b'0', b'0', b'6', ..] => (E::LongYear, 4),
        [b'2', ..] => (E::Day, 1),
        [b'_', b'2', b'0', b'0', b'6', ..] => (E::LongYear, 4),
        [b'_', b'2', ..] => (E::UnderDay, 2),
        [b'_', b'_', b'2', ..] => (E::UnderYearDay, 3),
        [b'3', ..] => (E::Hour12, 1),
        [b'4', ..] => (E::Minute, 1),
        [b'5', ..] => (E::Second, 1),
        [b'P', b'M', ..] => (E::UpperPm, 2),
        [b'p', b'm', ..] => (E::LowerPm, 2),
        [first @ (b'-' | b'Z'), rest @ ..] => {
            let (written, offset) = OFFSETS
                .iter()
                .find(|(written, _)| rest.starts_with(written))?;
            (
                E::Offset(Offset {
                    iso: *first == b'Z',
                    ..*offset
                }),
                1 + written.len(),
            )
        }
        [mark @ (b'.' | b','), digit @ (b'0' | b'9'), ..] => {
            let digits = text
                .iter()
                .skip(1)
                .take_while(|byte| *byte == digit)
                .count();
            if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            (
                E::Fraction {
                    mark: *mark,
                    digits,
                    trimmed: *digit == b'9',
                },
                1 + digits,
            )
        }
        _ => return None,
    })
}

// `Januar` is no month.
fn lower_follows(text: &[u8], width: usize) -> bool {
    text.get(width).is_some_and(u8::is_ascii_lowercase)
}
