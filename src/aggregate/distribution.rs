//! How values spread.

/// Counts of values in equal bins.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Histogram {
    /// Where the first bin begins.
    pub from: f64,
    /// Where the last bin ends; a value at this end counts in the last bin, one on any other edge in the bin it opens.
    pub to: f64,
    /// Values in each bin.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// An empty histogram of `bins` equal bins over `from..=to`.
    pub fn new(from: f64, to: f64, bins: usize) -> Self {
        Self { from, to, counts: vec![0; bins.max(1)] }
    }

    /// Counts a value; one outside the range counts in the nearest bin.
    pub fn add(&mut self, value: f64) {
        let bins = self.counts.len();
        let place = (value - self.from) / (self.to - self.from) * bins as f64;
        // A float-to-integer cast saturates, so a value below the range lands in the first bin.
        self.counts[(place as usize).min(bins - 1)] += 1;
    }
}

/// The quantiles of `values` at `shares` (each from 0 to 1), linearly interpolated: type 7 of Hyndman and Fan 1996,
/// "Sample quantiles in statistical packages", The American Statistician 50:361-365, the default of R and NumPy.
/// Sorts `values`. Empty where there are no values.
pub fn quantiles(values: &mut [f64], shares: &[f64]) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return Vec::new() };
    shares
        .iter()
        .map(|share| {
            let place = share.clamp(0.0, 1.0) * last as f64;
            let below = place.floor() as usize;
            let above = (below + 1).min(last);
            values[below] + (values[above] - values[below]) * (place - below as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        // numpy 2.4.6: np.quantile([0.3, 0.1, 0.7, 0.2], [0, 0.1, 0.5, 0.9, 1])
        let mut values = [0.3, 0.1, 0.7, 0.2];
        for (got, want) in
            quantiles(&mut values, &[0.0, 0.1, 0.5, 0.9, 1.0]).into_iter().zip([0.1, 0.13, 0.25, 0.58, 0.7])
        {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
        assert!(quantiles(&mut [], &[0.5]).is_empty());
        assert_eq!(quantiles(&mut [0.4], &[0.0, 0.5, 1.0]), [0.4; 3]);
    }

    #[test]
    fn edges_count_in_the_bin_they_open() {
        let mut histogram = Histogram::new(0.0, 1.0, 10);
        for value in [0.0, 0.05, 0.5, 0.999, 1.0, -0.1] {
            histogram.add(value);
        }
        assert_eq!(histogram.counts, [3, 0, 0, 0, 0, 1, 0, 0, 0, 2]);
    }
}
