//! The expected maximum of a few comments.

/// Comments in the sample whose worst one [`expected_maximum`] expects: as many as
/// RealToxicityPrompts takes (Gehman et al. 2020, Findings of EMNLP, 3356-3369).
pub(crate) const EXPECTED_MAXIMUM_OF: usize = 25;

/// The expected largest of `k` values drawn from `values` without replacement: whoever reads `k` of
/// these comments sees one this bad, on average. A peak grows with the length of a thread; this
/// does not, so that threads can be compared. `None` if there are fewer than `k` values. Sorts
/// `values`.
///
/// With the values in rising order the `i`-th is the largest of `C(i - 1, k - 1)` of the `C(n, k)`
/// samples, which is exact where Gehman et al. (2020) draw samples (David and Nagaraja 2003, Order
/// Statistics, 3.7).
pub(crate) fn expected_maximum(values: &mut [f64], k: usize) -> Option<f64> {
    let n = values.len();
    if k == 0 || n < k {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    // The share of samples whose largest is the last value; each value before it has (i - k) / (i - 1) of that.
    let mut share = k as f64 / n as f64;
    let mut maximum = 0.0;
    for i in (k..=n).rev() {
        maximum += share * values[i - 1];
        if i > k {
            share *= (i - k) as f64 / (i - 1) as f64;
        }
    }
    Some(maximum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::reference;

    #[derive(serde::Deserialize)]
    struct Case {
        values: Vec<f64>,
        k: usize,
        maximum: f64,
    }

    #[test]
    fn agrees_with_every_sample_counted_out() {
        for mut case in reference::cases::<Case>("expected_maxima") {
            let got = expected_maximum(&mut case.values, case.k).unwrap();
            assert!((got - case.maximum).abs() < 1e-12, "{got} {}", case.maximum);
        }
        assert_eq!(expected_maximum(&mut [0.1, 0.2], 3), None);
        assert_eq!(expected_maximum(&mut [], 0), None);
    }
}
