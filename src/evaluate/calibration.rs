//! Figures of probabilities: whether what is called 0.8 holds four times in five.

use serde::Serialize;

use super::round;

/// Bins of the expected calibration error and of the reliability table.
pub const BINS: usize = 15;

/// Log-odds of 20 are a score that differs from 1 by 2e-9.
const MOST_SHIFT: f64 = 20.0;

/// Rows of like score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Rows in it.
    pub rows: u64,
    /// Its share of the weight of all rows.
    pub share: f64,
    /// Lowest score.
    pub low: f64,
    /// Highest score.
    pub high: f64,
    /// Mean score: what was said.
    pub mean_score: f64,
    /// Share of positive rows: what was so.
    pub positive_share: f64,
}

/// Sorts rows by score into [`BINS`] bins of equal weight; a row belongs where its middle falls.
/// Tied rows stay in the order of the file. Bins without weight are left out.
pub(super) fn bins(scores: &[f64], truth: &[bool], weights: &[f64]) -> Vec<Bin> {
    struct Sums {
        rows: u64,
        weight: f64,
        low: f64,
        high: f64,
        score: f64,
        positives: f64,
    }
    let total: f64 = weights.iter().sum();
    let empty = || Sums { rows: 0, weight: 0.0, low: 1.0, high: 0.0, score: 0.0, positives: 0.0 };
    let mut sums: Vec<Sums> = (0..BINS).map(|_| empty()).collect();
    let mut ascending: Vec<usize> = (0..scores.len()).collect();
    ascending.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let mut before = 0.0;
    for row in ascending {
        let (score, weight) = (scores[row], weights[row]);
        let middle = (before + weight / 2.0) / total;
        before += weight;
        let bin = &mut sums[((middle * BINS as f64) as usize).min(BINS - 1)];
        bin.rows += 1;
        bin.weight += weight;
        bin.low = bin.low.min(score);
        bin.high = bin.high.max(score);
        bin.score += weight * score;
        bin.positives += if truth[row] { weight } else { 0.0 };
    }
    sums.into_iter()
        .filter(|bin| bin.weight > 0.0)
        .map(|bin| Bin {
            rows: bin.rows,
            share: bin.weight / total,
            low: bin.low,
            high: bin.high,
            mean_score: bin.score / bin.weight,
            positive_share: bin.positives / bin.weight,
        })
        .collect()
}

/// Expected calibration error: the mean gap between what is said and what is so, over the bins
/// (Naeini, Cooper and Hauskrecht 2015, AAAI; bins of equal mass as in Nixon et al. 2019,
/// "Measuring calibration in deep learning").
pub(super) fn expected_calibration_error(bins: &[Bin]) -> f64 {
    bins.iter().map(|bin| bin.share * (bin.mean_score - bin.positive_share).abs()).sum()
}

/// Calibration shift: the number that, added to the log-odds of every score, makes their mean the
/// share of positives (the intercept of a logistic recalibration whose slope is 1; Steyerberg 2009,
/// "Clinical Prediction Models", calls it calibration in the large). The mean rises with the
/// number, so halving an interval finds it. `None` if the share is 0 or 1, or the number would be
/// beyond [`MOST_SHIFT`].
pub(super) fn shift(scores: &[f64], share: f64, weights: &[f64]) -> Option<f64> {
    let total: f64 = weights.iter().sum();
    let mean = |shift: f64| {
        let odds = libm::exp(shift);
        let moved = scores.iter().map(|score| score * odds / (1.0 - score + score * odds));
        moved.zip(weights).map(|(score, weight)| score * weight).sum::<f64>() / total
    };
    let (mut low, mut high) = (-MOST_SHIFT, MOST_SHIFT);
    if !(share > 0.0 && share < 1.0 && mean(low) < share && mean(high) > share) {
        return None;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if mean(middle) < share { low = middle } else { high = middle }
    }
    Some(f64::midpoint(low, high))
}

/// Brier score: the mean squared distance of the probability from 0 or 1 (Brier 1950, Monthly
/// Weather Review 78:1-3).
pub(super) fn brier(scores: &[f64], truth: &[bool], weights: &[f64]) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for ((score, is_positive), weight) in scores.iter().zip(truth).zip(weights) {
        let distance = score - f64::from(u8::from(*is_positive));
        sum += weight * distance * distance;
        total += weight;
    }
    sum / total
}

/// Brier skill score: 1 is perfect, 0 is always saying the share of positives (Murphy 1973, Journal
/// of Applied Meteorology 12:595-600). `None` if all rows are of one kind.
pub(super) fn brier_skill(scores: &[f64], truth: &[bool], weights: &[f64]) -> Option<f64> {
    let total: f64 = weights.iter().sum();
    let positives: f64 =
        truth.iter().zip(weights).filter(|(truth, _)| **truth).map(|(_, weight)| weight).sum();
    let share = positives / total;
    let reference = share * (1.0 - share);
    (reference > 0.0).then(|| 1.0 - brier(scores, truth, weights) / reference)
}

impl Bin {
    /// The same with six decimals.
    pub(super) fn rounded(self) -> Self {
        Self {
            share: round(self.share),
            mean_score: round(self.mean_score),
            positive_share: round(self.positive_share),
            ..self
        }
    }
}
