//! The quality of scores, measured against labels from people: numbers in, numbers out, without
//! files or wording.
//!
//! One family of figures a file, each with its formula's source. `comity eval` prints the results
//! of [`figures`] and [`sentiment`].

mod bootstrap;
mod calibration;
mod classes;
mod confusion;
mod groups;
mod ranking;
mod spans;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use bootstrap::Bootstrap;
pub use calibration::{BINS, Bin};
pub use classes::{CLASSES, KindAccuracy, SentimentFigures, sentiment};
pub use confusion::WeightedConfusion;
pub use groups::{Group, GroupSpread, Groups};
pub use ranking::Ranking;
pub use spans::{Marked, SpanFigures, spans};

use crate::aggregate::Interval;
use crate::decimal::round;
use crate::evade::Evasion;
use crate::label::Label;
use crate::policy::Policy;
use crate::record::Scores;

/// Resamples of a bootstrap where the caller has no opinion (Efron and Tibshirani 1993, 14.4: at
/// least 1,000).
pub const DEFAULT_RESAMPLES: usize = 1_000;

/// The precision at which recall is given.
pub const WANTED_PRECISION: f64 = 0.9;

/// A figure with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure of the rows as they are; six decimals.
    pub value: f64,
    /// Its interval; `None` if no resample was asked for.
    #[serde(flatten)]
    pub interval: Option<Interval>,
}

impl Estimate {
    fn new(value: f64, interval: Option<Interval>) -> Self {
        let rounded = |interval: Interval| Interval { low: round(interval.low), high: round(interval.high) };
        Self { value: round(value), interval: interval.map(rounded) }
    }
}

/// The figure that a column of labels is compared with: the score of a label, or the geometric mean
/// of several labels' scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(Vec<Label>);

impl Target {
    /// The labels whose scores it reads.
    pub fn labels(&self) -> &[Label] {
        &self.0
    }

    /// Returns the score of the target; `None` if the model does not give all of its labels.
    pub fn score(&self, scores: &Scores) -> Option<f64> {
        match self.0[..] {
            [label] => scores.get(label),
            _ => {
                let product: Option<f64> = self.0.iter().map(|label| scores.get(*label)).product();
                Some(round(product?.powf(1.0 / self.0.len() as f64)))
            }
        }
    }

    /// The lowest threshold at which a policy does anything about the label, where no section or
    /// thread has another; none for several labels.
    pub fn threshold(&self, policy: &Policy) -> Option<f64> {
        let [label] = self.0[..] else { return None };
        let rules = policy.rules.iter().filter(|rule| rule.label == label);
        rules.map(|rule| rule.threshold).min_by(f64::total_cmp)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|label| label.as_str()).collect();
        f.write_str(&names.join("*"))
    }
}

impl FromStr for Target {
    type Err = String;

    /// Reads `toxicity`, or `toxicity*identity_attack` for a geometric mean.
    fn from_str(name: &str) -> Result<Self, String> {
        name.split('*').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// The number of comments that people can review.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// This many; of weighted rows this much weight.
    Rows(f64),
    /// This share of all, from 0 to 1.
    Share(f64),
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(budget: &str) -> Result<Self, String> {
        let number = |digits: &str| digits.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0);
        let read = match budget.strip_suffix('%') {
            Some(percent) => number(percent).filter(|p| *p <= 100.0).map(|p| Self::Share(p / 100.0)),
            None => number(budget).map(Self::Rows),
        };
        read.ok_or_else(|| "write a number of comments (200) or a share of them (5%)".to_owned())
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => write!(f, "{rows}"),
            Self::Share(share) => write!(f, "{}%", round(share * 100.0)),
        }
    }
}

