//! The confidence band of a rolling mean.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::{Interval, quantiles, rolling_mean};

/// Resampled series a band is made of (Efron and Tibshirani 1993, An Introduction to the Bootstrap,
/// 14.4: at least 1,000).
pub(crate) const REPLICATES: usize = 1_000;

/// The stream of ChaCha with 8 rounds is fixed by its definition, and only its raw 32-bit words are
/// used here: the bands do not change with a version of a sampling library.
pub(crate) const SEED: [u8; 32] = *b"comity: local block bootstrap 1.";

/// The pointwise 95% band of the rolling mean of `values` with `window`, each end within
/// `min..=max`.
///
/// Local block bootstrap (Paparoditis and Politis 2002, "Local block bootstrap", Comptes Rendus
/// Mathématique 335:959-962; Dowla, Paparoditis and Politis 2013, Metrika 76:733-764), the
/// moving-block bootstrap of Künsch 1989 (Annals of Statistics 17:1217-1241) for series whose level
/// moves: a resampled series is laid end to end from blocks of `round(window^(1/3))` neighbouring
/// values, at least 2, so that comments that answer one another stay together; each block is drawn
/// from blocks that begin within half a window of its own place, so that a heated stretch lends
/// nothing to a calm one. The band is the mean plus the 2.5% and 97.5% quantiles of the resampled
/// means' deviation from their own mean. Seeded: the same values give the same band.
pub(crate) fn local_block_band(values: &[f64], window: usize, min: f64, max: f64) -> Vec<Interval> {
    let n = values.len();
    if n == 0 {
        return Vec::new();
    }
    let block = ((window as f64).cbrt().round() as usize).max(2).min(n);
    let half = window / 2;
    let mut random = ChaCha8Rng::from_seed(SEED);
    let mut resampled = vec![0.0; n];
    // One row a place, so that a place's replicates lie together.
    let mut means = vec![0.0; n * REPLICATES];
    for replicate in 0..REPLICATES {
        for to in (0..n).step_by(block) {
            let first = to.saturating_sub(half).min(n - block);
            let last = (to + half).min(n - block);
            let from = first + below(&mut random, last - first + 1);
            let length = block.min(n - to);
            resampled[to..to + length].copy_from_slice(&values[from..from + length]);
        }
        for (place, mean) in rolling_mean(&resampled, window).into_iter().enumerate() {
            means[place * REPLICATES + replicate] = mean;
        }
    }
    rolling_mean(values, window)
        .into_iter()
        .zip(means.chunks_exact_mut(REPLICATES))
        .map(|(mean, means)| {
            let centre = means.iter().sum::<f64>() / REPLICATES as f64;
            let ends = quantiles(means, &[0.025, 0.975]);
            let [low, high] = [ends[0], ends[1]].map(|end| mean + end - centre);
            Interval { low, high }.clamp(min, max)
        })
        .collect()
}

/// A number below `bound`, from one word of the stream (Lemire 2019, ACM TOMACS 29:3; for bounds as
/// small as a window the bias is below 2^-25).
fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u64::from(random.next_u32()) * bound as u64) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::reference;

    #[derive(serde::Deserialize)]
    struct Case {
        values: Vec<f64>,
        window: usize,
        low: Vec<f64>,
        high: Vec<f64>,
    }

    #[test]
    fn agrees_with_a_second_computation_but_for_chance() {
        for Case { values, window, low, high } in reference::cases("bands") {
            let mut worst: f64 = 0.0;
            for (interval, (low, high)) in
                local_block_band(&values, window, 0.0, 1.0).into_iter().zip(low.into_iter().zip(high))
            {
                worst = worst.max((interval.low - low).abs()).max((interval.high - high).abs());
            }
            // A 2.5% quantile of 1,000 means with the deviation 0.04 is itself exact to about
            // 0.003.
            assert!(worst < 0.012, "{worst}");
        }
    }

    #[test]
    fn the_band_is_the_same_each_time_and_holds_the_mean() {
        let values: Vec<f64> = (0..120).map(|i| f64::from((i * 37) % 100) / 100.0).collect();
        let band = local_block_band(&values, 11, 0.0, 1.0);
        assert_eq!(band, local_block_band(&values, 11, 0.0, 1.0));
        for (mean, interval) in rolling_mean(&values, 11).into_iter().zip(band) {
            assert!(interval.low <= mean && mean <= interval.high);
            assert!(0.0 <= interval.low && interval.high <= 1.0);
        }
    }

    #[test]
    fn degenerate_series_have_narrow_bands() {
        assert!(local_block_band(&[], 5, 0.0, 1.0).is_empty());
        for n in [1, 2, 9] {
            for interval in local_block_band(&vec![0.25; n], 5, 0.0, 1.0) {
                assert!((interval.low - 0.25).abs() < 1e-12 && (interval.high - 0.25).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_heated_stretch_lends_nothing_to_a_calm_one() {
        let mut values = vec![0.1; 200];
        for (i, value) in values[150..].iter_mut().enumerate() {
            *value = if i % 2 == 0 { 0.2 } else { 0.9 };
        }
        let band = local_block_band(&values, 21, 0.0, 1.0);
        assert!(band[50].high - band[50].low < 1e-12);
        assert!(band[180].high - band[180].low > 0.01);
    }

    #[test]
    fn half_the_width_is_about_two_standard_errors_for_independent_values() {
        // Independent uniform values: the mean of 101 has the standard error sqrt(1/12/101) =
        // 0.0287.
        let mut random = ChaCha8Rng::from_seed([7; 32]);
        let values: Vec<f64> =
            (0..3000).map(|_| below(&mut random, 1 << 20) as f64 / f64::from(1 << 20)).collect();
        let band = local_block_band(&values, 101, 0.0, 1.0);
        let widths: f64 = band[100..2900].iter().map(|i| i.high - i.low).sum::<f64>() / 2800.0;
        assert!((widths / 2.0 / 1.96 / 0.0287 - 1.0).abs() < 0.15, "{widths}");
    }
}
