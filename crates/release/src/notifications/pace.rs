//! When one that was not taken is sent again. Pure.

/// How often one is tried.
pub(super) const MOST_TRIES: i64 = 10;
/// The first pause; each try triples it.
const FIRST_MS: u64 = 5_000;
const LONGEST_MS: u64 = 3_600_000;
/// A destination that cannot be reached, or does not say whether it takes what it is told, is looked for so often.
pub(super) const LONGEST_PAUSE_MS: u64 = 300_000;

/// Milliseconds until the next try, after so many: 5 s, 15 s, 45 s … an hour, a fifth more or less by chance, so that what
/// failed together does not come together. All ten tries take about three and a half hours.
pub(super) fn wait_ms(tries: i64, chance: u8) -> u64 {
    let tripled = u32::try_from(tries.clamp(1, 20) - 1).unwrap_or_default();
    let wait = FIRST_MS
        .saturating_mul(3_u64.saturating_pow(tripled))
        .min(LONGEST_MS);
    // Four fifths to six fifths.
    wait / 5 * 4 + wait * 2 / 5 * u64::from(chance) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_about_three_times_the_one_before_up_to_an_hour() {
        let middle: Vec<u64> = (1..=MOST_TRIES)
            .map(|tries| wait_ms(tries, 128) / 1_000)
            .collect();
        assert_eq!(
            middle,
            [5, 15, 45, 135, 405, 1_215, 3_602, 3_602, 3_602, 3_602]
        );
        assert_eq!((wait_ms(1, 0), wait_ms(1, 255)), (4_000, 6_000));
        assert_eq!((wait_ms(0, 0), wait_ms(i64::MAX, 255)), (4_000, 4_320_000));
    }
}
