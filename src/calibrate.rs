//! Fits maps from the model's scores to other scores or labels, and measures them: numbers in,
//! numbers out, without files or wording.
//!
//! [`crate::score_map`] has the result's type. A map is an isotonic regression, and its errors come
//! from a cross-validation whose folds depend on the texts alone.

mod isotonic;

use serde::Serialize;

use crate::aggregate::{ShareEstimate, Z_95, counted_share};
use crate::decimal::round;
use crate::digest::hash_pair;
use crate::label::Label;
use crate::score_map::{LabelMap, MapError, MapKind};
use isotonic::Block;

/// The number of folds of the cross-validation.
pub const FOLDS: u64 = 10;

/// The thresholds at which the agreement is measured.
pub const THRESHOLDS: [f64; 6] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

/// A mapped score is known well enough if its 95% interval reaches no farther than this.
pub const TOLERANCE: f64 = 0.05;

/// Rows that are enough to know one probability within [`TOLERANCE`], whatever it is:
/// `(1.96 * 0.5 / 0.05)^2`, since the standard deviation of a number from 0 to 1 is at most 0.5.
pub const ENOUGH_ROWS: u64 = 385;

/// Fewer rows are refused: two for each fold.
pub const MIN_ROWS: u64 = 2 * FOLDS;

/// Near a threshold, a standard deviation from fewer rows is not used.
const MIN_NEAR: usize = 10;

/// A row with the model's score and the value that it is mapped to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Our score, from 0 to 1.
    pub score: f64,
    /// The other score, from 0 to 1, or 1 for yes and 0 for no.
    pub value: f64,
    /// The fold of the row's text: [`fold`].
    pub fold: u64,
}

/// The reason why no map can be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrateError {
    /// There are too few rows.
    #[error("{rows} scored rows are too few; {MIN_ROWS} are needed at least, and {ENOUGH_ROWS} are better")]
    TooFew {
        /// Rows with a score and a value.
        rows: u64,
    },
    /// All rows have one value, or one score.
    #[error("all rows have the same value or the same score; add rows that differ")]
    OneValue,
    /// The values do not rise with the scores.
    #[error("the values do not rise with the model's scores; check which column --score names")]
    NoRelation,
}

/// A fitted map and its quality.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// The map, fitted on all rows.
    pub map: LabelMap,
    /// Pearson correlation of our scores with the values.
    pub pearson: f64,
    /// Spearman correlation: that of the ranks.
    pub spearman: f64,
    /// Figures at each of [`THRESHOLDS`].
    pub thresholds: Vec<AtThreshold>,
}

/// Figures at a threshold, which is one of the other scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtThreshold {
    /// The threshold.
    pub threshold: f64,
    /// The model's score that is mapped to it; `None` if no score is mapped that high.
    pub score: Option<f64>,
    /// Rows whose value reaches the threshold; rows with a yes if the values are labels.
    pub theirs: u64,
    /// Rows whose own score reaches it, without a map.
    pub before: Agreement,
    /// Rows whose mapped score reaches it, each mapped by a map that was fitted on other rows.
    pub after: Agreement,
    /// The mapped score that as many rows reach as values reach the threshold; `None` if no value
    /// does.
    pub same_number_at: Option<f64>,
    /// Rows whose mapped score is within [`TOLERANCE`] of the threshold.
    pub near: u64,
    /// Such rows that would be enough to know the mapped score within [`TOLERANCE`].
    pub enough: u64,
}

/// Agreement of two ways of flagging rows, with 95% Wilson intervals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Rows that ours flags.
    pub ours: u64,
    /// Share of all rows that both flag or neither does.
    pub agreement: Option<ShareEstimate>,
    /// Share of the rows flagged by ours that theirs flags too.
    pub precision: Option<ShareEstimate>,
    /// Share of the rows flagged by theirs that ours flags too.
    pub recall: Option<ShareEstimate>,
}

/// Returns the fold of a text: the same for equal texts, so that no row is measured by a map that
/// knows its text.
pub fn fold(text: &str) -> u64 {
    hash_pair("comity calibrate", text) % FOLDS
}

/// Fits a map of one label and measures it. `column` is the name of the values.
///
/// # Errors
/// [`CalibrateError`] if there are too few rows, or nothing to learn from them.
pub fn calibrate(
    label: Label,
    column: &str,
    kind: MapKind,
    pairs: &[Pair],
) -> Result<Calibration, CalibrateError> {
    let rows = pairs.len() as u64;
    if rows < MIN_ROWS {
        return Err(CalibrateError::TooFew { rows });
    }
    let scores: Vec<f64> = pairs.iter().map(|pair| pair.score).collect();
    let values: Vec<f64> = pairs.iter().map(|pair| pair.value).collect();
    let pearson = correlation(&scores, &values).ok_or(CalibrateError::OneValue)?;
    let spearman = correlation(&ranks(&scores), &ranks(&values)).ok_or(CalibrateError::OneValue)?;
    let fit = isotonic::fit(points(pairs.iter()));
    if fit.blocks < 2 {
        return Err(CalibrateError::NoRelation);
    }
    let mapped = cross_validate(pairs).ok_or(CalibrateError::OneValue)?;
    let map = LabelMap {
        label,
        column: column.to_owned(),
        kind,
        rows,
        folds: FOLDS,
        before: error(&scores, &values),
        after: error(&mapped, &values),
        simplified_within: fit.within,
        knots: fit.curve,
    };
    let at = |threshold: f64| {
        let theirs = flags(&values, if kind == MapKind::Labels { 1.0 } else { threshold });
        let flagged = theirs.iter().filter(|flagged| **flagged).count();
        let (near, enough) = rows_near(threshold, &mapped, &values);
        AtThreshold {
            threshold,
            score: map.knots.inverse(threshold).map(round),
            theirs: flagged as u64,
            before: agreement(&flags(&scores, threshold), &theirs),
            after: agreement(&flags(&mapped, threshold), &theirs),
            same_number_at: nth_highest(&scores, flagged).map(|score| round(map.knots.at(score))),
            near,
            enough,
        }
    };
    let thresholds = THRESHOLDS.map(at).into();
    Ok(Calibration { map, pearson: round(pearson), spearman: round(spearman), thresholds })
}

