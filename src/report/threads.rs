//! `threads.csv`: a row a thread, in the order of first appearance.

use super::ReportError;
use super::draft::{Drafts, Table};
use super::plain::{cell, decimal};
use super::survey::Survey;
use crate::aggregate::{ThreadTotals, Trend};
use crate::cell::guard;

pub(super) const THREADS: &str = "threads.csv";

/// Columns of `threads.csv`.
const COLUMNS: [&str; 22] = [
    "thread",
    "comments",
    "scored",
    "authors",
    "replies",
    "replies_inferred",
    "mean_toxicity",
    "mean_sentiment",
    "peak_toxicity",
    "peak_position",
    "toxic",
    "toxic_share",
    "toxic_low",
    "toxic_high",
    "first_toxic_position",
    "flagged",
    "toxicity_slope",
    "toxicity_tau",
    "toxicity_p",
    "sentiment_slope",
    "sentiment_tau",
    "sentiment_p",
];

/// A thread's row.
pub(super) struct Row<'s> {
    /// Its number in the survey.
    pub(super) number: usize,
    pub(super) thread: &'s str,
    pub(super) totals: &'s ThreadTotals,
    pub(super) toxicity: Option<Trend>,
    pub(super) sentiment: Option<Trend>,
}

/// Every thread, with its trends.
pub(super) fn rows<'s>(survey: &'s Survey<'_>) -> Vec<Row<'s>> {
    survey
        .threads
        .iter()
        .enumerate()
        .map(|(number, (thread, totals))| {
            let (toxicity, sentiment) = (totals.toxicity_trend(), totals.sentiment_trend());
            Row { number, thread, totals, toxicity, sentiment }
        })
        .collect()
}

/// Writes `threads.csv`.
pub(super) fn write(rows: &[Row<'_>], drafts: &mut Drafts) -> Result<(), ReportError> {
    let mut table = Table::create(THREADS, &COLUMNS, drafts)?;
    for Row { thread, totals, toxicity, sentiment, .. } in rows {
        let toxic = totals.toxic_interval();
        let mut cells = vec![
            guard(thread).into_owned(),
            totals.comments.to_string(),
            totals.scored().to_string(),
            totals.authors().to_string(),
            totals.replies.to_string(),
            totals.replies_inferred.to_string(),
            decimal(totals.toxicity.mean()),
            decimal(totals.sentiment.mean()),
            decimal(totals.toxicity.max()),
            cell(totals.peak_position()),
            totals.toxic.to_string(),
            decimal(totals.toxic_share()),
            decimal(toxic.map(|interval| interval.low)),
            decimal(toxic.map(|interval| interval.high)),
            cell(totals.first_toxic),
            totals.flagged.to_string(),
        ];
        for trend in [toxicity, sentiment] {
            let test = trend.and_then(|trend| trend.test);
            cells.push(decimal(trend.map(|trend| trend.slope)));
            cells.push(decimal(test.map(|test| test.tau)));
            cells.push(decimal(test.map(|test| test.p)));
        }
        table.row(&cells, drafts)?;
    }
    table.finish(drafts)
}
