//! The natural order in which go-yaml prints keys (`sorter.go`): digits by value, letters after other characters. Never locale-aware.

use std::cmp::Ordering;

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphabetic()
    } else {
        c.general_category_group() == GeneralCategoryGroup::Letter
    }
}

fn is_digit(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_digit()
    } else {
        c.general_category() == GeneralCategory::DecimalNumber
    }
}

/// The number at `from`, and where it ends. Adds up as Go does, in wrapping `int64` and from the code point of `0`.
fn number(text: &[char], from: usize, start: i64) -> (i64, usize) {
    let digits = text
        .get(from..)
        .unwrap_or_default()
        .iter()
        .take_while(|c| is_digit(**c));
    digits.fold((start, from), |(value, end), &c| {
        (
            value
                .wrapping_mul(10)
                .wrapping_add(i64::from(u32::from(c)) - i64::from(b'0')),
            end + 1,
        )
    })
}

/// Sorts entries by key. The comparison is no total order (`01` < `10` < `1a` < `01`), on which the standard library's sort may panic and
/// Go's gives what the map's random order makes of it: a merge sort always ends, and agrees wherever there is an order.
pub(crate) fn sort<T: Copy>(entries: &mut Vec<T>, key: impl Fn(&T) -> &str + Copy, v3: bool) {
    let Some(half) = Some(entries.len() / 2).filter(|&half| half > 0) else {
        return;
    };
    let mut right = entries.split_off(half);
    sort(entries, key, v3);
    sort(&mut right, key, v3);
    let left = std::mem::take(entries);
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from_right = compare(key(b), key(a), v3) == Ordering::Less;
        entries.extend(if from_right {
            right.next()
        } else {
            left.next()
        });
    }
    entries.extend(left);
    entries.extend(right);
}

/// Compares two keys. `v3` adds what go-yaml v3 changed: after equal digits, letters come first.
fn compare(a: &str, b: &str, v3: bool) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut after_digit = false;
    for (i, (&x, &y)) in a.iter().zip(&b).enumerate() {
        if x == y {
            after_digit = is_digit(x);
            continue;
        }
        return match (is_letter(x), is_letter(y)) {
            (true, true) => x.cmp(&y),
            (x_letter, y_letter) if x_letter || y_letter => {
                let less = if v3 && after_digit {
                    x_letter
                } else {
                    y_letter
                };
                if less {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            _ => compare_numbers(&a, &b, i),
        };
    }
    a.len().cmp(&b.len())
}

fn compare_numbers(a: &[char], b: &[char], i: usize) -> Ordering {
    let (x, y) = (
        a.get(i).copied().unwrap_or_default(),
        b.get(i).copied().unwrap_or_default(),
    );
    // A zero after other digits is part of their number, not a leading zero.
    let before = a
        .get(..i)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|c| is_digit(**c));
    let continues = (x == '0' || y == '0') && before.into_iter().any(|&c| c != '0');
    let start = i64::from(continues);
    let ((x_value, x_end), (y_value, y_end)) = (number(a, i, start), number(b, i, start));
    x_value
        .cmp(&y_value)
        .then(x_end.cmp(&y_end))
        .then(x.cmp(&y))
}