/// Rows with a yes-or-no label and the model's scores: one value a row in each list.
#[derive(Clone, Debug, Default)]
pub struct LabelledRows {
    /// Scores, from 0 to 1.
    pub scores: Vec<f64>,
    /// Labels.
    pub truth: Vec<bool>,
    /// Weights, at least 0.
    pub weights: Vec<f64>,
    /// Groups that the row speaks of, as places in a list of names; empty lists where groups are
    /// not known.
    pub groups: Vec<Box<[u32]>>,
    /// The row's kind, as a place in a list of names.
    pub kinds: Vec<u32>,
    /// For each evasion the scores of the disguised texts.
    pub disguised: Vec<(Evasion, Vec<f64>)>,
}

/// Settings of a measurement.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Comments that people can review.
    pub budget: Budget,
    /// Resamples of every bootstrap; 0 for no intervals.
    pub resamples: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { budget: Budget::Share(0.05), resamples: DEFAULT_RESAMPLES }
    }
}

/// Figures of one column of labels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The label, or the labels.
    pub label: String,
    /// Rows with a label.
    pub rows: u64,
    /// Positive ones.
    pub positives: u64,
    /// Their share of the weight.
    pub positive_share: f64,
    /// Area under the ROC curve.
    pub auc: Option<Estimate>,
    /// Average precision.
    pub average_precision: Option<Estimate>,
    /// Precision among the comments that the review budget allows.
    pub precision_at_budget: Option<Estimate>,
    /// The highest recall at a precision of at least [`WANTED_PRECISION`].
    pub recall_at_precision: Option<Estimate>,
    /// The threshold of that recall.
    pub recall_threshold: Option<f64>,
    /// Expected calibration error over [`BINS`] bins. Without an interval: a resample repeats rows,
    /// which makes its error larger than that of the rows.
    pub ece: f64,
    /// What must be added to the log-odds of every score for their mean to be the share of positive
    /// rows: above 0 if scores are too low here. `None` if all rows are of one kind, or no shift of
    /// less than 20 does it.
    pub shift: Option<f64>,
    /// Brier score.
    pub brier: Option<Estimate>,
    /// Brier skill score.
    pub brier_skill: Option<Estimate>,
    /// Figures of each threshold.
    pub thresholds: Vec<Operating>,
    /// Reliability diagram, by bins of score.
    pub reliability: Vec<Bin>,
    /// Figures by group, where a column of groups was named.
    pub groups: Option<Groups>,
    /// Figures of each kind of row at the first of the thresholds, if a column of kinds was named.
    pub by: Vec<Kind>,
    /// The loss from disguising the texts, if that was requested.
    pub evasion: Vec<EvasionLoss>,
}

/// Figures of flagging at a threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Operating {
    /// The origin of the threshold: `given`, `policy`, `best f1`, `best macro f1`. The intervals of
    /// the best ones take the threshold as given, and are too narrow for that.
    pub name: String,
    /// Scores at or above it are flagged.
    pub threshold: f64,
    /// Share of the weight that is flagged.
    pub flagged_share: f64,
    /// Share of the flagged that is positive.
    pub precision: f64,
    /// Share of the positive that is flagged.
    pub recall: f64,
    /// Share of the negative that is not flagged: the accuracy on negatives, as recall is that on
    /// positives.
    pub specificity: f64,
    /// F1 of the positive class.
    pub f1: Option<Estimate>,
    /// Mean of both classes' F1.
    pub macro_f1: Option<Estimate>,
    /// Share that is right.
    pub accuracy: Option<Estimate>,
}

/// Figures of the rows of one kind at a threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kind {
    /// The kind, as the file calls it.
    pub name: String,
    /// The number of its rows.
    pub rows: u64,
    /// Positive ones.
    pub positives: u64,
    /// Share of the weight that is positive.
    pub positive_share: f64,
    /// Mean score.
    pub mean_score: f64,
    /// Expected calibration error of these rows alone.
    pub ece: f64,
    /// The calibration shift of these rows ([`Figures::shift`]).
    pub shift: Option<f64>,
    /// Share of the weight that is flagged.
    pub flagged_share: f64,
    /// Share that is right.
    pub accuracy: f64,
}

