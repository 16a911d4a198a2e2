//! Figures and tables: medians, percentiles, units, Markdown. Pure.

use std::fmt;
use std::time::Duration;

/// A Markdown table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        let head = head.iter().map(|&cell| cell.to_owned()).collect();
        Self {
            head,
            rows: Vec::new(),
        }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "| {} |", self.head.join(" | "))?;
        writeln!(out, "|{}", "---:|".repeat(self.head.len()))?;
        for row in &self.rows {
            writeln!(out, "| {} |", row.join(" | "))?;
        }
        Ok(())
    }
}

/// The value at `part` (0 to 1) of a sorted list; zero of an empty one.
pub(crate) fn percentile(sorted: &[Duration], part: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    let index = (last as f64 * part).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}

/// A duration with three digits that count: `1.83 s`, `20.4 ms`, `350 µs`.
pub(crate) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        _ if seconds >= 1.0 => format!("{} s", digits(seconds)),
        _ if seconds >= 1e-3 => format!("{} ms", digits(seconds * 1e3)),
        _ => format!("{} µs", digits(seconds * 1e6)),
    }
}

/// Bytes in decimal units.
pub(crate) fn bytes(count: u64) -> String {
    let count = count as f64;
    match count {
        _ if count >= 1e6 => format!("{} MB", digits(count / 1e6)),
        _ if count >= 1e3 => format!("{} kB", digits(count / 1e3)),
        _ => format!("{count} B"),
    }
}

/// How many times `less` goes into `more`.
pub(crate) fn ratio(more: Duration, less: Duration) -> String {
    let ratio = more.as_secs_f64() / less.as_secs_f64().max(1e-9);
    format!("{} ×", digits(ratio))
}

/// A whole number with thousands apart.
pub(crate) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn digits(value: f64) -> String {
    match value {
        _ if value >= 1000.0 => count(value.round() as usize),
        _ if value >= 99.95 => format!("{value:.0}"),
        _ if value >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        assert_eq!(time(Duration::from_millis(1834)), "1.83 s");
        assert_eq!(time(Duration::from_micros(20_440)), "20.4 ms");
        assert_eq!(time(Duration::from_micros(350)), "350 µs");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(2_600_000), "2.60 MB");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(
            ratio(Duration::from_secs(3), Duration::from_millis(3)),
            "1,000 ×"
        );
    }

    #[test]
    fn the_ninety_ninth_percentile_of_a_hundred_is_the_last_but_one() {
        let sorted: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&sorted, 0.99), Duration::from_millis(99));
        assert_eq!(percentile(&sorted, 0.5), Duration::from_millis(51));
        assert_eq!(percentile(&[], 0.5), Duration::ZERO);
    }
}
