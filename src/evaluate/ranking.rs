//! Figures of how scores rank rows: everything that one walk down the scores gives.

use super::WeightedConfusion;

/// Rows ordered by score, highest first. Rows of one score stand together: no figure depends on
/// their order.
///
/// Every figure takes the rows' weights (in the order of the rows, not of the ranking), so that a
/// resample is a vector of weights and nothing is sorted again.
pub struct Ranking<'a> {
    scores: &'a [f64],
    truth: &'a [bool],
    order: Vec<u32>,
}

/// The rows of one score.
#[derive(Clone, Copy)]
struct Step {
    score: f64,
    positives: f64,
    negatives: f64,
}

impl<'a> Ranking<'a> {
    /// Ranks rows by their scores; `truth` marks the positive ones.
    pub fn new(scores: &'a [f64], truth: &'a [bool]) -> Self {
        let mut order: Vec<u32> = (0..scores.len() as u32).collect();
        order.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]));
        Self { scores, truth, order }
    }

    /// Walks down the scores, tied rows in one step.
    fn steps(&self, weights: &[f64], mut visit: impl FnMut(Step)) {
        let Some(&first) = self.order.first() else { return };
        let mut step = Step { score: self.scores[first as usize], positives: 0.0, negatives: 0.0 };
        for &row in &self.order {
            let row = row as usize;
            if self.scores[row] != step.score {
                visit(step);
                step = Step { score: self.scores[row], positives: 0.0, negatives: 0.0 };
            }
            if self.truth[row] {
                step.positives += weights[row];
            } else {
                step.negatives += weights[row];
            }
        }
        visit(step);
    }

    /// Weight of the positive and of the negative rows.
    fn totals(&self, weights: &[f64]) -> (f64, f64) {
        let mut totals = (0.0, 0.0);
        for (is_positive, weight) in self.truth.iter().zip(weights) {
            if *is_positive {
                totals.0 += weight;
            } else {
                totals.1 += weight;
            }
        }
        totals
    }

    /// Area under the ROC curve: the probability that a positive row scores above a negative one, a
    /// tie counting half (Mann and Whitney 1947; Fawcett 2006, "An introduction to ROC analysis",
    /// Pattern Recognition Letters 27:861-874). None without both kinds of rows.
    pub fn auc(&self, weights: &[f64]) -> Option<f64> {
        let (positives, negatives) = self.totals(weights);
        if positives <= 0.0 || negatives <= 0.0 {
            return None;
        }
        let (mut above, mut area) = (0.0, 0.0);
        self.steps(weights, |step| {
            area += step.negatives * (above + 0.5 * step.positives);
            above += step.positives;
        });
        Some(area / (positives * negatives))
    }

    /// Average precision: the precision at each score, weighted by the recall it adds; not
    /// interpolated (as scikit-learn's `average_precision_score`). None without positive rows.
    pub fn average_precision(&self, weights: &[f64]) -> Option<f64> {
        let (positives, _) = self.totals(weights);
        if positives <= 0.0 {
            return None;
        }
        let (mut hits, mut flagged, mut sum) = (0.0, 0.0, 0.0);
        self.steps(weights, |step| {
            hits += step.positives;
            flagged += step.positives + step.negatives;
            if step.positives > 0.0 {
                sum += step.positives * hits / flagged;
            }
        });
        Some(sum / positives)
    }

    /// The share of positives among the `budget` (a sum of weights: rows, where each weighs 1) that
    /// score highest. Of rows tied at the end of the budget the average over their orders counts.
    /// `None` if there is no row or no budget.
    pub fn precision_at(&self, weights: &[f64], budget: f64) -> Option<f64> {
        let (mut taken, mut hits) = (0.0, 0.0);
        self.steps(weights, |step| {
            let size = step.positives + step.negatives;
            if size > 0.0 && taken < budget {
                let part = ((budget - taken) / size).min(1.0);
                taken += part * size;
                hits += part * step.positives;
            }
        });
        (taken > 0.0).then(|| hits / taken)
    }

    /// The highest recall at which the precision is at least `precision`, and the score that
    /// reaches it. None without positive rows; a recall of 0 at no score where the precision is
    /// never reached.
    pub fn recall_at_precision(&self, weights: &[f64], precision: f64) -> Option<(f64, Option<f64>)> {
        let (positives, _) = self.totals(weights);
        if positives <= 0.0 {
            return None;
        }
        let mut best = (0.0, None);
        let (mut hits, mut flagged) = (0.0, 0.0);
        self.steps(weights, |step| {
            hits += step.positives;
            flagged += step.positives + step.negatives;
            if flagged > 0.0 && hits >= precision * flagged && hits > best.0 {
                best = (hits, Some(step.score));
            }
        });
        Some((best.0 / positives, best.1))
    }

    /// Returns the confusion matrix of flagging every row at or above `threshold`.
    pub fn at(&self, weights: &[f64], threshold: f64) -> WeightedConfusion {
        let mut confusion = WeightedConfusion::default();
        for ((score, is_positive), weight) in self.scores.iter().zip(self.truth).zip(weights) {
            let cell = match (*score >= threshold, is_positive) {
                (true, true) => &mut confusion.true_positives,
                (true, false) => &mut confusion.false_positives,
                (false, true) => &mut confusion.false_negatives,
                (false, false) => &mut confusion.true_negatives,
            };
            *cell += weight;
        }
        confusion
    }

    /// The score that, taken as the threshold, makes `figure` highest; the highest such score if
    /// several do. `None` if there are no rows.
    pub fn best_threshold(&self, weights: &[f64], figure: impl Fn(&WeightedConfusion) -> f64) -> Option<f64> {
        let (positives, negatives) = self.totals(weights);
        let mut confusion = WeightedConfusion {
            false_negatives: positives,
            true_negatives: negatives,
            ..WeightedConfusion::default()
        };
        let mut best: Option<(f64, f64)> = None;
        self.steps(weights, |step| {
            confusion.true_positives += step.positives;
            confusion.false_negatives -= step.positives;
            confusion.false_positives += step.negatives;
            confusion.true_negatives -= step.negatives;
            let value = figure(&confusion);
            if best.is_none_or(|(highest, _)| value > highest) {
                best = Some((value, step.score));
            }
        });
        best.map(|(_, threshold)| threshold)
    }
}
