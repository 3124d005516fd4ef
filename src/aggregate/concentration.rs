//! Concentration: the share of a total that comes from few.

/// Authors whose common share stands in reports.
pub(crate) const TOP: usize = 10;

/// The Gini coefficient of amounts that are not negative: 0 where all are the same, near 1 where
/// one has everything. `None` if there are none or all are 0. Sorts `values`.
///
/// Half the mean difference between two of the values, by their mean (Gini 1912), computed from the
/// sorted values (Dixon et al. 1987, Ecology 68:1548-1551); without their correction for small
/// samples.
pub(crate) fn gini(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (rank, value) in (1..).zip(values.iter()) {
        sum += value;
        weighted += f64::from(rank) * value;
    }
    let n = values.len() as f64;
    (sum > 0.0).then(|| (2.0 * weighted / sum - n - 1.0) / n)
}

/// The share of the sum that the `k` largest values hold. `None` if there are none or all are 0.
/// Sorts `values`.
pub(crate) fn top_share(values: &mut [f64], k: usize) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let sum: f64 = values.iter().sum();
    let top: f64 = values.iter().rev().take(k).sum();
    (sum > 0.0).then(|| (top / sum).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::reference;

    #[derive(serde::Deserialize)]
    struct Case {
        values: Vec<f64>,
        gini: f64,
        top: Vec<(usize, f64)>,
    }

    #[test]
    fn agrees_with_inequality() {
        for Case { mut values, gini: expected, top } in reference::cases("concentrations") {
            let got = gini(&mut values).unwrap();
            assert!((got - expected).abs() < 1e-12, "{got} {expected}");
            for (k, share) in top {
                assert!((top_share(&mut values, k).unwrap() - share).abs() < 1e-12);
            }
        }
        assert_eq!((gini(&mut []), gini(&mut [0.0, 0.0])), (None, None));
        assert_eq!(top_share(&mut [0.0], 1), None);
    }
}