fn points<'p>(pairs: impl Iterator<Item = &'p Pair>) -> Vec<Block> {
    pairs.map(|pair| Block { x: pair.score, y: pair.value, weight: 1.0 }).collect()
}

/// Returns each row's score by a map that was fitted on the rows of the other folds; `None` if all
/// texts are in one fold.
fn cross_validate(pairs: &[Pair]) -> Option<Vec<f64>> {
    let mut mapped = vec![0.0; pairs.len()];
    for fold in 0..FOLDS {
        let others = points(pairs.iter().filter(|pair| pair.fold != fold));
        if others.is_empty() {
            return None;
        }
        let curve = isotonic::fit(others).curve;
        let held_out = pairs.iter().zip(&mut mapped).filter(|(pair, _)| pair.fold == fold);
        held_out.for_each(|(pair, mapped)| *mapped = curve.at(pair.score));
    }
    Some(mapped)
}

/// Returns the errors of scores.
fn error(scores: &[f64], values: &[f64]) -> MapError {
    let differences = || scores.iter().zip(values).map(|(score, value)| score - value);
    let mean = |sum: f64| sum / scores.len() as f64;
    MapError {
        mean_absolute: round(mean(differences().map(f64::abs).sum())),
        rmse: round(mean(differences().map(|difference| difference * difference).sum()).sqrt()),
        bias: round(mean(differences().sum())),
    }
}

fn flags(scores: &[f64], threshold: f64) -> Vec<bool> {
    scores.iter().map(|score| *score >= threshold).collect()
}

fn agreement(ours: &[bool], theirs: &[bool]) -> Agreement {
    let count = |is_counted: fn(bool, bool) -> bool| {
        ours.iter().zip(theirs).filter(|(ours, theirs)| is_counted(**ours, **theirs)).count() as u64
    };
    let share = |hits, trials| {
        let ShareEstimate { share, interval } = counted_share(hits, trials)?;
        let interval = crate::aggregate::Interval { low: round(interval.low), high: round(interval.high) };
        Some(ShareEstimate { share: round(share), interval })
    };
    let both = count(|ours, theirs| ours && theirs);
    let flagged = count(|ours, _| ours);
    Agreement {
        ours: flagged,
        agreement: share(count(|ours, theirs| ours == theirs), ours.len() as u64),
        precision: share(both, flagged),
        recall: share(both, count(|_, theirs| theirs)),
    }
}

/// Returns the number of rows whose mapped score is near a threshold, and the number of such rows
/// that would be enough.
///
/// The map has the mean of the values there, whose 95% interval reaches `1.96 s / sqrt(n)` to
/// either side, so `n = (1.96 s / TOLERANCE)^2` rows are enough. `s` is the standard deviation of
/// the values around the map among the rows near the threshold. If there are fewer than
/// [`MIN_NEAR`], it is the largest that numbers from 0 to 1 with this mean can have,
/// `sqrt(t (1 - t))`, which is exact for labels.
fn rows_near(threshold: f64, mapped: &[f64], values: &[f64]) -> (u64, u64) {
    let pairs = mapped.iter().zip(values);
    let near = pairs.filter(|(mapped, _)| (*mapped - threshold).abs() <= TOLERANCE);
    let residuals: Vec<f64> = near.map(|(mapped, value)| value - mapped).collect();
    let variance = if residuals.len() < MIN_NEAR {
        threshold * (1.0 - threshold)
    } else {
        residuals.iter().map(|residual| residual * residual).sum::<f64>() / residuals.len() as f64
    };
    // No numbers from 0 to 1 spread more than halves of them at either end.
    let enough = (Z_95 * Z_95 * variance.min(0.25) / (TOLERANCE * TOLERANCE)).ceil() as u64;
    (residuals.len() as u64, enough.max(MIN_NEAR as u64))
}

/// Returns the score that `count` rows reach, if the rows are enough; `None` for 0.
fn nth_highest(scores: &[f64], count: usize) -> Option<f64> {
    let mut scores = scores.to_vec();
    scores.sort_by(|a, b| b.total_cmp(a));
    scores.get(count.checked_sub(1)?).copied()
}

/// Returns the Pearson correlation; `None` if either side has no spread.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut squares_a, mut squares_b, mut products) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        squares_a += (a - mean_a).powi(2);
        squares_b += (b - mean_b).powi(2);
        products += (a - mean_a) * (b - mean_b);
    }
    (squares_a > 0.0 && squares_b > 0.0).then(|| products / (squares_a * squares_b).sqrt())
}

/// Returns the rank of each value; equal values share their mean rank.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = first as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|row| ranks[*row] = rank);
        first += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests;
