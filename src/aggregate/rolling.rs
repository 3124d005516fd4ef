//! The local level of a series.

/// The smallest and the largest window of [`rolling_window`].
pub(crate) const WINDOWS: (usize, usize) = (5, 51);

/// The window of the rolling mean for a series of `n` values: a fifth of it, within [`WINDOWS`],
/// odd so that it has a middle.
pub(crate) fn rolling_window(n: usize) -> usize {
    (n / 5).clamp(WINDOWS.0, WINDOWS.1) | 1
}

/// The mean over the `window` values centred on each value; fewer at the ends, where the window is
/// cut.
pub(crate) fn rolling_mean(values: &[f64], window: usize) -> Vec<f64> {
    let half = window / 2;
    let mut sums = Vec::with_capacity(values.len() + 1);
    let mut sum = 0.0;
    sums.push(sum);
    for value in values {
        sum += value;
        sums.push(sum);
    }
    (0..values.len())
        .map(|i| {
            let (from, to) = (i.saturating_sub(half), (i + half + 1).min(values.len()));
            (sums[to] - sums[from]) / (to - from) as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::reference;

    #[derive(serde::Deserialize)]
    struct Case {
        values: Vec<f64>,
        window: usize,
        means: Vec<f64>,
    }

    #[test]
    fn agrees_with_numpy() {
        for Case { values, window, means } in reference::cases("rolling") {
            for (got, want) in rolling_mean(&values, window).into_iter().zip(means) {
                assert!((got - want).abs() < 1e-12, "{got} {want}");
            }
        }
    }

    #[test]
    fn by_hand() {
        assert_eq!(rolling_mean(&[3.0, 0.0, 6.0, 9.0], 3), [1.5, 3.0, 5.0, 7.5]);
        assert!(rolling_mean(&[], 5).is_empty());
        for (n, window) in [(0, 5), (45, 9), (100, 21), (5000, 51)] {
            assert_eq!(rolling_window(n), window);
        }
    }
}
