//! The difference of two shares.

use super::{Interval, wilson};

/// The 95% interval of the share `hits / trials` less the share `other_hits / other_trials`, of
/// independent trials; `None` if either has no trials.
///
/// Newcombe 1998, "Interval estimation for the difference between independent proportions",
/// Statistics in Medicine 17:873-890, method 10: from the Wilson intervals of both.
pub(crate) fn difference(
    (hits, trials): (u64, u64),
    (other_hits, other_trials): (u64, u64),
) -> Option<Interval> {
    let (one, other) = (wilson(hits, trials)?, wilson(other_hits, other_trials)?);
    let (share, other_share) = (hits as f64 / trials as f64, other_hits as f64 / other_trials as f64);
    let low = (share - one.low).hypot(other.high - other_share);
    let high = (one.high - share).hypot(other_share - other.low);
    Some(Interval { low: share - other_share - low, high: share - other_share + high })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::reference;

    #[derive(serde::Deserialize)]
    struct Case {
        hits: [u64; 2],
        trials: [u64; 2],
        low: f64,
        high: f64,
    }

    #[test]
    fn agrees_with_statsmodels() {
        for Case { hits, trials, low, high } in reference::cases("differences") {
            let got = difference((hits[0], trials[0]), (hits[1], trials[1])).unwrap();
            assert!((got.low - low).abs() < 1e-12 && (got.high - high).abs() < 1e-12, "{got:?} {low} {high}");
        }
        assert_eq!(difference((0, 0), (1, 2)), None);
    }
}
