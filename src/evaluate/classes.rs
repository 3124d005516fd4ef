//! Figures of the sentiment head: one class of three, or of two where the raters had no neutral.

use serde::Serialize;

use super::bootstrap::Bootstrap;
use super::{Bin, Estimate, calibration, round};

/// Names of the classes, in the order of their numbers.
pub const CLASSES: [&str; 3] = ["negative", "neutral", "positive"];

/// Figures of one column of sentiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SentimentFigures {
    /// Rows with a sentiment.
    pub rows: u64,
    /// 3, or 2: then positive stands against negative and neutral is ignored.
    pub classes: usize,
    /// Share of the rows whose likeliest class is the labelled one.
    pub accuracy: Option<Estimate>,
    /// Mean over the labelled classes of the share found.
    pub macro_recall: Option<Estimate>,
    /// Mean over the labelled classes of their F1.
    pub macro_f1: Option<Estimate>,
    /// Expected calibration error of the chosen class's probability (of two classes: its share of
    /// both).
    pub ece: f64,
    /// Its bins: said and so.
    pub reliability: Vec<Bin>,
    /// Weight of the rows: first index the labelled class, second the chosen one.
    pub confusion: Vec<Vec<f64>>,
    /// Figures of each kind of row, if a column of kinds was named.
    pub by: Vec<KindAccuracy>,
}

/// Accuracy of one kind of rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KindAccuracy {
    /// The kind, as the file calls it.
    pub name: String,
    /// The number of rows of the class.
    pub rows: u64,
    /// Share that is right.
    pub accuracy: f64,
}

/// The class of each row by its probabilities (negative, neutral, positive), and how sure of it the
/// model is.
fn choose(probabilities: [f64; 3], classes: usize) -> (usize, f64) {
    let [negative, neutral, positive] = probabilities;
    if classes == 2 {
        let chosen = usize::from(positive > negative) * 2;
        return (chosen, negative.max(positive) / (negative + positive).max(f64::MIN_POSITIVE));
    }
    let chosen = if negative >= neutral && negative >= positive {
        0
    } else if neutral >= positive {
        1
    } else {
        2
    };
    (chosen, probabilities[chosen])
}

/// Weight of the rows by labelled and chosen class.
fn tabulate(truth: &[u8], chosen: &[usize], weights: &[f64]) -> [[f64; 3]; 3] {
    let mut table = [[0.0; 3]; 3];
    for ((truth, chosen), weight) in truth.iter().zip(chosen).zip(weights) {
        table[usize::from(*truth)][*chosen] += weight;
    }
    table
}

/// The figures of a table of labelled and chosen classes that get an interval.
struct ClassFigures {
    accuracy: f64,
    /// Over the classes that are labelled at all.
    macro_recall: f64,
    /// Over the same.
    macro_f1: f64,
}

/// Returns the figures of a table; `None` if it has no weight.
fn figures(table: &[[f64; 3]; 3]) -> Option<ClassFigures> {
    let (mut right, mut total) = (0.0, 0.0);
    let (mut recalls, mut f1s) = (Vec::new(), Vec::new());
    for (class, row) in table.iter().enumerate() {
        let labelled: f64 = row.iter().sum();
        let chosen: f64 = table.iter().map(|row| row[class]).sum();
        total += labelled;
        right += row[class];
        if labelled > 0.0 {
            recalls.push(row[class] / labelled);
            f1s.push(2.0 * row[class] / (labelled + chosen));
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    (total > 0.0).then(|| ClassFigures {
        accuracy: right / total,
        macro_recall: mean(&recalls),
        macro_f1: mean(&f1s),
    })
}

/// Figures of rows whose class is known: 0 negative, 1 neutral, 2 positive. `classes` is 2 where
/// neutral is not among what the raters could say.
pub fn sentiment(
    probabilities: &[[f64; 3]],
    truth: &[u8],
    weights: &[f64],
    classes: usize,
    kinds: &[(String, Vec<usize>)],
    resamples: usize,
) -> SentimentFigures {
    let (chosen, sure): (Vec<usize>, Vec<f64>) = probabilities.iter().map(|p| choose(*p, classes)).unzip();
    let right: Vec<bool> =
        truth.iter().zip(&chosen).map(|(truth, chosen)| usize::from(*truth) == *chosen).collect();
    let table = tabulate(truth, &chosen, weights);
    let found = Bootstrap::new(weights, resamples, |weights| figures(&tabulate(truth, &chosen, weights)));
    let estimate = |figure: fn(&ClassFigures) -> f64| found.estimate(|found| found.as_ref().map(figure));
    let bins = calibration::bins(&sure, &right, weights);
    let shown: &[usize] = if classes == 2 { &[0, 2] } else { &[0, 1, 2] };
    let by = kinds.iter().filter(|(_, rows)| !rows.is_empty()).map(|(name, rows)| {
        let total: f64 = rows.iter().map(|row| weights[*row]).sum();
        let hits: f64 = rows.iter().filter(|row| right[**row]).map(|row| weights[*row]).sum();
        KindAccuracy { name: name.clone(), rows: rows.len() as u64, accuracy: round(hits / total) }
    });
    SentimentFigures {
        rows: truth.len() as u64,
        classes,
        accuracy: estimate(|found| found.accuracy),
        macro_recall: estimate(|found| found.macro_recall),
        macro_f1: estimate(|found| found.macro_f1),
        ece: round(calibration::expected_calibration_error(&bins)),
        reliability: bins.into_iter().map(Bin::rounded).collect(),
        confusion: shown
            .iter()
            .map(|row| shown.iter().map(|column| round(table[*row][*column])).collect())
            .collect(),
        by: by.collect(),
    }
}
