//! Agreement of the words that carry a score with those that people marked.

use std::ops::Range;

use serde::Serialize;

use super::bootstrap::Bootstrap;
use super::{Estimate, round};

/// Thresholds that are tried: the hundredths from 0 to 1.
const STEPS: u32 = 100;

/// A text with the characters that people marked, and its words with their weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marked {
    /// Places of the marked characters (code points), ascending.
    pub gold: Vec<u32>,
    /// Words as ranges of characters, ascending, with how much of the score each carries.
    pub words: Vec<(Range<u32>, f64)>,
    /// The row's weight.
    pub weight: f64,
}

/// Figures of a column of marked characters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpanFigures {
    /// Rows.
    pub rows: u64,
    /// Rows in which nothing is marked.
    pub unmarked: u64,
    /// Words from this weight up count as marked by the program.
    pub threshold: f64,
    /// Mean of the rows' F1 over characters.
    pub f1: Estimate,
    /// The threshold that would have been best on these rows, in hundredths.
    pub best_threshold: f64,
    /// The F1 score at that weight.
    pub best_f1: f64,
}

/// F1 over the characters of one text, as in SemEval-2021 task 5 (Pavlopoulos et al. 2021; Da San
/// Martino et al. 2019): 1 where neither marks anything, 0 where one does and the other does not.
fn f1(row: &Marked, threshold: f64) -> f64 {
    let (mut marked, mut hits) = (0, 0);
    for (word, _) in row.words.iter().filter(|(_, weight)| *weight >= threshold) {
        marked += word.end - word.start;
        hits +=
            row.gold.partition_point(|at| *at < word.end) - row.gold.partition_point(|at| *at < word.start);
    }
    match (marked, row.gold.len()) {
        (0, 0) => 1.0,
        (marked, gold) => 2.0 * hits as f64 / (f64::from(marked) + gold as f64),
    }
}

/// The weighted mean of what rows came to.
fn mean(values: &[f64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>() / total
}

/// The figures of marked texts, by words from `threshold` up.
pub fn spans(rows: &[Marked], threshold: f64, resamples: usize) -> SpanFigures {
    let weights: Vec<f64> = rows.iter().map(|row| row.weight).collect();
    let at = |threshold: f64| -> Vec<f64> { rows.iter().map(|row| f1(row, threshold)).collect() };
    let given = at(threshold);
    let f1s = Bootstrap::new(&weights, resamples, |weights| mean(&given, weights));
    let (mut best_threshold, mut best_f1) = (0.0, 0.0);
    for step in 0..=STEPS {
        let tried = f64::from(step) / f64::from(STEPS);
        let value = mean(&at(tried), &weights);
        if value > best_f1 {
            (best_threshold, best_f1) = (tried, value);
        }
    }
    SpanFigures {
        rows: rows.len() as u64,
        unmarked: rows.iter().filter(|row| row.gold.is_empty()).count() as u64,
        threshold,
        f1: f1s
            .estimate(|mean| Some(*mean).filter(|mean| mean.is_finite()))
            .unwrap_or_else(|| Estimate::new(f1s.sample, None)),
        best_threshold,
        best_f1: round(best_f1),
    }
}
