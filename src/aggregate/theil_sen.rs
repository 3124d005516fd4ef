//! The Theil-Sen slope: how fast a series rises or falls.

/// The number of points above which the slope is computed from this many of them, evenly spaced:
/// the cost of a long thread is bounded by about 125,000 pairs, and the choice is the same on every
/// run.
const MAX_POINTS: usize = 500;

/// The Theil-Sen slope: the median of the slopes between all pairs of points, in units of y per
/// unit of x; a few wild comments do not move it. None below two distinct x.
///
/// Theil 1950, Indagationes Mathematicae 12:85-91; Sen 1968, JASA 63:1379-1389. Of more than 500
/// points, 500 evenly spaced ones count.
pub(crate) fn theil_sen(points: &[(f64, f64)]) -> Option<f64> {
    let kept = points.len().min(MAX_POINTS);
    let sample: Vec<(f64, f64)> = (0..kept).map(|i| points[i * points.len() / kept]).collect();
    let mut slopes = Vec::with_capacity(kept * kept.saturating_sub(1) / 2);
    for (index, (x, y)) in sample.iter().enumerate() {
        slopes.extend(sample[..index].iter().filter(|(x0, _)| x0 != x).map(|(x0, y0)| (y - y0) / (x - x0)));
    }
    if slopes.is_empty() {
        return None;
    }
    let middle = slopes.len() / 2;
    let (below, median, _) = slopes.select_nth_unstable_by(middle, f64::total_cmp);
    let median = *median;
    Some(match slopes_below_max(below) {
        Some(other) if slopes.len().is_multiple_of(2) => (median + other) / 2.0,
        _ => median,
    })
}

fn slopes_below_max(below: &[f64]) -> Option<f64> {
    below.iter().copied().max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17.1: theilslopes(y, x).slope
        let cases: [(&[(f64, f64)], f64); 3] = [
            (&[(1.0, 0.1), (2.0, 0.3), (3.0, 0.2), (5.0, 0.8)], 0.170833333333333),
            (&[(1.0, 0.5), (2.0, 0.5), (4.0, 0.1), (5.0, 0.3), (9.0, -0.4)], -0.106250000000000),
            (&[(1.0, 0.0), (2.0, 1.0)], 1.000000000000000),
        ];
        for (points, slope) in cases {
            assert!((theil_sen(points).unwrap() - slope).abs() < 1e-12);
        }
        assert_eq!(theil_sen(&[]), None);
        assert_eq!(theil_sen(&[(1.0, 2.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }

    #[test]
    fn a_long_series_keeps_its_slope() {
        let points: Vec<(f64, f64)> =
            (0..20_000).map(|i| (f64::from(i), 0.25 * f64::from(i) + 1.0)).collect();
        assert!((theil_sen(&points).unwrap() - 0.25).abs() < 1e-9);
    }
}
