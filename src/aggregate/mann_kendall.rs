//! The Mann-Kendall test: does a series rise or fall?

/// Result of the Mann-Kendall test of a series against its order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MannKendall {
    /// Kendall's tau-b of value against order, from -1 (always falling) to 1 (always rising).
    pub tau: f64,
    /// Two-sided p of no trend, for independent values. Comments answer one another, which makes it
    /// too small.
    pub p: f64,
}

/// The Mann-Kendall trend test; none below `min` values or where all values are the same.
///
/// S is the number of later-and-larger pairs less the later-and-smaller ones; its variance under no
/// trend is corrected for ties and S for continuity (Mann 1945, Econometrica 13:245-259; Kendall
/// 1975, Rank Correlation Methods, ch. 4). S is counted by merge sort in O(n log n) (Knight 1966,
/// JASA 61:436-439), so a long thread costs no more than sorting.
pub(crate) fn mann_kendall(values: &[f64], min: usize) -> Option<MannKendall> {
    let n = values.len();
    if n < min.max(2) {
        return None;
    }
    let mut sorted = values.to_vec();
    let falls = count_inversions(&mut sorted);

    let pairs = |n: f64| n * (n - 1.0) / 2.0;
    let mut tied_pairs = 0.0;
    let mut tied_variance = 0.0;
    for run in sorted.chunk_by(|a, b| a == b) {
        let t = run.len() as f64;
        tied_pairs += pairs(t);
        tied_variance += t * (t - 1.0) * (2.0 * t + 5.0);
    }
    let n = n as f64;
    let all_pairs = pairs(n);
    if tied_pairs == all_pairs {
        return None;
    }
    let s = all_pairs - tied_pairs - 2.0 * falls as f64;
    let variance = (n * (n - 1.0) * (2.0 * n + 5.0) - tied_variance) / 18.0;
    let z = (s.abs() - 1.0).max(0.0) / variance.sqrt();
    // No two comments share a place, so only ties among the values count in tau-b.
    let tau = s / (all_pairs * (all_pairs - tied_pairs)).sqrt();
    Some(MannKendall { tau, p: libm::erfc(z / std::f64::consts::SQRT_2) })
}

/// Sorts `values` and gives the number of pairs that stood in falling order.
fn count_inversions(values: &mut [f64]) -> u64 {
    let n = values.len();
    let mut merged = values.to_vec();
    let mut inversions = 0;
    let mut width = 1;
    while width < n {
        for start in (0..n).step_by(2 * width) {
            let middle = (start + width).min(n);
            let end = (start + 2 * width).min(n);
            let (mut left, mut right) = (start, middle);
            for place in &mut merged[start..end] {
                if left < middle && (right == end || values[left] <= values[right]) {
                    *place = values[left];
                    left += 1;
                } else {
                    *place = values[right];
                    right += 1;
                    inversions += (middle - left) as u64;
                }
            }
        }
        values.copy_from_slice(&merged);
        width *= 2;
    }
    inversions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_independent_implementations() {
        // p: pymannkendall 1.4.3 original_test; tau: scipy 1.17.1 kendalltau(range(n), x,
        // variant="b")
        let cases: [(&[f64], f64, f64); 4] = [
            (&[0.1, 0.2, 0.2, 0.4, 0.35, 0.6, 0.5, 0.7, 0.7, 0.9], 0.886592641311616, 0.000611763682298),
            (
                &[0.5, 0.4, 0.4, 0.4, 0.1, 0.2, 0.3, 0.1, 0.0, 0.1, 0.2, 0.0],
                -0.678833593026998,
                0.004036742309151,
            ),
            (
                &[0.02, 0.9, 0.03, 0.02, 0.4, 0.02, 0.6, 0.03, 0.02, 0.1, 0.05],
                0.038924947208076,
                0.936049793785558,
            ),
            (&[0.3, 0.1, 0.2], -0.333333333333333, 1.000000000000000),
        ];
        for (values, tau, p) in cases {
            let trend = mann_kendall(values, 2).unwrap();
            assert!((trend.tau - tau).abs() < 1e-12, "{trend:?}");
            assert!((trend.p - p).abs() < 1e-12, "{trend:?}");
        }
    }

    #[test]
    fn nothing_is_said_of_too_few_or_equal_values() {
        assert_eq!(mann_kendall(&[0.1, 0.2, 0.3], 4), None);
        assert_eq!(mann_kendall(&[0.5; 20], 10), None);
        assert_eq!(mann_kendall(&[], 0), None);
    }

    #[test]
    fn inversions_are_those_of_all_pairs() {
        for n in 0..40_u64 {
            let values: Vec<f64> = (0..n).map(|i| ((i * 7919 + n) % 11) as f64).collect();
            let slow = (0..values.len())
                .flat_map(|i| (0..i).map(move |j| (j, i)))
                .filter(|(j, i)| values[*j] > values[*i]);
            assert_eq!(count_inversions(&mut values.clone()), slow.count() as u64);
        }
    }
}
