//! Confidence intervals of figures of a sample, by the bootstrap.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;

use super::Estimate;
use crate::aggregate::{Interval, quantiles};

/// The stream of ChaCha with 8 rounds is fixed by its definition; each resample has a stream of its
/// own, so that threads change nothing.
const SEED: [u8; 32] = *b"comity: bootstrap of an eval, 1.";

/// The figures of a sample and of its resamples, by the percentile bootstrap (Efron and Tibshirani
/// 1993, An Introduction to the Bootstrap, chapter 13).
pub(super) struct Bootstrap<F> {
    pub(super) sample: F,
    resamples: Vec<F>,
}

impl<F: Send> Bootstrap<F> {
    /// Draws resamples and computes the figures of each. Rows are drawn with replacement, as many
    /// as there are, each with its weight, not stratified by label, so that the share of positives
    /// varies as it would in another sample. `figures` gets the weights that a resample leaves to
    /// the rows. Seeded: the same rows give the same resamples.
    pub(super) fn new(weights: &[f64], resamples: usize, figures: impl Fn(&[f64]) -> F + Sync) -> Self {
        let n = weights.len();
        let resampled = (0..resamples as u64).into_par_iter().map(|resample| {
            let mut random = ChaCha8Rng::from_seed(SEED);
            random.set_stream(resample);
            let mut drawn = vec![0.0; n];
            for _ in 0..n {
                // Lemire 2019, ACM TOMACS 29:3; for a million rows the bias is below 2^-12 of a
                // row's chance.
                let row = ((u64::from(random.next_u32()) * n as u64) >> 32) as usize;
                drawn[row] += weights[row];
            }
            figures(&drawn)
        });
        Self { resamples: resampled.collect(), sample: figures(weights) }
    }

    /// Returns a figure with its 95% interval; `None` if the sample does not define it. Resamples
    /// that do not define it do not count.
    pub(super) fn estimate(&self, figure: impl Fn(&F) -> Option<f64>) -> Option<Estimate> {
        let value = figure(&self.sample)?;
        let mut values: Vec<f64> = self.resamples.iter().filter_map(&figure).collect();
        let interval = match quantiles(&mut values, &[0.025, 0.975])[..] {
            [low, high] => Some(Interval { low, high }),
            _ => None,
        };
        Some(Estimate::new(value, interval))
    }
}
