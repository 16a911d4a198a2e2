//! The dates that go-yaml takes for timestamps (`parseTimestamp`). Never knows what day it is.

/// Reads `text` as one of go-yaml's four layouts and gives it back in RFC 3339 with as many digits as needed, as `time.Time` marshals.
pub(crate) fn parse(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.iter().take_while(|b| b.is_ascii_digit()).count() != 4 || bytes.get(4) != Some(&b'-') {
        return None;
    }
    let mut rest = Reader {
        rest: text.get(5..)?,
    };
    let year: u32 = text.get(..4)?.parse().ok()?;
    let month = rest.number(1, 12)?;
    rest.expect("-")?;
    let day = rest.number(1, days_in(year, month))?;
    if rest.rest.is_empty() {
        return Some(format!("{year:04}-{month:02}-{day:02}T00:00:00Z"));
    }
    let separator = rest.any_of(&["T", "t", " "])?;
    let hour = rest.number(0, 23)?;
    rest.expect(":")?;
    let minute = rest.number(0, 59)?;
    rest.expect(":")?;
    let second = rest.number(0, 59)?;
    let fraction = rest.fraction()?;
    let zone = if separator == " " {
        "Z".to_owned()
    } else {
        rest.zone()?
    };
    if !rest.rest.is_empty() {
        return None;
    }
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
    ))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// One or two digits, within bounds.
    fn number(&mut self, least: u32, most: u32) -> Option<u32> {
        let count = self
            .rest
            .bytes()
            .take(2)
            .take_while(u8::is_ascii_digit)
            .count();
        let value: u32 = self.take(count)?.parse().ok()?;
        (least..=most).contains(&value).then_some(value)
    }

    fn take(&mut self, count: usize) -> Option<&'a str> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    fn any_of(&mut self, choices: &[&'static str]) -> Option<&'static str> {
        choices
            .iter()
            .copied()
            .find(|choice| self.expect(choice).is_some())
    }

    /// A fraction of a second of any length, cut to nanoseconds and without its trailing zeros; Go takes a comma too.
    fn fraction(&mut self) -> Option<String> {
        if self.any_of(&[".", ","]).is_none() {
            return Some(String::new());
        }
        let count = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let digits = self.take(count).filter(|d| !d.is_empty())?;
        let digits = digits.get(..9).unwrap_or(digits).trim_end_matches('0');
        Some(if digits.is_empty() {
            String::new()
        } else {
            format!(".{digits}")
        })
    }

    /// `Z` or `+hh:mm`.
    fn zone(&mut self) -> Option<String> {
        if self.any_of(&["Z"]).is_some() {
            return Some("Z".to_owned());
        }
        let sign = self.any_of(&["+", "-"])?;
        let two_digits = |s: &&str| s.bytes().all(|b| b.is_ascii_digit());
        let hours = self.take(2).filter(two_digits)?;
        self.expect(":")?;
        let minutes = self.take(2).filter(two_digits)?;
        if hours > "24" || minutes > "60" {
            return None;
        }
        Some(if hours == "00" && minutes == "00" {
            "Z".to_owned()
        } else {
            format!("{sign}{hours}:{minutes}")
        })
    }
}
