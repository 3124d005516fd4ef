//! How sure a figure of a sample is.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;

use crate::aggregate::{Interval, quantiles};

/// The stream of ChaCha with 8 rounds is fixed by its definition; each resample has a stream of its own, so that threads
/// change nothing.
const SEED: [u8; 32] = *b"comity: bootstrap of an eval, 1.";

/// 95 % intervals of figures by the percentile bootstrap (Efron and Tibshirani 1993, An Introduction to the Bootstrap,
/// chapter 13): rows are drawn with replacement, as many as there are, each with its weight, not stratified by label, so
/// that the share of positives varies as it would in another sample. `figures` is given the weights that a resample
/// leaves to the rows and gives every figure; a resample in which one is not defined does not count for it.
///
/// Seeded: the same rows give the same intervals. None for a figure that no resample defines.
pub(super) fn intervals(
    weights: &[f64],
    resamples: usize,
    figures: impl Fn(&[f64]) -> Vec<Option<f64>> + Sync,
) -> Vec<Option<Interval>> {
    let n = weights.len();
    let resampled: Vec<Vec<Option<f64>>> = (0..resamples as u64)
        .into_par_iter()
        .map(|resample| {
            let mut random = ChaCha8Rng::from_seed(SEED);
            random.set_stream(resample);
            let mut drawn = vec![0.0; n];
            for _ in 0..n {
                // Lemire 2019, ACM TOMACS 29:3; for a million rows the bias is below 2^-12 of a row's chance.
                let row = ((u64::from(random.next_u32()) * n as u64) >> 32) as usize;
                drawn[row] += weights[row];
            }
            figures(&drawn)
        })
        .collect();
    let count = resampled.first().map_or(0, Vec::len);
    (0..count)
        .map(|figure| {
            let mut values: Vec<f64> = resampled.iter().filter_map(|figures| figures[figure]).collect();
            match quantiles(&mut values, &[0.025, 0.975])[..] {
                [low, high] => Some(Interval { low, high }),
                _ => None,
            }
        })
        .collect()
}
