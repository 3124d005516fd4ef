//! The effect of other thresholds.

use super::words_of;
use crate::aggregate::wilson;
use crate::decisions::ReviewStats;
use crate::label::Label;
use crate::policy::Action;
use crate::report::plain::{count, number, percent, percents};
use crate::report::queue::Sources;
use crate::report::summary::six;

/// Thresholds of the tables, besides the policy's own: every twentieth.
const STEPS: usize = 20;

/// The effect of thresholds of a label.
pub(super) struct WhatIf<'a> {
    pub(super) label: String,
    /// Names of the label's rules with their thresholds.
    pub(super) rules: Vec<(&'a str, f64)>,
    pub(super) rows: Vec<WhatIfRow>,
    /// Points of the lines for precision, recall and share of comments flagged.
    pub(super) precision: String,
    pub(super) recall: String,
    pub(super) flagged: String,
}

/// A threshold and what it would do.
pub(super) struct WhatIfRow {
    pub(super) threshold: String,
    pub(super) x: String,
    /// The rules that have it now.
    pub(super) now: String,
    pub(super) flagged: u64,
    pub(super) precision: String,
    pub(super) recall: String,
    pub(super) time: String,
    /// Precision by people's decisions.
    pub(super) own: Option<String>,
}

/// Label by label of the policy, what thresholds would do.
pub(super) fn what_ifs<'a>(
    sources: &Sources<'a>,
    scored: u64,
    evaluation: Option<&ReviewStats>,
) -> Vec<WhatIf<'a>> {
    let policy = sources.policy;
    let rules = || policy.rules.iter().filter(|rule| rule.action != Action::Approve);
    let mut labels: Vec<Label> = Vec::new();
    for label in rules().map(|rule| rule.label) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let of_label = |label: Label| {
        let scores = &sources.first_pass.calibrated[label.index()];
        let rules: Vec<(&str, f64)> = rules()
            .filter(|rule| rule.label == label)
            .map(|rule| (rule.name.as_str(), rule.threshold))
            .collect();
        let mut thresholds: Vec<f64> = (1..STEPS).map(|step| step as f64 / STEPS as f64).collect();
        thresholds.extend(rules.iter().map(|(_, threshold)| *threshold));
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
        let row = |threshold: &f64| {
            let expected = scores.at(*threshold);
            let now: Vec<&str> =
                rules.iter().filter(|(_, t)| (t - threshold).abs() < 1e-9).map(|(name, _)| *name).collect();
            WhatIfRow {
                threshold: six(*threshold).to_string(),
                x: number(Some(x_of(*threshold)), 1),
                now: now.join(", "),
                flagged: expected.flagged,
                precision: percent(expected.precision),
                recall: percent(expected.recall),
                time: duration(expected.flagged as f64 * policy.seconds_a_comment),
                own: evaluation.map(|evaluation| own_precision(evaluation, label, *threshold)),
            }
        };
        let line = |value: &dyn Fn(f64) -> Option<f64>| {
            let points = (0..=100).map(|step| f64::from(step) / 100.0);
            let point = |threshold| Some(format!("{:.1},{:.1}", x_of(threshold), y_of(value(threshold)?)));
            points.filter_map(point).collect::<Vec<_>>().join(" ")
        };
        WhatIf {
            label: words_of(label),
            rows: thresholds.iter().map(row).collect(),
            precision: line(&|threshold| scores.at(threshold).precision),
            recall: line(&|threshold| scores.at(threshold).recall),
            flagged: line(&|threshold| {
                (scored > 0).then(|| scores.at(threshold).flagged as f64 / scored as f64)
            }),
            rules,
        }
    };
    labels.into_iter().map(of_label).collect()
}

/// A time for people: minutes below an hour and a half, else hours.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 5_400.0 {
        format!("{:.0} min", (seconds / 60.0).ceil())
    } else {
        format!("{} h", number(Some(seconds / 3_600.0), 1))
    }
}

/// Where a threshold and a share stand in the chart, in its units.
fn x_of(threshold: f64) -> f64 {
    64.0 + 536.0 * threshold
}

fn y_of(share: f64) -> f64 {
    190.0 - 170.0 * share
}

/// Precision by people's decisions at or above a threshold.
fn own_precision(evaluation: &ReviewStats, label: Label, threshold: f64) -> String {
    let reached = || {
        evaluation
            .judged
            .iter()
            .filter(|(scores, _)| scores.get(label).is_some_and(|score| score >= threshold))
    };
    let (judged, right) = (reached().count() as u64, reached().filter(|(_, right)| *right).count() as u64);
    wilson(right, judged).map_or("–".to_owned(), |interval| {
        let share = right as f64 / judged as f64;
        format!("{} ({}) of {}", percent(Some(share)), percents(&interval), count(judged))
    })
}
