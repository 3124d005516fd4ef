//! The expected effect of a threshold, from the scores alone.

/// Bins of a [`Calibrated`] distribution: thresholds of three decimals are exact.
const BINS: usize = 1_001;

/// The calibrated scores of one label, in bins of a thousandth.
#[derive(Clone, Debug)]
pub(crate) struct Calibrated {
    /// Scores, and their sum in millionths, bin by bin.
    bins: Vec<(u64, u64)>,
}

/// Expected results of a threshold, from the scores.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Expectation {
    /// Comments at or above the threshold.
    pub flagged: u64,
    /// Expected share of them whose label is right; `None` if there are none.
    pub precision: Option<f64>,
    /// Expected share of all comments with that label that are at or above the threshold; `None`
    /// if none is expected.
    pub recall: Option<f64>,
}

impl Default for Calibrated {
    fn default() -> Self {
        Self { bins: vec![(0, 0); BINS] }
    }
}

impl Calibrated {
    /// Adds a probability.
    pub(crate) fn add(&mut self, probability: f64) {
        let millionths = (probability * 1e6).round() as u64;
        let bin = &mut self.bins[(millionths / 1_000) as usize];
        bin.0 += 1;
        bin.1 += millionths;
    }

    /// Returns the expected results of a threshold from 0 to 1, rounded up to the next thousandth.
    ///
    /// If a probability is calibrated, its sum over comments is the expected number of those with
    /// the label; so the expected precision is the mean probability at or above the threshold, and
    /// the expected recall the share of the sum that lies there. (The identity behind estimating a
    /// classifier's F measure without labels: Jansche 2007, "A maximum expected utility framework
    /// for binary sequence labeling", ACL.) As good as the calibration, and no better: scores that
    /// were calibrated on another site's comments carry that site's share over.
    pub(crate) fn at(&self, threshold: f64) -> Expectation {
        let first = (threshold * 1_000.0 - 1e-9).ceil().max(0.0) as usize;
        let total = |bins: &[(u64, u64)]| {
            let add = |(count, sum): (u64, u64), bin: &(u64, u64)| (count + bin.0, sum + bin.1);
            bins.iter().fold((0, 0), add)
        };
        let (flagged, right) = total(&self.bins[first.min(BINS)..]);
        let (_, all) = total(&self.bins);
        Expectation {
            flagged,
            precision: (flagged > 0).then(|| right as f64 / 1e6 / flagged as f64),
            recall: (all > 0).then(|| right as f64 / all as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_probabilities_are_expected_counts() {
        let mut scores = Calibrated::default();
        [0.1, 0.1, 0.3, 0.5, 0.999_999, 1.0].into_iter().for_each(|score| scores.add(score));
        for (threshold, flagged, right) in [
            (0.0, 6, 2.999_999),
            (0.3, 4, 2.799_999),
            (0.301, 3, 2.499_999),
            (0.2995, 4, 2.799_999),
            (1.0, 1, 1.0),
        ] {
            let found = scores.at(threshold);
            assert_eq!(found.flagged, flagged, "{threshold}");
            assert!((found.precision.unwrap() - right / flagged as f64).abs() < 1e-12);
            assert!((found.recall.unwrap() - right / 2.999_999).abs() < 1e-12);
        }
        let nothing = Calibrated::default().at(0.5);
        assert_eq!((nothing.flagged, nothing.precision, nothing.recall), (0, None, None));
    }
}