/// The loss of AUC by an evasion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvasionLoss {
    /// The evasion.
    pub evasion: Evasion,
    /// AUC of the texts disguised by it.
    pub auc: f64,
    /// AUC of the texts as they are less that; its interval is of the pairs.
    pub drop: Estimate,
}

/// The figures of labelled rows that get an interval, so that a resample is drawn once for all of
/// them.
struct Measured {
    auc: Option<f64>,
    average_precision: Option<f64>,
    precision_at_budget: Option<f64>,
    recall_at_precision: Option<f64>,
    brier: Option<f64>,
    brier_skill: Option<f64>,
    /// At each of the thresholds, in their order.
    thresholds: Vec<AtThreshold>,
}

/// Those of them that depend on a threshold.
struct AtThreshold {
    f1: f64,
    macro_f1: f64,
    accuracy: f64,
}

/// Computes the figures of labelled rows. `group_names` and `kind_names` are the names behind the
/// rows' groups and kinds; `given` is a threshold of the caller's.
pub fn figures(
    target: &Target,
    rows: &LabelledRows,
    (group_names, kind_names): (&[String], &[String]),
    policy: &Policy,
    given: Option<f64>,
    settings: Settings,
) -> Figures {
    let LabelledRows { scores, truth, weights, .. } = rows;
    let ranking = Ranking::new(scores, truth);
    let total: f64 = weights.iter().sum();
    let budget = |weights: &[f64]| match settings.budget {
        Budget::Rows(rows) => rows,
        Budget::Share(share) => share * weights.iter().sum::<f64>(),
    };
    let thresholds: Vec<(&str, f64)> = [
        ("given", given),
        ("policy", target.threshold(policy)),
        ("best f1", ranking.best_threshold(weights, WeightedConfusion::f1)),
        ("best macro f1", ranking.best_threshold(weights, WeightedConfusion::macro_f1)),
    ]
    .into_iter()
    .filter_map(|(name, threshold)| Some((name, threshold?)))
    .collect();

    let measure = |weights: &[f64]| -> Measured {
        let total: f64 = weights.iter().sum();
        let at = |(_, threshold): &(&str, f64)| {
            let confusion = ranking.at(weights, *threshold);
            AtThreshold { f1: confusion.f1(), macro_f1: confusion.macro_f1(), accuracy: confusion.accuracy() }
        };
        let recall = ranking.recall_at_precision(weights, WANTED_PRECISION);
        Measured {
            auc: ranking.auc(weights),
            average_precision: ranking.average_precision(weights),
            precision_at_budget: ranking.precision_at(weights, budget(weights)),
            recall_at_precision: recall.map(|(recall, _)| recall),
            brier: (total > 0.0).then(|| calibration::brier(scores, truth, weights)),
            brier_skill: calibration::brier_skill(scores, truth, weights),
            thresholds: thresholds.iter().map(at).collect(),
        }
    };
    let measured = Bootstrap::new(weights, settings.resamples, measure);
    let operating = thresholds.iter().enumerate().map(|(index, (name, threshold))| {
        let at = ranking.at(weights, *threshold);
        let estimate = |figure: fn(&AtThreshold) -> f64| {
            measured.estimate(|measured| Some(figure(&measured.thresholds[index])))
        };
        Operating {
            name: (*name).to_owned(),
            threshold: round(*threshold),
            flagged_share: round(at.flagged() / at.total()),
            precision: round(at.precision()),
            recall: round(at.recall()),
            specificity: round(at.specificity()),
            f1: estimate(|at| at.f1),
            macro_f1: estimate(|at| at.macro_f1),
            accuracy: estimate(|at| at.accuracy),
        }
    });
    let operating: Vec<Operating> = operating.collect();

    let bins = calibration::bins(scores, truth, weights);
    let positive: f64 =
        truth.iter().zip(weights).filter(|(truth, _)| **truth).map(|(_, weight)| weight).sum();
    let groups = (!group_names.is_empty()).then(|| {
        let of_row: Vec<&[u32]> = rows.groups.iter().map(|groups| &groups[..]).collect();
        groups::groups(group_names, &of_row, (scores, truth, weights), settings.resamples)
    });
    Figures {
        label: target.to_string(),
        rows: scores.len() as u64,
        positives: truth.iter().filter(|truth| **truth).count() as u64,
        positive_share: round(positive / total),
        auc: measured.estimate(|measured| measured.auc),
        average_precision: measured.estimate(|measured| measured.average_precision),
        precision_at_budget: measured.estimate(|measured| measured.precision_at_budget),
        recall_at_precision: measured.estimate(|measured| measured.recall_at_precision),
        recall_threshold: ranking.recall_at_precision(weights, WANTED_PRECISION).and_then(|(_, at)| at),
        ece: round(calibration::expected_calibration_error(&bins)),
        shift: calibration::shift(scores, positive / total, weights).map(round),
        brier: measured.estimate(|measured| measured.brier),
        brier_skill: measured.estimate(|measured| measured.brier_skill),
        by: kinds(rows, kind_names, operating.first().map_or(0.5, |first| first.threshold)),
        thresholds: operating,
        reliability: bins.into_iter().map(Bin::rounded).collect(),
        groups,
        evasion: evasion_losses(rows, &ranking, settings.resamples),
    }
}

