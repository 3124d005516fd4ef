//! The distribution of values: quantiles and histograms.

use super::FixedPoint;

/// Counts of values in equal bins.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Histogram {
    /// Start of the first bin.
    pub from: f64,
    /// End of the last bin; a value at this end counts in the last bin, one on any other edge in
    /// the bin it opens.
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

/// The quantiles of `values` at `shares` (each from 0 to 1), linearly interpolated: type 7 of
/// Hyndman and Fan 1996, "Sample quantiles in statistical packages", The American Statistician
/// 50:361-365, the default of R and NumPy. Sorts `values`. Empty if there are no values.
pub(crate) fn quantiles(values: &mut [f64], shares: &[f64]) -> Vec<f64> {
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

/// Scores counted one by one: exact, for scores have six decimals, and of a fixed size (8 bytes a
/// millionth), however many there are.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    /// In millionths.
    from: i32,
    counts: Vec<u64>,
    total: u64,
}

impl Spread {
    /// No scores yet, of those that lie within `from..=to`.
    pub(crate) fn new(from: i32, to: i32) -> Self {
        let millionths = (to - from) as usize * 1_000_000 + 1;
        Self { from: from * 1_000_000, counts: vec![0; millionths], total: 0 }
    }

    /// Counts a score; one outside the range counts at its nearest end.
    pub(crate) fn add(&mut self, score: FixedPoint) {
        let place = (score.millionths() - self.from).max(0) as usize;
        let last = self.counts.len() - 1;
        self.counts[place.min(last)] += 1;
        self.total += 1;
    }

    /// Returns the [`quantiles`] of all scores.
    pub(crate) fn quantiles(&self, shares: &[f64]) -> Vec<f64> {
        let Some(last) = self.total.checked_sub(1) else { return Vec::new() };
        let places = shares.iter().map(|share| share.clamp(0.0, 1.0) * last as f64);
        let neighbours = |place: f64| [place.floor() as u64, (place.floor() as u64 + 1).min(last)];
        let mut ranks: Vec<u64> = places.clone().flat_map(neighbours).collect();
        ranks.sort_unstable();
        let mut values = Vec::with_capacity(ranks.len());
        let mut up_to = 0;
        for (millionths, count) in (self.from..).zip(&self.counts) {
            up_to += count;
            while ranks.get(values.len()).is_some_and(|rank| *rank < up_to) {
                values.push(f64::from(millionths) / 1e6);
            }
        }
        let value = |rank: u64| values[ranks.partition_point(|known| *known < rank)];
        places
            .map(|place| {
                let [below, above] = neighbours(place).map(value);
                below + (above - below) * (place - place.floor())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn counted_scores_have_the_quantiles_of_the_scores(
            scores in proptest::collection::vec(-1_000_000..=1_000_000, 0..40),
            shares in proptest::collection::vec(0.0..=1.0, 0..6),
        ) {
            let mut values: Vec<f64> = scores.iter().map(|score| f64::from(*score) / 1e6).collect();
            let mut spread = Spread::new(-1, 1);
            values.iter().for_each(|value| spread.add(FixedPoint::new(*value)));
            prop_assert_eq!(spread.quantiles(&shares), quantiles(&mut values, &shares));
        }
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
