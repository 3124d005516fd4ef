//! The interval of a share.

use super::{Interval, Z_95};

/// The 95% Wilson score interval of the share `hits / trials`; `None` if there were no trials.
///
/// Unlike the textbook interval it stays within 0 and 1 and is of use for small counts and for
/// shares near the ends. Wilson 1927, "Probable inference, the law of succession, and statistical
/// inference", JASA 22:209-212; recommended for small counts by Brown, Cai and DasGupta 2001,
/// Statistical Science 16:101-133. No continuity correction.
pub fn wilson(hits: u64, trials: u64) -> Option<Interval> {
    if trials == 0 {
        return None;
    }
    Some(wilson_share(hits as f64 / trials as f64, trials as f64))
}

/// The same of a share that was found in `n` trials; `n` need not be whole, as an effective number
/// of trials is not.
pub fn wilson_share(share: f64, n: f64) -> Interval {
    let z2 = Z_95 * Z_95;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z_95 / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // At a share of 0 and of 1 the ends are exactly that; rounding would leave them a hair beyond.
    let low = if share == 0.0 { 0.0 } else { centre - half };
    let high = if share == 1.0 { 1.0 } else { centre + half };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_statsmodels() {
        // statsmodels 0.15.0: proportion_confint(hits, trials, method="wilson")
        for (hits, trials, low, high) in [
            (0, 1, 0.000000000000000, 0.793450685622763),
            (1, 1, 0.206549314377237, 1.000000000000000),
            (0, 10, 0.000000000000000, 0.277532799862889),
            (3, 10, 0.107791267406301, 0.603221852538855),
            (10, 10, 0.722467200137111, 1.000000000000000),
            (37, 45, 0.686701753735402, 0.907056104858958),
            (5, 20000, 0.000106789634544, 0.000585150403533),
        ] {
            let interval = wilson(hits, trials).unwrap();
            assert!((interval.low - low).abs() < 1e-12, "{hits}/{trials}: {interval:?}");
            assert!((interval.high - high).abs() < 1e-12, "{hits}/{trials}: {interval:?}");
        }
        assert_eq!(wilson(0, 0), None);
    }
}