/// The rows of each kind; nothing where no kinds are known.
pub fn rows_of_kinds(kinds: &[u32], names: &[String]) -> Vec<(String, Vec<usize>)> {
    if names.is_empty() {
        return Vec::new();
    }
    let mut rows: Vec<(String, Vec<usize>)> = names.iter().map(|name| (name.clone(), Vec::new())).collect();
    for (row, kind) in kinds.iter().enumerate() {
        rows[*kind as usize].1.push(row);
    }
    rows.retain(|(_, rows)| !rows.is_empty());
    rows
}

fn kinds(labelled: &LabelledRows, names: &[String], threshold: f64) -> Vec<Kind> {
    let kinds = rows_of_kinds(&labelled.kinds, names).into_iter();
    kinds
        .map(|(name, rows)| {
            let pick = |values: &[f64]| -> Vec<f64> { rows.iter().map(|row| values[*row]).collect() };
            let (scores, weights) = (pick(&labelled.scores), pick(&labelled.weights));
            let truth: Vec<bool> = rows.iter().map(|row| labelled.truth[*row]).collect();
            let at = Ranking::new(&scores, &truth).at(&weights, threshold);
            let mean = scores.iter().zip(&weights).map(|(score, weight)| score * weight).sum::<f64>();
            let positive: f64 =
                truth.iter().zip(&weights).filter(|(truth, _)| **truth).map(|(_, weight)| weight).sum();
            let bins = calibration::bins(&scores, &truth, &weights);
            Kind {
                name,
                rows: rows.len() as u64,
                positives: truth.iter().filter(|truth| **truth).count() as u64,
                positive_share: round(positive / at.total()),
                mean_score: round(mean / at.total()),
                ece: round(calibration::expected_calibration_error(&bins)),
                shift: calibration::shift(&scores, positive / at.total(), &weights).map(round),
                flagged_share: round(at.flagged() / at.total()),
                accuracy: round(at.accuracy()),
            }
        })
        .collect()
}

fn evasion_losses(rows: &LabelledRows, plain: &Ranking<'_>, resamples: usize) -> Vec<EvasionLoss> {
    let loss = |(evasion, scores): &(Evasion, Vec<f64>)| {
        let disguised = Ranking::new(scores, &rows.truth);
        let measure = |weights: &[f64]| Some(plain.auc(weights)? - disguised.auc(weights)?);
        let drop = Bootstrap::new(&rows.weights, resamples, measure).estimate(|drop| *drop)?;
        Some(EvasionLoss { evasion: *evasion, auc: round(disguised.auc(&rows.weights)?), drop })
    };
    rows.disguised.iter().filter_map(loss).collect()
}

#[cfg(test)]
mod tests;
