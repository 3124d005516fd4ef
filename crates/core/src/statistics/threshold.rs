//! Where a threshold would have to stand for a wanted precision.

use super::{Interval, wilson};

/// A threshold and what the judged scores at or above it say.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Suggestion {
    /// The threshold: the lowest judged score that it lets through.
    pub threshold: f64,
    /// Judged scores at or above it.
    pub judged: u64,
    /// Share of them that are right.
    pub precision: f64,
    /// Its 95% Wilson interval.
    pub interval: Interval,
}

/// The lowest threshold at which at least the share `precision` of the judged scores at or above it
/// are right; `None` if no threshold reaches that. `judged` are scores with whether the flag was
/// right, in any order.
///
/// The point of the precision-recall curve with the most recall among those of the wanted precision
/// (Davis and Goadrich 2006, "The relationship between precision-recall and ROC curves", ICML). It
/// is the best of many points, so its precision is a little flattered: check it on later decisions.
pub fn threshold_for_precision(judged: &[(f64, bool)], precision: f64) -> Option<Suggestion> {
    let mut judged = judged.to_vec();
    judged.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let (mut count, mut right) = (0, 0);
    let mut found = None;
    for scores in judged.chunk_by(|(a, _), (b, _)| a == b) {
        count += scores.len() as u64;
        right += scores.iter().filter(|(_, right)| *right).count() as u64;
        let share = right as f64 / count as f64;
        if share >= precision {
            found = wilson(right, count).map(|interval| Suggestion {
                threshold: scores[0].0,
                judged: count,
                precision: share,
                interval,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn agrees_with_scikit_learn() {
        let reference: Value =
            serde_json::from_str(include_str!("../../../../tests/reference/review.json")).unwrap();
        for case in reference["threshold"].as_array().unwrap() {
            let scores: Vec<f64> = serde_json::from_value(case["scores"].clone()).unwrap();
            let right: Vec<bool> = serde_json::from_value(case["right"].clone()).unwrap();
            let judged: Vec<(f64, bool)> = scores.into_iter().zip(right).collect();
            let found = threshold_for_precision(&judged, case["wanted"].as_f64().unwrap());
            assert_eq!(found.map(|found| found.threshold), case["threshold"].as_f64());
            let near =
                |found: Suggestion| (found.precision - case["precision"].as_f64().unwrap()).abs() < 1e-12;
            assert!(found.is_none_or(near), "{found:?}");
        }
    }

    #[test]
    fn what_cannot_be_reached_is_not_suggested() {
        assert_eq!(threshold_for_precision(&[(0.9, false), (0.8, true)], 0.9), None);
        assert_eq!(threshold_for_precision(&[], 0.5), None);
        let found =
            threshold_for_precision(&[(0.9, true), (0.9, false), (0.8, true), (0.7, false)], 0.6).unwrap();
        assert_eq!((found.threshold, found.judged), (0.8, 3));
    }
}
